// What the audit log says of itself, in lines between the records.
import { isMacOf, keyIdOf, macOf, type ChainHead, type AuditKey } from './chain.ts'

/** How a segment hangs on what was there before it. */
export type Continuation =
  /** The log begins. */
  | 'nothing'
  /** The chain before it was whole and its last seal is of the same key. */
  | 'verified'
  /** The same, but sealed under a key that this server does not have, or not at all. */
  | 'unsealed'
  /** The chain before it was broken when the server started. */
  | 'broken'

export type Notice =
  | { readonly kind: 'segment-opened'; readonly segment: string; readonly continues: Continuation }
  | { readonly kind: 'segment-closed' }
  | { readonly kind: 'seal' }
  /** The start found what a kill had left: a torn line, which it cut off, and whole lines that no seal covers. */
  | { readonly kind: 'recovered'; readonly cutBytes: number; readonly unsealedLines: number }
  /** While the log could not be written, or more came than could be kept. */
  | {
      readonly kind: 'records-lost'
      readonly count: number
      readonly since: string
      readonly until: string
    }
  /** Refused credentials beyond the number that is recorded one by one. */
  | { readonly kind: 'refusals-omitted'; readonly count: number }
  /** Segments that were kept for long enough are gone, or the oldest, since the log had its greatest size; it now begins with this line. */
  | {
      readonly kind: 'segments-expired'
      readonly count: number
      readonly firstSequence: number
      readonly reason: 'age' | 'size'
    }

const sealing: ReadonlySet<Notice['kind']> = new Set(['segment-opened', 'segment-closed', 'seal'])

/** As a record; what begins or ends a segment and what seals carries the MAC over all lines before it. */
export function noticeText(
  notice: Notice,
  at: Date,
  seal: { readonly key: AuditKey; readonly head: ChainHead },
): string {
  const { kind, ...rest } = notice
  const sealed = sealing.has(kind)
    ? { key: keyIdOf(seal.key), mac: macOf(seal.key, seal.head) }
    : {}
  return JSON.stringify({ pratique: { kind, at: at.toISOString(), ...rest, ...sealed } })
}

/** The log's head, signed, to be kept where who can write the log cannot write. */
export interface Anchor extends ChainHead {
  readonly at: string
  readonly key: string
  readonly mac: string
}

export function anchorOf(key: AuditKey, head: ChainHead, at: Date): Anchor {
  const { sequence, hash } = head
  return { at: at.toISOString(), sequence, hash, key: keyIdOf(key), mac: macOf(key, head) }
}

/** The last line of an export. */
export function anchorLine(anchor: Anchor): string {
  return JSON.stringify({ pratique: { kind: 'anchor', ...anchor } })
}

/** An anchor as `pratique audit-log anchor` prints it or as an export ends with it; undefined for anything else. */
export function readAnchor(text: string): Anchor | undefined {
  const parsed = objectOf(text)
  const inner = parsed === undefined ? undefined : recordOf(parsed['pratique'])
  const found = inner?.['kind'] === 'anchor' ? inner : inner === undefined ? parsed : undefined
  if (found === undefined) return undefined
  const { at, sequence, hash, key, mac } = found
  if (typeof sequence !== 'number' || !Number.isSafeInteger(sequence)) return undefined
  if (typeof at !== 'string' || typeof hash !== 'string') return undefined
  if (typeof key !== 'string' || typeof mac !== 'string') return undefined
  return { at, sequence, hash, key, mac }
}

/** What a line that is a notice says, as far as verification needs it; undefined for records. */
export interface FoundNotice {
  readonly kind: string
  readonly key: string | undefined
  readonly mac: string | undefined
  readonly continues: string | undefined
  readonly count: number
  readonly firstSequence: number | undefined
  /** Of notices from before there was a greatest size: undefined, which is age. */
  readonly reason: string | undefined
  readonly unsealedLines: number
}

const noticeStart = Buffer.from('{"pratique":{"kind":"')

export function readNotice(line: Uint8Array): FoundNotice | undefined {
  if (!noticeStart.equals(line.subarray(0, noticeStart.byteLength))) return undefined
  const found = recordOf(objectOf(Buffer.from(line).toString())?.['pratique'])
  if (found === undefined) return undefined
  const { kind, key, mac, continues, count, firstSequence, reason, unsealedLines } = found
  return {
    kind: String(kind),
    key: typeof key === 'string' ? key : undefined,
    mac: typeof mac === 'string' ? mac : undefined,
    continues: typeof continues === 'string' ? continues : undefined,
    count: typeof count === 'number' ? count : 0,
    firstSequence: typeof firstSequence === 'number' ? firstSequence : undefined,
    reason: typeof reason === 'string' ? reason : undefined,
    unsealedLines: typeof unsealedLines === 'number' ? unsealedLines : 0,
  }
}

/** What a seal proves under this key about the lines before it. */
export function judgeSeal(
  notice: Pick<FoundNotice, 'key' | 'mac'>,
  key: AuditKey,
  before: ChainHead,
): 'valid' | 'forged' | 'other-key' | 'no-seal' {
  if (notice.key === undefined || notice.mac === undefined) return 'no-seal'
  if (notice.key !== keyIdOf(key)) return 'other-key'
  return isMacOf(key, before, notice.mac) ? 'valid' : 'forged'
}

function objectOf(text: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const parsed: unknown = JSON.parse(text)
    return recordOf(parsed)
  } catch {
    return undefined
  }
}

function recordOf(value: unknown): Readonly<Record<string, unknown>> | undefined {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined
  return { ...value }
}
