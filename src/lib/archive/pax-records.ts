// Purpose:  read the records of a pax extended header.
// Spec:     POSIX.1-2017 pax "pax Extended Header": `length key=value\n`, the length counting itself.
// Input:    the data of an 'x' or 'g' entry, already capped by the walker; may be hostile.
// Deviates: values stay bytes (latin1 text) whatever hdrcharset says, since only names and sizes are used.
// Unknowns: a length that does not fit, a missing newline or a NUL in a name → undefined: the archive is malformed.

export interface PaxRecords {
  readonly path?: string
  readonly linkPath?: string
  readonly size?: number
  /** `GNU.sparse.*` keys without that lead, last value each. */
  readonly sparse: ReadonlyMap<string, string>
  /** Offsets and lengths of sparse format 0.0, in order. */
  readonly sparsePairs: readonly string[]
}

export function parsePaxRecords(bytes: Buffer): PaxRecords | undefined {
  const values = new Map<string, string>()
  const sparsePairs: string[] = []
  let at = 0
  while (at < bytes.length) {
    const record = parseRecord(bytes, at)
    if (record === undefined) return undefined
    if (record.key === 'GNU.sparse.offset' || record.key === 'GNU.sparse.numbytes')
      sparsePairs.push(record.value)
    else if (isUsed(record.key)) values.set(record.key, record.value)
    at = record.end
  }
  return interpret(values, sparsePairs)
}

function isUsed(key: string): boolean {
  return key === 'path' || key === 'linkpath' || key === 'size' || key.startsWith('GNU.sparse.')
}

function parseRecord(
  bytes: Buffer,
  start: number,
): { key: string; value: string; end: number } | undefined {
  const space = bytes.indexOf(0x20, start)
  if (space < 0 || space - start > 8) return undefined
  const digits = bytes.toString('latin1', start, space)
  if (!/^[0-9]+$/.test(digits)) return undefined
  const end = start + Number(digits)
  if (end <= space + 1 || end > bytes.length || bytes[end - 1] !== 0x0a) return undefined
  const equals = bytes.indexOf(0x3d, space)
  if (equals <= space + 1 || equals >= end) return undefined
  const key = bytes.toString('latin1', space + 1, equals)
  if (key.includes('\0')) return undefined
  return { key, value: bytes.toString('latin1', equals + 1, end - 1), end }
}

function interpret(
  values: ReadonlyMap<string, string>,
  sparsePairs: readonly string[],
): PaxRecords | undefined {
  const path = stated(values, 'path')
  const linkPath = stated(values, 'linkpath')
  const digits = stated(values, 'size')
  const size = digits === undefined ? undefined : parseDecimal(digits)
  if (digits !== undefined && size === undefined) return undefined
  const sparse = new Map<string, string>()
  for (const [key, value] of values)
    if (key.startsWith('GNU.sparse.')) sparse.set(key.slice('GNU.sparse.'.length), value)
  return {
    ...(path !== undefined && { path }),
    ...(linkPath !== undefined && { linkPath }),
    ...(size !== undefined && { size }),
    sparse,
    sparsePairs,
  }
}

/** An empty value withdraws the record and lets the header speak again. */
function stated(values: ReadonlyMap<string, string>, key: string): string | undefined {
  const value = values.get(key)
  return value === '' ? undefined : value
}

/** A non-negative decimal that a double holds exactly, or undefined. */
export function parseDecimal(digits: string): number | undefined {
  if (!/^[0-9]{1,16}$/.test(digits)) return undefined
  const value = Number(digits)
  return Number.isSafeInteger(value) ? value : undefined
}
