// The reader of the outbox: what happened becomes messages in the queues of those who want to be told.
import {
  listEvents,
  newestEventId,
  readPosition,
  writePosition,
  type OutboxEvent,
  type OutboxPosition,
} from '../jobs/outbox.ts'
import { parseDigest } from '../oci/digest.ts'
import { parseRepositoryName } from '../oci/repository-name.ts'
import { parseAccountId } from '../policy/account-id.ts'
import { findRepository } from '../registry/repository-store.ts'
import { listTagsOf } from '../registry/tag-store.ts'
import type { ScanKey } from '../scanning/scan-store.ts'
import type { SqlReader } from '../storage/database/database.ts'
import { expandFrequency } from './expand-frequency.ts'
import { expandImage } from './expand-image.ts'
import { expandUpdate, hearsOfUpdates } from './expand-update.ts'
import { MessageWriter } from './message-writer.ts'
import { sinksOf, type PlanDeps, type PlannedPart } from './planned-part.ts'
import { noticeIdOf } from './rules/notice-id.ts'
import { membersOf, noticesOfEvent } from './rules/notices-of-event.ts'
import { wants } from './rules/sink-rule.ts'
import { listListeningSinks, type Sink } from './sink-store.ts'

/** The name under which its place in the outbox is kept. */
export const notificationsReader = 'notifications'

const pageEvents = 100
/** Where nobody is told, what a loss of power takes is passed over again. */
const unhurried = { survives: 'process' } as const

/**
 * Reads the next part of the outbox; false when there is nothing more. A part and the place behind it are one transaction, so that
 * each message is queued once, whenever the process is killed; what became of a part in between is read again. Where nobody
 * listens everything is passed over at once: new data tells of thousands of packages while it is being matched.
 */
export async function planNotices(
  deps: PlanDeps,
  { signal }: { readonly signal: AbortSignal },
): Promise<boolean> {
  const { database, clock, ids } = deps
  const place = await readPosition(database, notificationsReader)
  const events = await listEvents(database, { after: place.eventId, limit: pageEvents })
  if (events.length === 0) return false
  // Before it is asked who listens: who comes later is told of what comes after this one.
  const newest = await newestEventId(database)
  const sinks = await listListeningSinks(database)
  const isHeard = sinks.length > 0
  const part = isHeard
    ? await planPart(deps, { place, events, sinks }, { signal })
    : { next: { eventId: newest, position: undefined }, write: () => Promise.resolve() }
  await database.transaction(
    async (tx) => {
      const found = await readPosition(tx, notificationsReader)
      if (found.eventId !== place.eventId || found.position !== place.position) return
      const now = clock.now()
      const writer = new MessageWriter(tx, { ids, now })
      await part.write(tx, writer)
      await writer.end()
      await writePosition(tx, notificationsReader, part.next, now)
    },
    isHeard ? undefined : unhurried,
  )
  return true
}

/** Passes over the next event, of which nobody is told; undefined where there is none. */
export async function skipEvent({ database, clock }: PlanDeps): Promise<number | undefined> {
  return database.transaction(async (tx) => {
    const { eventId } = await readPosition(tx, notificationsReader)
    const [next] = await listEvents(tx, { after: eventId, limit: 1 })
    if (next === undefined) return undefined
    const place = { eventId: next.id, position: undefined }
    await writePosition(tx, notificationsReader, place, clock.now())
    return next.id
  })
}

interface Page {
  readonly place: OutboxPosition
  readonly events: readonly OutboxEvent[]
  readonly sinks: readonly Sink[]
}

/** Either the first event, when it becomes many messages, or all before the first such. */
async function planPart(
  deps: PlanDeps,
  { place, events, sinks }: Page,
  options: { readonly signal: AbortSignal },
): Promise<PlannedPart> {
  const [first] = events
  if (first !== undefined && isExpanded(first, sinks)) {
    return expand(deps, { event: first, position: place.position, sinks }, options)
  }
  const end = events.findIndex((event) => isExpanded(event, sinks))
  const plain = end === -1 ? events : events.slice(0, end)
  return {
    next: { eventId: plain.at(-1)?.id ?? place.eventId, position: undefined },
    async write(_tx, writer) {
      for (const event of plain) await tellPlain(deps, writer, event, sinks)
    },
  }
}

/** Events that become as many messages as there are images, findings or repositories that they speak of. */
const expanded: ReadonlySet<string> = new Set([
  'FindingsChanged',
  'ImageFindingsChanged',
  'ScanCompleted',
  'ScanningConfigured',
])

/** Of new data nothing is looked up, and nobody told, where no sink hears of findings. */
function isExpanded(event: OutboxEvent, sinks: readonly Sink[]): boolean {
  if (event.kind === 'FindingsChanged') return sinks.some((sink) => hearsOfUpdates(sink, event))
  return expanded.has(event.kind)
}

interface ExpandedEvent {
  readonly event: OutboxEvent
  readonly position: string | undefined
  readonly sinks: readonly Sink[]
}

async function expand(
  deps: PlanDeps,
  one: ExpandedEvent,
  options: { readonly signal: AbortSignal },
): Promise<PlannedPart> {
  if (one.event.kind === 'FindingsChanged') return expandUpdate(deps, one, options)
  if (one.event.kind === 'ScanningConfigured') return expandFrequency(deps, one)
  return planImage(deps, one)
}

async function planImage(deps: PlanDeps, { event, sinks }: ExpandedEvent): Promise<PlannedPart> {
  const { database } = deps
  const concerned = sinksOf(event, sinks)
  const key = concerned.length === 0 ? undefined : await findScanned(database, event)
  const tags = key === undefined ? [] : await listTagsOf(database, key.repositoryId, key.digest)
  const tellFindings =
    key === undefined ? undefined : await expandImage(deps, { event, key, sinks: concerned })
  return {
    next: { eventId: event.id, position: undefined },
    async write(_tx, writer) {
      await tellPlain(deps, writer, event, concerned, tags)
      await tellFindings?.(writer)
    },
  }
}

async function findScanned(reader: SqlReader, event: OutboxEvent): Promise<ScanKey | undefined> {
  const account = parseAccountId(event.account)
  const name = parseRepositoryName(event.resource)
  const digest = parseDigest(String(membersOf(event.detail).get('digest')))
  if (account === undefined || name === undefined || digest === undefined) return undefined
  const repository = await findRepository(reader, { account, name })
  return repository === undefined ? undefined : { repositoryId: repository.id, digest }
}

async function tellPlain(
  { region }: PlanDeps,
  writer: MessageWriter,
  event: OutboxEvent,
  sinks: readonly Sink[],
  tags: readonly string[] = [],
): Promise<void> {
  const concerned = sinksOf(event, sinks)
  if (concerned.length === 0) return
  for (const [index, body] of noticesOfEvent(event, tags).entries()) {
    if (body.kind === 'digest' || body.kind === 'test') continue
    const id = noticeIdOf([event.account, event.id, index])
    const notice = { id, account: event.account, region, at: event.at.toISOString(), body }
    for (const sink of concerned) if (wants(sink.rule, body)) await writer.tell(sink, notice)
  }
}
