import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseAllDocuments } from 'yaml'
import { clusterManifests, type ManifestChoices } from './manifests.ts'

const choices: ManifestChoices = {
  isEnforced: false,
  pinsTags: true,
  withGatekeeper: true,
  exemptNamespaces: ['pratique', 'kube-system'],
}
const at = { kind: 'service', namespace: 'pratique', name: 'registry', port: 5443 } as const
const access = { path: '/admission/c1.token', caBundle: 'PEM\n', at }

function manifests(asked: Partial<ManifestChoices> = {}): readonly unknown[] {
  const text = clusterManifests(access, { ...choices, ...asked })
  return parseAllDocuments(text).map((document) => {
    const value: unknown = document.toJS()
    return value
  })
}

test('nothing is enforced that was not looked at, and nothing stops the registry itself', () => {
  const [validating, mutating, provider, mutator] = manifests()
  const caBundle = Buffer.from('PEM\n').toString('base64')
  const service = { namespace: 'pratique', name: 'registry', port: 5443 }
  const path = '/admission/c1.token/validate'
  assert.partialDeepStrictEqual(validating, {
    kind: 'ValidatingWebhookConfiguration',
    webhooks: [
      {
        failurePolicy: 'Ignore',
        timeoutSeconds: 3,
        matchPolicy: 'Equivalent',
        sideEffects: 'None',
        clientConfig: { service: { ...service, path }, caBundle },
        namespaceSelector: {
          matchExpressions: [
            { operator: 'NotIn', values: ['kube-system', 'pratique'] },
            { key: 'admission.pratique/ignore', operator: 'DoesNotExist' },
          ],
        },
      },
    ],
  })
  assert.ok(!JSON.stringify(validating).includes('objectSelector'))
  assert.partialDeepStrictEqual(mutating, { webhooks: [{ reinvocationPolicy: 'IfNeeded' }] })
  const url = 'https://registry.pratique.svc:5443/admission/c1.token/provider'
  assert.partialDeepStrictEqual(provider, { kind: 'Provider', spec: { url, caBundle } })
  assert.partialDeepStrictEqual(mutator, {
    metadata: { name: 'pratique-mutate' },
    spec: { url: `${url}/mutate`, caBundle },
  })
})

test('what was not asked for is not written, and enforced is enforced', () => {
  const [validating, ...others] = manifests({
    isEnforced: true,
    pinsTags: false,
    withGatekeeper: false,
  })
  assert.deepEqual(others, [])
  assert.partialDeepStrictEqual(validating, { webhooks: [{ failurePolicy: 'Fail' }] })
})

test('pods and debug containers are asked about when they change, and what makes pods too', () => {
  const [validating] = manifests()
  const text = JSON.stringify(validating)
  for (const resource of [
    'pods',
    'pods/ephemeralcontainers',
    'replicationcontrollers',
    'podtemplates',
  ])
    assert.ok(text.includes(`"${resource}"`), resource)
  for (const resource of ['deployments', 'statefulsets', 'daemonsets', 'jobs', 'cronjobs'])
    assert.ok(text.includes(`"${resource}"`), resource)
  assert.ok(!text.includes('/status') && !text.includes('/scale'))
})
