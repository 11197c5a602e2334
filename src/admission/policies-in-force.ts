// The admission policies of an account as they are now, read once for each version; the last that were read while nobody can read them.
import type { AccountId } from '../policy/account-id.ts'
import type { SqlReader } from '../storage/database/database.ts'
import { listPolicyVersions, findPolicyRow } from './admission-policy-store.ts'
import { maxPolicies } from './put-admission-policy.ts'
import type { AdmissionPolicy } from './rules/admission-policy.ts'
import { parseAdmissionPolicy } from './rules/parse-policy.ts'

/** With the version that it is of. */
export type PolicyInForce = AdmissionPolicy & { readonly version: number }

interface Kept {
  readonly version: number
  readonly policy: AdmissionPolicy
}

/** Accounts whose policies are kept in memory. */
const maxAccounts = 1000

export class PoliciesInForce {
  readonly #reader: SqlReader
  readonly #kept = new Map<AccountId, ReadonlyMap<string, Kept>>()

  constructor(reader: SqlReader) {
    this.#reader = reader
  }

  /** In the order of names; `now` in milliseconds. It throws what the database throws. */
  async read(account: AccountId, now: number): Promise<readonly PolicyInForce[]> {
    const rows = await listPolicyVersions(this.#reader, account, maxPolicies)
    const before = this.#kept.get(account)
    const after = new Map<string, Kept>()
    for (const { name, version } of rows) {
      const kept = before?.get(name)
      const current = kept?.version === version ? kept : await this.#parse(account, name, now)
      if (current !== undefined) after.set(name, current)
    }
    this.#keep(account, after)
    return policiesIn(after)
  }

  /** Undefined where none were ever read. */
  remembered(account: AccountId): readonly PolicyInForce[] | undefined {
    const kept = this.#kept.get(account)
    return kept === undefined ? undefined : policiesIn(kept)
  }

  async #parse(account: AccountId, name: string, now: number): Promise<Kept | undefined> {
    const row = await findPolicyRow(this.#reader, account, name)
    if (row === undefined) return undefined
    const reading = parseAdmissionPolicy(row.text, now, { isStored: true })
    if (reading.kind === 'read') return { version: row.version, policy: reading.policy }
    // It was read when it was put: a later program that cannot must not take it for none.
    throw new Error(`admission policy ${name} of account ${account} cannot be read`)
  }

  #keep(account: AccountId, policies: ReadonlyMap<string, Kept>): void {
    this.#kept.delete(account)
    this.#kept.set(account, policies)
    const [oldest] = this.#kept.keys()
    if (this.#kept.size > maxAccounts && oldest !== undefined) this.#kept.delete(oldest)
  }
}

function policiesIn(kept: ReadonlyMap<string, Kept>): readonly PolicyInForce[] {
  return [...kept.values()].map(({ policy, version }) => ({ ...policy, version }))
}
