import type { SegmentStore } from '../storage/segments/segment-store.ts'
import type { Clock } from '../lib/clock.ts'
import type { AuditLog } from './audit-log.ts'
import { listSegments } from './recover-log.ts'
import { linesOfPieces, piecesOfSegment, type FoundLine } from './read-lines.ts'
import { hashLine, readLink, type ChainHead, type AuditKey } from './rules/chain.ts'
import { anchorLine, anchorOf } from './rules/notices.ts'
import { timeOfLine } from './rules/match-event.ts'
import { dayOf, parseSegmentName } from './rules/segment-name.ts'

/**
 * The lines of a time as they are in the log, without a gap, and behind them an anchor over the last: who keeps the file can
 * verify it without the server, and its completeness with the key.
 */
export async function* exportLog(
  deps: {
    readonly segments: SegmentStore
    readonly log: Pick<AuditLog, 'position'>
    readonly key: AuditKey
    readonly clock: Clock
  },
  input: { readonly from: Date | undefined; readonly to: Date | undefined },
  { signal }: { readonly signal: AbortSignal },
): AsyncGenerator<Buffer, void> {
  let last: ChainHead | undefined
  for await (const line of linesWithin(deps, input)) {
    signal.throwIfAborted()
    yield Buffer.concat([line.bytes, lineFeed])
    const link = readLink(line.bytes)
    if (link !== undefined) last = { sequence: link.sequence, hash: hashLine(line.bytes) }
  }
  if (last === undefined) return
  yield Buffer.from(`${anchorLine(anchorOf(deps.key, last, deps.clock.now()))}\n`)
}

const lineFeed = Buffer.from('\n')

async function* linesWithin(
  deps: Parameters<typeof exportLog>[0],
  { from, to }: Parameters<typeof exportLog>[1],
): AsyncGenerator<FoundLine, void> {
  const [fromMs, toMs] = [from?.getTime() ?? 0, to?.getTime() ?? Infinity]
  let isWithin = false
  for await (const line of linesSince(deps, from)) {
    const timeMs = timeOfLine(line.bytes)?.getTime() ?? 0
    if (timeMs > toMs) return
    isWithin ||= timeMs >= fromMs
    if (isWithin) yield line
  }
}

/** A segment holds one day at most, and is not read when that is over. */
async function* linesSince(
  { segments, log }: Parameters<typeof exportLog>[0],
  from: Date | undefined,
): AsyncGenerator<FoundLine, void> {
  const { segment: last = '', bytes: lastBytes } = await log.position()
  const firstDay = from === undefined ? '' : dayOf(from)
  for (const { name, bytes } of await listSegments(segments)) {
    const day = parseSegmentName(name)?.day ?? ''
    if (day < firstDay || name > last) continue
    const end = name === last ? lastBytes : bytes
    yield* linesOfPieces(name, piecesOfSegment(segments, name, end))
  }
}
