import type { AccountId } from '../policy/account-id.ts'
import type { Caller } from './caller.ts'
import type { Source } from './principal.ts'

/** Who a token names that was given to nobody in particular. */
export const anonymousId = 'anonymous'

/** A caller who showed nothing, at the door of an account; see rules/exceptions.ts for the little that one may ever do. */
export function anonymousCaller(account: AccountId, source: Source): Caller {
  return {
    accountId: account,
    requester: { kind: 'anonymous' },
    principalArn: anonymousId,
    principalId: anonymousId,
    principalName: anonymousId,
    accessKeyId: undefined,
    method: 'anonymous',
    session: undefined,
    ...source,
  }
}
