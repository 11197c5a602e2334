import type { Clock } from '../lib/clock.ts'
import type { AccountId } from '../policy/account-id.ts'
import type { Database, SqlReader } from '../storage/database/database.ts'
import { bumpPolicyEpoch } from './policy-epoch-store.ts'
import { findPolicyOwner } from './policy-owner-store.ts'
import { isRoleOf, upsertRevocation } from './session-store.ts'

/** All sessions of a role or of a user, by its name; or one, by its access key id or as GetCallerIdentity names it. */
export interface RevokedSubject {
  readonly kind: 'role' | 'user' | 'session'
  readonly name: string
}

export type Revocation =
  | { readonly kind: 'revoked'; readonly subject: string; readonly issuedBefore: Date }
  | { readonly kind: 'unknown' }

/**
 * From now on sessions of the subject that were issued up to now open nothing, nor do tokens that were made with them. New ones may
 * be made as before: who must not make any more has to lose the right to. `unknown` for what is not of this account.
 */
export async function revokeSessions(
  deps: { readonly database: Database; readonly clock: Clock },
  input: { readonly account: AccountId; readonly subject: RevokedSubject },
): Promise<Revocation> {
  return deps.database.transaction(async (tx) => {
    const subject = await idOf(tx, input.account, input.subject)
    if (subject === undefined) return { kind: 'unknown' }
    // One issued within this very millisecond is over too.
    const issuedBefore = new Date(deps.clock.now().getTime() + 1)
    await upsertRevocation(tx, subject, issuedBefore)
    await bumpPolicyEpoch(tx)
    return { kind: 'revoked', subject, issuedBefore }
  })
}

async function idOf(
  reader: SqlReader,
  account: AccountId,
  { kind, name }: RevokedSubject,
): Promise<string | undefined> {
  if (kind !== 'session') return (await findPolicyOwner(reader, account, { kind, name }))?.id
  if (/^ASIA[A-Z2-7]{16}$/.test(name)) return `${account}/${name}`
  const [, roleId] = /^(AROA[A-Z2-7]{17}):[\w+=,.@-]{2,64}$/.exec(name) ?? []
  if (roleId === undefined) return undefined
  return (await isRoleOf(reader, account, roleId)) ? name : undefined
}
