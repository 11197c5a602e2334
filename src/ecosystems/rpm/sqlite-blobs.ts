// Purpose:  list the header blobs of an rpm database in SQLite form.
// Spec:     rpm, lib/backend/sqlite.c: table Packages (hnum INTEGER PRIMARY KEY, blob BLOB); SQLite, "Record Format".
// Input:    bytes of rpmdb.sqlite from an image; hostile.
// Deviates: nothing.
// Unknowns: a database without the table Packages, or a row without a blob, is a problem.
import { blobProblem, viewOf, type BlobReading } from './blobs.ts'
import {
  findTruncation,
  listRows,
  openSqlitePages,
  readVarint,
  type SqlitePages,
} from './sqlite-pages.ts'

/** `Packages` has two columns, the schema five. */
const maxColumns = 16

export function* listSqliteBlobs(bytes: Uint8Array): Generator<BlobReading, void> {
  const pages = openSqlitePages(bytes)
  if (typeof pages === 'string') {
    yield blobProblem(pages)
    return
  }
  const truncation = findTruncation(pages)
  if (truncation !== undefined) yield blobProblem(truncation)
  const root = findRoot(pages)
  if (typeof root === 'string') {
    yield blobProblem(root)
    return
  }
  for (const row of listRows(pages, root)) {
    if (row.kind === 'problem') {
      yield row
      continue
    }
    const blob = readColumns(row.payload)?.[1]
    if (blob === undefined || blob.kind !== 'blob') yield blobProblem('a row has no header')
    else yield { kind: 'blob', bytes: blob.bytes }
  }
}

function findRoot(pages: SqlitePages): number | string {
  let failure = 'has no table Packages'
  for (const row of listRows(pages, 1)) {
    if (row.kind === 'problem') {
      failure = `its schema cannot be read: ${row.reason}`
      continue
    }
    const [type, , table, root] = readColumns(row.payload) ?? []
    if (textOf(type) !== 'table' || textOf(table)?.toLowerCase() !== 'packages') continue
    if (root?.kind === 'integer') return root.value
  }
  return failure
}

type Column =
  | { readonly kind: 'blob' | 'text'; readonly bytes: Uint8Array }
  | { readonly kind: 'integer'; readonly value: number }
  | { readonly kind: 'other' }

/** Undefined for a record that does not hold what its header says. */
function readColumns(payload: Uint8Array): readonly Column[] | undefined {
  const view = viewOf(payload)
  const header = readVarint(view, 0)
  if (header === undefined || header.value > payload.length) return undefined
  const columns: Column[] = []
  let content = header.value
  for (let at = header.next; at < header.value && columns.length < maxColumns;) {
    const serial = readVarint(view, at)
    if (serial === undefined) return undefined
    const size = sizeOf(serial.value)
    if (size === undefined || content + size > payload.length) return undefined
    columns.push(columnOf(serial.value, payload.subarray(content, content + size)))
    content += size
    at = serial.next
  }
  return columns
}

const fixedSizes = [0, 1, 2, 3, 4, 6, 8, 8, 0, 0]

function sizeOf(serial: number): number | undefined {
  return serial >= 12 ? Math.floor((serial - 12) / 2) : fixedSizes[serial]
}

function columnOf(serial: number, bytes: Uint8Array): Column {
  if (serial >= 12) return { kind: serial % 2 === 0 ? 'blob' : 'text', bytes }
  if (serial === 8 || serial === 9) return { kind: 'integer', value: serial - 8 }
  if (serial < 1 || serial > 5) return { kind: 'other' }
  return { kind: 'integer', value: bytes.reduce((value, byte) => value * 256 + byte, 0) }
}

function textOf(column: Column | undefined): string | undefined {
  return column?.kind === 'text' ? new TextDecoder().decode(column.bytes) : undefined
}
