import { enqueue } from '../jobs/queue.ts'
import type { Clock } from '../lib/clock.ts'
import type { AccountId } from '../policy/account-id.ts'
import type { Database } from '../storage/database/database.ts'
import { judgePostureJobOf } from './posture-jobs.ts'
import { listNewestEvents, listPostureTurns } from './posture-store.ts'
import { isDue } from './rules/judgement-turn.ts'

/**
 * Accounts in which somebody changed something since the server started; each is taken once. A bounded set: there are no more than
 * accounts. What was changed before is found by the judgement after a start.
 */
export class ChangedAccounts {
  readonly #accounts = new Set<AccountId>()

  add(account: AccountId): void {
    this.#accounts.add(account)
  }

  has(account: AccountId): boolean {
    return this.#accounts.has(account)
  }

  take(account: AccountId): void {
    this.#accounts.delete(account)
  }
}

export interface ScheduleDeps {
  readonly database: Database
  readonly clock: Clock
  readonly changed: ChangedAccounts
  readonly startedAt: Date
}

/** Of a busy server: older events than these are about what is judged in its daily turn. */
const mostEvents = 20_000

/** The job: asks for the judgement of each account that is due, by the day or by what happened. */
export async function scheduleJudgements({
  database,
  clock,
  changed,
  startedAt,
}: ScheduleDeps): Promise<void> {
  const now = clock.now()
  const turns = await listPostureTurns(database)
  const oldest = Math.min(...turns.map(({ last }) => last?.eventId ?? Infinity))
  const newest = Number.isFinite(oldest)
    ? await listNewestEvents(database, { after: oldest, most: mostEvents })
    : new Map<string, number>()
  const ofAll = newest.get('') ?? 0
  const due = turns.filter(({ account, last }) => {
    const event = Math.max(newest.get(account) ?? 0, ofAll)
    const isChanged = changed.has(account) || event > (last?.eventId ?? 0)
    return isDue(last, { now, startedAt, isChanged })
  })
  if (due.length === 0) return
  await database.transaction(async (tx) => {
    for (const { account } of due) await enqueue(tx, judgePostureJobOf(account), now)
  })
  for (const { account } of due) changed.take(account)
}
