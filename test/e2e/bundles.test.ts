// docs/bundles.md as two operators follow it: one where feeds are fetched, one behind an air gap.
import assert from 'node:assert/strict'
import { writeFile, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import {
  CreateRepositoryCommand,
  DescribeImageScanFindingsCommand,
  type ImageScanFinding,
} from '@aws-sdk/client-ecr'
import { ndjson, osvRecord } from '../kit/advisories.ts'
import { temporaryDirectory } from '../kit/database.ts'
import { writeImageLayout } from '../kit/image-layout.ts'
import { pushLayout } from '../kit/push-layout.ts'
import { missing, run, type Finished } from '../kit/run.ts'
import { program, startServer, type ServerProcess } from '../kit/server-process.ts'
import { sharedData } from '../kit/shared-data.ts'

async function pratique(server: ServerProcess, ...args: readonly string[]): Promise<Finished> {
  return run(process.execPath, [program, ...args], { env: server.environment })
}

async function done(server: ServerProcess, ...args: readonly string[]): Promise<string> {
  const { status, stdout, stderr } = await pratique(server, ...args)
  assert.equal(status, 0, `${args.join(' ')}: ${stderr}`)
  return stdout
}

interface Pair {
  readonly connected: ServerProcess
  readonly isolated: ServerProcess
  readonly directory: string
}

/** The isolated one believes what the connected one signs. */
async function pair(t: TestContext): Promise<Pair> {
  const directory = await temporaryDirectory(t)
  const connected = await startServer(t)
  const keys = join(directory, 'bundle-keys.pem')
  await writeFile(keys, await done(connected, 'db', 'keygen'))
  const isolated = await startServer(t, { environment: { PRATIQUE_BUNDLE_KEYS: keys } })
  return { connected, isolated, directory }
}

const lodash = osvRecord({ id: 'GHSA-test-0001', name: 'lodash', fixed: '4.17.21' })

async function findingsOf(server: ServerProcess, directory: string): Promise<readonly string[]> {
  const manifest = JSON.stringify({ name: 'lodash', version: '4.17.20' })
  const image = await writeImageLayout(join(directory, `image-${server.pid}`), [
    { 'app/node_modules/lodash/package.json': manifest },
  ])
  await server.ecr.send(new CreateRepositoryCommand({ repositoryName: 'app' }))
  await pushLayout(server, 'app', image, '1.0')
  const ask = new DescribeImageScanFindingsCommand({
    repositoryName: 'app',
    imageId: { imageTag: '1.0' },
  })
  for (;;) {
    const { imageScanStatus, imageScanFindings } = await server.ecr.send(ask)
    if (imageScanStatus?.status === 'COMPLETE' || imageScanStatus?.status === 'ACTIVE')
      return (imageScanFindings?.findings ?? []).map(shown).toSorted()
    assert.notEqual(imageScanStatus?.status, 'FAILED', imageScanStatus?.description)
    await delay(100)
  }
}

/** Since when a finding is known is each server's own. */
function shown({ name, severity, uri, attributes = [] }: ImageScanFinding): string {
  const shared = attributes.filter(({ key }) => key !== 'first_known_at')
  return JSON.stringify([name, severity, uri, shared])
}

test('a file carries the data across, and both find the same in the same image', async (t) => {
  const { connected, isolated, directory } = await pair(t)
  const file = join(directory, 'ghsa.ndjson')
  await writeFile(file, ndjson([lodash]))
  await done(connected, 'db', 'import', file)
  const bundle = join(directory, 'advisories.tar')
  assert.match(await done(connected, 'db', 'export', bundle), /1 sources, 1 records/)
  const before = JSON.parse(
    await done(isolated, 'db', 'diff', bundle, '--output', 'json'),
  ) as object
  assert.partialDeepStrictEqual(before, { records: [{ id: 'GHSA-test-0001', change: 'added' }] })
  const imported = await done(isolated, 'db', 'import', bundle)
  assert.match(imported, /signed by [0-9a-f]{64}/)
  assert.deepEqual(await findingsOf(isolated, directory), await findingsOf(connected, directory))
  const status = await done(isolated, 'db', 'status')
  assert.match(status, /bundle [0-9a-f]{64}, made .*, signed by/)
  assert.match(await done(isolated, 'db', 'show', 'GHSA-test-0001'), /lodash +4\.17\.20.* 1$/m)
  assert.match(await done(isolated, 'db', 'search', 'lodash'), /GHSA-test-0001/)
  assert.match(await done(isolated, 'db', 'diff', '1'), /added +GHSA-test-0001/)
})

test('a refusal reaches whoever sends a large bundle, with what to do', async (t) => {
  const { connected, directory } = await pair(t)
  const stranger = await startServer(t)
  const file = join(directory, 'many.ndjson')
  const noise = (id: number): string =>
    Array.from({ length: 300 }, (_, at) =>
      ((id * 7919 + at * 104_729) % 1_000_003).toString(36),
    ).join('')
  const records = Array.from({ length: 6000 }, (_, id) =>
    osvRecord({ id: `A-${id}`, summary: noise(id).slice(0, 500) }),
  )
  await writeFile(file, ndjson(records))
  await done(connected, 'db', 'import', file)
  const bundle = join(directory, 'many.tar')
  await done(connected, 'db', 'export', bundle)
  const refused = await pratique(stranger, 'db', 'import', bundle)
  assert.equal(refused.status, 1)
  assert.match(refused.stderr, /that the key [0-9a-f]{64} signed it\. Compare the fingerprint/)
  const bytes = await readFile(bundle)
  bytes.writeUInt8(bytes.readUInt8(700) ^ 1, 700)
  await writeFile(bundle, bytes)
  const damaged = await pratique(connected, 'db', 'import', bundle)
  assert.equal(damaged.status, 1)
  assert.match(damaged.stderr, /signature|manifest/)
  const help = await pratique(stranger, 'db', 'show', 'A-1')
  assert.equal(help.status, 5)
})

test(
  'a registry carries the data across as an artifact, copied by skopeo',
  { skip: missing('skopeo') },
  async (t) => {
    const { connected, isolated, directory } = await pair(t)
    const file = join(directory, 'ghsa.ndjson')
    await writeFile(file, ndjson([lodash]))
    await done(connected, 'db', 'import', file)
    for (const { ecr } of [connected, isolated])
      await ecr.send(new CreateRepositoryCommand({ repositoryName: 'security/advisories' }))
    await done(connected, 'db', 'export', '--push', 'security/advisories:v1')
    const login = (server: ServerProcess): string =>
      `${server.accessKeyId}:${server.secretAccessKey}`
    const at = (server: ServerProcess): string => `docker://${server.host}/security/advisories:v1`
    const copied = await run(
      'skopeo',
      [
        'copy',
        '--src-tls-verify=false',
        '--dest-tls-verify=false',
        '--src-creds',
        login(connected),
        '--dest-creds',
        login(isolated),
        at(connected),
        at(isolated),
      ],
      { env: isolated.environment },
    )
    assert.equal(copied.status, 0, copied.stderr)
    await done(isolated, 'db', 'import', 'oci://security/advisories:v1')
    const again = await done(
      isolated,
      'db',
      'import',
      `oci://${isolated.host}/security/advisories:v1`,
    )
    assert.match(again, /ghsa +1 +0 +0 +0/)
    assert.deepEqual(await findingsOf(isolated, directory), await findingsOf(connected, directory))
    const wrong = await pratique(isolated, 'db', 'import', 'oci://app:1.0')
    assert.equal(wrong.status, 1)
    assert.match(wrong.stderr, /is no bundle of vulnerability data/)
  },
)

test(
  'real data of both dated states: a whole bundle, then what changed since',
  { skip: sharedData('advisories', 'older') === undefined ? 'no shared data' : false },
  async (t) => {
    const { connected, isolated, directory } = await pair(t)
    const names = ['rustsec', 'go', 'friendsofphp', 'retirejs']
    const older = (name: string): string | undefined => {
      const dates: Readonly<Record<string, string>> = {
        rustsec: '2026-06-17',
        go: '2026-06-22',
        friendsofphp: '2026-06-04',
        retirejs: '2026-06-22',
      }
      return sharedData('advisories', 'older', `${name}.${dates[name] ?? ''}.ndjson.zst`)
    }
    const importAll = async (path: (name: string) => string | undefined): Promise<void> => {
      for (const name of names)
        await done(
          connected,
          'db',
          'import',
          path(name) ?? '',
          '--source',
          name,
          '--allow-rejected',
        )
    }
    await importAll(older)
    const whole = join(directory, 'whole.tar')
    const told = JSON.parse(await done(connected, 'db', 'export', whole, '--output', 'json')) as {
      readonly id: string
    }
    await done(isolated, 'db', 'import', whole)
    await importAll((name) => sharedData('advisories', `${name}.ndjson.zst`))
    const delta = join(directory, 'delta.tar')
    await done(connected, 'db', 'export', delta, '--since', told.id)
    await done(isolated, 'db', 'import', delta)
    const state = async (server: ServerProcess): Promise<unknown> =>
      (
        JSON.parse(await done(server, 'db', 'status', '--output', 'json')) as {
          readonly sources: readonly { readonly name: string; readonly records: number }[]
        }
      ).sources.map(({ name, records }) => [name, records])
    assert.deepEqual(await state(isolated), await state(connected))
    const same = join(directory, 'same.tar')
    await done(connected, 'db', 'export', same)
    assert.match(await done(isolated, 'db', 'diff', same), /are the same/)
  },
)
