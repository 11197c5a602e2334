// At three in the morning: in which images is it, since when did we know, and what did we know last month?
import assert from 'node:assert/strict'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { CreateRepositoryCommand } from '@aws-sdk/client-ecr'
import { ndjson, osvRecord } from '../kit/advisories.ts'
import { temporaryDirectory } from '../kit/database.ts'
import { writeImageLayout } from '../kit/image-layout.ts'
import { pushLayout } from '../kit/push-layout.ts'
import { run, type Finished } from '../kit/run.ts'
import { program, startServer, type ServerProcess } from '../kit/server-process.ts'

interface World {
  readonly server: ServerProcess
  readonly directory: string
  readonly digest: string
}

async function pratique(
  { server, directory }: World,
  ...args: readonly string[]
): Promise<Finished> {
  return run(process.execPath, [program, ...args], { env: server.environment, cwd: directory })
}

async function world(t: TestContext): Promise<World> {
  const directory = await temporaryDirectory(t)
  const server = await startServer(t, {})
  await server.ecr.send(new CreateRepositoryCommand({ repositoryName: 'team/app' }))
  const manifest = JSON.stringify({ name: 'left-pad', version: '1.0.0' })
  const image = await writeImageLayout(join(directory, 'image'), [
    { 'app/node_modules/left-pad/package.json': manifest },
  ])
  await pushLayout(server, 'team/app', image, '1.0')
  const made = { server, directory, digest: image.manifestDigest }
  assert.equal((await pratique(made, 'scan', 'team/app:1.0')).status, 0)
  return made
}

async function importAdvisories(at: World, records: readonly unknown[]): Promise<void> {
  await writeFile(join(at.directory, 'ours.ndjson'), ndjson(records))
  const imported = await pratique(at, 'db', 'import', 'ours.ndjson')
  assert.equal(imported.status, 0, imported.stderr)
}

/** The re-evaluation that an import asks for runs in the background. */
async function whereUntil(at: World, status: number): Promise<Finished> {
  for (let tries = 0; ; tries += 1) {
    const found = await pratique(at, 'where', 'CVE-2026-1001')
    if (found.status === status || tries === 100) return found
    await delay(100)
  }
}

test('a flaw that came with new data is found in the images that were there, and what was known before is recalled', async (t) => {
  const at = await world(t)
  const unknown = await pratique(at, 'where', 'CVE-2026-1001')
  assert.equal(unknown.status, 6)
  assert.match(unknown.stdout, /no data here speaks of it/)
  const before = (await statusOf(at)).revision
  const other = osvRecord({ id: 'GHSA-0', name: 'somebody-else' })
  const ours = osvRecord({ id: 'GHSA-1', aliases: ['CVE-2026-1001'], fixed: '1.3.0' })
  await importAdvisories(at, [other, ours])
  const found = await whereUntil(at, 3)
  assert.match(found.stdout, /in 1 images of 1 repositories/)
  assert.match(
    found.stdout,
    /team\/app:1\.0@sha256:\w+ +left-pad 1\.0\.0 .*app\/node_modules\/left-pad\/package\.json .*update to 1\.3\.0 .* by admin +never +since \d{4}-/,
  )
  const byPackage = await pratique(
    at,
    'where',
    '--package',
    'left-pad',
    '--range',
    '>=1 <2',
    '--output',
    'json',
  )
  assert.equal(byPackage.status, 3, byPackage.stderr)
  assert.partialDeepStrictEqual(JSON.parse(byPackage.stdout), {
    total: { images: 1 },
    images: [{ repository: 'team/app', digest: at.digest, tags: ['1.0'] }],
  })
  assert.equal((await pratique(at, 'where', '--package', 'left-pad', '--range', '>=2')).status, 0)
  const image = `team/app@${at.digest}`
  const now = await pratique(at, 'scan', image, '--as-of', 'now', '--output', 'json')
  assert.partialDeepStrictEqual(JSON.parse(now.stdout), {
    images: [{ findings: [{ vulnerability: 'CVE-2026-1001' }] }],
  })
  const then = await pratique(at, 'scan', image, '--as-of', String(before), '--output', 'json')
  assert.partialDeepStrictEqual(JSON.parse(then.stdout), {
    images: [{ dataRevision: before, findings: [] }],
  })
  const early = await pratique(at, 'scan', image, '--as-of', '2020-01-01')
  assert.notEqual(early.status, 0)
  await importAdvisories(at, [other])
  assert.match((await whereUntil(at, 6)).stdout, /no data here speaks of it/)
})

test('nonsense is refused with what to do', async (t) => {
  const at = await world(t)
  for (const [args, words] of [
    [['where'], /name a flaw, or a package/],
    [['where', 'CVE-1', '--range', '<2'], /range goes with package/],
    [['where', '--package', 'left-pad', '--range', '~>'], /range must be comparisons/],
    [['where', '--package', 'pkg:'], /package must be a name or a package URL/],
    [['scan', `team/app@${at.digest}`, '--as-of', 'yesterday'], /at must be a day/],
  ] as const) {
    const refused = await pratique(at, ...args)
    assert.notEqual(refused.status, 0)
    assert.match(refused.stderr, words)
  }
})

async function statusOf(at: World): Promise<{ readonly revision: number }> {
  const { stdout } = await pratique(at, 'db', 'status', '--output', 'json')
  return JSON.parse(stdout) as { readonly revision: number }
}
