// Findings image by image: by repository and digest, by the moment of the push, or each status for itself.
import { findRepository, type RepositoryAddress } from '../registry/repository-store.ts'
import { parseRepositoryName } from '../oci/repository-name.ts'
import { yieldToEventLoop } from '../lib/yield-to-event-loop.ts'
import type { FindingRecord, RecordedImage } from './finding-record.ts'
import type { Walk, WalkPage } from './record-walk.ts'
import {
  listDatedImages,
  listRepositoryRows,
  listScannedDigests,
  type RepositoryRow,
} from './recorded-image-store.ts'
import { namedValues } from './rules/finding-criteria.ts'
import { walkFor } from './rules/record-order.ts'
import type { ScanKey } from './scan-store.ts'

/** The last finding of a page, or the last image that was looked at. */
export interface ImageCursor {
  readonly phase: number
  readonly repository: string
  readonly repositoryId: number
  readonly digest: string
  readonly at: number
  /** Of the image's flaws those behind this one are still to come; undefined: none. */
  readonly vulnerability?: string
}

const imagesAtOnce = 100

/** In alphabetical order. */
const statuses: readonly FindingRecord['status'][] = ['ACTIVE', 'CLOSED', 'SUPPRESSED']

/** An image on the way, with what the cursor needs to know of it. */
interface Passed extends ScanKey {
  readonly repository: string
  readonly at: number
}

export async function walkImages(
  walk: Walk,
  after: ImageCursor | undefined,
): Promise<WalkPage<ImageCursor>> {
  for (const [phase, status] of phasesOf(walk).entries()) {
    if (after !== undefined && phase < after.phase) continue
    const from = after?.phase === phase ? after : undefined
    for await (const passed of imagesFrom(walk, from)) {
      const isResumed = isSameImage(passed, from)
      const next = await takeImage(walk, passed, {
        status,
        after: isResumed ? from?.vulnerability : undefined,
      })
      if (next !== undefined)
        return endOfPage(walk, { phase, ...cursorOf(passed), vulnerability: next })
      if (walk.isSpent) return endOfPage(walk, { phase, ...cursorOf(passed) })
      await yieldToEventLoop()
    }
  }
  return { records: walk.records, next: undefined }
}

/** Each status for itself where they are the order. */
function phasesOf(walk: Walk): readonly (FindingRecord['status'] | undefined)[] {
  const { order } = walk.question
  if (walkFor(order.field) !== 'statuses') return [undefined]
  return order.descending ? statuses.toReversed() : statuses
}

function endOfPage(walk: Walk, next: ImageCursor): WalkPage<ImageCursor> {
  return { records: walk.records, next }
}

function cursorOf({ repository, repositoryId, digest, at }: Passed): Omit<ImageCursor, 'phase'> {
  return { repository, repositoryId, digest, at }
}

function isSameImage(passed: ScanKey, from: ImageCursor | undefined): boolean {
  return from?.repositoryId === passed.repositoryId && from.digest === passed.digest
}

/** Takes what the page has room for; the last flaw taken where there is more of the image. */
async function takeImage(
  walk: Walk,
  key: ScanKey,
  {
    status,
    after,
  }: { readonly status: FindingRecord['status'] | undefined; readonly after: string | undefined },
): Promise<string | undefined> {
  const image: RecordedImage | undefined = await walk.findImage(key)
  if (image === undefined) return undefined
  const records = (await walk.recordsOf(image)).filter(
    (record) =>
      (status === undefined || record.status === status) &&
      (after === undefined || record.vulnerability > after),
  )
  const room = walk.question.limit - walk.records.length
  const taken = records.slice(0, room)
  walk.records.push(...taken)
  return records.length > room ? (taken.at(-1)?.vulnerability ?? after ?? '') : undefined
}

async function* imagesFrom(
  walk: Walk,
  from: ImageCursor | undefined,
): AsyncGenerator<Passed, void> {
  if (walkFor(walk.question.order.field) === 'pushes') yield* byPush(walk, from)
  else yield* byRepository(walk, from)
}

async function* byPush(walk: Walk, from: ImageCursor | undefined): AsyncGenerator<Passed, void> {
  const { account, order } = walk.question
  // The image of the cursor comes again where not all of it was taken.
  if (from?.vulnerability !== undefined) yield passedOf(from)
  let after = from === undefined ? undefined : { ...from }
  for (;;) {
    const page = await listDatedImages(walk.deps.reader, account, {
      by: 'pushedAt',
      descending: order.descending,
      after,
      limit: imagesAtOnce,
    })
    for (const image of page) yield { ...image, repository: '' }
    const last = page.at(-1)
    if (last === undefined) return
    after = { ...last, repository: '', phase: 0 }
  }
}

function passedOf({ repository, repositoryId, digest, at }: ImageCursor): Passed {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- of a token that this program sealed
  return { repository, repositoryId, digest: digest as Passed['digest'], at }
}

async function* byRepository(
  walk: Walk,
  from: ImageCursor | undefined,
): AsyncGenerator<Passed, void> {
  const { reader } = walk.deps
  for await (const { id, name } of repositoriesFrom(walk, from?.repository)) {
    const isResumed = from?.repository === name && from.repositoryId === id
    if (isResumed && from.vulnerability !== undefined) yield passedOf(from)
    let after = isResumed ? from.digest : ''
    for (;;) {
      const page = await listScannedDigests(reader, id, { after, limit: imagesAtOnce })
      for (const key of page) yield { ...key, repository: name, at: 0 }
      const last = page.at(-1)
      if (last === undefined) break
      after = last.digest
    }
  }
}

/** Those whose names the criteria may mean, from one on. */
async function* repositoriesFrom(
  walk: Walk,
  from: string | undefined,
): AsyncGenerator<RepositoryRow, void> {
  const { account, criteria, order } = walk.question
  const descending = order.field === 'ECR_IMAGE_REPOSITORY_NAME' && order.descending
  const isBehind = (name: string): boolean =>
    from === undefined || (descending ? name < from : name > from)
  const named = namedValues(criteria, 'ecrImageRepositoryName')
  const first = from === undefined ? undefined : await addressed(walk, from)
  if (first !== undefined) yield first
  if (named !== undefined) {
    const sorted = descending ? named.toSorted().toReversed() : named.toSorted()
    for (const name of sorted.filter(isBehind)) {
      const found = await addressed(walk, name)
      if (found !== undefined) yield found
    }
    return
  }
  let after = from
  for (;;) {
    const page = await listRepositoryRows(walk.deps.reader, account, {
      after,
      descending,
      limit: imagesAtOnce,
    })
    for (const row of page) if (walk.isRepositoryMeant(row.name)) yield row
    const last = page.at(-1)
    if (last === undefined) return
    after = last.name
  }
}

async function addressed(walk: Walk, name: string): Promise<RepositoryRow | undefined> {
  const parsed = parseRepositoryName(name)
  if (parsed === undefined || !walk.isRepositoryMeant(name)) return undefined
  const address: RepositoryAddress = { account: walk.question.account, name: parsed }
  const found = await findRepository(walk.deps.reader, address)
  return found === undefined ? undefined : { id: found.id, name: found.name }
}
