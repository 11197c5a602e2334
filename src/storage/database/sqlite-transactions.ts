// The writing connection's queue. Transactions that wait together are committed together: a durable commit writes through the disk
// once, however many changes it holds, and holds up everything else while it does.
import type { DatabaseSync, StatementSync } from 'node:sqlite'
import { yieldToEventLoop } from '../../lib/yield-to-event-loop.ts'
import { StorageFaultError, StorageFullError } from '../storage-full.ts'
import type { SqlWriter, Survival } from './database.ts'

/** Some ten milliseconds of statements; who comes later waits for the next commit. */
const mostTogether = 32

interface Entry {
  readonly survives: Survival
  readonly run: (tx: SqlWriter) => Promise<Outcome>
  readonly reject: (error: unknown) => void
}

/** What became of one work; `tell` tells who waits, once that is sure. */
interface Outcome {
  readonly failure: Error | undefined
  readonly tell: () => void
}

/**
 * Runs transactions in the order asked, each in a savepoint, so that one that throws takes back its own changes only. Nobody is
 * told before the commit, not even of a refusal: it may rest on a change beside it that does not come to be.
 * A commit that fails fails all that were in it; what had not begun goes into the next.
 */
export class Transactions {
  readonly #connection: DatabaseSync
  readonly #writer: SqlWriter
  readonly #beforeCommit: () => void
  readonly #words: Readonly<Record<'begin' | 'mark' | 'keep' | 'undo' | 'commit', StatementSync>>
  readonly #waiting: Entry[] = []
  #survives: Survival | undefined
  #running: Promise<void> | undefined

  /** `beforeCommit` ends every view that would hide what is committed. */
  constructor(connection: DatabaseSync, writer: SqlWriter, beforeCommit: () => void) {
    this.#connection = connection
    this.#writer = writer
    this.#beforeCommit = beforeCommit
    this.#words = {
      begin: connection.prepare('BEGIN IMMEDIATE'),
      mark: connection.prepare('SAVEPOINT one'),
      keep: connection.prepare('RELEASE one'),
      undo: connection.prepare('ROLLBACK TO one'),
      commit: connection.prepare('COMMIT'),
    }
  }

  async take<T>(work: (tx: SqlWriter) => Promise<T>, survives: Survival): Promise<T> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ survives, reject, run: (tx) => outcomeOf(work, tx, resolve, reject) })
      this.#running ??= this.#runAll()
    })
  }

  /** Resolves when nothing waits any more. */
  async end(): Promise<void> {
    await this.#running
  }

  async #runAll(): Promise<void> {
    while (this.#waiting.length > 0) {
      // After the requests of this turn of the event loop: what they ask for is committed together.
      await yieldToEventLoop()
      await this.#commitTogether(this.#waiting.splice(0, mostTogether))
    }
    this.#running = undefined
  }

  async #commitTogether(batch: readonly Entry[]): Promise<void> {
    const outcomes: Outcome[] = []
    let begun = 0
    try {
      this.#begin(batch.some(({ survives }) => survives === 'power') ? 'power' : 'process')
      for (const entry of batch) {
        begun += 1
        outcomes.push(await this.#runOne(entry))
      }
      this.#beforeCommit()
      this.#words.commit.run()
    } catch (error) {
      // The engine may have ended it (disk full): asking again would hide the cause.
      if (this.#connection.isOpen && this.#connection.isTransaction)
        this.#connection.exec('ROLLBACK')
      const fault = nameFault(error)
      const failed = begun === 0 ? batch.length : begun
      for (const { reject } of batch.slice(0, failed)) reject(fault)
      this.#waiting.unshift(...batch.slice(failed))
      return
    }
    for (const { tell } of outcomes) tell()
  }

  #begin(survives: Survival): void {
    if (survives !== this.#survives) {
      // FULL writes the log through at each commit; NORMAL leaves that to the next such commit or checkpoint.
      const mode = survives === 'power' ? 'FULL' : 'NORMAL'
      this.#connection.exec(`PRAGMA synchronous = ${mode}`)
      this.#survives = survives
    }
    this.#words.begin.run()
  }

  /** Throws when the engine has ended the whole transaction: what was done in it is lost. */
  async #runOne(entry: Entry): Promise<Outcome> {
    this.#words.mark.run()
    const { writer, close } = closable(this.#writer, this.#connection)
    const outcome = await entry.run(writer)
    close()
    if (!this.#connection.isTransaction) {
      throw outcome.failure ?? new Error('the database ended the transaction')
    }
    if (outcome.failure !== undefined) this.#words.undo.run()
    this.#words.keep.run()
    return outcome
  }
}

async function outcomeOf<T>(
  work: (tx: SqlWriter) => Promise<T>,
  tx: SqlWriter,
  resolve: (value: T) => void,
  reject: (error: unknown) => void,
): Promise<Outcome> {
  try {
    const value = await work(tx)
    return { failure: undefined, tell: () => resolve(value) }
  } catch (error) {
    const failure = nameFault(error)
    return { failure, tell: () => reject(failure) }
  }
}

/** A statement after its transaction would be part of another one, or of none. */
function closable(
  writer: SqlWriter,
  connection: DatabaseSync,
): { readonly writer: SqlWriter; readonly close: () => void } {
  let isOpen = true
  const open = (): SqlWriter => {
    if (isOpen && connection.isTransaction) return writer
    throw new Error('a statement came after its transaction had ended')
  }
  return {
    writer: {
      all: async (sql, parameters) => open().all(sql, parameters),
      first: async (sql, parameters) => open().first(sql, parameters),
      run: async (sql, parameters) => open().run(sql, parameters),
    },
    close: () => {
      isOpen = false
    },
  }
}

/** SQLITE_FULL: the file system has no room for the log or the database. */
const sqliteFull = 13
/** SQLITE_READONLY, SQLITE_IOERR, SQLITE_CANTOPEN; extended codes keep them in the lowest byte. */
const sqliteFaults = [8, 10, 14]

/** What the engine throws, said so where the disk is the reason. */
export function nameFault(thrown: unknown): Error {
  const error = thrown instanceof Error ? thrown : new Error(String(thrown))
  const code = 'errcode' in error ? Number(error.errcode) & 0xff : 0
  if (code === sqliteFull) return new StorageFullError({ cause: error })
  return sqliteFaults.includes(code) ? new StorageFaultError({ cause: error }) : error
}
