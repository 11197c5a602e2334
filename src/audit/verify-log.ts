import type { AuditKey } from './rules/chain.ts'
import type { SegmentStore } from '../storage/segments/segment-store.ts'
import { listSegments } from './recover-log.ts'
import { linesOfPieces, piecesOfSegment } from './read-lines.ts'
import type { Anchor } from './rules/notices.ts'
import {
  ChainVerifier,
  type ChainFault,
  type ChainReport,
  type KnownOfLog,
} from './rules/verify-chain.ts'
import type { LogPosition } from './segment-writer.ts'

export type VerifyEvent =
  | { readonly kind: 'progress'; readonly file: string; readonly lines: number }
  | { readonly kind: 'intact'; readonly report: ChainReport }
  | { readonly kind: 'broken'; readonly fault: ChainFault }

interface Options {
  readonly signal: AbortSignal
}

/** A file of the log, or an export, as it comes. */
export interface LogFile {
  readonly name: string
  readonly pieces: AsyncIterable<Uint8Array>
}

/**
 * Verifies the segments of a data directory: up to `position` where a server writes to them, to their end otherwise.
 * The last event says how it ended.
 */
export function verifyLog(
  deps: { readonly segments: SegmentStore; readonly key: AuditKey | undefined },
  input: { readonly position: LogPosition | undefined; readonly anchor: Anchor | undefined },
  options: Options,
): AsyncGenerator<VerifyEvent, void> {
  const { position, anchor } = input
  const { key } = deps
  const known = { key, anchor, head: position?.head, mayBeginAnywhere: false }
  return verifyFiles(known, filesOf(deps.segments, position), options)
}

/** Verifies files in the order in which they are given; the anchor that an export ends with is held against it. */
export async function* verifyFiles(
  known: KnownOfLog,
  files: AsyncIterable<LogFile>,
  { signal }: Options,
): AsyncGenerator<VerifyEvent, void> {
  const verifier = new ChainVerifier(known)
  let lines = 0
  for await (const { name, pieces } of files) {
    for await (const line of linesOfPieces(name, pieces)) {
      signal.throwIfAborted()
      if (line.isWhole) verifier.take(line.bytes, line)
      else verifier.takeTorn(line)
      lines += 1
      if (verifier.isBroken) break
    }
    if (verifier.isBroken) break
    yield { kind: 'progress', file: name, lines }
  }
  yield verifier.end()
}

async function* filesOf(
  store: SegmentStore,
  position: LogPosition | undefined,
): AsyncGenerator<LogFile, void> {
  for (const { name, bytes } of await listSegments(store)) {
    const isPast = position !== undefined && name > (position.segment ?? '')
    if (isPast) return
    const end = name === position?.segment ? position.bytes : bytes
    yield { name, pieces: piecesOfSegment(store, name, end) }
  }
}
