import type { AccountId } from '../policy/account-id.ts'
import type { SqlReader } from '../storage/database/database.ts'
import { postureError } from './errors.ts'
import { findPosture, listPostureEntries, type PostureEntry } from './posture-store.ts'

export interface DescribedPosture {
  readonly account: AccountId
  readonly judgedAt: Date
  readonly tookMs: number
  /** docs/schemas/audit-report-1.json has its members: score, rules, suppressions. */
  readonly [member: string]: unknown
}

/** The last judgement, or POSTURE_UNKNOWN. */
export async function describePosture(
  reader: SqlReader,
  account: AccountId,
): Promise<DescribedPosture> {
  const stored = await findPosture(reader, account)
  if (stored === undefined) {
    const message = `account ${account} has not been judged yet`
    throw postureError('POSTURE_UNKNOWN', message, { account })
  }
  const { judgedAt, tookMs, document } = stored
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- what judge-account.ts wrote
  const members = JSON.parse(document) as Readonly<Record<string, unknown>>
  return { ...members, account, judgedAt, tookMs }
}

/** Scores, the newest first; after a change, and once a day. */
export async function listPostureHistory(
  reader: SqlReader,
  { account, limit }: { readonly account: AccountId; readonly limit: number },
): Promise<readonly PostureEntry[]> {
  return listPostureEntries(reader, account, limit)
}
