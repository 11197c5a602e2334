// Findings of all images of an account that meet criteria, in an order, page by page.
import { parseDigest } from '../oci/digest.ts'
import { parseRepositoryName } from '../oci/repository-name.ts'
import { findRepository } from '../registry/repository-store.ts'
import { parseArn } from '../policy/arn.ts'
import { scanningError } from './errors.ts'
import type { FindingRecord } from './finding-record.ts'
import { openRecordReader } from './read-records.ts'
import { Walk, type RecordListDeps, type RecordQuestion, type WalkPage } from './record-walk.ts'
import { listScannedDigests, listScansOfDigest } from './recorded-image-store.ts'
import { namedValues } from './rules/finding-criteria.ts'
import { placeOfFinding } from './rules/finding-id.ts'
import { walkFor, type RecordPlace } from './rules/record-order.ts'
import type { ScanKey } from './scan-store.ts'
import { walkFewImages } from './walk-few-images.ts'
import { walkFlaws, type FlawCursor } from './walk-flaws.ts'
import { walkImages, type ImageCursor } from './walk-images.ts'
import { walkTimes, type TimeCursor } from './walk-times.ts'

/** Where a page ended, in the walk that it was made by. */
export type RecordCursor =
  | { readonly walk: 'few'; readonly after: RecordPlace }
  | { readonly walk: 'images'; readonly after: ImageCursor }
  | { readonly walk: 'flaws'; readonly after: FlawCursor }
  | { readonly walk: 'times'; readonly after: TimeCursor }

export interface RecordPage {
  readonly records: readonly FindingRecord[]
  /** Undefined at the end. A page may be short, or empty, and not the last: what one may cost is bounded. */
  readonly next: RecordCursor | undefined
}

/** So many images are gone through for each page, whatever the order. */
const fewImages = 20
/** A list that began with few images goes on so, though more are pushed meanwhile. */
const fewImagesOnTheWay = 500

/**
 * One page. An order of flaws goes through the flaws, and finds their images by the packages; one of images goes through the images;
 * nothing is kept of findings but the page. Throws INDEX_PENDING while an order of flaws is being made for new data.
 */
export async function listRecords(
  deps: RecordListDeps,
  asked: RecordQuestion,
  cursor: RecordCursor | undefined,
): Promise<RecordPage> {
  const first = cursor === undefined ? await beginning(deps, asked) : { walk: cursor.walk }
  const question = first.walk === 'flaws' ? inOrderOfFlaws(asked) : asked
  const walk = new Walk(deps, question, await openRecordReader(deps))
  switch (first.walk) {
    case 'few':
      return fewPage(walk, first.keys, cursor)
    case 'images':
      return imagesPage(walk, cursor)
    case 'flaws':
      return flawsPage(walk, cursor)
    case 'times':
      return timesPage(walk, cursor)
  }
}

async function fewPage(
  walk: Walk,
  known: readonly ScanKey[] | undefined,
  cursor: RecordCursor | undefined,
): Promise<RecordPage> {
  const keys = known ?? (await meantImages(walk.deps, walk.question, fewImagesOnTheWay))
  if (keys === undefined) throw outdated()
  const page = await walkFewImages(walk, keys, cursor?.walk === 'few' ? cursor.after : undefined)
  return pageOf(page, (after) => ({ walk: 'few', after }))
}

async function imagesPage(walk: Walk, cursor: RecordCursor | undefined): Promise<RecordPage> {
  const page = await walkImages(walk, cursor?.walk === 'images' ? cursor.after : undefined)
  return pageOf(page, (after) => ({ walk: 'images', after }))
}

async function flawsPage(walk: Walk, cursor: RecordCursor | undefined): Promise<RecordPage> {
  const page = await walkFlaws(walk, cursor?.walk === 'flaws' ? cursor.after : undefined)
  return pageOf(page, (after) => ({ walk: 'flaws', after }))
}

async function timesPage(walk: Walk, cursor: RecordCursor | undefined): Promise<RecordPage> {
  const page = await walkTimes(walk, cursor?.walk === 'times' ? cursor.after : undefined)
  return pageOf(page, (after) => ({ walk: 'times', after }))
}

function outdated(): Error {
  return scanningError('LIST_OUTDATED', 'the list has changed since its first page; list again')
}

function pageOf<C>(
  { records, next }: WalkPage<C>,
  cursorOf: (after: C) => RecordCursor,
): RecordPage {
  return { records, next: next === undefined ? undefined : cursorOf(next) }
}

/** An order that all images have in common is any. */
function inOrderOfFlaws(question: RecordQuestion): RecordQuestion {
  return walkFor(question.order.field) === 'flaws'
    ? question
    : { ...question, order: { field: 'VULNERABILITY_ID', descending: false } }
}

interface Beginning {
  readonly walk: RecordCursor['walk']
  readonly keys?: readonly ScanKey[]
}

async function beginning(deps: RecordListDeps, question: RecordQuestion): Promise<Beginning> {
  const { criteria, order } = question
  const keys = await meantImages(deps, question, fewImages)
  if (keys !== undefined) return { walk: 'few', keys }
  const walk = walkFor(order.field)
  if (walk === 'flaws' || walk === 'times') return { walk }
  // Of a few flaws the packages lead to the images.
  const isOfFlaws = namedValues(criteria, 'vulnerabilityId') !== undefined
  const isAnyOrder = walk === 'images' && order.field !== 'ECR_IMAGE_REPOSITORY_NAME'
  return { walk: isOfFlaws && isAnyOrder ? 'flaws' : 'images' }
}

/** The images that the criteria leave, where they are named and not more than some. */
async function meantImages(
  deps: RecordListDeps,
  { account, criteria }: RecordQuestion,
  most: number,
): Promise<readonly ScanKey[] | undefined> {
  const { reader } = deps
  const ids = namedValues(criteria, 'findingArn')
  if (ids !== undefined) return imagesOfFindings(deps, ids)
  const arns = namedValues(criteria, 'resourceId')
  if (arns !== undefined) return ofArns(deps, arns, account)
  const digests = namedValues(criteria, 'ecrImageHash')
  if (digests !== undefined) {
    const found: ScanKey[] = []
    for (const digest of digests)
      found.push(...(await listScansOfDigest(reader, account, digest, most + 1)))
    return found.length > most ? undefined : found
  }
  const names = namedValues(criteria, 'ecrImageRepositoryName')
  return names === undefined ? undefined : ofRepositories(deps, { names, account, most })
}

/** Images whose findings have these ids; of a made-up one there is none, or one that has no such finding. */
export async function imagesOfFindings(
  { reader }: Pick<RecordListDeps, 'reader'>,
  arns: readonly string[],
): Promise<readonly ScanKey[]> {
  const keys = new Map<string, ScanKey>()
  for (const arn of arns) {
    const place = placeOfFinding(parseArn(arn)?.resource.replace(/^finding\//, '') ?? '')
    if (place === undefined) continue
    for (const algorithm of ['sha256', 'sha512']) {
      const after = `${algorithm}:${place.digestStart}`
      // `g` is above all hex digits, as `~` is above all names.
      const page = { after, before: `${after}g`, limit: fewImages }
      for (const key of await listScannedDigests(reader, place.repositoryId, page))
        keys.set(`${key.repositoryId} ${key.digest}`, key)
    }
  }
  return [...keys.values()]
}

async function ofArns(
  { reader }: RecordListDeps,
  arns: readonly string[],
  account: RecordQuestion['account'],
): Promise<readonly ScanKey[]> {
  const keys: ScanKey[] = []
  for (const arn of arns) {
    const [, name = '', digestText = ''] =
      /^repository\/(.+)\/([^/]+)$/.exec(parseArn(arn)?.resource ?? '') ?? []
    const [parsed, digest] = [parseRepositoryName(name), parseDigest(digestText)]
    if (parsed === undefined || digest === undefined) continue
    const found = await findRepository(reader, { account, name: parsed })
    if (found !== undefined) keys.push({ repositoryId: found.id, digest })
  }
  return keys
}

async function ofRepositories(
  { reader }: RecordListDeps,
  {
    names,
    account,
    most,
  }: {
    readonly names: readonly string[]
    readonly account: RecordQuestion['account']
    readonly most: number
  },
): Promise<readonly ScanKey[] | undefined> {
  const keys: ScanKey[] = []
  for (const name of names) {
    const parsed = parseRepositoryName(name)
    const found =
      parsed === undefined ? undefined : await findRepository(reader, { account, name: parsed })
    if (found === undefined) continue
    keys.push(...(await listScannedDigests(reader, found.id, { after: '', limit: most + 1 })))
    if (keys.length > most) return undefined
  }
  return keys
}
