// Purpose:  read the archive of all advisories in OSV's format, an ecosystem at a time.
// Spec:     OSV, "Data sources": <ecosystem>/all.zip, <ecosystem>/modified_id.csv, <ecosystem>/<id>.json.
// Input:    the archive's files; hostile.
// Deviates: nothing.
// Unknowns: a list of changes that cannot be read → the whole archive of the ecosystem is fetched instead.
import { recordLimits } from '../storage/feeds/record-limits.ts'
import { readZipRecords } from '../storage/feeds/zip.ts'
import {
  formatDeltaCursor,
  maxSingles,
  parseDeltaCursor,
  isYoung,
  wholeOverlapMs,
  type DeltaCursor,
} from './delta-cursor.ts'
import type { Feed, PartAnswer, PartOptions, PartRequest, PartState } from './feed.ts'
import { readModifiedIds, type ModifiedIds } from './modified-ids.ts'
import { getText, type FeedOrigin, type TextAnswer } from './origin.ts'
import { wholeState } from './parts.ts'
import { readSingles } from './singles.ts'

/** Those that most images have packages of, and whose files are of moderate size. */
const defaultEcosystems = [
  'Debian',
  'Alpine',
  'Wolfi',
  'Chainguard',
  'AlmaLinux',
  'Rocky Linux',
  'npm',
  'PyPI',
  'Maven',
  'Go',
  'crates.io',
  'NuGet',
  'RubyGems',
  'Packagist',
  'Bitnami',
] as const

export const osvFeed: Feed = {
  name: 'osv',
  says: 'the archive of advisories in OSV’s format, gathered from some thirty databases; each ecosystem is a part',
  home: 'https://osv-vulnerabilities.storage.googleapis.com',
  licence: 'by database: CC-BY-4.0, CC0-1.0, MIT, Apache-2.0 and others (osv.dev, “Data sources”)',
  isDefault: true,
  ecosystems: defaultEcosystems,
  parts: {
    kind: 'fixed',
    names: defaultEcosystems,
    accepts: (part) => /^[A-Za-z][A-Za-z0-9 .-]{0,63}$/.test(part),
  },
  readPart: readEcosystem,
}

const maxListBytes = 256 * 1024 ** 2

async function readEcosystem(
  origin: FeedOrigin,
  request: PartRequest,
  options: PartOptions,
): Promise<PartAnswer> {
  const known = parseDeltaCursor(request.cursor)
  const delta = known !== undefined && isYoung(known, request.now) ? known : undefined
  const asked = { maxBytes: maxListBytes, validator: delta?.list }
  const list = await getText(origin, `${request.part}/modified_id.csv`, asked, options)
  if (list.kind === 'unchanged') return { kind: 'unchanged' }
  const changes = changesIn(list, delta)
  const listed = {
    list: list.kind === 'text' ? list.validator : undefined,
    newest: changes.kind === 'unreadable' ? undefined : Date.parse(changes.newest),
  }
  if (delta === undefined || changes.kind !== 'changed')
    return readArchive(origin, { ...request, known, ...listed }, options)
  if (changes.ids.length === 0) return { kind: 'unchanged' }
  return singlesOf(origin, { ...request, known: delta, ...listed, ids: changes.ids }, options)
}

function changesIn(list: TextAnswer, delta: DeltaCursor | undefined): ModifiedIds {
  if (list.kind !== 'text') return { kind: 'unreadable' }
  const limit = delta === undefined ? 0 : maxSingles
  return readModifiedIds(list.text, { since: delta?.since ?? 0, limit })
}

interface Listed {
  readonly part: string
  readonly now: Date
  /** Of the list; undefined where there is none that can be read. */
  readonly list: string | undefined
  readonly newest: number | undefined
}

/** Records that changed, each by itself. */
async function singlesOf(
  origin: FeedOrigin,
  changed: Listed & { readonly known: DeltaCursor; readonly ids: readonly string[] },
  options: PartOptions,
): Promise<PartState> {
  const { part, known, list, ids, newest = 0 } = changed
  const paths = ids.map((id) => `${part}/${id}.json`)
  return Promise.resolve({
    kind: 'state',
    holds: 'advisories',
    isWhole: false,
    records: readSingles(origin, paths, options),
    cursor: formatDeltaCursor({ ...known, list, since: Math.max(newest, known.since) }),
    release: () => Promise.resolve(),
  })
}

async function readArchive(
  origin: FeedOrigin,
  at: Listed & { readonly known: DeltaCursor | undefined },
  options: PartOptions,
): Promise<PartAnswer> {
  const { part, known, list, newest, now } = at
  const answer = await origin.get(`${part}/all.zip`, { validator: known?.validator }, options)
  if (answer.kind !== 'fetched') return answer
  const state = wholeState(answer, { records: (path) => readZipRecords(path, recordLimits) })
  const since = newest === undefined ? 0 : newest - wholeOverlapMs
  const { validator } = answer
  return { ...state, cursor: formatDeltaCursor({ since, wholeAt: now.getTime(), validator, list }) }
}
