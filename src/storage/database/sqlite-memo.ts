// Answers of the reading connection that are asked for again and again: who a principal is, what a tag names. Under load the same few
// statements are most of what the database does.
import type { DatabaseSync, StatementSync } from 'node:sqlite'
import type { SqlRow, SqlValue } from './database.ts'

const mostRows = 4096
/** Rows with more bytes are read anew: a thousand manifests of the largest size would fill the memory. */
const largestBytes = 16 * 1024

/**
 * Remembers single rows for as long as nothing is committed: an answer here is the one that the statement would give. The
 * version is looked at once in each turn of the event loop, so that what another process commits is seen as soon as without it.
 */
export class Memo {
  readonly #rows = new Map<string, Map<string, SqlRow | undefined>>()
  readonly #version: StatementSync
  #seenVersion: unknown
  #count = 0
  #isChecked = false
  readonly #recheck = (): void => {
    this.#isChecked = false
  }

  constructor(connection: DatabaseSync) {
    this.#version = connection.prepare('PRAGMA data_version')
  }

  /** What was found for these very parameters, or what `read` finds now. */
  first(
    sql: string,
    parameters: readonly SqlValue[],
    read: () => SqlRow | undefined,
  ): SqlRow | undefined {
    const key = keyOf(parameters)
    if (key === undefined) return read()
    this.#check()
    const known = this.#rows.get(sql)
    if (known?.has(key) === true) return known.get(key)
    const row = read()
    if (isSmall(row)) this.#keep(sql, key, row)
    return row
  }

  /** Something is about to be committed. */
  clear(): void {
    this.#rows.clear()
    this.#count = 0
  }

  #check(): void {
    if (this.#isChecked) return
    this.#isChecked = true
    setImmediate(this.#recheck)
    const version = this.#version.get()?.['data_version']
    if (version === this.#seenVersion) return
    this.#seenVersion = version
    this.clear()
  }

  #keep(sql: string, key: string, row: SqlRow | undefined): void {
    if (this.#count >= mostRows) this.clear()
    const ofStatement = this.#rows.get(sql) ?? new Map<string, SqlRow | undefined>()
    this.#rows.set(sql, ofStatement.set(key, row))
    this.#count += 1
  }
}

/** Different for different parameters: each with its type and length. Undefined for bytes, which nobody asks for again. */
function keyOf(parameters: readonly SqlValue[]): string | undefined {
  let key = ''
  for (const value of parameters) {
    if (value instanceof Uint8Array) return undefined
    if (typeof value === 'string') key += `${value.length}:${value}`
    else key += `${value};`
  }
  return key
}

function isSmall(row: SqlRow | undefined): boolean {
  if (row === undefined) return true
  for (const value of Object.values(row)) {
    if (value instanceof Uint8Array && value.byteLength > largestBytes) return false
    if (typeof value === 'string' && value.length > largestBytes) return false
  }
  return true
}
