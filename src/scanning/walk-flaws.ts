// Findings flaw by flaw, in an order of flaws: each flaw's images are found by the packages that have it.
import { yieldToEventLoop } from '../lib/yield-to-event-loop.ts'
import type { KeyedFlaw } from './flaw-index.ts'
import type { Walk, WalkPage } from './record-walk.ts'
import { compareKeys, type SortKey } from './rules/record-order.ts'
import { namedValues } from './rules/finding-criteria.ts'

/** The last image that was looked at for a flaw under a key. */
export interface FlawCursor {
  readonly key: SortKey
  readonly flaw: string
  readonly repositoryId: number
  readonly digest: string
}

export async function walkFlaws(
  walk: Walk,
  after: FlawCursor | undefined,
): Promise<WalkPage<FlawCursor>> {
  const { criteria, order } = walk.question
  const named = namedValues(criteria, 'vulnerabilityId')
  const index =
    named !== undefined && order.field === 'VULNERABILITY_ID'
      ? named.toSorted().map((flaw) => ({ key: flaw, flaw }))
      : await walk.deps.flawIndexes.keyed(order.field, walk.reader.window)
  for (const entry of entriesFrom(walk, index, after)) {
    const from = isOf(after, entry) ? after : undefined
    const next = await takeFlaw(walk, entry, from)
    if (next !== undefined) return { records: walk.records, next }
    await yieldToEventLoop()
  }
  return { records: walk.records, next: undefined }
}

function isOf(after: FlawCursor | undefined, { key, flaw }: KeyedFlaw): boolean {
  return after?.key === key && after.flaw === flaw
}

/** By key in the order asked, then by flaw; from where a cursor stands. */
export function* entriesFrom(
  walk: Walk,
  index: readonly KeyedFlaw[],
  after: KeyedFlaw | undefined,
): Generator<KeyedFlaw, void> {
  const { descending } = walk.question.order
  const named = namedValues(walk.question.criteria, 'vulnerabilityId')
  const wanted = named === undefined ? undefined : new Set(named)
  for (const group of groupsOf(index, descending)) {
    for (const entry of group) {
      const isBefore = after !== undefined && compareEntries(entry, after, descending) < 0
      if (!isBefore && (wanted === undefined || wanted.has(entry.flaw))) yield entry
    }
  }
}

function compareEntries(a: KeyedFlaw, b: KeyedFlaw, descending: boolean): number {
  const byKey = compareKeys(a.key, b.key)
  return (descending ? -byKey : byKey) || compareKeys(a.flaw, b.flaw)
}

/** Runs of one key; within each flaws stay in ascending order whatever the order of keys is. */
function* groupsOf(
  index: readonly KeyedFlaw[],
  descending: boolean,
): Generator<readonly KeyedFlaw[], void> {
  if (!descending) {
    yield index
    return
  }
  let end = index.length
  while (end > 0) {
    let start = end - 1
    while (start > 0 && index[start - 1]?.key === index[end - 1]?.key) start -= 1
    yield index.slice(start, end)
    end = start
  }
}

/** Takes the flaw's findings under this key; where a page ends before they do, the place to go on from. */
async function takeFlaw(
  walk: Walk,
  { key, flaw }: KeyedFlaw,
  from: FlawCursor | undefined,
): Promise<FlawCursor | undefined> {
  walk.spend('flaw')
  let last = { repositoryId: from?.repositoryId ?? 0, digest: from?.digest ?? '' }
  if (walk.isSpent || walk.isFull) return { key, flaw, ...last }
  const images = walk.imagesWithFlaw(flaw, last)
  for await (const { repositoryId, digest } of images) {
    const image = await walk.findImage({ repositoryId, digest })
    const records = image === undefined ? [] : await walk.recordsOf(image, flaw)
    // A finding has one key: under the others that its flaw has elsewhere it is passed over.
    walk.records.push(...records.filter((record) => walk.keyOf(record) === key))
    last = { repositoryId, digest }
    if (walk.isSpent || walk.isFull) return { key, flaw, ...last }
  }
  return undefined
}
