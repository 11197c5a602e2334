// Purpose:  by what are images of a cluster judged?
// Spec:     our own; docs/admission.md.
// Input:    how the cluster is registered, and where in it the image is to run.
// Deviates: nothing.
// Unknowns: a namespace that is not known has the bindings of all namespaces only.
import { matchesSegment } from '../../vex/path-glob.ts'
import type { ClusterSettings } from './cluster-settings.ts'
import type { DecisionContext } from './evidence.ts'

export interface ClusterContext {
  readonly context: DecisionContext
  /** Undefined: all of the account. */
  readonly policyNames: readonly string[] | undefined
}

export function contextOfCluster(
  { name, settings }: { readonly name: string; readonly settings: ClusterSettings },
  {
    door,
    namespace,
  }: { readonly door: DecisionContext['door']; readonly namespace: string | undefined },
): ClusterContext {
  const { withoutPolicy, platforms, bindings } = settings
  const binding = bindings.find((one) => matchesSegment(one.namespace, namespace ?? ''))
  return {
    context: {
      door,
      cluster: name,
      withoutPolicy,
      ...(namespace === undefined ? {} : { namespace }),
      ...(platforms.length === 0 ? {} : { platforms }),
    },
    policyNames: binding?.policies,
  }
}
