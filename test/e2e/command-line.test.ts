// The command line as a user runs it, against the product.
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { mkdir, readFile, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { CreateRepositoryCommand } from '@aws-sdk/client-ecr'
import { temporaryDirectory } from '../kit/database.ts'
import { writeImageLayout, type LayoutImage } from '../kit/image-layout.ts'
import { pushLayout } from '../kit/push-layout.ts'
import { missing, run, type Finished } from '../kit/run.ts'
import { program, startServer, type ServerProcess } from '../kit/server-process.ts'

async function pratique(
  server: ServerProcess,
  args: readonly string[],
  input = '',
): Promise<Finished> {
  return run(process.execPath, [program, ...args], { env: server.environment, input })
}

async function vulnerableImage(directory: string): Promise<LayoutImage> {
  const manifest = (name: string, version: string): string => JSON.stringify({ name, version })
  return writeImageLayout(directory, [
    {
      'app/node_modules/lodash/package.json': manifest('lodash', '4.17.20'),
      'app/node_modules/left-pad/package.json': manifest('left-pad', '1.3.0'),
    },
  ])
}

async function push(server: ServerProcess, image: LayoutImage, tag: string): Promise<void> {
  await pushLayout(server, 'app', image, tag)
}

async function serverWithImage(t: TestContext): Promise<ServerProcess> {
  const server = await startServer(t)
  await server.ecr.send(new CreateRepositoryCommand({ repositoryName: 'app' }))
  await push(server, await vulnerableImage(join(await temporaryDirectory(t), 'image')), '1.0')
  return server
}

test('gate: exit 3 with the reason, 0 above the threshold, 5 for what is not there, 2 for nonsense, 4 for a stranger', async (t) => {
  const server = await serverWithImage(t)
  const no = await pratique(server, ['gate', 'app:1.0', '--fail-on', 'high', '--wait', '60s'])
  assert.equal(no.status, 3, no.stderr)
  assert.match(
    no.stdout,
    /✗ +HIGH +CVE-2021-23337 +lodash 4\.17\.20 +→ 4\.17\.21 +app\/node_modules\/lodash\/package\.json/,
  )
  const yes = await pratique(server, ['gate', 'app:1.0', '--fail-on', 'critical'])
  assert.equal(yes.status, 0, yes.stdout)
  const stale = await pratique(server, [
    'gate',
    'app:1.0',
    '--fail-on',
    'critical',
    '--max-age',
    '48h',
  ])
  assert.equal(stale.status, 6, 'the starter set is old')
  assert.equal((await pratique(server, ['gate', 'app:2.0'])).status, 5)
  assert.equal((await pratique(server, ['gate', 'app:1.0', '--fail-on', 'severe'])).status, 2)
  assert.equal((await pratique(server, ['gate', 'APP'])).status, 2)
  const stranger = { ...server.environment, AWS_SECRET_ACCESS_KEY: 'x'.repeat(40) }
  const refused = await run(process.execPath, [program, 'gate', 'app:1.0'], { env: stranger })
  assert.equal(refused.status, 4)
  assert.doesNotMatch(refused.stderr, /\n\s+at /, 'no stack for a user’s mistake')
  const json = await pratique(server, ['gate', 'app:1.0', '-o', 'json'])
  const report = JSON.parse(json.stdout) as { schema: string; verdict: string }
  assert.deepEqual([report.schema, report.verdict], ['pratique.gate/2', 'deny'])
})

test('scan --why-not: yes with the range, no with the reason, and what nobody knows is exit 6', async (t) => {
  const server = await serverWithImage(t)
  const affected = await pratique(server, ['scan', 'app:1.0', '--why', 'cve-2021-23337'])
  assert.equal(affected.status, 0, affected.stderr)
  assert.match(affected.stdout, /is affected by CVE-2021-23337/)
  assert.match(affected.stdout, /pkg:npm\/lodash@4\.17\.20.*fixed in 4\.17\.21/)
  assert.match(affected.stdout, /at app\/node_modules\/lodash\/package\.json in layer sha256:/)
  const unknown = await pratique(server, ['scan', 'app:1.0', '--why-not', 'CVE-1999-0001'])
  assert.equal(unknown.status, 6)
  assert.match(unknown.stdout, /cannot be judged for CVE-1999-0001/)
  const nonsense = await pratique(server, ['scan', 'app:1.0', '--why-not', 'a b'])
  assert.notEqual(nonsense.status, 0)
  assert.match(nonsense.stderr, /must be an id, such as CVE-/)
})

test('gate and scan: an image that holds nothing known cannot be told to be clean', async (t) => {
  const server = await startServer(t)
  await server.ecr.send(new CreateRepositoryCommand({ repositoryName: 'app' }))
  const image = await writeImageLayout(join(await temporaryDirectory(t), 'image'), [
    { 'bin/static': 'binary' },
  ])
  await push(server, image, '1.0')
  const gate = await pratique(server, ['gate', 'app:1.0', '--wait', '60s'])
  assert.equal(gate.status, 6, gate.stdout)
  assert.match(gate.stdout, /CANNOT TELL: no package database lists a package/)
  assert.equal((await pratique(server, ['scan', 'app:1.0'])).status, 6)
})

test(
  'scan: an image, a directory and an archive give the same finding',
  { skip: missing('tar') },
  async (t) => {
    const server = await serverWithImage(t)
    const directory = await temporaryDirectory(t)
    const found = /HIGH +CVE-2021-23337 +lodash 4\.17\.20 +4\.17\.21/
    assert.match((await pratique(server, ['scan', 'app:1.0'])).stdout, found)
    const folder = join(directory, 'tree', 'node_modules', 'lodash')
    await mkdir(folder, { recursive: true })
    await writeFile(join(folder, 'package.json'), '{"name":"lodash","version":"4.17.20"}')
    assert.match((await pratique(server, ['scan', join(directory, 'tree')])).stdout, found)
    const layout = await vulnerableImage(join(directory, 'layout'))
    const archive = join(directory, 'image.tar')
    await run('tar', ['-C', layout.directory, '-cf', archive, '.'])
    assert.match((await pratique(server, ['scan', archive])).stdout, found)
    await writeFile(archive, 'not a tar at all')
    const broken = await pratique(server, ['scan', archive])
    assert.equal(broken.status, 1)
    assert.match(broken.stderr, /archive/)
  },
)

test('db: an import is counted, repeated without effect, and a record without an id is rejected by its line', async (t) => {
  const server = await startServer(t)
  const file = join(await temporaryDirectory(t), 'mine.ndjson')
  const record = {
    id: 'TEST-1',
    modified: '2026-11-01T00:00:00Z',
    affected: [
      {
        package: { ecosystem: 'npm', name: 'x' },
        ranges: [{ type: 'SEMVER', events: [{ introduced: '0' }] }],
      },
    ],
  }
  await writeFile(file, `${JSON.stringify(record)}\n{"modified":"2026-11-01T00:00:00Z"}\n`)
  const first = await pratique(server, ['db', 'import', file])
  assert.equal(first.status, 1)
  assert.match(first.stderr, /mine line 2: rejected: .*id/)
  await writeFile(file, `${JSON.stringify(record)}\n`)
  const again = await pratique(server, ['db', 'import', file, '--output', 'json'])
  assert.equal(again.status, 0, again.stderr)
  const [report] = JSON.parse(again.stdout) as { read: number; unchanged: number }[]
  assert.deepEqual([report?.read, report?.unchanged], [1, 1])
  assert.match((await pratique(server, ['db', 'status'])).stdout, /mine +1 +import/)
})

test('login, logout and the credential helper give what /v2 accepts', async (t) => {
  const server = await startServer(t)
  const file = join(server.environment['DOCKER_CONFIG'] ?? '', 'config.json')
  await mkdir(server.environment['DOCKER_CONFIG'] ?? '', { recursive: true })
  await writeFile(file, '{"auths":{"other.example":{"auth":"a2VwdA=="}},"HttpHeaders":{"x":"y"}}')
  assert.equal((await pratique(server, ['login'])).status, 0)
  const config = JSON.parse(await readFile(file, 'utf8')) as {
    auths: Record<string, { auth: string }>
    HttpHeaders: object
  }
  assert.deepEqual(config.auths['other.example'], { auth: 'a2VwdA==' })
  assert.deepEqual(config.HttpHeaders, { x: 'y' })
  assert.equal((await stat(file)).mode & 0o777, 0o600)
  const basic = async (auth: string): Promise<number> =>
    (await fetch(`${server.url}/v2/`, { headers: { authorization: `Basic ${auth}` } })).status
  assert.equal(await basic(config.auths[server.host]?.auth ?? ''), 200)
  const helped = await pratique(server, ['credential-helper', 'get'], `${server.url}\n`)
  const { Username, Secret } = JSON.parse(helped.stdout) as { Username: string; Secret: string }
  assert.equal(await basic(Buffer.from(`${Username}:${Secret}`).toString('base64')), 200)
  assert.equal((await pratique(server, ['credential-helper', 'list'])).stdout, '{}\n')
  assert.equal((await pratique(server, ['logout', server.host])).status, 0)
  assert.doesNotMatch(await readFile(file, 'utf8'), new RegExp(server.host))
})

test('env and doctor say what is there; mistakes name the nearest word', async (t) => {
  const server = await startServer(t)
  const env = await pratique(server, ['env'])
  assert.match(env.stdout, new RegExp(`^export AWS_ENDPOINT_URL='${server.url}'$`, 'm'))
  assert.match(env.stdout, /^unset AWS_SESSION_TOKEN AWS_PROFILE$/m)
  const doctor = await pratique(server, ['doctor', '--output', 'json'])
  const checks = JSON.parse(doctor.stdout) as { name: string; status: string }[]
  assert.deepEqual(
    checks.filter(({ status }) => status === 'failed'),
    [],
  )
  assert.ok(
    checks.some(({ name, status }) => name === 'vulnerability data' && status === 'warning'),
  )
  assert.equal(doctor.status, 0)
  const typo = await pratique(server, ['doctr'])
  assert.equal(typo.status, 2)
  assert.match(typo.stderr, /Did you mean doctor/)
  const setting = await run(process.execPath, [program, 'doctor'], {
    env: { ...server.environment, PRATIQUE_LISTN: 'x' },
  })
  assert.equal(setting.status, 2)
  assert.match(setting.stderr, /unknown setting PRATIQUE_LISTN: did you mean PRATIQUE_LISTEN\?/)
})

test('quota: limits are set and shown, a push that passes one is refused with the reason, nonsense is exit 2', async (t) => {
  const server = await serverWithImage(t)
  const set = await pratique(server, ['quota', 'set', 'app', '--bytes', '10KiB', '--images', '5'])
  assert.equal(set.status, 0, set.stderr)
  assert.equal(set.stdout.trim(), 'app: 10 KiB, 5 images')
  const shown = await pratique(server, ['quota', '--output', 'json'])
  assert.equal(shown.status, 0, shown.stderr)
  const [account, app] = JSON.parse(shown.stdout) as { scope: string; maxBytes?: number }[]
  assert.equal(account?.scope, 'account')
  assert.equal(app?.maxBytes, 10 * 1024)
  const content = Buffer.alloc(20 * 1024)
  const digest = `sha256:${createHash('sha256').update(content).digest('hex')}`
  const pair = `${server.accessKeyId}:${server.secretAccessKey}`
  const refused = await fetch(`${server.url}/v2/app/blobs/uploads/?digest=${digest}`, {
    method: 'POST',
    headers: { authorization: `Basic ${Buffer.from(pair).toString('base64')}` },
    body: content,
  })
  assert.equal(refused.status, 403)
  assert.match(await refused.text(), /"DENIED".*the quota of repository app is 10240 bytes/)
  assert.equal((await pratique(server, ['quota', 'set', 'app', '--bytes', 'much'])).status, 2)
  assert.equal((await pratique(server, ['quota', 'set', 'absent', '--bytes', '1'])).status, 1)
  const lifted = await pratique(server, ['quota', 'set', 'app', '--bytes', 'none'])
  assert.equal(lifted.stdout.trim(), 'app: no limit of bytes, 5 images')
})

test('gc: a dry run changes nothing, a run tells what it did, nonsense is exit 2', async (t) => {
  const server = await serverWithImage(t)
  const plan = await pratique(server, ['gc', '--dry-run', '--output', 'json'])
  assert.equal(plan.status, 0, plan.stderr)
  assert.deepEqual(JSON.parse(plan.stdout), { manifests: 0, links: 0, blobs: 0, bytes: 0 })
  const ran = await pratique(server, ['gc'])
  assert.equal(ran.status, 0, ran.stderr)
  assert.match(ran.stdout, /^freed 0 B in 0 stored blobs and uploads$/m)
  const status = await pratique(server, ['gc', '--status'])
  assert.match(status.stdout, /^STARTED +ENDED +ASKED BY/)
  assert.match(status.stdout, /request/)
  assert.equal((await pratique(server, ['gc', '--untagged-older-than', 'long'])).status, 2)
  assert.equal((await pratique(server, ['gate', 'app:1.0', '--fail-on', 'critical'])).status, 0)
})
