// A package whose findings changed, told to those who want to know of the images that hold it: a page of images at a time.
import type { OutboxEvent } from '../jobs/outbox.ts'
import { yieldToEventLoop } from '../lib/yield-to-event-loop.ts'
import { listImagesHolding } from '../scanning/list-images-holding.ts'
import {
  readPackageChange,
  type FlawChange,
  type PackageChange,
} from '../scanning/package-change.ts'
import { readRecordChanges } from '../scanning/record-changes.ts'
import type { ScanKey } from '../scanning/scan-store.ts'
import type { SqlWriter } from '../storage/database/database.ts'
import { findStorms, RepositoryOwners } from './assess-update.ts'
import {
  countFlaws,
  countImage,
  flawsToCount,
  toldFlawOf,
  type CountedImages,
} from './count-flaws.ts'
import type { MessageWriter } from './message-writer.ts'
import { noticeOfRecord } from './notice-of-record.ts'
import type { PlanDeps, PlannedPart } from './planned-part.ts'
import { noticeIdOf } from './rules/notice-id.ts'
import type { FindingNotice } from './rules/notice.ts'
import { membersOf } from './rules/notices-of-event.ts'
import { wants, wantsFlaw, wantsRepository, type SinkRule } from './rules/sink-rule.ts'
import { mostUpdateMessages } from './rules/storm.ts'
import { toldChangeOf } from './rules/told-change.ts'
import { writeSinkUpdate, type Sink, type SinkUpdate } from './sink-store.ts'

/** Images whose records are read between two turns of the outbox's reader; counting alone takes more of them. */
const pageRecords = 50
const pageCounted = 1000

interface UpdatePage {
  readonly event: OutboxEvent
  /** The last image of the page before. */
  readonly position: string | undefined
  readonly sinks: readonly Sink[]
}

/** Whether new data may be told there: those that were there when it came. */
export function hearsOfUpdates({ rule, afterEvent }: Sink, { id }: OutboxEvent): boolean {
  return rule.kinds.includes('finding') && id > afterEvent
}

/** Without anybody who could want to be told, no image is looked up. */
export async function expandUpdate(
  deps: PlanDeps,
  { event, position, sinks }: UpdatePage,
  { signal }: { readonly signal: AbortSignal },
): Promise<PlannedPart> {
  const nothing = {
    next: { eventId: event.id, position: undefined },
    write: () => Promise.resolve(),
  }
  const told = toldChangeOf(event.detail)
  const listening = sinks.filter((sink) => hearsOfUpdates(sink, event))
  if (told === undefined || listening.length === 0) return nothing
  const change = await readPackageChange(deps.database, told)
  const concerned = listening.filter(({ rule }) =>
    change.flaws.some((flaw) => couldWant(rule, flaw)),
  )
  if (concerned.length === 0) return nothing
  const updates = await readUpdates(deps, { event, change, sinks: concerned }, { signal })
  return planPage(deps, { event, position, change, updates }, { signal })
}

/** In one image a flaw that is new for the package may be one that other packages have already, or still have. */
function couldWant(rule: SinkRule, flaw: FlawChange): boolean {
  const told = toldFlawOf(flaw)
  return wantsFlaw(rule, told) || wantsFlaw(rule, { ...told, change: 'CHANGED' })
}

interface Updates {
  readonly sinks: readonly Sink[]
  readonly states: Map<string, SinkUpdate>
}

/** How much the update has made for each sink; whether it is a storm is asked at its first event. */
async function readUpdates(
  deps: PlanDeps,
  {
    event,
    change,
    sinks,
  }: {
    readonly event: OutboxEvent
    readonly change: PackageChange
    readonly sinks: readonly Sink[]
  },
  options: { readonly signal: AbortSignal },
): Promise<Updates> {
  const { revision } = change
  const accounts = sinks.filter(({ update }) => update.revision !== revision)
  const asked = { accounts: accounts.map(({ account }) => account), revision, after: event.id - 1 }
  const storms = await findStorms(deps, asked, options)
  const states = new Map(
    sinks.map(({ id, account, update }) => [
      id,
      update.revision === revision
        ? update
        : { revision, messages: 0, isHeld: storms.has(account) },
    ]),
  )
  return { sinks, states }
}

interface PagePlan {
  readonly event: OutboxEvent
  readonly position: string | undefined
  readonly change: PackageChange
  readonly updates: Updates
}

async function planPage(
  deps: PlanDeps,
  plan: PagePlan,
  { signal }: { readonly signal: AbortSignal },
): Promise<PlannedPart> {
  const { event, change, updates } = plan
  const { database: reader } = deps
  const isCounted = updates.sinks.every(({ id }) => updates.states.get(id)?.isHeld === true)
  const limit = isCounted ? pageCounted : pageRecords
  const after = positionIn(plan.position)
  const keys = await listImagesHolding(reader, change.packageId, { after, limit })
  const owners = new RepositoryOwners(reader)
  const tellings: Telling[] = []
  const counts = new Map<string, CountedImages>()
  for (const key of keys) {
    signal.throwIfAborted()
    const owner = await owners.of(key.repositoryId)
    const concerned = updates.sinks.filter(
      ({ account, rule }) => account === owner?.account && wantsRepository(rule, owner.name),
    )
    const [held, open] = partition(concerned, ({ id }) => updates.states.get(id)?.isHeld === true)
    for (const sink of held) countImage(counts, sink, { key, name: owner?.name ?? '' })
    if (open.length === 0) continue
    tellings.push({ sinks: open, bodies: await bodiesOf(deps, key, { ...change, at: event.at }) })
    await yieldToEventLoop()
  }
  const last = keys.length < limit ? undefined : keys.at(-1)
  const counted = await flawsToCount(reader, change)
  return {
    next:
      last === undefined
        ? { eventId: event.id, position: undefined }
        : { eventId: event.id - 1, position: JSON.stringify(last) },
    async write(tx, writer) {
      for (const telling of tellings) await tellImage(deps, writer, plan, telling)
      for (const images of counts.values()) await countFlaws(writer, event, images, counted)
      await writeStates(tx, updates)
    },
  }
}

interface Telling {
  readonly sinks: readonly Sink[]
  readonly bodies: readonly FindingNotice[]
}

async function bodiesOf(
  { database: reader, clock, suppressions, region }: PlanDeps,
  key: ScanKey,
  change: PackageChange & { readonly at: Date },
): Promise<readonly FindingNotice[]> {
  const changes = (await readRecordChanges({ reader, clock, suppressions }, key, change)) ?? []
  return changes.map((one) => noticeOfRecord(one, region))
}

async function tellImage(
  { region }: PlanDeps,
  writer: MessageWriter,
  { event, change, updates }: PagePlan,
  { sinks, bodies }: Telling,
): Promise<void> {
  for (const sink of sinks) {
    for (const body of bodies.filter((one) => wants(sink.rule, one))) {
      const { repository, digest, vulnerability } = body
      const id = noticeIdOf([
        sink.account,
        repository,
        digest,
        vulnerability,
        change.packageId,
        event.id,
      ])
      const notice = { id, account: sink.account, region, at: event.at.toISOString(), body }
      const state = updates.states.get(sink.id)
      const messages = (state?.messages ?? 0) + 1
      const isHeld = messages > mostUpdateMessages
      updates.states.set(sink.id, { revision: change.revision, messages, isHeld })
      await writer.tell(sink, notice, isHeld ? 'storm' : undefined)
    }
  }
}

async function writeStates(tx: SqlWriter, { sinks, states }: Updates): Promise<void> {
  for (const { id } of sinks) {
    const state = states.get(id)
    if (state !== undefined) await writeSinkUpdate(tx, id, state)
  }
}

/** The beginning where nothing is said. */
function positionIn(position: string | undefined): {
  readonly repositoryId: number
  readonly digest: string
} {
  const value: unknown = position === undefined ? {} : JSON.parse(position)
  const members = membersOf(value)
  const [repositoryId, digest] = [members.get('repositoryId'), members.get('digest')]
  return typeof repositoryId === 'number' && typeof digest === 'string'
    ? { repositoryId, digest }
    : { repositoryId: 0, digest: '' }
}

function partition<T>(
  items: readonly T[],
  is: (item: T) => boolean,
): readonly [readonly T[], readonly T[]] {
  return [items.filter(is), items.filter((item) => !is(item))]
}
