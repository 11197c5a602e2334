// What a cluster is given so that it asks: Kubernetes' webhook configurations and Gatekeeper's providers.
import { stringify } from 'yaml'

export interface ClusterAccess {
  /** Behind the address: holds the cluster's token. */
  readonly path: string
  /** PEM. */
  readonly caBundle: string
  readonly at: ClusterAddress
}

export type ClusterAddress =
  /** `https://registry.example:5443` */
  | { readonly kind: 'url'; readonly url: string }
  | {
      readonly kind: 'service'
      readonly namespace: string
      readonly name: string
      readonly port: number
    }

export interface ManifestChoices {
  /** Whether nothing runs that nobody could judge. */
  readonly isEnforced: boolean
  readonly pinsTags: boolean
  readonly withGatekeeper: boolean
  /** Of these nothing is asked, beside kube-system. */
  readonly exemptNamespaces: readonly string[]
}

/** Only who may change namespaces sets it; a pod's author could not. */
export const optOutLabel = 'admission.pratique/ignore'

export function clusterManifests(access: ClusterAccess, choices: ManifestChoices): string {
  const documents = [
    webhookConfiguration('Validating', access, choices),
    ...(choices.pinsTags ? [webhookConfiguration('Mutating', access, choices)] : []),
    ...(choices.withGatekeeper ? providers(access) : []),
  ]
  return documents.map((document) => stringify(document)).join('---\n')
}

const rules = [
  { apiGroups: [''], resources: ['pods'], operations: ['CREATE', 'UPDATE'] },
  { apiGroups: [''], resources: ['pods/ephemeralcontainers'], operations: ['UPDATE'] },
  {
    apiGroups: [''],
    resources: ['replicationcontrollers', 'podtemplates'],
    operations: ['CREATE', 'UPDATE'],
  },
  {
    apiGroups: ['apps'],
    resources: ['deployments', 'replicasets', 'statefulsets', 'daemonsets'],
    operations: ['CREATE', 'UPDATE'],
  },
  { apiGroups: ['batch'], resources: ['jobs', 'cronjobs'], operations: ['CREATE', 'UPDATE'] },
].map((rule) => ({ ...rule, apiVersions: ['v1'], scope: 'Namespaced' }))

function webhookConfiguration(
  kind: 'Validating' | 'Mutating',
  access: ClusterAccess,
  { isEnforced, exemptNamespaces }: ManifestChoices,
): unknown {
  const verb = kind === 'Validating' ? 'validate' : 'mutate'
  return {
    apiVersion: 'admissionregistration.k8s.io/v1',
    kind: `${kind}WebhookConfiguration`,
    metadata: { name: `pratique-${verb}` },
    webhooks: [
      {
        name: `${verb}.admission.pratique`,
        admissionReviewVersions: ['v1'],
        clientConfig: clientConfig(access, verb),
        rules,
        // What cannot be asked is let through while people look on, and not where it is enforced.
        failurePolicy: isEnforced ? 'Fail' : 'Ignore',
        matchPolicy: 'Equivalent',
        sideEffects: 'None',
        // A webhook that hangs stops the cluster.
        timeoutSeconds: 3,
        ...(kind === 'Mutating' ? { reinvocationPolicy: 'IfNeeded' } : {}),
        namespaceSelector: {
          matchExpressions: [
            {
              key: 'kubernetes.io/metadata.name',
              operator: 'NotIn',
              // The registry's own pods must start while it is down.
              values: [...new Set(['kube-system', ...exemptNamespaces])],
            },
            { key: optOutLabel, operator: 'DoesNotExist' },
          ],
        },
        matchConditions: [
          {
            name: 'nodes-change-no-images',
            expression:
              "!('system:nodes' in request.userInfo.groups && request.operation == 'UPDATE')",
          },
        ],
      },
    ],
  }
}

function clientConfig({ path, caBundle, at }: ClusterAccess, verb: string): unknown {
  const bundle = Buffer.from(caBundle).toString('base64')
  if (at.kind === 'url') return { url: `${at.url}${path}/${verb}`, caBundle: bundle }
  const { namespace, name, port } = at
  return { service: { namespace, name, port, path: `${path}/${verb}` }, caBundle: bundle }
}

/** One tells whether images may be used, the other which digests their tags name. */
function providers({ path, caBundle, at }: ClusterAccess): readonly unknown[] {
  const url = at.kind === 'url' ? at.url : `https://${at.name}.${at.namespace}.svc:${at.port}`
  const bundle = Buffer.from(caBundle).toString('base64')
  return [
    { name: 'pratique', url: `${url}${path}/provider`, timeout: 3 },
    // Gatekeeper's webhook that mutates has a second in all.
    { name: 'pratique-mutate', url: `${url}${path}/provider/mutate`, timeout: 1 },
  ].map(({ name, ...spec }) => ({
    apiVersion: 'externaldata.gatekeeper.sh/v1beta1',
    kind: 'Provider',
    metadata: { name },
    spec: { ...spec, caBundle: bundle },
  }))
}
