// Purpose:  read Red Hat's VEX documents: all of them from time to time, and those that changed in between.
// Spec:     security.access.redhat.com/data/csaf/v2/vex: archive_latest.txt, changes.csv, deletions.csv, one JSON document a CVE.
// Input:    the origin's files; hostile.
// Deviates: an archive is older than its day's changes, so the documents that changed since follow it in the same state.
// Unknowns: lists of changes that cannot be read, or name more documents than are worth fetching one by one → the archive.
import { FeedError } from '../../storage/feeds/transport.ts'
import { openSpooledFile } from '../../storage/feeds/spooled-file.ts'
import type { RecordText } from '../../storage/feeds/record-text.ts'
import { formatDeltaCursor, isYoung, parseDeltaCursor, type DeltaCursor } from '../delta-cursor.ts'
import type { Feed, PartAnswer, PartOptions, PartRequest } from '../feed.ts'
import type { CutLimits } from '../json-cutter.ts'
import { getText, requireText, type FeedOrigin } from '../origin.ts'
import { wholeState } from '../parts.ts'
import { idOfPath, readChanges } from './changes.ts'
import { readVexArchive, vexRecord } from './vex-archive.ts'

export const redhatFeed: Feed = {
  name: 'redhat',
  says: 'Red Hat’s VEX documents: every flaw of Red Hat Enterprise Linux by release, open ones too; large',
  home: 'https://security.access.redhat.com/data/csaf/v2/vex',
  licence: 'CC-BY-4.0',
  // Tens of gigabytes to read, for those who have images of it.
  isDefault: false,
  ecosystems: ['Red Hat'],
  parts: { kind: 'fixed', names: [''] },
  readPart: readDocuments,
}

const maxListBytes = 256 * 1024 ** 2
/** The largest documents are those of kernels and of libraries that everything contains. */
const archiveLimits: CutLimits = { maxValueBytes: 96 * 1024 ** 2, maxTotalBytes: 256 * 1024 ** 3 }
/** Documents that are fetched one by one at most: the archive has some hundreds of megabytes. */
const maxDocuments = 2000
const dayMs = 86_400_000

async function readDocuments(
  origin: FeedOrigin,
  { cursor, now }: PartRequest,
  options: PartOptions,
): Promise<PartAnswer> {
  const known = parseDeltaCursor(cursor)
  if (known !== undefined && isYoung(known, now)) {
    const answer = await readChanged(origin, known, options)
    if (answer.kind !== 'wholeNeeded' && answer.kind !== 'absent') return answer
  }
  return readArchive(origin, { known, now }, options)
}

type Since =
  | {
      readonly kind: 'changes'
      readonly paths: readonly string[]
      readonly deleted: readonly string[]
      readonly newest: number
      /** Of the list. */
      readonly validator: string
    }
  /** The list does not tell what is new. */
  | { readonly kind: 'wholeNeeded' }
  | { readonly kind: 'unchanged' | 'absent' }

async function changesSince(
  origin: FeedOrigin,
  { since, list: validator }: Pick<DeltaCursor, 'since' | 'list'>,
  options: PartOptions,
): Promise<Since> {
  const list = await getText(origin, 'changes.csv', { maxBytes: maxListBytes, validator }, options)
  if (list.kind !== 'text') return list
  const changes = readChanges(list.text, { since, limit: maxDocuments })
  if (changes.kind !== 'changed') return { kind: 'wholeNeeded' }
  const gone = await readDeleted(origin, since, options)
  return {
    kind: 'changes',
    paths: changes.paths.filter((path) => !gone.includes(path)),
    deleted: gone.map(idOfPath),
    newest: changes.newest,
    validator: list.validator,
  }
}

async function readChanged(
  origin: FeedOrigin,
  known: DeltaCursor,
  options: PartOptions,
): Promise<PartAnswer | { readonly kind: 'wholeNeeded' }> {
  const changes = await changesSince(origin, known, options)
  if (changes.kind !== 'changes') return changes
  const { paths, deleted, newest, validator: list } = changes
  return {
    kind: 'state',
    holds: 'advisories',
    isWhole: false,
    records: readOneByOne(origin, paths, options),
    deleted,
    cursor: formatDeltaCursor({ ...known, list, since: Math.max(newest, known.since) }),
    release: () => Promise.resolve(),
  }
}

async function readDeleted(
  origin: FeedOrigin,
  since: number,
  options: PartOptions,
): Promise<readonly string[]> {
  const list = await getText(origin, 'deletions.csv', { maxBytes: maxListBytes }, options)
  if (list.kind !== 'text') return []
  const changes = readChanges(list.text, { since, limit: 100_000 })
  return changes.kind === 'changed' ? changes.paths : []
}

async function* readOneByOne(
  origin: FeedOrigin,
  paths: readonly string[],
  options: PartOptions,
): AsyncGenerator<RecordText> {
  const request = { maxBytes: archiveLimits.maxValueBytes }
  for (const [index, path] of paths.entries()) {
    const answer = await getText(origin, path, request, options)
    // One that is gone meanwhile is in the next list of deletions.
    const record = answer.kind === 'text' ? vexRecord(index + 1, path, answer.text) : undefined
    if (record !== undefined) yield record
  }
}

async function readArchive(
  origin: FeedOrigin,
  { known, now }: { readonly known: DeltaCursor | undefined; readonly now: Date },
  options: PartOptions,
): Promise<PartAnswer> {
  const index = await requireText(origin, 'archive_latest.txt', { maxBytes: 4096 }, options)
  const name = index.trim()
  const day = /^csaf_vex_([0-9]{4}-[0-9]{2}-[0-9]{2})\.tar\.zst$/.exec(name)?.[1]
  if (day === undefined)
    throw new FeedError('malformed', 'archive_latest.txt names no archive of VEX documents')
  // While the archive is the same one, changes are what is new; a mirror without a list of them has nothing new then.
  if (known !== undefined && known.validator === name) {
    const changed = await readChanged(origin, known, options)
    if (changed.kind === 'absent') return { kind: 'unchanged' }
    if (changed.kind !== 'wholeNeeded') return changed
  }
  const answer = await origin.get(name, {}, options)
  if (answer.kind !== 'fetched') throw new FeedError('refused', `the origin has no ${name}`)
  const since = Date.parse(`${day}T00:00:00Z`) - dayMs
  const cursor = { since, wholeAt: now.getTime(), validator: name, list: undefined }
  const changes = await changesSince(origin, cursor, options)
  // What changed meanwhile comes after the archive, so that it counts: else older documents stood in the place of newer ones.
  const paths = changes.kind === 'changes' ? changes.paths : []
  const records = async function* (path: string): AsyncGenerator<RecordText> {
    yield* readVexArchive(openSpooledFile(path), archiveLimits)
    yield* readOneByOne(origin, paths, options)
  }
  const next =
    changes.kind === 'changes'
      ? { ...cursor, list: changes.validator, since: Math.max(changes.newest, since) }
      : cursor
  return { ...wholeState(answer, { records }), cursor: formatDeltaCursor(next) }
}
