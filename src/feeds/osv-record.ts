import type { RecordText } from '../storage/feeds/record-text.ts'

/** What converters write: the members of OSV's format that matching reads, in its own spelling. */
export interface OsvRecord {
  readonly id: string
  readonly published?: string
  readonly modified?: string
  /** Since when the record counts for nothing. */
  readonly withdrawn?: string
  /** Other ids of the same flaw. */
  readonly aliases?: readonly string[]
  /** The flaws that the record is about. */
  readonly upstream?: readonly string[]
  readonly summary?: string
  readonly details?: string
  readonly severity?: readonly OsvSeverity[]
  readonly affected: readonly OsvAffected[]
  readonly references?: readonly { readonly type: string; readonly url: string }[]
  /** `severity`: the vendor's word for the whole record. */
  readonly database_specific?: { readonly severity?: string }
}

export interface OsvSeverity {
  readonly type: string
  readonly score: string
}

export interface OsvAffected {
  readonly package: { readonly ecosystem: string; readonly name: string }
  readonly ranges?: readonly OsvRange[]
  readonly severity?: readonly OsvSeverity[]
  /** `status` and `note` tell why there is no fix, `severity` and `urgency` are the vendor's words for this package. */
  readonly ecosystem_specific?: Readonly<Record<string, string>>
}

export interface OsvRange {
  readonly type: 'ECOSYSTEM'
  readonly events: readonly OsvEvent[]
}

export type OsvEvent =
  { readonly introduced: string } | { readonly fixed: string } | { readonly last_affected: string }

/** Affected below `fixed`, or in every version where there is no fix. */
export function affectedUntil(fixed: string | undefined): readonly OsvRange[] {
  const end: readonly OsvEvent[] = fixed === undefined ? [] : [{ fixed }]
  return [{ type: 'ECOSYSTEM', events: [{ introduced: '0' }, ...end] }]
}

/** `line` is where the entry stands in the feed's own file. */
export function recordText(line: number, record: OsvRecord): RecordText {
  return { kind: 'text', line, text: JSON.stringify(record) }
}

/** An entry that cannot be read: counted, told with its place, and the file is read on. */
export function unreadable(line: number, reason: string): RecordText {
  return { kind: 'unreadable', line, reason }
}
