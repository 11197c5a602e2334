// The gate as pipelines use it: docs/gate.md and docs/pipelines.md as they are written, and the same verdict by whatever way findings are read.
import assert from 'node:assert/strict'
import { chmod, mkdir, readFile, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { delimiter, join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { fileURLToPath } from 'node:url'
import {
  CreateRepositoryCommand,
  DescribeImagesCommand,
  PutRegistryScanningConfigurationCommand,
  type ECRClient,
} from '@aws-sdk/client-ecr'
import {
  AttachRolePolicyCommand,
  CreateOpenIDConnectProviderCommand,
  CreateRoleCommand,
  IAMClient,
} from '@aws-sdk/client-iam'
import { parse } from 'yaml'
import { gatePolicies, type PolicyFlags } from '../../cli/gate/gate-policies.ts'
import { judgeReference, verdictOf } from '../../cli/gate/judge-reference.ts'
import { parseImageReference } from '../../cli/reference.ts'
import type { Session } from '../../cli/session.ts'
import { temporaryDirectory } from '../kit/database.ts'
import { mainBranch, openProvider, type TestProvider } from '../kit/id-provider.ts'
import { writeImageLayout, writeIndexLayout } from '../kit/image-layout.ts'
import { pushIndexLayout, pushLayout } from '../kit/push-layout.ts'
import { missing, run, type Finished } from '../kit/run.ts'
import { program, startServer, type ServerProcess } from '../kit/server-process.ts'

const account = '123456789012'
const read = (name: string): Promise<string> =>
  readFile(fileURLToPath(new URL(`../../docs/${name}`, import.meta.url)), 'utf8')

interface Place {
  readonly server: ServerProcess
  readonly directory: string
  /** What the guides' files hold, by name. */
  readonly files: ReadonlyMap<string, string>
}

const manifestOf = (version: string): string => JSON.stringify({ name: 'lodash', version })
const bad = { 'app/node_modules/lodash/package.json': manifestOf('4.17.20') }
const good = { 'app/node_modules/lodash/package.json': manifestOf('4.18.99') }

async function openPlace(t: TestContext): Promise<Place> {
  const directory = await temporaryDirectory(t)
  const server = await startServer(t)
  const files = new Map<string, string>()
  for (const guide of [await read('gate.md'), await read('pipelines.md')])
    for (const [, name = '', content = ''] of guide.matchAll(/```\w+ file=(\S+)\n([\s\S]*?)```/g))
      files.set(name, content)
  for (const name of ['gate.yaml', 'production.yaml']) {
    // An end that was a year ahead when this was written is over one day.
    const soon = new Date(Date.now() + 90 * 86_400_000).toISOString().slice(0, 10)
    const text = (files.get(name) ?? '').replaceAll(/\b20\d\d-\d\d-\d\d\b/g, soon)
    await writeFile(join(directory, name), text)
  }
  await importFacts(server)
  await pratique({ server, directory, files }, 'login')
  await makeRepository(server)
  const image = await writeImageLayout(join(directory, 'bad'), [bad])
  await pushLayout(server, 'my-app', image, 'bad')
  const clean = await writeImageLayout(join(directory, 'good'), [good])
  await pushLayout(server, 'my-app', clean, 'good')
  const both = await writeIndexLayout(join(directory, 'both'), { amd64: [good], arm64: [bad] })
  await pushIndexLayout(server, 'my-app', both, 'both')
  const unjudged = await writeImageLayout(join(directory, 'unjudged'), [{ 'bin/static': 'x' }])
  await pushLayout(server, 'my-app', unjudged, 'unjudged')
  return { server, directory, files }
}

async function makeRepository(server: ServerProcess): Promise<void> {
  await server.ecr.send(new CreateRepositoryCommand({ repositoryName: 'my-app' }))
}

/** Of one of the flaws of lodash 4.17.20 CISA says that it is exploited, and EPSS that it is likely; of the others it is said that they are not. */
async function importFacts(server: ServerProcess): Promise<void> {
  const kev =
    'cveID,dateAdded,dueDate,knownRansomwareCampaignUse\nCVE-2021-23337,2024-01-01,2024-02-01,Unknown\n'
  const epss =
    '#model_version:v2025.03.14,score_date:2026-11-20T00:00:00+0000\ncve,epss,percentile\nCVE-2021-23337,0.9,0.99\n'
  const authorization = `Basic ${Buffer.from(`${server.accessKeyId}:${server.secretAccessKey}`).toString('base64')}`
  const headers = { authorization, 'content-type': 'application/octet-stream' }
  for (const body of [kev, epss]) {
    const url = `${server.url}/pratique/v1/cve-facts`
    const answer = await fetch(url, { method: 'POST', headers, body })
    assert.equal(answer.status, 200, await answer.text())
  }
}

async function pratique(
  { server, directory }: Place,
  ...args: readonly string[]
): Promise<Finished> {
  return run(process.execPath, [program, ...args], { env: server.environment, cwd: directory })
}

test('the gate', async (t) => {
  const place = await openPlace(t)
  await t.test('a shell tells yes, no and cannot tell apart', async () => inShell(place))
  await t.test('Jenkins keeps what its report is made from', async () => inJenkins(place))
  await t.test('CodeBuild asks AWS, and its endpoint answers', async () => inCodeBuild(place))
  const skip = missing('skopeo', 'openssl', 'curl')
  await t.test('jobs that sign in by their own tokens', { skip }, async (inner) => {
    const provider = await openProvider(inner)
    const job = { provider, role: await trustJobs(place, provider) }
    await inner.test('GitLab asks, and keeps its report', async () => inGitlab(place, job))
    await inner.test('GitHub pushes, asks and shows', async () => inGithub(inner, place, job))
  })
  await t.test('the policy of the guide', async () => byPolicy(place))
  await t.test('the verdict is the same by our API, by ECR’s, basic and enhanced', async () =>
    sameVerdict(place),
  )
})

/** The shell of a pipeline: `pratique` is on the path, and registries on loopback speak HTTP. */
async function shell(
  place: Place,
  script: string,
  environment: Readonly<Record<string, string>>,
): Promise<Finished> {
  const { directory, server } = place
  const bin = await writeProgram(place)
  const containers = join(directory, '.config', 'containers')
  await mkdir(containers, { recursive: true })
  await writeFile(
    join(containers, 'registries.conf'),
    `[[registry]]\nlocation = "${server.host}"\ninsecure = true\n`,
  )
  const env = {
    ...server.environment,
    PATH: `${bin}${delimiter}${process.env['PATH'] ?? ''}`,
    HOME: directory,
    ...environment,
  }
  return run('sh', ['-e', '-c', script], { env, cwd: directory })
}

async function writeProgram({ directory }: Place): Promise<string> {
  const bin = await temporaryBin(directory)
  const file = join(bin, 'pratique')
  const endpoint = '${GATE_ENDPOINT:+--endpoint "$GATE_ENDPOINT"}'
  await writeFile(file, `#!/bin/sh\nexec "${process.execPath}" "${program}" "$@" ${endpoint}\n`)
  await chmod(file, 0o755)
  return bin
}

async function temporaryBin(directory: string): Promise<string> {
  const bin = join(directory, 'bin')
  await mkdir(bin, { recursive: true })
  return bin
}

async function inShell(place: Place): Promise<void> {
  const script = place.files.get('gate.sh') ?? ''
  for (const [tag, status, words] of [
    ['bad', 3, /my-app:bad stays: the policy says no/],
    ['good', 0, /my-app:good goes out/],
    ['unjudged', 6, /my-app:unjudged stays: nobody can tell/],
  ] as const) {
    const answer = await shell(place, script, { IMAGE: `my-app:${tag}` })
    assert.equal(answer.status, status, answer.stdout + answer.stderr)
    assert.match(answer.stdout, words)
    const { verdict } = JSON.parse(await readFile(join(place.directory, 'gate.json'), 'utf8')) as {
      readonly verdict: string
    }
    assert.equal(verdict, { 0: 'allow', 3: 'deny', 6: 'unknown' }[status])
  }
}

async function inJenkins(place: Place): Promise<void> {
  const [, script = ''] = /sh '''([\s\S]*?)'''/.exec(place.files.get('Jenkinsfile') ?? '') ?? []
  const answer = await shell(place, script, { IMAGE: 'my-app:both' })
  assert.equal(answer.status, 3, answer.stderr)
  const junit = await readFile(join(place.directory, 'gate.xml'), 'utf8')
  assert.match(
    junit,
    /classname="my-app:both linux\/arm64" name="release\/fixable-high: CVE-2021-23337/,
  )
  assert.doesNotMatch(junit, /classname="my-app:both linux\/amd64"/)
}

/** A provider of tokens, and the role that they open. */
interface Job {
  readonly provider: TestProvider
  readonly role: string
}

/** A job has no keys. */
const withoutKeys = 'unset AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY\n'

async function inGitlab(place: Place, { provider, role }: Job): Promise<void> {
  const { script } = (
    parse(place.files.get('gitlab.yml') ?? '') as {
      readonly gate: { readonly script: readonly string[] }
    }
  ).gate
  const answer = await shell(place, withoutKeys + script.join('\n'), {
    ID_TOKEN: await provider.tokenFor(),
    AWS_ROLE_ARN: role,
    CI_BUILDS_DIR: place.directory,
    CI_JOB_ID: '7',
    IMAGE: 'my-app:bad',
  })
  assert.equal(answer.status, 3, answer.stderr)
  const report = await readFile(join(place.directory, 'gl-container-scanning-report.json'), 'utf8')
  assert.match(report, /"CVE-2021-23337"/)
}

async function inCodeBuild(place: Place): Promise<void> {
  const { commands } = (
    parse(place.files.get('buildspec.yml') ?? '') as {
      readonly phases: { readonly build: { readonly commands: readonly string[] } }
    }
  ).phases.build
  const answer = await shell(place, commands.join('\n'), {
    AWS_ACCOUNT_ID: account,
    AWS_DEFAULT_REGION: 'us-east-1',
    CODEBUILD_RESOLVED_SOURCE_VERSION: 'bad',
    GATE_ENDPOINT: place.server.url,
  })
  assert.equal(answer.status, 3, answer.stderr)
  assert.match(answer.stdout, /123456789012\.dkr\.ecr\.us-east-1\.amazonaws\.com\/my-app:bad/)
}

interface Step {
  readonly name?: string
  readonly run?: string
}

async function inGithub(t: TestContext, place: Place, { provider, role }: Job): Promise<void> {
  const { directory, files } = place
  const token = await provider.tokenFor()
  const tokens = createServer((request, response) => {
    const isAsked = request.url?.endsWith('&audience=sts.amazonaws.com') === true
    const isJob = request.headers.authorization === 'bearer of-the-job'
    response.statusCode = isAsked && isJob ? 200 : 403
    response.end(JSON.stringify({ value: token }))
  })
  tokens.listen(0, '127.0.0.1')
  await once(tokens, 'listening')
  t.after(() => tokens.close())
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- it listens on a port
  const { port } = tokens.address() as AddressInfo
  const packed = await run(
    'skopeo',
    ['copy', `oci:${join(directory, 'good')}`, 'oci-archive:image.tar'],
    {
      cwd: directory,
      env: process.env,
    },
  )
  assert.equal(packed.status, 0, packed.stderr)
  const { steps } = (
    parse(files.get('github.yml') ?? '') as {
      readonly jobs: { readonly image: { readonly steps: readonly Step[] } }
    }
  ).jobs.image
  const summary = join(directory, 'summary.md')
  let environment: Readonly<Record<string, string>> = {
    AWS_ROLE_ARN: role,
    ACTIONS_ID_TOKEN_REQUEST_TOKEN: 'of-the-job',
    ACTIONS_ID_TOKEN_REQUEST_URL: `http://127.0.0.1:${port}/token?api=1`,
    RUNNER_TEMP: directory,
    GITHUB_ENV: join(directory, 'github-env'),
    GITHUB_RUN_ID: '7',
    GITHUB_STEP_SUMMARY: summary,
    IMAGE: 'my-app:of-the-job',
    DOCKER_CONFIG: join(directory, 'docker-of-the-job'),
    REGISTRY_AUTH_FILE: join(directory, 'docker-of-the-job', 'config.json'),
  }
  for (const { name, run: script } of steps) {
    if (script === undefined || name === 'build') continue
    const done = await shell(place, withoutKeys + script, environment)
    assert.equal(done.status, 0, `${name}: ${done.stdout}${done.stderr}`)
    environment = { ...environment, ...(await exportedBy(environment['GITHUB_ENV'] ?? '')) }
    if (name === 'gate')
      assert.match(done.stdout, /::notice title=pratique gate::the answer is allow/)
  }
  assert.match(await readFile(summary, 'utf8'), /✅ Gate: yes/)
  assert.match(await readFile(join(directory, 'gate.sarif'), 'utf8'), /"executionSuccessful": true/)
}

async function exportedBy(file: string): Promise<Readonly<Record<string, string>>> {
  const lines = (await readFile(file, 'utf8')).split('\n').filter((line) => line.includes('='))
  return Object.fromEntries(lines.map((line) => line.split('=') as [string, string]))
}

/** A role that jobs of the main branch may enter. */
async function trustJobs(place: Place, provider: TestProvider): Promise<string> {
  const { server } = place
  const issuer = new URL(provider.url).host
  const credentials = {
    accessKeyId: server.accessKeyId,
    secretAccessKey: server.secretAccessKey,
  }
  const iam = new IAMClient({ endpoint: server.url, region: 'us-east-1', credentials })
  await iam.send(
    new CreateOpenIDConnectProviderCommand({
      Url: provider.url,
      ClientIDList: ['sts.amazonaws.com'],
    }),
  )
  const arn = `arn:aws:iam::${account}:oidc-provider/${issuer}`
  const set = await pratique(
    place,
    'oidc-provider',
    'options',
    provider.url,
    '--private-network',
    '--ca-bundle',
    provider.caFile,
  )
  assert.equal(set.status, 0, set.stderr)
  const trust = {
    Version: '2012-10-17',
    Statement: {
      Effect: 'Allow',
      Principal: { Federated: arn },
      Action: 'sts:AssumeRoleWithWebIdentity',
      Condition: { StringEquals: { [`${issuer}:sub`]: mainBranch } },
    },
  }
  const RoleName = 'CIDeploymentRole'
  await iam.send(
    new CreateRoleCommand({ RoleName, AssumeRolePolicyDocument: JSON.stringify(trust) }),
  )
  const PolicyArn = 'arn:aws:iam::aws:policy/AmazonEC2ContainerRegistryPowerUser'
  await iam.send(new AttachRolePolicyCommand({ RoleName, PolicyArn }))
  iam.destroy()
  return `arn:aws:iam::${account}:role/${RoleName}`
}

async function byPolicy(place: Place): Promise<void> {
  const answer = await pratique(place, 'gate', 'my-app:bad', '--policy', 'production.yaml')
  assert.equal(answer.status, 3, answer.stderr)
  assert.match(answer.stdout, /CVE-2021-23337/)
  assert.match(answer.stdout, /its config does not say when it was built: its push counts/)
  assert.match(answer.stdout, /Besides, the vulnerability data is \d+ h old/)
  const refused = join(place.directory, 'refused.yaml')
  await writeFile(
    refused,
    'version: 1\nname: p\nexempt:\n  - match: { vulnerability: CVE-1 }\n    owner: o\n    reason: r\n',
  )
  const fault = await pratique(place, 'gate', 'my-app:bad', '--policy', 'refused.yaml')
  assert.equal(fault.status, 2)
  assert.match(fault.stderr, /refused\.yaml:4:5: exempt\[0\] exemption 1 has no until/)
}

const asked: readonly Partial<PolicyFlags>[] = [
  {},
  { failOn: 'critical' },
  { failOn: 'any' },
  { failOn: 'none' },
  { fixableOnly: true },
  { grace: 14 * 86_400_000 },
  { maxAge: 1000 },
]

/** What enhanced findings have no word for. */
const basicOnly: readonly Partial<PolicyFlags>[] = [{ kev: true }, { epss: 0.5 }, { epss: 0.95 }]

async function sameVerdict({ server }: Place): Promise<void> {
  const ours: Session = { ecr: server.ecr, endpoint: server.url, name: server.url }
  const mayPull = (): Promise<boolean> => Promise.resolve(true)
  const aws: Session = { ecr: server.ecr, endpoint: undefined, name: 'AWS us-east-1', mayPull }
  const verdicts = async (
    session: Session,
    registryId: string | undefined,
    flags: readonly Partial<PolicyFlags>[],
  ): Promise<readonly string[]> => {
    const told: string[] = []
    for (const tag of ['bad', 'good', 'both', 'unjudged'])
      for (const one of flags) {
        const reference = parseImageReference(`my-app:${tag}`)
        assert.ok(reference !== undefined)
        const { decision } = await judgeReference(
          session,
          { reference, registryId },
          {
            policies: gatePolicies({ policy: [], ...one }, Date.now()),
            suppressions: undefined,
            baseline: undefined,
            platform: undefined,
            context: { door: 'gate', withoutPolicy: 'deny' },
            deadline: Date.now() + 60_000,
          },
        )
        told.push(`${tag} ${JSON.stringify(one)} ${verdictOf(decision)}`)
      }
    return told
  }
  const basic = await verdicts(ours, undefined, asked)
  assert.deepEqual(
    basic.slice(0, asked.length).map((line) => line.split(' ').at(-1)),
    ['deny', 'allow', 'deny', 'allow', 'deny', 'allow', 'deny'],
  )
  const dated = async (): Promise<readonly unknown[]> => {
    const command = new DescribeImagesCommand({ repositoryName: 'my-app' })
    const { imageDetails = [] } = await server.ecr.send(command)
    return imageDetails.flatMap(({ lastRecordedPullTime }) => lastRecordedPullTime ?? [])
  }
  assert.deepEqual(await dated(), [], 'who asks whether an image may go out does not pull it')
  assert.deepEqual(await verdicts(aws, account, asked), basic)
  assert.equal((await dated()).length, 1, 'who fetches the index does')
  const facts = await verdicts(ours, undefined, basicOnly)
  assert.deepEqual(
    facts.slice(0, 3).map((line) => line.split(' ').at(-1)),
    ['deny', 'deny', 'allow'],
  )
  assert.deepEqual(await verdicts(aws, account, basicOnly), facts)
  await scanEnhanced(server.ecr)
  assert.deepEqual(await verdicts(aws, account, asked), basic)
  const untold = await verdicts(aws, account, basicOnly)
  assert.ok(
    untold.slice(0, 3).every((line) => line.endsWith(' unknown')),
    untold.join('\n'),
  )
}

async function scanEnhanced(ecr: ECRClient): Promise<void> {
  await ecr.send(
    new PutRegistryScanningConfigurationCommand({
      scanType: 'ENHANCED',
      rules: [
        {
          scanFrequency: 'CONTINUOUS_SCAN',
          repositoryFilters: [{ filter: '*', filterType: 'WILDCARD' }],
        },
      ],
    }),
  )
}
