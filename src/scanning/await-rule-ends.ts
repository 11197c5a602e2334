import { enqueue, housekeepingPriority } from '../jobs/queue.ts'
import type { AccountId } from '../policy/account-id.ts'
import type { SqlWriter } from '../storage/database/database.ts'
import type { SuppressionRule } from '../vex/suppression-rules.ts'
import { findToldRuleEnds, writeToldRuleEnds } from './rule-end-store.ts'
import { endedWithin, nextEnd } from './rules/rule-ends.ts'
import { storedRules } from './stored-rules.ts'

export const tellRuleEndsJob = 'tell-rule-ends'

/** For a file of rules that takes the place of another: what ends from now on is told, and what of the former is not told yet. */
export async function awaitRuleEnds(
  tx: SqlWriter,
  account: AccountId,
  {
    before,
    rules,
  }: {
    readonly before: string | undefined
    readonly rules: readonly SuppressionRule[]
  },
  now: Date,
): Promise<void> {
  const told = await findToldRuleEnds(tx, account)
  const through = told?.through ?? now
  const untold = endedWithin(before === undefined ? [] : storedRules(before), through, now)
  // A rule that is over when it is given never held anything back: its end is no news.
  const from = untold.length === 0 && now > through ? now : through
  await writeToldRuleEnds(tx, account, { through: from, walk: told?.walk })
  await askForNextEnd(tx, account, { rules, through: from, isDue: told?.walk !== undefined }, now)
}

/** Asks for the job at the next end; at once where some are being told. */
export async function askForNextEnd(
  tx: SqlWriter,
  account: AccountId,
  {
    rules,
    through,
    isDue,
  }: {
    readonly rules: readonly SuppressionRule[]
    readonly through: Date
    readonly isDue: boolean
  },
  now: Date,
): Promise<void> {
  const next = isDue ? now : nextEnd(rules, through)
  if (next === undefined) return
  const job = {
    kind: tellRuleEndsJob,
    key: account,
    input: { account },
    priority: housekeepingPriority,
    fairKey: account,
  }
  await enqueue(tx, { ...job, notBefore: next }, now)
}
