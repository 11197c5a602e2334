import { enqueue } from '../jobs/queue.ts'
import type { Clock } from '../lib/clock.ts'
import type { AccountId } from '../policy/account-id.ts'
import type { Database, SqlReader } from '../storage/database/database.ts'
import { postureError } from './errors.ts'
import { judgePostureJobOf } from './posture-jobs.ts'
import {
  deletePostureRulesRow,
  findPostureRules,
  writePostureRules,
  type StoredRules,
} from './posture-store.ts'
import { parseRulesFile, type PostureRulesFile } from './rules/rules-file.ts'
import { postureRules } from './rules/table.ts'

interface Deps {
  readonly database: Database
  readonly clock: Clock
}

const mostFaults = 10
const ids = postureRules.map(({ id }) => id)

/** POSTURE_RULES_INVALID names each fault's line. `now` in milliseconds. */
export function readPostureRules(text: string, now: number): PostureRulesFile {
  const reading = parseRulesFile(text, { ids, now })
  if (reading.kind === 'read') return reading.file
  const faults = reading.faults.slice(0, mostFaults)
  const message = faults.map(({ line, problem }) => `line ${line}: ${problem}`).join('; ')
  throw postureError('POSTURE_RULES_INVALID', message, { faults })
}

/** In the place of those before; the account is judged by them soon. */
export async function putPostureRules(
  { database, clock }: Deps,
  input: { readonly account: AccountId; readonly text: string; readonly by: string },
): Promise<{ readonly suppressions: number }> {
  const now = clock.now()
  const { suppress } = readPostureRules(input.text, now.getTime())
  await database.transaction(async (tx) => {
    await writePostureRules(tx, input, now)
    await enqueue(tx, judgePostureJobOf(input.account), now)
  })
  return { suppressions: suppress.length }
}

/** POSTURE_RULES_UNKNOWN. */
export async function showPostureRules(
  reader: SqlReader,
  account: AccountId,
): Promise<StoredRules> {
  const stored = await findPostureRules(reader, account)
  if (stored !== undefined) return stored
  throw rulesUnknown(account)
}

/** What holds where nothing is said holds again. POSTURE_RULES_UNKNOWN. */
export async function deletePostureRules(
  { database, clock }: Deps,
  account: AccountId,
): Promise<void> {
  const now = clock.now()
  await database.transaction(async (tx) => {
    if (!(await deletePostureRulesRow(tx, account))) throw rulesUnknown(account)
    await enqueue(tx, judgePostureJobOf(account), now)
  })
}

function rulesUnknown(account: AccountId): Error {
  const message = `account ${account} has put no rules file for its posture`
  return postureError('POSTURE_RULES_UNKNOWN', message, { account })
}
