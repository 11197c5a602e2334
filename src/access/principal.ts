import type { Caller } from './caller.ts'
import { arnOfUser, type User } from './user-store.ts'

/** Who a credential stands for, however and from wherever it was shown. */
export type Principal = Omit<Caller, 'method' | keyof Source>

export type Source = Pick<Caller, 'sourceAddress' | 'secureTransport' | 'userAgent' | 'referer'>

export function callerOf(principal: Principal, method: Caller['method'], source: Source): Caller {
  return { ...principal, method, ...source }
}

/** Of a key that a user holds for good. */
export function principalOfUser(user: User, accessKeyId: string): Principal {
  const { account, id, kind, name } = user
  const arn = arnOfUser(user)
  return {
    accountId: account,
    requester: kind === 'root' ? { kind, account } : { kind, account, id, arn },
    principalArn: arn,
    principalId: id,
    principalName: name,
    accessKeyId,
    session: undefined,
  }
}
