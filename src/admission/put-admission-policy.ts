import type { Clock } from '../lib/clock.ts'
import type { AccountId } from '../policy/account-id.ts'
import type { Database, SqlReader } from '../storage/database/database.ts'
import { listClusters } from './cluster-store.ts'
import { admissionError } from './errors.ts'
import {
  findPolicyRow,
  listPolicyRows,
  writePolicy,
  type StoredAdmissionPolicy,
} from './admission-policy-store.ts'
import type { AdmissionPolicy } from './rules/admission-policy.ts'
import { policyChanges } from './rules/compare-policies.ts'
import { parseAdmissionPolicy } from './rules/parse-policy.ts'

interface Deps {
  readonly database: Database
  readonly clock: Clock
}

/** Of one account: each that is about an image is judged. */
export const maxPolicies = 100

export interface ChangedPolicy {
  readonly name: string
  readonly version: number
  /** A line for what went and what came. */
  readonly changes: readonly string[]
}

/** ADMISSION_POLICY_INVALID with the first faults; `now` in milliseconds. */
export function readAdmissionPolicy(
  text: string,
  now: number,
  options: { readonly isStored?: boolean } = {},
): AdmissionPolicy {
  const reading = parseAdmissionPolicy(text, now, options)
  if (reading.kind === 'read') return reading.policy
  const faults = reading.faults
    .slice(0, 10)
    .map(
      ({ line, column, member, problem }) => `line ${line}, column ${column}: ${member} ${problem}`,
    )
  throw admissionError('ADMISSION_POLICY_INVALID', faults.join('; '), { faults: reading.faults })
}

/** It is in force from the end of this transaction on. */
export async function putAdmissionPolicy(
  { database, clock }: Deps,
  input: {
    readonly account: AccountId
    readonly text: string
    /** The name that the caller means, where he says one. */
    readonly name?: string
    /** ARN. */
    readonly by: string
  },
): Promise<ChangedPolicy> {
  const { account, text, by } = input
  const now = clock.now()
  const policy = readAdmissionPolicy(text, now.getTime())
  const { name } = policy
  if (input.name !== undefined && input.name !== name) {
    const message = `the document is of admission policy ${JSON.stringify(name)}, not ${JSON.stringify(input.name)}`
    throw admissionError('ADMISSION_POLICY_INVALID', message)
  }
  return database.transaction(async (tx) => {
    const stored = await findPolicyRow(tx, account, name)
    if (stored === undefined) await requireRoom(tx, account)
    const before =
      stored === undefined
        ? undefined
        : readAdmissionPolicy(stored.text, now.getTime(), { isStored: true })
    const version = await writePolicy(tx, { account, name, text, by }, now)
    return { name, version, changes: policyChanges(before, policy) }
  })
}

async function requireRoom(reader: SqlReader, account: AccountId): Promise<void> {
  const rows = await listPolicyRows(reader, account, maxPolicies)
  if (rows.length < maxPolicies) return
  const message = `account ${account} has ${rows.length} admission policies`
  throw admissionError('ADMISSION_POLICIES_TOO_MANY', message)
}

/** ADMISSION_POLICY_UNKNOWN; ADMISSION_POLICY_NAMED while a cluster is bound to it. */
export async function deleteAdmissionPolicy(
  { database, clock }: Deps,
  {
    account,
    name,
    by,
  }: { readonly account: AccountId; readonly name: string; readonly by: string },
): Promise<ChangedPolicy> {
  const now = clock.now()
  return database.transaction(async (tx) => {
    const { text } = await requireAdmissionPolicy(tx, account, name)
    await requireUnbound(tx, account, name)
    const version = await writePolicy(tx, { account, name, text: undefined, by }, now)
    const before = readAdmissionPolicy(text, now.getTime(), { isStored: true })
    return { name, version, changes: policyChanges(before, undefined) }
  })
}

async function requireUnbound(reader: SqlReader, account: AccountId, name: string): Promise<void> {
  const bound = (await listClusters(reader, account)).filter(({ settings }) =>
    settings.bindings.some(({ policies }) => policies.includes(name)),
  )
  if (bound.length === 0) return
  const names = bound.map((cluster) => cluster.name).join(', ')
  throw admissionError('ADMISSION_POLICY_NAMED', `it is bound to ${names}`)
}

/** Or ADMISSION_POLICY_UNKNOWN. */
export async function requireAdmissionPolicy(
  reader: SqlReader,
  account: AccountId,
  name: string,
): Promise<StoredAdmissionPolicy> {
  const found = await findPolicyRow(reader, account, name)
  if (found !== undefined) return found
  const message = `account ${account} has no admission policy ${JSON.stringify(name.slice(0, 100))}`
  throw admissionError('ADMISSION_POLICY_UNKNOWN', message)
}
