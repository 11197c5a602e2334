// Purpose:  walk a table of an SQLite database without SQLite: read only, over bytes.
// Spec:     SQLite, "Database File Format" 1.3 (header), 1.6 (b-tree pages), 2.1 (records).
// Input:    bytes of a database from an image; hostile: a page is read once, so loops end and nothing is read twice.
// Deviates: nothing is locked, journals are not applied; who calls must look for `-wal` and `-journal` beside the file.
// Unknowns: a page that cannot be read is a problem, and what other pages hold is still given.
import { viewOf } from './blobs.ts'

export interface SqlitePages {
  readonly bytes: Uint8Array
  readonly view: DataView
  readonly pageSize: number
  /** Bytes of a page that hold content; extensions keep the rest. */
  readonly usable: number
  readonly count: number
  /** Pages that were read. */
  readonly used: Set<number>
}

export type RowReading =
  | { readonly kind: 'row'; readonly payload: Uint8Array }
  | { readonly kind: 'problem'; readonly reason: string }

const magic = 'SQLite format 3\0'
const headerBytes = 100
const [interiorPage, leafPage] = [0x05, 0x0d]
const minUsable = 480

/** The database, or why it is none that can be read. */
export function openSqlitePages(bytes: Uint8Array): SqlitePages | string {
  const head = new TextDecoder('latin1').decode(bytes.subarray(0, magic.length))
  if (bytes.length < headerBytes || head !== magic) return 'is not an SQLite database'
  const view = viewOf(bytes)
  const written = view.getUint16(16)
  const pageSize = written === 1 ? 65_536 : written
  const usable = pageSize - view.getUint8(20)
  if (pageSize < 512 || (pageSize & (pageSize - 1)) !== 0 || usable < minUsable)
    return `has pages of ${pageSize} bytes, which SQLite has not`
  if (view.getUint8(19) > 2) return 'is of a newer format than is known'
  if (view.getUint32(56) > 1) return 'keeps its text as UTF-16, which rpm does not'
  const count = Math.floor(bytes.length / pageSize)
  return { bytes, view, pageSize, usable, count, used: new Set() }
}

/** Why the file is shorter than it says; undefined when it is whole. */
export function findTruncation({ bytes, view, pageSize }: SqlitePages): string | undefined {
  // The count in the header holds only if the version that wrote it is the last that changed the file.
  const isCounted = view.getUint32(24) === view.getUint32(92)
  const whole = (isCounted ? view.getUint32(28) : 0) * pageSize
  const isCut = bytes.length < whole || bytes.length % pageSize !== 0
  return isCut ? `is cut off: ${bytes.length} bytes of ${whole}` : undefined
}

/** Rows of the table whose tree begins at page `root`, in the order of their ids. */
export function* listRows(pages: SqlitePages, root: number): Generator<RowReading, void> {
  const pending = [root]
  for (let number = pending.pop(); number !== undefined; number = pending.pop()) {
    const refusal = takePage(pages, number)
    if (refusal !== undefined) {
      yield problem(refusal)
      continue
    }
    const page = pageAt(pages, number)
    if (page.type === interiorPage) {
      pending.push(...childrenOf(page).toReversed())
    } else if (page.type === leafPage) {
      for (const offset of cellsOf(page, 8)) yield readLeafCell(pages, page, offset)
    } else {
      yield problem(`page ${number} is no page of a table`)
    }
  }
}

function takePage({ count, used }: SqlitePages, number: number): string | undefined {
  if (number < 1 || number > count) return `page ${number} is not in the file`
  if (used.has(number)) return `page ${number} is used twice`
  used.add(number)
  return undefined
}

interface Page {
  readonly number: number
  readonly type: number
  readonly view: DataView
  /** Where the page's own header begins: the first page has that of the file before it. */
  readonly start: number
}

function pageAt({ bytes, pageSize, usable }: SqlitePages, number: number): Page {
  const from = (number - 1) * pageSize
  const view = viewOf(bytes.subarray(from, from + usable))
  const start = number === 1 ? headerBytes : 0
  return { number, view, start, type: view.getUint8(start) }
}

/** Offsets of the cells, as far as they lie in the page. */
function cellsOf({ view, start }: Page, headerLength: number): readonly number[] {
  const first = start + headerLength
  const room = Math.floor((view.byteLength - first) / 2)
  const count = Math.min(view.getUint16(start + 3), room)
  return Array.from({ length: count }, (_, index) => view.getUint16(first + 2 * index))
}

function childrenOf(page: Page): readonly number[] {
  const { view, start } = page
  const children = cellsOf(page, 12).map((at) =>
    at + 4 <= view.byteLength ? view.getUint32(at) : 0,
  )
  return [...children, view.getUint32(start + 8)]
}

function readLeafCell(pages: SqlitePages, { number, view }: Page, offset: number): RowReading {
  const size = readVarint(view, offset)
  const id = size === undefined ? undefined : readVarint(view, size.next)
  if (size === undefined || id === undefined || size.value > pages.bytes.length)
    return problem(`a row in page ${number} cannot be read`)
  const local = localBytes(pages.usable, size.value)
  const isWhole = local === size.value
  if (id.next + local + (isWhole ? 0 : 4) > view.byteLength)
    return problem(`a row in page ${number} reaches beyond it`)
  const start = new Uint8Array(view.buffer, view.byteOffset + id.next, local)
  if (isWhole) return { kind: 'row', payload: start }
  return readOverflow(pages, { start, size: size.value, first: view.getUint32(id.next + local) })
}

/** How much of a payload lies in the leaf itself; "Cell payload overflow". */
function localBytes(usable: number, size: number): number {
  const most = usable - 35
  if (size <= most) return size
  const least = Math.floor(((usable - 12) * 32) / 255) - 23
  const fitting = least + ((size - least) % (usable - 4))
  return fitting <= most ? fitting : least
}

function readOverflow(
  pages: SqlitePages,
  row: { readonly start: Uint8Array; readonly size: number; readonly first: number },
): RowReading {
  const parts = [row.start]
  let missing = row.size - row.start.length
  for (let number = row.first; missing > 0;) {
    const refusal = takePage(pages, number)
    if (refusal !== undefined) return problem(`a row is not whole: ${refusal}`)
    const from = (number - 1) * pages.pageSize
    const taken = Math.min(missing, pages.usable - 4)
    parts.push(pages.bytes.subarray(from + 4, from + 4 + taken))
    missing -= taken
    number = pages.view.getUint32(from)
  }
  return { kind: 'row', payload: Buffer.concat(parts) }
}

/** Undefined where the text ends before it, or where it is larger than any file. */
export function readVarint(
  view: DataView,
  offset: number,
): { readonly value: number; readonly next: number } | undefined {
  let value = 0
  for (let index = 0; index < 9 && offset + index < view.byteLength; index += 1) {
    const byte = view.getUint8(offset + index)
    value = index === 8 ? value * 256 + byte : value * 128 + (byte & 0x7f)
    if (index === 8 || byte < 0x80)
      return Number.isSafeInteger(value) ? { value, next: offset + index + 1 } : undefined
  }
  return undefined
}

function problem(reason: string): { readonly kind: 'problem'; readonly reason: string } {
  return { kind: 'problem', reason }
}
