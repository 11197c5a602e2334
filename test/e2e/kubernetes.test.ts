// Kubernetes' own API server asks the webhooks by the manifests that a cluster was given.
import assert from 'node:assert/strict'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { CreateRepositoryCommand, DescribeImageScanFindingsCommand } from '@aws-sdk/client-ecr'
import { parseAllDocuments } from 'yaml'
import { temporaryDirectory } from '../kit/database.ts'
import { writeImageLayout } from '../kit/image-layout.ts'
import {
  freePort,
  missingKubeApi,
  startKubeApi,
  until,
  type KubeAnswer,
  type KubeApi,
} from '../kit/kube-api.ts'
import { pushLayout } from '../kit/push-layout.ts'
import { run } from '../kit/run.ts'
import { program, startServer, type ServerProcess } from '../kit/server-process.ts'

const packageFile = 'app/node_modules/lodash/package.json'
const lodash = (version: string): string => JSON.stringify({ name: 'lodash', version })
const policy = { version: 1, name: 'base', rules: [{ id: 'severe', fail: { severity: 'high' } }] }

interface Place {
  readonly kube: KubeApi
  readonly server: ServerProcess
  /** Where it listens for the cluster. */
  readonly port: number
  readonly good: string
  readonly bad: string
  /** The good one as it is pinned. */
  readonly pinned: string
  readonly restart: () => Promise<void>
}

async function openPlace(t: TestContext): Promise<Place> {
  const [directory, data] = [await temporaryDirectory(t), await temporaryDirectory(t)]
  const started = startKubeApi(t)
  const port = await freePort()
  const environment = {
    PRATIQUE_ADMISSION_LISTEN: `127.0.0.1:${port}`,
    PRATIQUE_ADMISSION_NAMES: 'pratique.registry.svc',
  }
  const server = await startServer(t, { directory: data, environment })
  await server.ecr.send(
    new CreateRepositoryCommand({
      repositoryName: 'app',
      imageScanningConfiguration: { scanOnPush: true },
    }),
  )
  const bad = await writeImageLayout(join(directory, 'bad'), [{ [packageFile]: lodash('4.17.20') }])
  const good = await writeImageLayout(join(directory, 'ok'), [{ [packageFile]: lodash('4.18.99') }])
  await pushLayout(server, 'app', bad, 'bad')
  await pushLayout(server, 'app', good, 'good')
  for (const imageTag of ['bad', 'good']) await until(async () => isScanned(server, imageTag))
  const kube = await started
  return {
    kube,
    server,
    port,
    bad: `${server.host}/app:bad`,
    good: `${server.host}/app:good`,
    pinned: `${server.host}/app:good@${good.manifestDigest}`,
    restart: async () => void (await startServer(t, { directory: data, environment })),
  }
}

async function isScanned({ ecr }: ServerProcess, imageTag: string): Promise<boolean> {
  const asked = { repositoryName: 'app', imageId: { imageTag } }
  const answer = await ecr.send(new DescribeImageScanFindingsCommand(asked))
  return /COMPLETE|ACTIVE/.test(answer.imageScanStatus?.status ?? '')
}

test(
  'a Kubernetes API server asks about what it is to store',
  { skip: missingKubeApi() },
  async (t) => {
    const place = await openPlace(t)
    const { kube, server } = place
    const file = join(await temporaryDirectory(t), 'policy.json')
    await writeFile(file, JSON.stringify(policy))
    await pratique(server, 'admission', 'policy', 'set', file)
    await applyManifests(place)
    await t.test('pods with a bad image are denied, those with a good one are pinned', async () =>
      judgesPods(place),
    )
    await t.test('what makes pods is warned of', async () => warnsOfControllers(place))
    await t.test('an update is judged by what it changes', async () => judgesUpdates(place))
    await t.test('only nodes mirror static pods, and nobody is leaving who comes', async () =>
      refusesTricks(place),
    )
    await t.test('namespaces that are exempt are not asked about', async () =>
      sparesNamespaces(place),
    )
    await t.test('the audit log has the decision', async () => {
      const log = await kube.auditLog()
      assert.match(log, /"validate\.admission\.pratique\/decision":"deny"/)
      assert.match(log, /"validate\.admission\.pratique\/reasons":"[^"]*finding/)
      assert.match(log, /"mutate\.admission\.pratique\/pinned":"1"/)
    })
    await t.test(
      'nothing runs while the server is away, and all goes on when it is back',
      async () => survivesAbsence(place),
    )
  },
)

async function pratique(server: ServerProcess, ...args: readonly string[]): Promise<string> {
  const done = await run(process.execPath, [program, ...args], { env: server.environment })
  assert.equal(done.status, 0, done.stderr)
  return done.stdout
}

const registration = '/apis/admissionregistration.k8s.io/v1'

/** As `kubectl apply -f` does, but by the API. */
async function applyManifests({ kube, server, port, bad }: Place): Promise<void> {
  for (const name of ['prod', 'spared', 'ignored'])
    await made(kube, '/api/v1/namespaces', {
      metadata: {
        name,
        ...(name === 'ignored' ? { labels: { 'admission.pratique/ignore': '' } } : {}),
      },
    })
  // A Service that is the test's own machine; the certificate is for the Service's name.
  await made(kube, '/api/v1/namespaces', { metadata: { name: 'registry' } })
  await made(kube, '/api/v1/namespaces/registry/services', {
    metadata: { name: 'pratique' },
    spec: { type: 'ExternalName', externalName: 'localhost', ports: [{ port }] },
  })
  const address = ['--service', `registry/pratique:${port}`, '--host', server.host]
  const choices = [...address, '--enforce', '--exempt-namespace', 'spared']
  const text = await pratique(server, 'cluster', 'add', 'test', ...choices)
  for (const document of parseAllDocuments(text)) {
    const object = document.toJS() as { readonly kind: string }
    await made(kube, `${registration}/${object.kind.toLowerCase()}s`, object)
  }
  // Its webhooks become known to the API server a moment after they are stored.
  const asked = { body: podOf({ containers: [containerOf(bad)] }) }
  await until(async () => (await kube.call('POST', `${pods}?dryRun=All`, asked)).status === 403)
}

async function made(kube: KubeApi, path: string, body: unknown): Promise<KubeAnswer> {
  const answer = await kube.call('POST', path, { body })
  assert.equal(answer.status, 201, JSON.stringify(answer.body))
  return answer
}

const pods = '/api/v1/namespaces/prod/pods'

const containerOf = (image: string): object => ({ name: 'c', image })

function podOf(spec: object, metadata: object = {}): object {
  return { metadata: { generateName: 'app-', ...metadata }, spec }
}

interface Seen {
  readonly metadata: { readonly name: string }
  readonly message?: string
  readonly spec: { readonly [list: string]: readonly { readonly image: string }[] | undefined }
}

function seen({ body }: KubeAnswer): Seen {
  return body as Seen
}

/** 403, and a sentence about the image that is at this place. */
function assertDenied(answer: KubeAnswer, where: string): void {
  assert.equal(answer.status, 403, JSON.stringify(answer.body))
  const message = seen(answer).message ?? ''
  assert.match(message, /^admission webhook "validate\.admission\.pratique" denied the request: /)
  assert.ok(message.includes(`pratique: ${where} `), message)
  assert.match(message, /in lodash 4\.17\.20.*update lodash/)
}

async function judgesPods({ kube, good, bad, pinned }: Place): Promise<void> {
  const containers = [containerOf(good)]
  const init = { name: 'i', image: bad, restartPolicy: 'Always' }
  const volumes = [{ name: 'v', image: { reference: bad } }]
  for (const [where, spec] of Object.entries({
    'spec.containers[0].image': { containers: [containerOf(bad)] },
    'spec.initContainers[0].image': { containers, initContainers: [init] },
    'spec.volumes[0].image.reference': { containers, volumes },
  }))
    for (const query of ['', '?dryRun=All'])
      assertDenied(await kube.call('POST', `${pods}${query}`, { body: podOf(spec) }), where)
  const spec = {
    containers,
    initContainers: [{ name: 'i', image: good }],
    volumes: [
      { name: 'v', image: { reference: good } },
      { name: 'w', emptyDir: {} },
    ],
  }
  const answer = await made(kube, pods, podOf(spec))
  const pod = seen(answer).spec
  assert.equal(pod['containers']?.[0]?.image, pinned)
  assert.equal(pod['initContainers']?.[0]?.image, pinned)
  assert.partialDeepStrictEqual(pod['volumes'], [{ image: { reference: pinned } }])
  assert.deepEqual(answer.warnings, [])
}

const template = (image: string, more: object = {}): object => ({
  metadata: { labels: { app: 'a' } },
  spec: { containers: [containerOf(image)], ...more },
})
const selector = { matchLabels: { app: 'a' } }
const ends = { restartPolicy: 'Never' }

/** Where they are made, and how they hold a pod. */
const controllers: Readonly<Record<string, (image: string) => object>> = {
  '/api/v1/namespaces/prod/podtemplates': (image) => ({ template: template(image) }),
  '/api/v1/namespaces/prod/replicationcontrollers': (image) => ({
    spec: { selector: { app: 'a' }, template: template(image) },
  }),
  '/apis/apps/v1/namespaces/prod/deployments': (image) => ({
    spec: { selector, template: template(image) },
  }),
  '/apis/apps/v1/namespaces/prod/replicasets': (image) => ({
    spec: { selector, template: template(image) },
  }),
  '/apis/apps/v1/namespaces/prod/statefulsets': (image) => ({
    spec: { selector, serviceName: 'a', template: template(image) },
  }),
  '/apis/apps/v1/namespaces/prod/daemonsets': (image) => ({
    spec: { selector, template: template(image) },
  }),
  '/apis/batch/v1/namespaces/prod/jobs': (image) => ({ spec: { template: template(image, ends) } }),
  '/apis/batch/v1/namespaces/prod/cronjobs': (image) => ({
    spec: { schedule: '@daily', jobTemplate: { spec: { template: template(image, ends) } } },
  }),
}

async function warnsOfControllers({ kube, good, bad }: Place): Promise<void> {
  for (const [path, objectOf] of Object.entries(controllers)) {
    const metadata = { generateName: 'app-' }
    const quiet = await made(kube, path, { metadata, ...objectOf(good) })
    assert.deepEqual(quiet.warnings, [], path)
    // Tools that compare with what they applied see no difference.
    assert.ok(!JSON.stringify(quiet.body).includes('@sha256'), path)
    const { warnings } = await made(kube, path, { metadata, ...objectOf(bad) })
    const place = /^its pods would be denied: \S*template\.spec\.containers\[0\]\.image \S+:bad: /
    assert.match(warnings[0] ?? '', place, path)
  }
}

async function judgesUpdates({ kube, good, bad, pinned }: Place): Promise<void> {
  const contentType = 'application/strategic-merge-patch+json'
  const { metadata } = seen(await made(kube, pods, podOf({ containers: [containerOf(good)] })))
  const path = `${pods}/${metadata.name}`
  const patch = async (body: object, sub = ''): Promise<KubeAnswer> =>
    kube.call('PATCH', `${path}${sub}`, { body, contentType })
  assert.equal((await patch({ metadata: { labels: { a: 'b' } } })).status, 200)
  assertDenied(
    await patch({ spec: { containers: [containerOf(bad)] } }),
    'spec.containers[0].image',
  )
  // Who applies the same manifest again says the tag again, and gets the same image.
  const again = await patch({ spec: { containers: [containerOf(good)] } })
  assert.equal(seen(again).spec['containers']?.[0]?.image, pinned)
  const debug = (image: string): object => ({
    spec: { ephemeralContainers: [{ name: 'debugger', image }] },
  })
  const where = 'spec.ephemeralContainers[0].image'
  assertDenied(await patch(debug(bad), '/ephemeralcontainers'), where)
  const debugged = await patch(debug(good), '/ephemeralcontainers')
  assert.equal(debugged.status, 200, JSON.stringify(debugged.body))
  assert.equal(seen(debugged).spec['ephemeralContainers']?.[0]?.image, pinned)
  assert.equal((await kube.call('DELETE', path)).status, 200)
}

async function refusesTricks({ kube, bad }: Place): Promise<void> {
  const spec = { containers: [containerOf(bad)], nodeName: 'worker' }
  const mirror = podOf(spec, { annotations: { 'kubernetes.io/config.mirror': 'x' } })
  const where = 'spec.containers[0].image'
  assertDenied(await kube.call('POST', pods, { body: mirror }), where)
  const mirrored = await kube.call('POST', pods, { body: mirror, as: 'system:node:worker' })
  assert.equal(mirrored.status, 201, JSON.stringify(mirrored.body))
  assert.match(mirrored.warnings.join(), /a static pod runs already/)
  const leaving = podOf(spec, { deletionTimestamp: '2020-01-01T00:00:00Z' })
  assertDenied(await kube.call('POST', pods, { body: leaving }), where)
}

async function sparesNamespaces({ kube, bad }: Place): Promise<void> {
  for (const namespace of ['kube-system', 'spared', 'ignored']) {
    const path = `/api/v1/namespaces/${namespace}/pods`
    const answer = await made(kube, path, podOf({ containers: [containerOf(bad)] }))
    assert.equal(seen(answer).spec['containers']?.[0]?.image, bad)
  }
}

async function survivesAbsence({ kube, server, good, pinned, restart }: Place): Promise<void> {
  await server.stop()
  const body = podOf({ containers: [containerOf(good)] })
  const refused = await kube.call('POST', pods, { body })
  assert.equal(refused.status, 500)
  assert.match(seen(refused).message ?? '', /failed calling webhook "mutate\.admission\.pratique"/)
  await made(kube, '/api/v1/namespaces/spared/pods', body)
  // As without --enforce: what cannot be asked is let through as it is.
  await setFailurePolicy(kube, 'Ignore')
  await until(async () => (await kube.call('POST', `${pods}?dryRun=All`, { body })).status === 201)
  assert.equal(seen(await made(kube, pods, body)).spec['containers']?.[0]?.image, good)
  await setFailurePolicy(kube, 'Fail')
  // Its certificate is another one, of the authority that the cluster knows.
  await restart()
  assert.equal(seen(await made(kube, pods, body)).spec['containers']?.[0]?.image, pinned)
}

async function setFailurePolicy(kube: KubeApi, value: string): Promise<void> {
  const body = [{ op: 'replace', path: '/webhooks/0/failurePolicy', value }]
  for (const kind of ['validating', 'mutating']) {
    const path = `${registration}/${kind}webhookconfigurations/pratique-${kind === 'mutating' ? 'mutate' : 'validate'}`
    const contentType = 'application/json-patch+json'
    assert.equal((await kube.call('PATCH', path, { body, contentType })).status, 200)
  }
}
