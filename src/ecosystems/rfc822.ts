// Purpose:  read blocks of `Key: value` lines: dpkg status, Python METADATA.
// Spec:     Debian Policy 5.1 (syntax of control files); Python core metadata, which follows RFC 822.
// Input:    bytes of a file from an image; hostile.
// Deviates: a line without a colon is passed over; keys match without case, as dpkg and email parsers do.
// Unknowns: a block beyond the caps ends the reading with `truncated`.

/** More blocks than any distribution has packages. */
const maxStanzas = 100_000

export type Stanza = ReadonlyMap<string, string>

/** Text of UTF-8 bytes; what is no UTF-8 becomes replacement characters, in values that nobody matches on. */
export function decodeText(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes)
}

/** Blocks parted by empty lines, with lower-case keys; the first value of a repeated key counts. */
export function parseStanzas(text: string): {
  readonly stanzas: readonly Stanza[]
  readonly isTruncated: boolean
} {
  const stanzas: Stanza[] = []
  let current = new Map<string, string>()
  for (const line of text.split(/\r?\n/)) {
    if (line.trim() === '') {
      if (current.size > 0) stanzas.push(current)
      current = new Map()
      if (stanzas.length >= maxStanzas) return { stanzas, isTruncated: true }
      continue
    }
    readLine(line, current)
  }
  if (current.size > 0) stanzas.push(current)
  return { stanzas, isTruncated: false }
}

/** Continuation lines belong to values that no extractor uses (descriptions), so they are dropped. */
function readLine(line: string, stanza: Map<string, string>): void {
  if (line.startsWith(' ') || line.startsWith('\t')) return
  const colon = line.indexOf(':')
  if (colon <= 0) return
  const key = line.slice(0, colon).toLowerCase()
  if (!stanza.has(key)) stanza.set(key, line.slice(colon + 1).trim())
}
