/** The port at the height of SQL: hand-written statements in the subset that SQLite and PostgreSQL share. */

export type SqlValue = string | number | null | Uint8Array
export type SqlRow = Readonly<Record<string, SqlValue>>

/** Runs statements; parameters are `$1`, `$2` … and are the only way for a value to enter a statement. */
export interface SqlReader {
  all(sql: string, parameters?: readonly SqlValue[]): Promise<readonly SqlRow[]>
  first(sql: string, parameters?: readonly SqlValue[]): Promise<SqlRow | undefined>
}

export interface SqlWriter extends SqlReader {
  /** Number of rows written. */
  run(sql: string, parameters?: readonly SqlValue[]): Promise<number>
}

/**
 * What a commit outlives from the moment it is told: the power's loss, or only the process's end. The second is for what nobody was
 * promised (who writes an upload just now, when an image was last pulled): it costs no write-through of the disk.
 */
export type Survival = 'power' | 'process'

/**
 * Statements outside a transaction only read, on a snapshot that holds every commit of this process.
 * `transaction` is serialisable, runs `work` once, commits before it resolves (durably, unless told otherwise), and takes back
 * what `work` wrote when it throws. Without room for what it writes it rejects with StorageFullError, on a disk that
 * fails with StorageFaultError.
 */
export interface Database extends SqlReader {
  transaction<T>(
    work: (tx: SqlWriter) => Promise<T>,
    options?: { readonly survives: Survival },
  ): Promise<T>
  close(): Promise<void>
}

/** What the engine itself finds wrong with the database. */
export type DatabaseFault =
  | { readonly kind: 'damage'; readonly detail: string }
  /** Rows of one table whose references to another lead nowhere. */
  | {
      readonly kind: 'reference'
      readonly table: string
      readonly to: string
      readonly rows: number
    }

/** A database in a file of this process's own: what can be done with it while it serves. */
export interface EmbeddedDatabase extends Database {
  /** One statement that only reads and may take seconds, on a view of its own, in a thread of its own. */
  readAside(
    sql: string,
    parameters: readonly SqlValue[],
    options: { readonly signal: AbortSignal },
  ): Promise<readonly SqlRow[]>
  /** Reads everything; of damage the first hundred places. */
  findFaults(options: { readonly signal: AbortSignal }): Promise<readonly DatabaseFault[]>
  /** Everything committed at one moment, as a database file of its own; writers are not held up. */
  copyTo(file: string, options: { readonly signal: AbortSignal }): Promise<void>
}

/** Reads a column that must be there and be text; a mismatch is a bug in a statement, not bad input. */
export function text(row: SqlRow, column: string): string {
  const value = row[column]
  if (typeof value !== 'string') throw new Error(`column ${column} is not text`)
  return value
}

export function textOrAbsent(row: SqlRow, column: string): string | undefined {
  return row[column] === null ? undefined : text(row, column)
}

/** A column with a list of texts as JSON, which this program wrote. */
export function texts(row: SqlRow, column: string): readonly string[] {
  const list: unknown = JSON.parse(text(row, column))
  const isTexts = Array.isArray(list) && list.every((one) => typeof one === 'string')
  if (!isTexts) throw new Error(`column ${column} is no list of texts`)
  return list
}

/** An integer column; 64-bit values beyond 2^53 are refused by the drivers. */
export function integer(row: SqlRow, column: string): number {
  const value = row[column]
  if (typeof value !== 'number') throw new Error(`column ${column} is not an integer`)
  return value
}

export function integerOrAbsent(row: SqlRow, column: string): number | undefined {
  return row[column] === null ? undefined : integer(row, column)
}

export function bytes(row: SqlRow, column: string): Uint8Array {
  const value = row[column]
  if (!(value instanceof Uint8Array)) throw new Error(`column ${column} is not bytes`)
  return value
}

/** A moment stored as epoch milliseconds. */
export function instant(row: SqlRow, column: string): Date {
  return new Date(integer(row, column))
}

export function instantOrAbsent(row: SqlRow, column: string): Date | undefined {
  return row[column] === null ? undefined : instant(row, column)
}
