// Purpose:  chain the lines of the audit log so that none can be taken out, altered or moved without a trace, and seal the chain.
// Spec:     FIPS 180-4 (SHA-256), RFC 2104 (HMAC); the layout of a line is docs/audit.md's.
// Input:    a record as JSON text that ends with its member `pratique`; lines as they were found, then hostile.
// Deviates: nothing.
// Unknowns: a line that does not end with its link → undefined.
import { createHmac, hash, timingSafeEqual, type KeyObject } from 'node:crypto'

/** Of whoever writes the log; nobody else has it. */
export type AuditKey = KeyObject | Uint8Array

/** Where the chain stands: the last line's number and hash. */
export interface ChainHead {
  readonly sequence: number
  /** SHA-256 over the line's bytes without its line feed, in hex. */
  readonly hash: string
}

/** How a line hangs on the one before it. */
export interface ChainLink {
  readonly sequence: number
  readonly previous: string
}

/** Before the first line. */
export const genesis: ChainHead = { sequence: 0, hash: '0'.repeat(64) }

/** The longest line that is believed: a record is capped far below. */
export const maxLineBytes = 256 * 1024

/** What a link and a line feed add to a record, at most. */
const linkBytes = 160

/**
 * Lines of records, each hung on the one before it. A record is a JSON object in ASCII whose last member is the object
 * `pratique`.
 */
export function linkRecords(
  records: readonly string[],
  before: ChainHead,
): { readonly lines: Buffer; readonly head: ChainHead } {
  const size = records.reduce((sum, { length }) => sum + length + linkBytes, 0)
  const buffer = Buffer.allocUnsafe(size)
  let { sequence, hash: previous } = before
  let end = 0
  for (const record of records) {
    sequence += 1
    const link = `,"chain":{"sequence":${sequence},"previous":"${previous}"}}}\n`
    const start = end
    end += buffer.write(record.slice(0, -2) + link, start, 'latin1')
    previous = hashLine(buffer.subarray(start, end - 1))
  }
  return { lines: buffer.subarray(0, end), head: { sequence, hash: previous } }
}

export function hashLine(line: Uint8Array): string {
  return hash('sha256', line, 'hex')
}

const linkForm = /,"chain":\{"sequence":([1-9][0-9]{0,15}),"previous":"([0-9a-f]{64})"\}\}\}$/

export function readLink(line: Uint8Array): ChainLink | undefined {
  if (line.byteLength > maxLineBytes) return undefined
  // The link stands at the end and has at most 130 characters.
  const end = Buffer.from(line.subarray(Math.max(0, line.byteLength - 160))).toString('latin1')
  const match = linkForm.exec(end)
  const [, sequence, previous] = match ?? []
  if (sequence === undefined || previous === undefined) return undefined
  return { sequence: Number(sequence), previous }
}

/** The line as it would be behind this head; one without a link as it is. */
export function relink(line: Uint8Array, { sequence, hash: previous }: ChainHead): Uint8Array {
  const text = Buffer.from(line).toString('latin1')
  const link = `,"chain":{"sequence":${sequence + 1},"previous":"${previous}"}}}`
  return Buffer.from(text.replace(linkForm, link), 'latin1')
}

/** Over a head, and so over all lines up to it: who has no key cannot make one. In hex. */
export function macOf(key: AuditKey, head: ChainHead): string {
  const text = `pratique/audit-log/1\n${head.sequence}\n${head.hash}`
  return createHmac('sha256', key).update(text).digest('hex')
}

export function isMacOf(key: AuditKey, head: ChainHead, mac: string): boolean {
  const expected = Buffer.from(macOf(key, head))
  const given = Buffer.from(mac)
  return expected.byteLength === given.byteLength && timingSafeEqual(expected, given)
}

/** Tells one sealing key from another and nothing else about it: 16 hex digits. */
export function keyIdOf(key: AuditKey): string {
  return createHmac('sha256', key).update('pratique/audit-log/key-id').digest('hex').slice(0, 16)
}
