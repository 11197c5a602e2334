// `pratique sbom` as a user runs it, and its documents in the hands of other tools.
import assert from 'node:assert/strict'
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { CreateRepositoryCommand } from '@aws-sdk/client-ecr'
import {
  CreateAccessKeyCommand,
  CreateUserCommand,
  IAMClient,
  PutUserPolicyCommand,
} from '@aws-sdk/client-iam'
import { cycloneDxJudge } from '../kit/cyclonedx-schema.ts'
import { temporaryDirectory } from '../kit/database.ts'
import { writeImageLayout, writeIndexLayout } from '../kit/image-layout.ts'
import { pushIndexLayout, pushLayout } from '../kit/push-layout.ts'
import { missing, run, type Finished } from '../kit/run.ts'
import { program, startServer, type ServerProcess } from '../kit/server-process.ts'

const faultsOf = cycloneDxJudge('1.6')

const lodash = {
  'app/node_modules/lodash/package.json': '{"name":"lodash","version":"4.17.20","license":"MIT"}',
}
const leftPad = {
  'app/node_modules/left-pad/package.json': '{"name":"left-pad","version":"1.3.0"}',
}

async function pratique(server: ServerProcess, ...args: readonly string[]): Promise<Finished> {
  return run(process.execPath, [program, ...args], { env: server.environment })
}

/** Of a user with that policy only. */
async function asUser(
  server: ServerProcess,
  UserName: string,
  statements: readonly object[],
): Promise<(...args: readonly string[]) => Promise<Finished>> {
  const { accessKeyId, secretAccessKey } = server
  const credentials = { accessKeyId, secretAccessKey }
  const iam = new IAMClient({ endpoint: server.url, region: 'us-east-1', credentials })
  const PolicyDocument = JSON.stringify({ Version: '2012-10-17', Statement: statements })
  await iam.send(new CreateUserCommand({ UserName }))
  await iam.send(new PutUserPolicyCommand({ UserName, PolicyName: 'own', PolicyDocument }))
  const { AccessKey } = await iam.send(new CreateAccessKeyCommand({ UserName }))
  iam.destroy()
  const env = {
    ...server.environment,
    AWS_ACCESS_KEY_ID: AccessKey?.AccessKeyId,
    AWS_SECRET_ACCESS_KEY: AccessKey?.SecretAccessKey,
  }
  return (...args) => run(process.execPath, [program, ...args], { env })
}

function namesIn(text: string): readonly string[] {
  const document = JSON.parse(text) as { readonly components: readonly { readonly name: string }[] }
  assert.deepEqual(faultsOf(document), [])
  return document.components.map(({ name }) => name)
}

async function serverWithRepository(t: TestContext): Promise<ServerProcess> {
  const server = await startServer(t)
  await server.ecr.send(new CreateRepositoryCommand({ repositoryName: 'app' }))
  return server
}

async function scanned(server: ServerProcess, reference: string): Promise<void> {
  const { status, stderr } = await pratique(server, 'scan', reference)
  assert.equal(status, 0, stderr)
}

test('sbom: an image, a directory; what is not there, never scanned or nonsense says so by its exit code', async (t) => {
  const server = await serverWithRepository(t)
  const directory = await temporaryDirectory(t)
  await pushLayout(server, 'app', await writeImageLayout(join(directory, 'image'), [lodash]), '1.0')
  await scanned(server, 'app:1.0')
  const printed = await pratique(server, 'sbom', 'app:1.0')
  assert.equal(printed.status, 0, printed.stderr)
  assert.deepEqual(namesIn(printed.stdout), ['lodash'])
  const withFindings = await pratique(server, 'sbom', 'app:1.0', '--with-findings')
  assert.match(withFindings.stdout, /CVE-2021-23337/)
  const spdx = await pratique(server, 'sbom', 'app:1.0', '--format', 'spdx')
  assert.match(spdx.stdout, /"licenseDeclared": "NOASSERTION"[^]*pkg:npm\/lodash@4\.17\.20/)
  await mkdir(join(directory, 'tree/app/node_modules/left-pad'), { recursive: true })
  for (const [path, content] of Object.entries(leftPad))
    await writeFile(join(directory, 'tree', path), content)
  const tree = await pratique(server, 'sbom', join(directory, 'tree'))
  assert.deepEqual(namesIn(tree.stdout), ['left-pad'])
  const refusals = [
    [5, 'app:2.0'],
    [2, 'APP'],
    [2, 'app:1.0', '--format', 'swid'],
    [2, 'app:1.0', '--format', 'spdx', '--with-findings'],
    [2, join(directory, 'tree'), '--attach'],
  ] as const
  for (const [expected, ...args] of refusals)
    assert.equal((await pratique(server, 'sbom', ...args)).status, expected, args.join(' '))
  const static1 = await writeImageLayout(join(directory, 'other'), [{ 'bin/x': 'x' }])
  await server.ecr.send(
    new CreateRepositoryCommand({
      repositoryName: 'quiet',
      imageScanningConfiguration: { scanOnPush: false },
    }),
  )
  await pushLayout(server, 'quiet', static1, '1.0')
  const never = await pratique(server, 'sbom', 'quiet:1.0')
  assert.equal(never.status, 6, never.stdout)
  assert.match(never.stderr, /was never scanned.*pratique scan/)
})

test('sbom: a document is scanned as its image is, and never as if its bytes had been seen', async (t) => {
  const server = await serverWithRepository(t)
  const directory = await temporaryDirectory(t)
  await pushLayout(server, 'app', await writeImageLayout(join(directory, 'image'), [lodash]), '1.0')
  await scanned(server, 'app:1.0')
  for (const format of ['cyclonedx', 'spdx']) {
    const file = join(directory, `${format}.tar`)
    await pratique(server, 'sbom', 'app:1.0', '--format', format, '-o', file)
    const again = await pratique(server, 'scan', file)
    assert.equal(again.status, 0, again.stderr)
    assert.match(again.stdout, /HIGH +CVE-2021-23337 +lodash 4\.17\.20/)
    assert.match(again.stdout, /note: declared only/)
  }
  const broken = join(directory, 'broken.json')
  await writeFile(broken, '{"bomFormat":"CycloneDX","specVersion":"2.0"}')
  const refused = await pratique(server, 'scan', broken)
  assert.equal(refused.status, 1)
  assert.match(refused.stderr, /CycloneDX 2\.0: 1\.2 to 1\.7 are read/)
})

test('sbom: who may pull may not list packages, and who may list packages not the findings', async (t) => {
  const server = await serverWithRepository(t)
  const directory = await temporaryDirectory(t)
  await pushLayout(server, 'app', await writeImageLayout(join(directory, 'image'), [lodash]), '1.0')
  await scanned(server, 'app:1.0')
  const pull = { Effect: 'Allow', Action: 'ecr:*', Resource: '*' }
  const puller = await asUser(server, 'puller', [pull])
  const refused = await puller('sbom', 'app:1.0')
  assert.equal(refused.status, 4, refused.stdout)
  const compared = await puller('sbom', 'app:1.0', '--compare', program)
  assert.equal(compared.status, 4, compared.stdout)
  assert.match(refused.stderr, /pratique:GetSbom.*repository\/app/)
  const of = (name: string): object => ({
    Effect: 'Allow',
    Action: 'pratique:GetSbom',
    Resource: `arn:aws:ecr:us-east-1:123456789012:repository/${name}`,
  })
  const elsewhere = await asUser(server, 'elsewhere', [pull, of('other')])
  assert.equal((await elsewhere('sbom', 'app:1.0')).status, 4)
  const lister = await asUser(server, 'lister', [pull, of('app')])
  const listed = await lister('sbom', 'app:1.0')
  assert.equal(listed.status, 0, listed.stderr)
  assert.equal((await lister('sbom', 'app:1.0', '--with-findings')).status, 4)
})

test('sbom --compare: the same is 0, another version, a hidden and an invented package are 3 and told', async (t) => {
  const server = await serverWithRepository(t)
  const directory = await temporaryDirectory(t)
  const image = await writeImageLayout(join(directory, 'image'), [{ ...lodash, ...leftPad }])
  await pushLayout(server, 'app', image, '1.0')
  await scanned(server, 'app:1.0')
  const file = join(directory, 'app.cdx.json')
  assert.equal((await pratique(server, 'sbom', 'app:1.0', '-o', file)).status, 0)
  const same = await pratique(server, 'sbom', 'app:1.0', '--compare', file)
  assert.equal(same.status, 0, same.stderr)
  assert.match(same.stdout, /2 packages are declared and found/)
  const text = await readFile(file, 'utf8')
  await writeFile(file, text.replaceAll('4.17.20', '4.17.21').replaceAll('left-pad', 'invented'))
  const other = await pratique(server, 'sbom', 'app:1.0', '--compare', file)
  assert.equal(other.status, 3, other.stderr)
  assert.match(other.stdout, /declared pkg:npm\/lodash@4\.17\.21, found pkg:npm\/lodash@4\.17\.20/)
  assert.match(other.stdout, /declared, not found: pkg:npm\/invented@1\.3\.0/)
  assert.match(other.stdout, /found, not declared: pkg:npm\/left-pad@1\.3\.0 at app\/node_modules/)
  const nonsense = join(directory, 'nonsense')
  await writeFile(nonsense, 'no document')
  assert.equal((await pratique(server, 'sbom', 'app:1.0', '--compare', nonsense)).status, 1)
  assert.equal((await pratique(server, 'sbom', 'app:1.0', '--compare', directory)).status, 2)
})

test('sbom: an index has a document for each platform, in files and as referrers', async (t) => {
  const server = await serverWithRepository(t)
  const directory = await temporaryDirectory(t)
  const layout = await writeIndexLayout(join(directory, 'index'), {
    amd64: [lodash],
    arm64: [leftPad],
  })
  await pushIndexLayout(server, 'app', layout, '1.0')
  await scanned(server, 'app:1.0')
  const unclear = await pratique(server, 'sbom', 'app:1.0')
  assert.equal(unclear.status, 2)
  assert.match(unclear.stderr, /linux\/amd64, linux\/arm64/)
  const arm = await pratique(server, 'sbom', 'app:1.0', '--platform', 'linux/arm64')
  assert.deepEqual(namesIn(arm.stdout), ['left-pad'])
  assert.equal((await pratique(server, 'sbom', 'app:1.0', '--platform', 'linux/s390x')).status, 5)
  const out = join(directory, 'out')
  await mkdir(out)
  const written = await pratique(server, 'sbom', 'app:1.0', '-o', join(out, 'app.cdx.json'))
  assert.equal(written.status, 0, written.stderr)
  const files = (await readdir(out)).toSorted((a, b) => (a < b ? -1 : 1))
  assert.deepEqual(files, ['app.linux-amd64.cdx.json', 'app.linux-arm64.cdx.json'])
  assert.deepEqual(namesIn(await readFile(join(out, files[0] ?? ''), 'utf8')), ['lodash'])
  for (let times = 0; times < 2; times += 1) {
    const attached = await pratique(server, 'sbom', 'app:1.0', '--attach')
    assert.equal(attached.status, 0, attached.stderr)
  }
  for (const { manifestDigest } of layout.images) {
    const [referrer, ...more] = await referrersOf(server, manifestDigest)
    assert.deepEqual(more, [], 'the same document is not attached twice')
    assert.equal(referrer?.artifactType, 'application/vnd.cyclonedx+json')
    assert.equal(referrer.annotations['dev.pratique.generated'], 'true')
  }
})

interface Referrer {
  readonly digest: string
  readonly artifactType: string
  readonly annotations: Readonly<Record<string, string>>
}

async function referrersOf(server: ServerProcess, digest: string): Promise<readonly Referrer[]> {
  const { url, accessKeyId, secretAccessKey } = server
  const keys = Buffer.from(`${accessKeyId}:${secretAccessKey}`).toString('base64')
  const headers = { authorization: `Basic ${keys}` }
  const response = await fetch(`${url}/v2/app/referrers/${digest}`, { headers })
  return ((await response.json()) as { readonly manifests: readonly Referrer[] }).manifests
}

test(
  'sbom: an attached document is discovered and pulled by oras',
  { skip: missing('oras') },
  async (t) => {
    const server = await serverWithRepository(t)
    const directory = await temporaryDirectory(t)
    const image = await writeImageLayout(join(directory, 'image'), [lodash])
    await pushLayout(server, 'app', image, '1.0')
    await scanned(server, 'app:1.0')
    const attached = await pratique(server, 'sbom', 'app:1.0', '--attach', '--format', 'spdx')
    const pushed = /attached (sha256:[0-9a-f]{64}) to/.exec(attached.stdout)?.[1] ?? ''
    const oras = async (...args: readonly string[]): Promise<string> => {
      const { accessKeyId, secretAccessKey } = server
      const keys = ['--plain-http', '-u', accessKeyId, '-p', secretAccessKey]
      const ran = await run('oras', [...args, ...keys], { env: server.environment, cwd: directory })
      assert.equal(ran.status, 0, ran.stderr)
      return ran.stdout
    }
    const discovered = await oras('discover', '--format', 'json', `${server.host}/app:1.0`)
    assert.match(discovered, new RegExp(pushed))
    assert.match(discovered, /application\/spdx\+json/)
    const manifest = JSON.parse(
      await oras('manifest', 'fetch', `${server.host}/app@${pushed}`),
    ) as { readonly layers: readonly { readonly digest: string }[] }
    const blob = `${server.host}/app@${manifest.layers[0]?.digest ?? ''}`
    const document = await oras('blob', 'fetch', '--output', '-', blob)
    assert.match(document, /"spdxVersion": "SPDX-2.3"/)
    assert.equal(document, (await pratique(server, 'sbom', 'app:1.0', '--format', 'spdx')).stdout)
  },
)
