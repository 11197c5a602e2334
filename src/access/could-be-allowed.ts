import type { AuthorizeDeps, AuthorizationRequest } from './authorize.ts'
import { accessRequest, asMade, policySet, type FutureRepository } from './authorize.ts'
import type { Caller } from './caller.ts'
import { residualOf } from '../policy/residual.ts'

/**
 * Whether the request would be allowed with some value of the keys that are not known yet (in lower case), or without them.
 * False is certain; true means that it must be judged when they are known. `future` is what the first resource will have.
 */
export async function couldBeAllowed(
  deps: Omit<AuthorizeDeps, 'encodeMessage'>,
  caller: Caller,
  request: AuthorizationRequest,
  unknown: ReadonlySet<string>,
  future?: FutureRepository,
): Promise<boolean> {
  const gathered = await deps.snapshots.gather(caller, request.action, request.resources)
  const now = deps.clock.now()
  return request.resources.every((resource, index) => {
    const present = gathered.resources[index]
    if (present === undefined) return false
    const policies = index === 0 && future !== undefined ? asMade(present, future) : present
    const asked = accessRequest(deps, caller, request, { resource, policies, gathered, now })
    const { context } = asked
    const partly = {
      get: (key: string) => context.get(key),
      isFree: (key: string) => unknown.has(key),
    }
    const set = policySet(asked, gathered, policies)
    return residualOf({ ...asked, context: partly }, set).when.kind !== 'false'
  })
}
