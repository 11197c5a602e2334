// Findings along the time: one is observed when its image was scanned first, or when data said of the flaw, whichever is later.
import { yieldToEventLoop } from '../lib/yield-to-event-loop.ts'
import type { FindingRecord, RecordedImage } from './finding-record.ts'
import type { KeyedFlaw } from './flaw-index.ts'
import type { Walk, WalkPage } from './record-walk.ts'
import { listDatedImages, type DatedImage } from './recorded-image-store.ts'
import { entriesFrom } from './walk-flaws.ts'

/** An image at the moment of its first scan (flaw is absent), or a flaw at a moment of the data's. */
export interface TimeCursor {
  readonly at: number
  readonly flaw?: string
  readonly repositoryId: number
  readonly digest: string
  /** Of an image: the last flaw that was taken; absent where the image is done. */
  readonly vulnerability?: string
}

const imagesAtOnce = 100

type Point =
  | { readonly kind: 'image'; readonly image: DatedImage }
  | { readonly kind: 'flaw'; readonly entry: KeyedFlaw }

export async function walkTimes(
  walk: Walk,
  after: TimeCursor | undefined,
): Promise<WalkPage<TimeCursor>> {
  const moments = await walk.deps.flawIndexes.moments(walk.reader.window)
  for await (const point of pointsFrom(walk, moments, after)) {
    const next =
      point.kind === 'image'
        ? await takeImage(walk, point.image, after)
        : await takeFlaw(walk, point.entry, after)
    if (next !== undefined) return { records: walk.records, next }
    await yieldToEventLoop()
  }
  return { records: walk.records, next: undefined }
}

/** Images and flaws in the order of their moments; of one moment the images first. */
async function* pointsFrom(
  walk: Walk,
  moments: readonly KeyedFlaw[],
  after: TimeCursor | undefined,
): AsyncGenerator<Point, void> {
  const { descending } = walk.question.order
  const flaws = entriesFrom(walk, moments, flawFrom(after))
  const images = imagesFrom(walk, after)
  let flaw = flaws.next()
  let image = await images.next()
  for (;;) {
    const { value: entry } = flaw
    const { value: dated } = image
    const isFlawNext =
      entry !== undefined &&
      (dated === undefined ||
        (descending ? Number(entry.key) > dated.at : Number(entry.key) < dated.at))
    if (isFlawNext) {
      yield { kind: 'flaw', entry }
      flaw = flaws.next()
    } else if (dated !== undefined) {
      yield { kind: 'image', image: dated }
      image = await images.next()
    } else return
  }
}

/** Flaws of the moment of an image come after it, those of the moments before are done. */
function flawFrom(after: TimeCursor | undefined): KeyedFlaw | undefined {
  return after === undefined ? undefined : { key: after.at, flaw: after.flaw ?? '' }
}

async function* imagesFrom(
  walk: Walk,
  after: TimeCursor | undefined,
): AsyncGenerator<DatedImage, void> {
  const { account, order } = walk.question
  const isOfFlaw = after?.flaw !== undefined
  if (after !== undefined && !isOfFlaw && after.vulnerability !== undefined) yield datedImage(after)
  // Behind a flaw all images of its moment are done.
  let from =
    after === undefined
      ? undefined
      : isOfFlaw
        ? { at: after.at, repositoryId: Number.MAX_SAFE_INTEGER, digest: '~' }
        : after
  for (;;) {
    const page = await listDatedImages(walk.deps.reader, account, {
      by: 'firstScannedAt',
      descending: order.descending,
      after: from,
      limit: imagesAtOnce,
    })
    yield* page
    const last = page.at(-1)
    if (last === undefined) return
    from = last
  }
}

function datedImage({ repositoryId, digest, at }: TimeCursor): DatedImage {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- of a token that this program sealed
  return { repositoryId, digest: digest as DatedImage['digest'], at }
}

async function takeImage(
  walk: Walk,
  { repositoryId, digest, at }: DatedImage,
  after: TimeCursor | undefined,
): Promise<TimeCursor | undefined> {
  const from = isOfImage(after, repositoryId, digest) ? after?.vulnerability : undefined
  if (walk.isSpent || walk.isFull) return { at, repositoryId, digest, vulnerability: from ?? '' }
  const image = await walk.findImage({ repositoryId, digest })
  if (image === undefined) return undefined
  const records = (await walk.recordsOf(image)).filter(
    (record) => walk.keyOf(record) === at && (from === undefined || record.vulnerability > from),
  )
  const room = walk.question.limit - walk.records.length
  const taken = records.slice(0, room)
  walk.records.push(...taken)
  if (records.length <= room) return undefined
  return { at, repositoryId, digest, vulnerability: taken.at(-1)?.vulnerability ?? from ?? '' }
}

function isOfImage(after: TimeCursor | undefined, repositoryId: number, digest: string): boolean {
  if (after === undefined || after.flaw !== undefined) return false
  return after.repositoryId === repositoryId && after.digest === digest
}

async function takeFlaw(
  walk: Walk,
  { key, flaw }: KeyedFlaw,
  after: TimeCursor | undefined,
): Promise<TimeCursor | undefined> {
  walk.spend('flaw')
  const at = Number(key)
  const isResumed = after !== undefined && after.flaw === flaw && after.at === at
  const { repositoryId: id, digest: start } = isResumed ? after : beforeAll
  let last = { repositoryId: id, digest: start }
  if (walk.isSpent || walk.isFull) return { at, flaw, ...last }
  const images = walk.imagesWithFlaw(flaw, last)
  for await (const { repositoryId, digest } of images) {
    const image = await walk.findImage({ repositoryId, digest })
    if (image !== undefined) walk.records.push(...(await observedAt(walk, image, { at, flaw })))
    last = { repositoryId, digest }
    if (walk.isSpent || walk.isFull) return { at, flaw, ...last }
  }
  return undefined
}

const beforeAll = { repositoryId: 0, digest: '' }

/** Those that were observed with the image's first scan come with the image. */
async function observedAt(
  walk: Walk,
  image: RecordedImage,
  { at, flaw }: { readonly at: number; readonly flaw: string },
): Promise<readonly FindingRecord[]> {
  if (image.firstScannedAt.getTime() === at) return []
  const records = await walk.recordsOf(image, flaw)
  return records.filter((record) => walk.keyOf(record) === at)
}
