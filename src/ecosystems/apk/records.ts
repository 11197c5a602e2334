// Purpose:  read the records of apk's installed database.
// Spec:     apk-tools, database.c: P name, V version, A architecture, o origin, L licence, D needs, p provides, F folder, R file.
// Input:    text of the database; hostile.
// Deviates: of a key that stands twice in a record the first value counts.
// Unknowns: lines of other keys, and lines that have none, are passed over.

export interface ApkRecord {
  readonly name: string
  readonly version: string
  readonly architecture: string
  readonly origin: string
  readonly licence: string
  /** Words of the D and p lines. */
  readonly needs: string
  readonly provides: string
  /** Paths as the folder and file lines make them. */
  readonly files: readonly string[]
}

const maxRecords = 100_000
const maxFiles = 2_000_000

export function readRecords(text: string): {
  readonly records: readonly ApkRecord[]
  readonly isTruncated: boolean
} {
  const records: ApkRecord[] = []
  let current = new Reading()
  let files = 0
  let isAfterGap = false
  for (const line of linesOf(text)) {
    if (line.trim() === '') {
      isAfterGap = true
      continue
    }
    if (isAfterGap && current.isEndedBy(line)) {
      if (current.isTelling) records.push(current.record())
      if (records.length >= maxRecords) return { records, isTruncated: true }
      current = new Reading()
    }
    isAfterGap = false
    files += Number(line.startsWith('R:'))
    if (files > maxFiles) break
    current.take(line)
  }
  if (current.isTelling) records.push(current.record())
  return { records, isTruncated: files > maxFiles }
}

/** One after the other: all at once they would be as large again as the database. */
function* linesOf(text: string): Generator<string> {
  let start = 0
  while (start < text.length) {
    const end = text.indexOf('\n', start)
    const line = text.slice(start, end === -1 ? text.length : end)
    yield line.endsWith('\r') ? line.slice(0, -1) : line
    start = end === -1 ? text.length : end + 1
  }
}

const keptKeys = 'PVAoLDp'

class Reading {
  readonly #fields = new Map<string, string>()
  readonly #files: string[] = []
  #folder = ''

  /** Whether it names a package, or tries to. */
  get isTelling(): boolean {
    return this.#fields.has('P') || this.#fields.has('V') || this.#fields.has('o')
  }

  /** After an empty line: the checksum or the name begins a record, and so does a second version. */
  isEndedBy(line: string): boolean {
    return /^[CP]:/.test(line) || (line.startsWith('V:') && this.#fields.has('V'))
  }

  take(line: string): void {
    if (line.charAt(1) !== ':') return
    const key = line.charAt(0)
    const value = line.slice(2).trim()
    if (key === 'F') this.#folder = value
    else if (key === 'R') this.#files.push(this.#folder === '' ? value : `${this.#folder}/${value}`)
    else if (keptKeys.includes(key) && !this.#fields.has(key)) this.#fields.set(key, value)
  }

  record(): ApkRecord {
    const value = (key: string): string => this.#fields.get(key) ?? ''
    return {
      name: value('P'),
      version: value('V'),
      architecture: value('A'),
      origin: value('o'),
      licence: value('L'),
      needs: value('D'),
      provides: value('p'),
      files: this.#files,
    }
  }
}
