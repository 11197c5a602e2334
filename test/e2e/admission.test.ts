// A cluster asks, by the addresses and certificates that it was given; a node pulls; and the owner looks before a policy bites.
import assert from 'node:assert/strict'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import {
  BatchGetImageCommand,
  CreateRepositoryCommand,
  DescribeImageScanFindingsCommand,
} from '@aws-sdk/client-ecr'
import { parseAllDocuments } from 'yaml'
import {
  ask,
  doorOf,
  pod,
  review,
  reviewed,
  type ClusterDoor,
  type Manifest,
} from '../kit/cluster-door.ts'
import { temporaryDirectory } from '../kit/database.ts'
import { writeImageLayout, writeIndexLayout } from '../kit/image-layout.ts'
import { pushIndexLayout, pushLayout } from '../kit/push-layout.ts'
import { run, type Finished } from '../kit/run.ts'
import { program, startServer, type ServerProcess } from '../kit/server-process.ts'
import { userOf } from '../kit/user-of.ts'

const manifestOf = (version: string): string => JSON.stringify({ name: 'lodash', version })
const bad = { 'app/node_modules/lodash/package.json': manifestOf('4.17.20') }
const good = { 'app/node_modules/lodash/package.json': manifestOf('4.18.99') }

interface Place {
  readonly server: ServerProcess
  readonly directory: string
  readonly digests: Readonly<Record<string, string>>
}

async function openPlace(t: TestContext): Promise<Place> {
  const directory = await temporaryDirectory(t)
  const server = await startServer(t, {
    environment: { PRATIQUE_ADMISSION_LISTEN: '127.0.0.1:0', PRATIQUE_DEFAULTS: 'aws' },
  })
  const scanned = { scanOnPush: true }
  await server.ecr.send(
    new CreateRepositoryCommand({ repositoryName: 'my-app', imageScanningConfiguration: scanned }),
  )
  const images = {
    bad: await writeImageLayout(join(directory, 'bad'), [bad]),
    good: await writeImageLayout(join(directory, 'good'), [good]),
  }
  for (const [tag, image] of Object.entries(images)) await pushLayout(server, 'my-app', image, tag)
  const both = await writeIndexLayout(join(directory, 'both'), { amd64: [good], arm64: [bad] })
  await pushIndexLayout(server, 'my-app', both, 'both')
  await scansDone(server, ['bad', 'good', 'both'])
  const digests = { bad: images.bad.manifestDigest, good: images.good.manifestDigest }
  return { server, directory, digests }
}

async function scansDone({ ecr }: ServerProcess, tags: readonly string[]): Promise<void> {
  for (const imageTag of tags)
    for (let attempt = 0; attempt < 200; attempt += 1) {
      const command = new DescribeImageScanFindingsCommand({
        repositoryName: 'my-app',
        imageId: { imageTag },
      })
      const answer = await ecr.send(command).catch(() => undefined)
      if (/COMPLETE|ACTIVE/.test(answer?.imageScanStatus?.status ?? '')) break
      await new Promise((resolve) => setTimeout(resolve, 50))
    }
}

async function pratique(
  { server, directory }: Place,
  ...args: readonly string[]
): Promise<Finished> {
  return run(process.execPath, [program, ...args], { env: server.environment, cwd: directory })
}

const policy = (mode: string): string => `version: 1
name: base
mode: ${mode}
rules:
  - id: severe
    fail: { severity: high }
`

test('admission', async (t) => {
  const place = await openPlace(t)
  await t.test('the owner looks before a policy bites', async () => looksFirst(place))
  const doors = await registered(place)
  await t.test('the webhook judges pods and what makes them', async () =>
    judgesPods(place, doors.validate),
  )
  await t.test('tags are replaced by what they name', async () => pins(place, doors.mutate))
  await t.test('Gatekeeper gets a value for each key', async () =>
    answersKeys(place, doors.provider),
  )
  await t.test('other callers ask for all images at once', async () =>
    decidesAll(place, doors.validate),
  )
  await t.test('nobody else is answered', async () => refusesOthers(doors.validate))
  await t.test('what runs is known by what was let run', async () =>
    knowsRunning(place, doors.validate),
  )
  await t.test('and by what the cluster says, which takes its place', async () =>
    takesReport(place),
  )
  await t.test('a gated repository refuses pulls of nodes alone', async () => gatesPulls(place))
})

async function looksFirst(place: Place): Promise<void> {
  const file = join(place.directory, 'base.yaml')
  await writeFile(file, policy('enforce').replace('severity: high', 'severity: awful'))
  const wrong = await pratique(place, 'admission', 'policy', 'set', file)
  assert.equal(wrong.status, 2)
  assert.match(wrong.stderr, /base\.yaml:6:\d+: rules\[0\]\.fail\.severity is "awful"/)
  await writeFile(file, policy('enforce'))
  const seen = await pratique(place, 'admission', 'policy', 'preview', file)
  assert.equal(seen.status, 3, seen.stderr)
  assert.match(seen.stdout, /my-app:bad +allow +deny +\S*.* in lodash 4\.17\.20/)
  assert.doesNotMatch(seen.stdout, /my-app:good/)
  assert.match(seen.stderr, /3 tagged images: 2 would be denied \(2 of them are not denied now\)/)
  const put = await pratique(place, 'admission', 'policy', 'set', file)
  assert.equal(put.status, 0, put.stderr)
  assert.match(put.stdout, /policy base, version 1\n\+ mode enforce/)
  assert.match((await pratique(place, 'admission', 'policy')).stdout, /base +enforce +1 +0 +1/)
}

async function registered(
  place: Place,
): Promise<Readonly<Record<'validate' | 'mutate' | 'provider', ClusterDoor>>> {
  const file = join(place.directory, 'cluster.yaml')
  const args = [
    '--host',
    'Registry.Example:5000',
    '--platform',
    'linux/amd64',
    '--enforce',
    '--gatekeeper',
  ]
  // Its token is told once: what could not be written is refused before anything is registered.
  for (const wrong of ['pratique.yaml', join('no', 'such', 'folder.yaml')]) {
    const refused = await pratique(place, 'cluster', 'add', 'prod', '--manifests', wrong)
    assert.equal(refused.status, 2, refused.stderr)
    assert.match(refused.stderr, /settings are read from|cannot be written/)
  }
  const nobody = await pratique(place, 'cluster', 'show', 'prod')
  assert.equal(nobody.status, 5, nobody.stderr)
  const added = await pratique(place, 'cluster', 'add', 'prod', ...args, '--manifests', file)
  assert.equal(added.status, 0, added.stderr)
  const [validating, mutating, provider] = parseAllDocuments(await readFile(file, 'utf8')).map(
    (document) => document.toJS() as Manifest,
  )
  assert.equal(validating?.webhooks?.[0]?.failurePolicy, 'Fail')
  // An API server takes no other letters in the path of a webhook behind a Service.
  const { pathname } = new URL(validating.webhooks[0].clientConfig.url)
  assert.match(pathname, /^\/admission\/[a-z0-9.]+\/validate$/)
  return {
    validate: doorOf(validating?.webhooks?.[0]?.clientConfig),
    mutate: doorOf(mutating?.webhooks?.[0]?.clientConfig),
    provider: doorOf(provider?.spec),
  }
}

async function judgesPods({ server, digests }: Place, door: ClusterDoor): Promise<void> {
  const image = (tag: string): string => `${server.host}/my-app:${tag}`
  const denied = await reviewed(door, review('Pod', pod(image('good'), image('bad'))))
  assert.equal(denied.allowed, false)
  assert.equal(denied.uid, '705ab4f5-6393-11e8-b7cc-42010a800002')
  assert.equal(denied.status?.code, 403)
  assert.match(
    denied.status?.message ?? '',
    /spec\.containers\[1\]\.image \S+:bad: .* in lodash 4\.17\.20/,
  )
  assert.equal(denied.auditAnnotations?.['decision'], 'deny')
  const allowed = await reviewed(door, review('Pod', pod(image('good'))))
  assert.equal(allowed.allowed, true)
  assert.match(allowed.warnings?.[0] ?? '', /tag may move/)
  // The cluster runs amd64 alone, whose image is good; under another name and by its digest it is the same image.
  assert.equal((await reviewed(door, review('Pod', pod(image('both'))))).allowed, true)
  const other = `REGISTRY.example:5000/my-app@${digests['bad'] ?? ''}`
  assert.equal((await reviewed(door, review('Pod', pod(other)))).allowed, false)
  const absent = await reviewed(door, review('Pod', pod(image('none'))))
  assert.match(absent.status?.message ?? '', /no such image in my-app/)
  const foreign = await reviewed(door, review('Pod', pod('nginx')))
  assert.equal(foreign.allowed, true)
  assert.match(foreign.warnings?.join() ?? '', /another registry, docker\.io/)
  const template = { spec: { template: pod(image('bad')) } }
  const deployment = await reviewed(door, review('Deployment', template))
  assert.equal(deployment.allowed, true)
  assert.match(deployment.warnings?.[0] ?? '', /its pods would be denied/)
  const labelled = { operation: 'UPDATE', oldObject: pod(image('bad')) }
  assert.equal((await reviewed(door, review('Pod', pod(image('bad')), labelled))).allowed, true)
  const debug = {
    ...pod(image('bad')),
    spec: {
      ...specOf(pod(image('bad'))),
      ephemeralContainers: [{ image: `${image('bad')}@${digests['bad'] ?? ''}` }],
    },
  }
  assert.equal((await reviewed(door, review('Pod', debug, labelled))).allowed, false)
}

function specOf(object: object): object {
  return 'spec' in object && typeof object.spec === 'object' && object.spec !== null
    ? object.spec
    : {}
}

async function pins({ server, digests }: Place, door: ClusterDoor): Promise<void> {
  const images = [
    `${server.host}/my-app:good`,
    `${server.host}/my-app@${digests['bad'] ?? ''}`,
    'nginx',
  ]
  const { allowed, patch } = await reviewed(door, review('Pod', pod(...images)))
  assert.equal(allowed, true)
  assert.deepEqual(JSON.parse(Buffer.from(patch ?? '', 'base64').toString()), [
    {
      op: 'replace',
      path: '/spec/containers/0/image',
      value: `${server.host}/my-app:good@${digests['good'] ?? ''}`,
    },
  ])
  const template = { spec: { template: pod(...images) } }
  assert.equal((await reviewed(door, review('Deployment', template))).patch, undefined)
}

async function answersKeys({ server, digests }: Place, door: ClusterDoor): Promise<void> {
  const asked = (keys: readonly string[]): unknown => ({
    apiVersion: 'externaldata.gatekeeper.sh/v1beta1',
    kind: 'ProviderRequest',
    request: { keys },
  })
  const keys = [
    `[prod]${server.host}/my-app:bad`,
    `[prod/prod]${server.host}/my-app:good`,
    `[prod]${server.host}/my-app:bad`,
    '[prod]a\nb',
    '[pr]od]nginx',
    '[elsewhere/prod]nginx',
    'nginx',
  ]
  const { body } = await ask(door, asked(keys))
  const { response } = body as ProviderAnswer
  assert.equal(response.idempotent, false)
  assert.equal(response.systemError, '')
  assert.deepEqual(
    response.items.map(({ key }) => key),
    [...new Set(keys)],
  )
  const [first, second, ...others] = response.items
  assert.equal(first?.value?.succeeded, false)
  assert.equal(first?.value?.isSuccess, false)
  assert.equal(first?.value?.digest, digests['bad'])
  assert.match(first?.value?.reasons[0]?.message ?? '', /lodash 4\.17\.20/)
  assert.equal(second?.value?.decision, 'allow')
  assert.deepEqual(
    others.map(({ error, value }) => error !== undefined && value === undefined),
    [true, true, true, false],
  )
  const many = Array.from({ length: 10_000 }, (_, at) => `app:${at}`)
  const refused = (await ask(door, asked(many))).body as ProviderAnswer
  assert.match(refused.response.systemError, /at most 500/)
  const url = `${door.url}/mutate`
  const mutated = (await ask({ ...door, url }, asked([`${server.host}/my-app:good`, 'nginx'])))
    .body as {
    readonly response: { readonly idempotent: boolean; readonly items: readonly unknown[] }
  }
  assert.equal(mutated.response.idempotent, true)
  assert.deepEqual(mutated.response.items, [
    {
      key: `${server.host}/my-app:good`,
      value: `${server.host}/my-app:good@${digests['good'] ?? ''}`,
    },
    { key: 'nginx', value: 'nginx' },
  ])
}

async function decidesAll({ server }: Place, door: ClusterDoor): Promise<void> {
  const url = door.url.replace(/validate$/, 'decide')
  const images = [`${server.host}/my-app:good`, `${server.host}/my-app:bad`, ' nginx']
  const { status, body } = await ask({ ...door, url }, { namespace: 'prod', images })
  assert.equal(status, 200)
  const { succeeded, results } = body as {
    readonly succeeded: boolean
    readonly results: readonly { readonly succeeded: boolean }[]
  }
  assert.equal(succeeded, false)
  assert.deepEqual(
    results.map((result) => result.succeeded),
    [true, false, false],
  )
  assert.equal((await ask({ ...door, url }, { images: 'nginx' })).status, 400)
}

interface ProviderAnswer {
  readonly response: {
    readonly idempotent: boolean
    readonly systemError: string
    readonly items: readonly {
      readonly key: string
      readonly error?: string
      readonly value?: {
        readonly succeeded: boolean
        readonly isSuccess: boolean
        readonly decision: string
        readonly digest: string
        readonly reasons: readonly { readonly message: string }[]
      }
    }[]
  }
}

async function refusesOthers(door: ClusterDoor): Promise<void> {
  await assert.rejects(ask(door, {}, { maxVersion: 'TLSv1.2' }), /alert protocol version|EPROTO/)
  await assert.rejects(ask({ ...door, ca: '' }, {}, { ca: [] }), /certificate/)
  const another = await ask({ ...door, url: door.url.replace(/.\/validate$/, '/validate') }, {})
  assert.equal(another.status, 401)
  const [base = ''] = door.url.split('.', 1)
  assert.equal(door.url.startsWith(base), true)
  const { status, body } = await ask(door, { kind: 'Pod' })
  assert.equal(status, 400)
  assert.match(JSON.stringify(body), /expected an AdmissionReview/)
  const large = await ask(door, `"${'x'.repeat(9 * 1024 * 1024)}"`).catch(() => ({ status: 413 }))
  assert.equal(large.status, 413)
}

interface ShownCluster {
  readonly images: readonly {
    readonly namespace: string
    readonly workloadKind: string
    readonly workloadName: string
    readonly digest: string
    readonly denied: number
    readonly use?: { readonly seenBy: string; readonly endedAt?: string; readonly units?: number }
  }[]
}

async function show(place: Place, ...more: readonly string[]): Promise<ShownCluster['images']> {
  const shown = await pratique(place, 'cluster', 'show', 'prod', ...more, '--output', 'json')
  assert.equal(shown.status, 0, shown.stderr)
  return (JSON.parse(shown.stdout) as ShownCluster).images
}

async function knowsRunning(place: Place, door: ClusterDoor): Promise<void> {
  const { server, digests } = place
  const tried = review('Pod', pod(`${server.host}/my-app:good`), { namespace: 'dry', dryRun: true })
  assert.equal((await reviewed(door, tried)).allowed, true)
  const all = await show(place, '--all')
  assert.equal(
    all.some(({ namespace }) => namespace === 'dry'),
    false,
  )
  const running = all.filter(({ use }) => use !== undefined && use.endedAt === undefined)
  const app = running.find(
    ({ workloadKind, digest }) => workloadKind === 'Pod' && digest === digests['good'],
  )
  assert.deepEqual(
    [app?.namespace, app?.workloadName, app?.use?.seenBy],
    ['prod', 'app', 'admission'],
  )
  // Denied each time, and let run only where it ran before: that was not asked about.
  assert.equal(
    running.some(({ digest }) => digest === digests['bad']),
    false,
  )
  assert.equal(
    all.some(({ digest, denied }) => digest === digests['bad'] && denied > 0),
    true,
  )
  const denials = await pratique(place, 'cluster', 'decisions', 'prod')
  assert.match(
    denials.stdout,
    /prod +prod +Pod\/app +\S+\/my-app:bad +base@1 +.* in lodash 4\.17\.20/,
  )
  const found = await pratique(place, 'where', '--package', 'lodash')
  assert.match(found.stdout, /my-app:good@.* prod\/prod \(seen [0-9-]+\)/)
  const audit = await pratique(place, 'audit-log', 'search', '--denied', '--output', 'json')
  assert.match(audit.stdout, /"AdmitImages"/)
  assert.match(audit.stdout, new RegExp(digests['bad'] ?? 'none'))
  assert.doesNotMatch(audit.stdout, new RegExp(digests['good'] ?? 'none'))
}

async function takesReport(place: Place): Promise<void> {
  const { server, directory, digests } = place
  const file = join(directory, 'pods.json')
  const listed = (digest: string | undefined): object => ({
    kind: 'Pod',
    metadata: {
      name: 'web-5d9-x',
      namespace: 'shop',
      labels: { 'pod-template-hash': '5d9' },
      ownerReferences: [{ kind: 'ReplicaSet', name: 'web-5d9', controller: true }],
    },
    status: {
      phase: 'Running',
      containerStatuses: [
        {
          image: 'x',
          imageID: `${server.host}/my-app@${digest ?? ''}`,
          state: { running: {} },
        },
        { image: 'nginx', imageID: '', state: { running: {} } },
      ],
    },
  })
  await writeFile(file, JSON.stringify({ items: [listed(digests['bad']), listed(digests['bad'])] }))
  const taken = await pratique(place, 'cluster', 'report', 'prod', file)
  assert.equal(taken.status, 0, taken.stderr)
  assert.match(taken.stdout, /prod runs 2 containers of this registry at 1 places, 2 of others/)
  const reported = (await show(place)).find(({ namespace }) => namespace === 'shop')
  assert.deepEqual(
    [reported?.workloadKind, reported?.workloadName, reported?.use?.units, reported?.digest],
    ['Deployment', 'web', 2, digests['bad']],
  )
  const policyFile = join(directory, 'base.yaml')
  const seen = await pratique(place, 'admission', 'policy', 'preview', policyFile)
  assert.match(seen.stdout, /my-app@sha256:\S+ +prod\/shop +deny +deny/)
  assert.match(seen.stderr, /images that run, each in each namespace: [0-9]+ would be denied/)
}

async function gatesPulls(place: Place): Promise<void> {
  const { server, digests } = place
  const node = await userOf(server, 'node', ['ecr:BatchGetImage', 'ecr:GetDownloadUrlForLayer'])
  const pull = async (method: string, tag: string, authorization: string): Promise<Response> =>
    fetch(`${server.url}/v2/my-app/manifests/${tag}`, { method, headers: { authorization } })
  assert.equal((await pull('GET', 'bad', node.authorization)).status, 200)
  const set = await pratique(place, 'admission', 'pull-gate', 'set', 'on', '--repository', 'my-app')
  assert.equal(set.status, 0, set.stderr)
  const denied = await pull('GET', 'bad', node.authorization)
  assert.equal(denied.status, 403)
  assert.match(
    await denied.text(),
    /"DENIED","message":"my-app:bad may not be pulled: .*lodash 4\.17\.20.*update lodash/,
  )
  assert.equal((await pull('HEAD', 'bad', node.authorization)).status, 200)
  assert.equal((await pull('GET', 'good', node.authorization)).status, 200)
  // A node takes of an index what it runs, and that is judged.
  assert.equal((await pull('GET', 'both', node.authorization)).status, 200)
  assert.equal((await pull('GET', 'none', node.authorization)).status, 404)
  const { accessKeyId, secretAccessKey } = server
  const owner = `Basic ${Buffer.from(`${accessKeyId}:${secretAccessKey}`).toString('base64')}`
  assert.equal((await pull('GET', 'bad', owner)).status, 200)
  const command = new BatchGetImageCommand({
    repositoryName: 'my-app',
    imageIds: [{ imageTag: 'good' }, { imageDigest: digests['bad'] ?? '' }],
  })
  const { images, failures } = await node.ecr.send(command)
  assert.equal(images?.length, 1)
  assert.equal(failures?.[0]?.failureCode, 'ImageInaccessible')
  assert.match(failures[0].failureReason ?? '', /may not be pulled/)
  node.ecr.destroy()
}
