import type { Clock } from '../lib/clock.ts'
import type { GatherForTrust } from './judge-trust.ts'
import type { PolicySnapshots } from './policy-snapshot.ts'
import { requestContext } from './request-context.ts'

/** Reads what a question about a role's trust needs beside the trust policy itself, all of one moment. */
export function gatheringForTrust(deps: {
  readonly snapshots: Pick<PolicySnapshots, 'gather'>
  readonly clock: Clock
  readonly region: string
  readonly organization: string | undefined
}): GatherForTrust {
  return async ({ caller, action, resource, keys }) => {
    const gathered = await deps.snapshots.gather(caller, action, [resource])
    const { principal } = gathered
    const [role] = gathered.resources
    if (role === undefined) throw new Error(`nothing is known of ${resource}`)
    const { identity, boundary, session, scp } = principal
    const context = requestContext({
      caller,
      now: deps.clock.now(),
      region: deps.region,
      organization: deps.organization,
      resourceAccount: role.account,
      principalTags: principal.tags,
      resourceTags: role.tags,
      keys,
    })
    return { policies: { identity, boundary, session, scp, rcp: role.rcp }, context }
  }
}
