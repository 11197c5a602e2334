// The embedded driver: one writing connection behind a queue, one reading connection on WAL snapshots.
import { DatabaseSync, type StatementSync } from 'node:sqlite'
import { StorageFullError } from '../storage-full.ts'
import type { Database, SqlReader, SqlRow, SqlWriter } from './database.ts'

/** Opens (and creates) the file; WAL with synchronous=FULL, so that a commit survives a power loss. */
export function openSqlite(file: string): Database {
  const writer = connect(file)
  writer.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL')
  const reader = connect(file)
  const written = new Statements(writer)
  const snapshot = new Snapshot(reader)
  const read = new Statements(reader)
  const turns = new Turns()

  return {
    ...readerOver(read, () => snapshot.hold()),
    transaction: (work) =>
      turns.take(() => inTransaction(writer, written, work, () => snapshot.release())),
    async close() {
      await turns.take(async () => {
        snapshot.release()
        reader.close()
        writer.close()
        return Promise.resolve()
      })
    },
  }
}

function connect(file: string): DatabaseSync {
  const connection = new DatabaseSync(file, { timeout: 5_000, enableForeignKeyConstraints: true })
  // 64 MiB of page cache: the hot indexes of a large registry, well below the memory target.
  connection.exec(
    'PRAGMA cache_size = -65536; PRAGMA temp_store = MEMORY; PRAGMA trusted_schema = OFF',
  )
  return connection
}

async function inTransaction<T>(
  connection: DatabaseSync,
  statements: Statements,
  work: (tx: SqlWriter) => Promise<T>,
  beforeCommit: () => void,
): Promise<T> {
  connection.exec('BEGIN IMMEDIATE')
  try {
    const result = await work({
      ...readerOver(statements, () => undefined),
      run: (sql, parameters = []) =>
        attempt(() => Number(statements.get(sql).run(...parameters).changes)),
    })
    beforeCommit()
    connection.exec('COMMIT')
    return result
  } catch (error) {
    // A failed COMMIT (disk full) may have rolled back already; asking again would hide the cause.
    if (connection.isTransaction) connection.exec('ROLLBACK')
    throw nameFault(error)
  }
}

/** SQLITE_FULL: the file system has no room for the log or the database. */
const sqliteFull = 13

function nameFault(error: unknown): unknown {
  const code = error instanceof Error && 'errcode' in error ? error.errcode : undefined
  return code === sqliteFull ? new StorageFullError({ cause: error }) : error
}

function readerOver(statements: Statements, beforeRead: () => void): SqlReader {
  return {
    all: (sql, parameters = []) =>
      attempt(() => {
        beforeRead()
        return rows(statements.get(sql).all(...parameters))
      }),
    first: (sql, parameters = []) =>
      attempt(() => {
        beforeRead()
        const found = statements.get(sql).get(...parameters)
        return found === undefined ? undefined : rows([found])[0]
      }),
  }
}

/** The driver is synchronous: failures become rejections, as the port promises. */
async function attempt<T>(work: () => T): Promise<T> {
  return work()
}

function rows(found: readonly Record<string, unknown>[]): readonly SqlRow[] {
  // The driver returns nothing but these five kinds of values, without bigint as it is not asked for.
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the driver's types say only unknown
  return found as readonly SqlRow[]
}

/**
 * The reading connection's view of the database, held from the first statement of a turn of the event loop to the turn's end:
 * taking a view costs several system calls, as much as the statement itself, and a turn under load answers many requests.
 * Nothing that this process commits stays unseen, since a commit ends the view; another process's commit (there is one
 * server; commands beside it write little) is seen in the next turn. A view is never kept over a turn, so it never holds back a checkpoint.
 */
class Snapshot {
  readonly #connection: DatabaseSync
  #isHeld = false
  readonly #release = (): void => this.release()

  constructor(connection: DatabaseSync) {
    this.#connection = connection
  }

  hold(): void {
    if (this.#isHeld) return
    this.#connection.exec('BEGIN')
    this.#isHeld = true
    setImmediate(this.#release)
  }

  release(): void {
    if (!this.#isHeld) return
    this.#isHeld = false
    // A statement that failed on a damaged disk may have ended the transaction already.
    if (this.#connection.isTransaction) this.#connection.exec('COMMIT')
  }
}

/** Prepared statements by text; texts are written in the stores, so their number is bounded by the code. */
class Statements {
  readonly #connection: DatabaseSync
  readonly #prepared = new Map<string, StatementSync>()

  constructor(connection: DatabaseSync) {
    this.#connection = connection
  }

  get(sql: string): StatementSync {
    const known = this.#prepared.get(sql)
    if (known !== undefined) return known
    const statement = this.#connection.prepare(numbered(sql))
    this.#prepared.set(sql, statement)
    return statement
  }
}

/** `$1` is a name to SQLite, bound by building an object; `?1` is a number, bound by place. Text in quotes stays. */
function numbered(sql: string): string {
  return sql.replaceAll(/'[^']*'|\$([0-9]+)/g, (found, number: string | undefined) =>
    number === undefined ? found : `?${number}`,
  )
}

/** One transaction at a time, in the order asked. */
class Turns {
  #last: Promise<unknown> = Promise.resolve()

  take<T>(work: () => Promise<T>): Promise<T> {
    const turn = this.#last.then(work, work)
    this.#last = turn.catch(() => undefined)
    return turn
  }
}

/** What migrations write for a generated integer key. */
export const sqliteDialect = { identity: 'INTEGER PRIMARY KEY AUTOINCREMENT' } as const
