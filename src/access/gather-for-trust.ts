import type { Clock } from '../lib/clock.ts'
import type { GatherForTrust } from './judge-trust.ts'
import type { PolicySnapshots } from './policy-snapshot.ts'
import { requestContext, type Installation } from './request-context.ts'

interface Deps extends Installation {
  readonly snapshots: Pick<PolicySnapshots, 'gather'>
  readonly clock: Clock
}

/** Reads what a question about a role's trust needs beside the trust policy itself, all of one moment. */
export function gatheringForTrust(deps: Deps): GatherForTrust {
  return async ({ caller, action, resource, keys }) => {
    const gathered = await deps.snapshots.gather(caller, action, [resource])
    const { principal } = gathered
    const [role] = gathered.resources
    if (role === undefined) throw new Error(`nothing is known of ${resource}`)
    const { identity, boundary, session, scp } = principal
    const context = requestContext({
      caller,
      now: deps.clock.now(),
      installation: deps,
      principal,
      resource: role,
      keys,
    })
    return { policies: { identity, boundary, session, scp, rcp: role.rcp }, context }
  }
}
