// The embedded driver: one writing connection behind a queue, one reading connection on WAL snapshots.
import { DatabaseSync, type StatementSync } from 'node:sqlite'
import type { Database, SqlReader, SqlRow, SqlWriter } from './database.ts'
import { Transactions } from './sqlite-transactions.ts'

/** Opens (and creates) the file, with a write-ahead log; how far a commit is pushed is each transaction's to say. */
export function openSqlite(file: string): Database {
  const writer = connect(file)
  writer.exec('PRAGMA journal_mode = WAL')
  const reader = connect(file)
  const written = new Statements(writer)
  const snapshot = new Snapshot(reader)
  const read = new Statements(reader)
  const transactions = new Transactions(writer, writerOver(written), () => snapshot.release())

  return {
    ...readerOver(read, () => snapshot.hold()),
    transaction: (work, options) => transactions.take(work, options?.survives ?? 'power'),
    async close() {
      await transactions.end()
      snapshot.release()
      reader.close()
      writer.close()
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

function writerOver(statements: Statements): SqlWriter {
  return {
    ...readerOver(statements, () => undefined),
    run: (sql, parameters = []) =>
      attempt(() => Number(statements.get(sql).run(...parameters).changes)),
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

/** What migrations write for a generated integer key. */
export const sqliteDialect = { identity: 'INTEGER PRIMARY KEY AUTOINCREMENT' } as const
