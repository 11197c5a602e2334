import type { AccountId } from '../policy/account-id.ts'
import { parsePolicy, type PolicyFault } from '../policy/parse-policy.ts'
import type { Database } from '../storage/database/database.ts'
import { accountExists } from './account-store.ts'
import {
  countOtherGuardRails,
  deleteGuardRailRow,
  putGuardRailRow,
  type GuardRailKey,
} from './guard-rail-store.ts'
import { bumpPolicyEpoch } from './policy-epoch-store.ts'
import type { StoredGuardRail } from './policy-snapshot-store.ts'

/** As AWS Organizations has it. */
export const mostOnLevel = 5

export type GuardRailPut =
  | { readonly kind: 'put' }
  | { readonly kind: 'no-account' }
  | { readonly kind: 'too-many' }
  | { readonly kind: 'malformed'; readonly fault: PolicyFault }

/** Binds an account from now on: `scp` its principals, `rcp` whoever uses its resources. Each level needs an Allow of its own. */
export async function putGuardRail(
  database: Database,
  input: { readonly account: AccountId; readonly rail: StoredGuardRail },
): Promise<GuardRailPut> {
  const { account, rail } = input
  const reading = parsePolicy(rail.document, rail.kind)
  if (reading.kind === 'malformed') return { kind: 'malformed', fault: reading.faults[0] }
  return database.transaction(async (tx) => {
    if (!(await accountExists(tx, account))) return { kind: 'no-account' }
    if ((await countOtherGuardRails(tx, account, rail)) >= mostOnLevel) return { kind: 'too-many' }
    await putGuardRailRow(tx, account, rail)
    await bumpPolicyEpoch(tx)
    return { kind: 'put' }
  })
}

/** False when there is none. */
export async function deleteGuardRail(
  database: Database,
  input: { readonly account: AccountId; readonly key: GuardRailKey },
): Promise<boolean> {
  return database.transaction(async (tx) => {
    const isDeleted = await deleteGuardRailRow(tx, input.account, input.key)
    if (isDeleted) await bumpPolicyEpoch(tx)
    return isDeleted
  })
}
