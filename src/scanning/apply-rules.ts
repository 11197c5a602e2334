import { digestOf } from '../oci/digest.ts'
import type { Clock } from '../lib/clock.ts'
import type { AccountId } from '../policy/account-id.ts'
import type { Database, SqlReader } from '../storage/database/database.ts'
import { parseSuppressionRules, type SuppressionRule } from '../vex/suppression-rules.ts'
import { scanningError } from './errors.ts'
import { compareRules, type RuleChanges } from './rules/rule-changes.ts'
import { describeRule, type DescribedRule } from './rules/describe-rule.ts'
import { awaitRuleEnds } from './await-rule-ends.ts'
import { storedRules } from './stored-rules.ts'
import { findRules, writeRules } from './suppression-rules-store.ts'

export interface AppliedRules extends RuleChanges {
  readonly digest: string
  readonly isDryRun: boolean
}

/** The file becomes the whole truth of the account's rules. A dry run says what it would change. */
export async function applyRules(
  { database, clock }: { readonly database: Database; readonly clock: Clock },
  input: {
    readonly account: AccountId
    readonly principal: string
    readonly text: string
    readonly isDryRun: boolean
  },
): Promise<AppliedRules> {
  const { account, principal, text, isDryRun } = input
  const rules = readRules(text)
  const digest = digestOf(Buffer.from(text))
  const now = clock.now()
  return database.transaction(async (tx) => {
    const before = await findRules(tx, account)
    const changes = compareRules(before === undefined ? [] : storedRules(before.text), rules, now)
    if (!isDryRun) {
      await writeRules(tx, account, { digest, text, givenBy: principal, givenAt: now })
      await awaitRuleEnds(tx, account, { before: before?.text, rules }, now)
    }
    return { ...changes, digest, isDryRun }
  })
}

function readRules(text: string): readonly SuppressionRule[] {
  const reading = parseSuppressionRules(text)
  if (reading.kind === 'read') return reading.rules
  const faults = reading.faults.map(
    ({ line, column, problem }) => `line ${line}, column ${column}: ${problem}`,
  )
  throw scanningError('RULES_UNREADABLE', faults.join('; '), { faults: reading.faults })
}

export interface DescribedRules {
  readonly digest?: string
  readonly givenBy?: string
  readonly givenAt?: Date
  readonly rules: readonly DescribedRule[]
}

export async function describeRules(
  { reader, clock }: { readonly reader: SqlReader; readonly clock: Clock },
  account: AccountId,
): Promise<DescribedRules> {
  const found = await findRules(reader, account)
  if (found === undefined) return { rules: [] }
  const { digest, givenBy, givenAt, text } = found
  const now = clock.now()
  const rules = storedRules(text).map((rule) => describeRule(rule, now))
  return { digest, givenBy, givenAt, rules }
}
