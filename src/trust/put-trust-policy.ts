import { enqueue } from '../jobs/queue.ts'
import type { Clock } from '../lib/clock.ts'
import type { AccountId } from '../policy/account-id.ts'
import type { Database, SqlReader, SqlWriter } from '../storage/database/database.ts'
import { trustError } from './errors.ts'
import { reevaluateJobOf } from './evaluation-jobs.ts'
import { onlyAdds, policyChanges } from './rules/compare-trust.ts'
import { parseTrustPolicy, sayFaults } from './rules/parse-trust-policy.ts'
import { faultOfOverlap } from './rules/policy-coverage.ts'
import { materialOf, type TrustPolicy } from './rules/trust-policy.ts'
import { findMaterial } from './trust-material-store.ts'
import {
  findPolicyRow,
  growRevision,
  listPolicyRows,
  writePolicy,
  type StoredTrustPolicy,
} from './trust-policy-store.ts'

interface Deps {
  readonly database: Database
  readonly clock: Clock
}

/** Of one account: each image is judged under each policy that is about it. */
export const maxPolicies = 100

export interface ChangedTrust {
  readonly name: string
  readonly version: number
  /** A line for what went and what came. */
  readonly changes: readonly string[]
}

/** The policy, or TRUST_POLICY_INVALID with the first faults. */
export function readTrustPolicy(text: string): TrustPolicy {
  const read = parseTrustPolicy(text)
  if (read.kind === 'read') return read.policy
  throw trustError('TRUST_POLICY_INVALID', sayFaults(read.faults))
}

/**
 * Puts a policy in force. Where it trusts less than the one before, evidence of before does not count from this transaction on;
 * where it only adds, evidence counts until it was computed anew.
 */
export async function putTrustPolicy(
  { database, clock }: Deps,
  input: {
    readonly account: AccountId
    readonly text: string
    /** The name that the caller means, where he says one. */
    readonly name?: string
    /** ARN. */
    readonly by: string
  },
): Promise<ChangedTrust> {
  const { account, text, by } = input
  const policy = readTrustPolicy(text)
  if (input.name !== undefined && input.name !== policy.name) {
    const message = `the document is of trust policy ${JSON.stringify(policy.name)}, not ${JSON.stringify(input.name)}`
    throw trustError('TRUST_POLICY_INVALID', message)
  }
  return database.transaction(async (tx) => {
    await requireMaterial(tx, account, policy)
    const others = await otherPolicies(tx, account, policy.name)
    const overlap = faultOfOverlap(policy, others)
    if (overlap !== undefined) throw trustError('TRUST_POLICY_OVERLAPS', overlap)
    const stored = await findPolicyRow(tx, account, policy.name)
    if (stored === undefined && others.length >= maxPolicies)
      throw trustError(
        'TRUST_POLICIES_TOO_MANY',
        `account ${account} has ${others.length} trust policies`,
      )
    const before = stored === undefined ? undefined : readTrustPolicy(stored.text)
    const adds = before !== undefined && onlyAdds(before, policy)
    const { name, inheritFromIndex } = policy
    const material = materialOf(policy)
    const now = clock.now()
    const written = { account, name, text, inheritFromIndex, material, onlyAdds: adds, by }
    const { version } = await writePolicy(tx, written, now)
    await narrowRest(tx, account, { policy, before, others })
    await enqueue(tx, reevaluateJobOf(account), now)
    return { name, version, changes: policyChanges(before, policy) }
  })
}

/** What is named as a scope of its own leaves the policy whose scope is "*": its evidence there counts no more. */
async function narrowRest(
  tx: SqlWriter,
  account: AccountId,
  change: {
    readonly policy: TrustPolicy
    readonly before: TrustPolicy | undefined
    readonly others: readonly TrustPolicy[]
  },
): Promise<void> {
  const known = change.before?.scopes ?? []
  if (!change.policy.scopes.some((scope) => scope !== '*' && !known.includes(scope))) return
  for (const { name, scopes } of change.others)
    if (scopes.includes('*')) await growRevision(tx, account, name, { onlyAdds: false })
}

async function requireMaterial(
  reader: SqlReader,
  account: AccountId,
  policy: TrustPolicy,
): Promise<void> {
  const missing: string[] = []
  for (const reference of materialOf(policy))
    if ((await findMaterial(reader, account, reference)) === undefined)
      missing.push(`${reference.kind} ${reference.name}`)
  if (missing.length === 0) return
  const message = `trust policy ${JSON.stringify(policy.name)} names what account ${account} does not have: ${missing.join(', ')}`
  throw trustError('TRUST_MATERIAL_UNKNOWN', message, { missing })
}

async function otherPolicies(
  reader: SqlReader,
  account: AccountId,
  name: string,
): Promise<readonly TrustPolicy[]> {
  const rows = await listPolicyRows(reader, account, maxPolicies + 1)
  return rows.filter((row) => row.name !== name).map((row) => readTrustPolicy(row.text))
}

/** Nothing is verified by it from this transaction on. TRUST_POLICY_UNKNOWN. */
export async function deleteTrustPolicy(
  { database, clock }: Deps,
  input: { readonly account: AccountId; readonly name: string; readonly by: string },
): Promise<ChangedTrust> {
  const { account, name, by } = input
  return database.transaction(async (tx) => {
    const stored = await requireTrustPolicy(tx, account, name)
    const now = clock.now()
    const gone = { account, name, text: undefined, inheritFromIndex: false, material: [], by }
    const { version } = await writePolicy(tx, { ...gone, onlyAdds: false }, now)
    await enqueue(tx, reevaluateJobOf(account), now)
    return { name, version, changes: policyChanges(readTrustPolicy(stored.text), undefined) }
  })
}

/** Or TRUST_POLICY_UNKNOWN. */
export async function requireTrustPolicy(
  reader: SqlReader,
  account: AccountId,
  name: string,
): Promise<StoredTrustPolicy> {
  const found = await findPolicyRow(reader, account, name)
  if (found !== undefined) return found
  const message = `account ${account} has no trust policy ${JSON.stringify(name)}`
  throw trustError('TRUST_POLICY_UNKNOWN', message)
}
