// Findings of a few images in any order: each page reads all of them and keeps what comes next.
import { yieldToEventLoop } from '../lib/yield-to-event-loop.ts'
import type { FindingRecord } from './finding-record.ts'
import type { Walk, WalkPage } from './record-walk.ts'
import { comparePlaces, type RecordPlace } from './rules/record-order.ts'
import type { ScanKey } from './scan-store.ts'

interface Placed {
  readonly place: RecordPlace
  readonly record: FindingRecord
}

export async function walkFewImages(
  walk: Walk,
  keys: readonly ScanKey[],
  after: RecordPlace | undefined,
): Promise<WalkPage<RecordPlace>> {
  const { order, limit } = walk.question
  const compare = (a: Placed, b: Placed): number =>
    comparePlaces(a.place, b.place, order.descending)
  let kept: readonly Placed[] = []
  for (const key of keys) {
    const image = await walk.findImage(key)
    if (image === undefined) continue
    const placed = (await walk.recordsOf(image)).map((record) => ({
      record,
      place: {
        key: walk.keyOf(record),
        repository: image.repository,
        digest: image.digest,
        vulnerability: record.vulnerability,
      },
    }))
    const coming = placed.filter(
      ({ place }) => after === undefined || comparePlaces(place, after, order.descending) > 0,
    )
    // One more than asked tells whether there is more.
    kept = [...kept, ...coming].toSorted(compare).slice(0, limit + 1)
    await yieldToEventLoop()
  }
  walk.records.push(...kept.slice(0, limit).map(({ record }) => record))
  return { records: walk.records, next: kept.length > limit ? kept[limit - 1]?.place : undefined }
}
