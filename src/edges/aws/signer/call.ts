import type { Caller } from '../../../access/caller.ts'
import type { SealKeys } from '../../../access/rules/seal.ts'
import type { AccountId } from '../../../policy/account-id.ts'
import { parseProfileOwner } from '../../../signing/rules/profile.ts'
import type { OnRevoked } from '../../../signing/revoke-signature.ts'
import type { SigningDeps } from '../../../signing/make-signature.ts'
import { validation } from './errors.ts'

/** What the operations of this service use, all together. */
export interface SignerDeps extends SigningDeps {
  readonly pagingKey: SealKeys
  readonly defaults: 'secure' | 'aws'
  readonly onRevoked: OnRevoked
  /** ARNs of signatures of ours of which nothing is known. */
  readonly onUnknown: (arn: string) => void
}

export interface SignerCall {
  readonly caller: Caller
}

export type Shape = Readonly<Record<string, unknown>>

/** Times in bodies are whole or broken seconds. */
export function epochSeconds(date: Date): number {
  return date.getTime() / 1000
}

/** Whose profile or job it is: the caller's account unless another is named. */
export function ownerIn(own: AccountId, owner: string | undefined): AccountId {
  if (owner === undefined) return own
  const account = parseProfileOwner(owner)
  if (account === undefined) throw validation('the owner must be 12 digits')
  return account
}
