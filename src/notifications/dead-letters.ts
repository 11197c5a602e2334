// Messages that nobody took: looked at, sent again, thrown away.
import type { Clock } from '../lib/clock.ts'
import type { AccountId } from '../policy/account-id.ts'
import type { Database } from '../storage/database/database.ts'
import { deleteDeadLetters, listDeadLetters, reviveDeadLetters } from './delivery-store.ts'
import { requireSink } from './manage-sinks.ts'
import { sayNotice } from './rules/say-notice.ts'
import type { Notice } from './rules/notice.ts'

interface LetterDeps {
  readonly database: Database
  readonly clock: Clock
}

interface SinkLetters {
  readonly account: AccountId
  readonly name: string
}

export interface DeadLetter {
  /** Of the letter, to send it again; `message` is the id that the receiver saw. */
  readonly id: number
  readonly message: string
  readonly title: string
  readonly at: string
  readonly diedAt: string
  readonly attempts: number
  readonly error: string
  readonly notice: Notice
}

/** Oldest first, after an id; the last page is shorter than `limit`. SINK_UNKNOWN. */
export async function readDeadLetters(
  { database }: Pick<LetterDeps, 'database'>,
  { after, limit, ...named }: SinkLetters & { readonly after: number; readonly limit: number },
): Promise<readonly DeadLetter[]> {
  const { id } = await requireSink(database, named)
  const letters = await listDeadLetters(database, id, { after, limit })
  return letters.map(({ notice, attempts, lastError = '', diedAt, ...letter }) => ({
    id: letter.id,
    message: notice.id,
    title: sayNotice(notice.body).title,
    at: notice.at,
    diedAt: diedAt?.toISOString() ?? '',
    attempts,
    error: lastError,
    notice,
  }))
}

/** Letters that one transaction moves: pushes wait for it. */
const lettersAtOnce = 500

/** One, or all: they wait again as if they were new, under the ids that they had. Answers how many. */
export async function resendDeadLetters(
  { database, clock }: LetterDeps,
  { id, ...named }: SinkLetters & { readonly id: number | undefined },
): Promise<number> {
  return inSteps(database, named, (tx, sinkId) =>
    reviveDeadLetters(tx, sinkId, { id, limit: lettersAtOnce }, clock.now()),
  )
}

export async function discardDeadLetters(
  { database }: LetterDeps,
  { id, ...named }: SinkLetters & { readonly id: number | undefined },
): Promise<number> {
  return inSteps(database, named, (tx, sinkId) =>
    deleteDeadLetters(tx, sinkId, { id, limit: lettersAtOnce }),
  )
}

async function inSteps(
  database: Database,
  named: SinkLetters,
  step: (
    tx: Parameters<Parameters<Database['transaction']>[0]>[0],
    sinkId: string,
  ) => Promise<number>,
): Promise<number> {
  const { id } = await requireSink(database, named)
  let moved = 0
  for (let last = lettersAtOnce; last === lettersAtOnce; moved += last) {
    last = await database.transaction((tx) => step(tx, id))
  }
  return moved
}
