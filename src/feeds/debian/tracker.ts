// Purpose:  Debian's security tracker as records, one for each flaw of a source package.
// Spec:     security-tracker.debian.org/tracker/data/json: {source: {flaw: {releases: {codename: {status, fixed_version, urgency, nodsa, nodsa_reason}}}}}.
// Input:    the file's bytes; hostile.
// Deviates: a record is of one source package, not of one flaw: a change then touches that package only. Its id is that
//           of OSV's records of Debian with the package behind it.
// Unknowns: a release that has no number here is passed over; a status that stands in no table, and `undetermined`, are
//           affected without a fix, the source's word beside it; an entry that is not of this form is unreadable.
import type { RecordText } from '../../storage/feeds/record-text.ts'
import { cutJson, type CutLimits, type CutValue } from '../json-cutter.ts'
import { isObject, parseObject, textOf, type JsonObject } from '../json-values.ts'
import {
  affectedUntil,
  recordText,
  unreadable,
  type OsvAffected,
  type OsvRecord,
} from '../osv-record.ts'

/** By codename; unstable has no advisories of its own in images, whose release files do not tell its state. */
const releases: ReadonlyMap<string, string> = new Map([
  ['wheezy', '7'],
  ['jessie', '8'],
  ['stretch', '9'],
  ['buster', '10'],
  ['bullseye', '11'],
  ['bookworm', '12'],
  ['trixie', '13'],
  ['forky', '14'],
  ['duke', '15'],
])

const tracker = 'https://security-tracker.debian.org/tracker/'
const flawId = /^(?:CVE-[0-9]{4}-[0-9]{4,19}|TEMP-[0-9A-F]{1,10}-[0-9A-F]{1,10})$/
const sourceName = /^[a-z0-9][a-z0-9+.-]{0,80}$/

/** Records in the order of the file. Fails with a FeedError where the file is cut off or no such JSON. */
export async function* readDebianTracker(
  source: AsyncIterable<Uint8Array>,
  limits: CutLimits,
): AsyncGenerator<RecordText> {
  for await (const cut of cutJson(source, ['*', '*'], limits)) {
    const read = readFlaw(cut)
    if (typeof read === 'string') yield unreadable(cut.line, read)
    else if (read !== undefined) yield recordText(cut.line, read)
  }
}

/** undefined where no numbered release has the package, a reason where it cannot be read. */
function readFlaw(cut: CutValue): OsvRecord | string | undefined {
  const [source = '', flaw = ''] = cut.keys
  const place = `${source.slice(0, 100)}, ${flaw.slice(0, 100)}`
  if (!sourceName.test(source)) return `${place}: is no name of a source package`
  if (!flawId.test(flaw)) return `${place}: is no id of a flaw`
  if (cut.kind === 'too-long') return `${place}: the entry is too long`
  const entry = parseObject(cut.text)
  if (entry === undefined) return `${place}: is no object`
  const { releases: states = {} } = entry
  if (!isObject(states)) return `${place}: has no releases`
  const affected = affectedIn(states, source)
  if (typeof affected === 'string') return `${place}: ${affected}`
  return affected.length === 0 ? undefined : describe({ source, flaw, entry, affected })
}

function affectedIn(states: JsonObject, name: string): readonly OsvAffected[] | string {
  const affected: OsvAffected[] = []
  for (const [codename, state] of Object.entries(states)) {
    const release = releases.get(codename)
    if (release === undefined) continue
    const read = isObject(state) ? readState(state) : 'is no object'
    if (typeof read === 'string') return `${codename} ${read}`
    affected.push({ package: { ecosystem: `Debian:${release}`, name }, ...read })
  }
  return affected
}

function describe({
  source,
  flaw,
  entry,
  affected,
}: {
  readonly source: string
  readonly flaw: string
  readonly entry: JsonObject
  readonly affected: readonly OsvAffected[]
}): OsvRecord {
  const description = textOf(entry['description'])
  return {
    id: `DEBIAN-${flaw}:${source}`,
    aliases: [flaw],
    ...(description !== undefined && { details: description }),
    affected,
    references: [{ type: 'ADVISORY', url: `${tracker}${flaw}` }],
  }
}

/** What one release has; a reason where that cannot be told. */
function readState(state: JsonObject): Omit<OsvAffected, 'package'> | string {
  const { status, fixed_version: fixed } = state
  if (typeof status !== 'string') return 'has no status'
  const specific = specificOf(state, status)
  if (status !== 'resolved') return { ranges: affectedUntil(undefined), ...specific }
  if (typeof fixed !== 'string' || fixed === '') return 'is resolved and has no fixed version'
  // Never affected: the record still names the package, so that the distribution has spoken of the flaw.
  return { ranges: fixed === '0' ? [] : affectedUntil(fixed), ...specific }
}

function specificOf(state: JsonObject, status: string): Pick<OsvAffected, 'ecosystem_specific'> {
  // Ratings that the tracker took over from NVD end in asterisks.
  const urgency = textOf(state['urgency'])?.replace(/\*+$/, '')
  const note = textOf(state['nodsa'])
  return {
    ecosystem_specific: {
      ...(urgency !== undefined && urgency !== 'not yet assigned' && { urgency }),
      ...(status !== 'resolved' && { status: wordOf(state, status, urgency) }),
      ...(status !== 'resolved' && note !== undefined && { note }),
    },
  }
}

/** `ignored` and `postponed` are why there is no announcement; without a reason a point release may mend it. */
function wordOf(state: JsonObject, status: string, urgency: string | undefined): string {
  const reason = textOf(state['nodsa_reason'])
  if (status !== 'open') return status
  return reason ?? (urgency === 'end-of-life' ? urgency : status)
}
