// Purpose:  does admission deny in the namespaces that are for production?
// Spec:     docs/admission.md (scopes, bindings, what an image means that no policy is about).
// Input:    clusters as they are registered, policies with their modes and scopes, patterns of production.
// Deviates: a registry knows of namespaces only what policies and bindings name; where they name none for production, those that the patterns spell out are judged.
// Unknowns: a cluster that never asked, since its webhook may not be there; a policy that is about some repositories alone.
import { matchesPath } from '../../vex/path-glob.ts'
import type { AdmissionEvidence, ClusterEvidence } from './evidence.ts'
import { fail, fewOf, pass, unknown } from './per-resource.ts'
import type { Seen } from './posture-rule.ts'
import { isNamed } from './repository-rules.ts'

export function judgeAdmission(
  evidence: AdmissionEvidence,
  production: readonly string[],
): readonly Seen[] {
  const namespaces = productionNamespaces(evidence, production)
  return evidence.clusters.flatMap((cluster) =>
    namespaces.map((namespace): Seen => {
      const place = { resource: `${cluster.name}/${namespace}`, values: { namespace } }
      return { ...judgeNamespace(evidence, cluster, namespace), ...place }
    }),
  )
}

function productionNamespaces(
  { clusters, policies }: AdmissionEvidence,
  production: readonly string[],
): readonly string[] {
  const inScopes = policies.flatMap(({ scopes }) =>
    scopes.flatMap(({ namespace }) => namespace ?? []),
  )
  const inBindings = clusters.flatMap(({ bindings }) => bindings.map(({ namespace }) => namespace))
  const named = new Set([...inScopes, ...inBindings].filter((one) => isNamed(one, production)))
  // A namespace has no slash: such a pattern is of repositories.
  const spelled = production.filter((pattern) => /^[a-z0-9-]+$/.test(pattern))
  return [...(named.size > 0 ? named : spelled)]
}

type Look = ReturnType<typeof pass>
type Policy = AdmissionEvidence['policies'][number]

function judgeNamespace(
  { policies }: AdmissionEvidence,
  cluster: ClusterEvidence,
  namespace: string,
): Look {
  if (!cluster.hasAsked) return unknown('the cluster never asked, so its webhook may not be there')
  const binding = cluster.bindings.find((one) => matchesPath(one.namespace, namespace))
  const held = policies.filter(
    ({ name, mode }) =>
      mode !== 'off' && (binding === undefined || binding.policies.includes(name)),
  )
  const place = { cluster: cluster.name, namespace }
  const whole = held.filter((policy) => isAbout(policy, place, 'all'))
  if (whole.some(({ mode }) => mode === 'enforce')) return pass('denies')
  if (whole.length > 0) {
    const names = fewOf(whole.map(({ name }) => name))
    return fail(`${names} only ${whole.length === 1 ? 'warns' : 'warn'}`)
  }
  if (cluster.withoutPolicy === 'deny') return pass('denies what no policy is about')
  return held.some((policy) => isAbout(policy, place, 'some'))
    ? unknown('its policies are about some repositories alone, and the others pass')
    : fail('no policy is about it, and the cluster lets pass what no policy is about')
}

/** `all`: about images of whatever repository. */
function isAbout(
  { scopes }: Policy,
  { cluster, namespace }: { readonly cluster: string; readonly namespace: string },
  images: 'all' | 'some',
): boolean {
  return (
    scopes.length === 0 ||
    scopes.some(
      (scope) =>
        (scope.doors === undefined ||
          scope.doors.some((door) => door === 'admission' || door === 'gatekeeper')) &&
        (scope.cluster === undefined || matchesPath(scope.cluster, cluster)) &&
        (scope.namespace === undefined || matchesPath(scope.namespace, namespace)) &&
        (images === 'some' || scope.repository === undefined || /^\*+$/.test(scope.repository)),
    )
  )
}
