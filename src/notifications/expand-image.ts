import type { OutboxEvent } from '../jobs/outbox.ts'
import { yieldToEventLoop } from '../lib/yield-to-event-loop.ts'
import { readFirstRecords, readImageChanges } from '../scanning/image-changes.ts'
import type { RecordChange } from '../scanning/record-changes.ts'
import type { ScanKey } from '../scanning/scan-store.ts'
import type { MessageWriter } from './message-writer.ts'
import { noticeOfRecord } from './notice-of-record.ts'
import type { PlanDeps } from './planned-part.ts'
import { addToDigest } from './rules/digest.ts'
import { toldImageChangesOf } from './rules/told-change.ts'
import { noticeIdOf } from './rules/notice-id.ts'
import type { DigestSummary, FindingNotice } from './rules/notice.ts'
import { membersOf } from './rules/notices-of-event.ts'
import { wants, wantsRepository } from './rules/sink-rule.ts'
import { mostScanMessages } from './rules/storm.ts'
import type { Sink } from './sink-store.ts'

interface ChangedImage {
  readonly event: OutboxEvent
  readonly key: ScanKey
  readonly sinks: readonly Sink[]
}

/**
 * The findings of one image for those who want them: all of its first scan, or those that came, went and changed for another reason
 * than new data. Undefined where there is nothing to tell, or nobody who wants it.
 */
export async function expandImage(
  deps: PlanDeps,
  { event, key, sinks }: ChangedImage,
): Promise<((writer: MessageWriter) => Promise<void>) | undefined> {
  const listening = sinks.filter(
    ({ rule }) => rule.kinds.includes('finding') && wantsRepository(rule, event.resource),
  )
  if (listening.length === 0) return undefined
  const changes = await readChanges(deps, event, key)
  if (changes === undefined || changes.length === 0) return undefined
  const bodies = changes.map((change) => noticeOfRecord(change, deps.region))
  const tellings: Telling[] = []
  for (const sink of listening) tellings.push(await tellingOf(event, sink, bodies))
  return async (writer) => {
    for (const telling of tellings) await tellAll(deps, writer, event, telling)
  }
}

/** A scan that is not the first tells what it changed by an event of its own. */
async function readChanges(
  { database: reader, clock, suppressions }: PlanDeps,
  { detail }: OutboxEvent,
  key: ScanKey,
): Promise<readonly RecordChange[] | undefined> {
  const told = toldImageChangesOf(detail)
  if (told !== undefined) return readImageChanges({ reader, clock, suppressions }, key, told)
  const members = membersOf(detail)
  const revision = members.get('dataRevision')
  if (members.get('isFirst') !== true || typeof revision !== 'number') return undefined
  return readFirstRecords({ reader, clock, suppressions }, key, revision)
}

/** Each by itself, or all of them counted. */
interface Telling {
  readonly sink: Sink
  readonly single: readonly FindingNotice[]
  readonly counted: DigestSummary | undefined
}

const countedAtOnce = 500

/** An image may have tens of thousands of findings: they are counted here, and not in the transaction that tells of them. */
async function tellingOf(
  event: OutboxEvent,
  sink: Sink,
  bodies: readonly FindingNotice[],
): Promise<Telling> {
  const wanted = bodies.filter((body) => wants(sink.rule, body))
  if (wanted.length <= mostScanMessages) return { sink, single: wanted, counted: undefined }
  const cause = sink.digestSeconds === undefined ? 'storm' : 'asked'
  const at = event.at.toISOString()
  let counted: DigestSummary | undefined
  for (const [done, body] of wanted.entries()) {
    counted = addToDigest(counted, body, { at, cause })
    if (done % countedAtOnce === 0) await yieldToEventLoop()
  }
  return { sink, single: [], counted }
}

async function tellAll(
  { region }: PlanDeps,
  writer: MessageWriter,
  event: OutboxEvent,
  { sink, single, counted }: Telling,
): Promise<void> {
  if (counted !== undefined) await writer.add(sink, counted)
  for (const body of single) {
    const { repository, digest, vulnerability } = body
    const id = noticeIdOf([sink.account, repository, digest, vulnerability, event.id])
    const at = event.at.toISOString()
    await writer.tell(sink, { id, account: sink.account, region, at, body })
  }
}
