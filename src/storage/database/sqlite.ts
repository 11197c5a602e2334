// The embedded driver: one writing connection behind a queue, one reading connection on WAL snapshots.
import { backup, DatabaseSync, type StatementSync } from 'node:sqlite'
import { Worker } from 'node:worker_threads'
import {
  integer,
  text,
  type DatabaseFault,
  type EmbeddedDatabase,
  type SqlReader,
  type SqlRow,
  type SqlValue,
  type SqlWriter,
} from './database.ts'
import { Memo } from './sqlite-memo.ts'
import { nameFault, Transactions } from './sqlite-transactions.ts'

/** Opens (and creates) the file, with a write-ahead log; how far a commit is pushed is each transaction's to say. */
export function openSqlite(file: string): EmbeddedDatabase {
  try {
    return openConnections(file)
  } catch (error) {
    throw nameFault(error)
  }
}

function openConnections(file: string): EmbeddedDatabase {
  const writer = connect(file)
  writer.exec('PRAGMA journal_mode = WAL')
  const reader = connect(file)
  const written = new Statements(writer)
  const snapshot = new Snapshot(reader)
  const read = new Statements(reader)
  const memo = new Memo(reader)
  const transactions = new Transactions(writer, writerOver(written), () => {
    snapshot.release()
    memo.clear()
  })

  return {
    ...readerOver(read, () => snapshot.hold()),
    first: (sql, parameters = []) =>
      attempt(() =>
        memo.first(sql, parameters, () => {
          snapshot.hold()
          return firstRow(read.get(sql).get(...parameters))
        }),
      ),
    transaction: (work, options) => transactions.take(work, options?.survives ?? 'power'),
    async readAside(sql, parameters, { signal }) {
      const [found = []] = await readAside(file, [{ sql: numbered(sql), parameters }], signal)
      return found
    },
    findFaults: ({ signal }) => findFaults(file, signal),
    copyTo: (target, { signal }) => copyFile(file, target, signal),
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
        return firstRow(statements.get(sql).get(...parameters))
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

function firstRow(found: Record<string, unknown> | undefined): SqlRow | undefined {
  return found === undefined ? undefined : rows([found])[0]
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

const asideEntry = new URL('./sqlite-aside.ts', import.meta.url)

interface Statement {
  readonly sql: string
  readonly parameters: readonly SqlValue[]
}

/** The driver is synchronous, so what takes seconds runs in a thread that can be ended. The rows of each statement. */
async function readAside(
  file: string,
  statements: readonly Statement[],
  signal: AbortSignal,
): Promise<readonly (readonly SqlRow[])[]> {
  signal.throwIfAborted()
  const worker = new Worker(asideEntry, { workerData: { file, statements } })
  try {
    const found = await new Promise<readonly (readonly Record<string, unknown>[])[]>(
      (resolve, reject) => {
        const stop = (): void => {
          try {
            signal.throwIfAborted()
          } catch (error) {
            reject(error)
          }
        }
        signal.addEventListener('abort', stop, { once: true })
        worker.once('message', resolve)
        worker.once('error', reject)
        worker.once('exit', (code) => {
          signal.removeEventListener('abort', stop)
          reject(new Error(`reading the database aside ended with code ${code}`))
        })
      },
    )
    return found.map(rows)
  } finally {
    await worker.terminate()
  }
}

const maxFaults = 100
const faultStatements: readonly Statement[] = [
  { sql: `PRAGMA integrity_check(${maxFaults})`, parameters: [] },
  {
    sql: `SELECT "table" AS from_table, parent, COUNT(*) AS n FROM pragma_foreign_key_check GROUP BY 1, 2 ORDER BY 1, 2`,
    parameters: [],
  },
]

async function findFaults(file: string, signal: AbortSignal): Promise<readonly DatabaseFault[]> {
  const [damage = [], references = []] = await readAside(file, faultStatements, signal)
  return [
    ...damage
      .map((row) => text(row, 'integrity_check'))
      .filter((detail) => detail !== 'ok')
      .map((detail) => ({ kind: 'damage', detail }) as const),
    ...references.map((row) => ({
      kind: 'reference' as const,
      table: text(row, 'from_table'),
      to: text(row, 'parent'),
      rows: integer(row, 'n'),
    })),
  ]
}

/** Some ten milliseconds of copying, between two looks at the signal. */
const copiedPages = 2000

/**
 * The view is taken once and held, by a connection of its own: the copy is of one moment whatever is committed meanwhile,
 * and never begins anew.
 */
async function copyFile(file: string, target: string, signal: AbortSignal): Promise<void> {
  signal.throwIfAborted()
  const source = new DatabaseSync(file, { readOnly: true, timeout: 5_000 })
  try {
    source.exec('BEGIN')
    source.prepare('SELECT COUNT(*) FROM schema_version').get()
    await backup(source, target, {
      rate: copiedPages,
      progress: () => signal.throwIfAborted(),
    })
  } catch (error) {
    throw nameFault(error)
  } finally {
    source.close()
  }
}

/** What migrations write for a generated integer key. */
export const sqliteDialect = { identity: 'INTEGER PRIMARY KEY AUTOINCREMENT' } as const
