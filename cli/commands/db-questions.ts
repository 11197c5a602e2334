import { isBundlePath, bodyOf, type BundleFlags } from './db-bundle.ts'
import { exitCodes, Failure } from '../failure.ts'
import { jsonOf, linesOf } from '../json.ts'
import { note, render, renderTable, say, type Format } from '../output.ts'
import { callServer, openSession, type Session } from '../session.ts'
import { configOf } from '../settings.ts'

interface RecordDifference {
  readonly kind: 'record'
  readonly source: string
  readonly id: string
  readonly change: 'added' | 'changed' | 'removed'
  readonly what?: readonly string[]
}

interface DifferenceSummary {
  readonly kind: 'summary'
  readonly from: string
  readonly to: string
  readonly sources: readonly {
    readonly source: string
    readonly added: number
    readonly changed: number
    readonly removed: number
    readonly textsOnly: number
  }[]
}

/** Records that are shown of a comparison where not all are asked for. */
const shownDifferences = 20

export interface DiffFlags extends Pick<BundleFlags, 'allowUnsigned'> {
  readonly all?: true
  readonly output: Format
}

/** Two states of the data, or what importing a bundle would change. */
export async function diffData(
  from: string,
  to: string | undefined,
  flags: DiffFlags,
): Promise<void> {
  const session = openSession(configOf({}))
  const response = isBundlePath(from)
    ? await askBundle(session, from, to, flags)
    : await callServer(
        session,
        'GET',
        `/pratique/v1/advisories/differences?${new URLSearchParams({ from, to: to ?? 'now' }).toString()}`,
      )
  const records: RecordDifference[] = []
  let told = 0
  let summary: DifferenceSummary | undefined
  for await (const line of linesOf<RecordDifference | DifferenceSummary>(response)) {
    if (line.kind === 'summary') summary = line
    else {
      told += 1
      if (flags.all === true || records.length < shownDifferences) records.push(line)
    }
  }
  if (summary === undefined) throw new Failure(exitCodes.error, 'the answer broke off')
  const answer = { ...summary, records, isComplete: told === records.length }
  say(render(flags.output, answer, () => renderDifferences(answer)))
  if (!answer.isComplete) note(`${told - records.length} more records; --all shows them`)
}

async function askBundle(
  session: Session,
  bundle: string,
  to: string | undefined,
  { allowUnsigned }: DiffFlags,
): Promise<Response> {
  if (to !== undefined && to !== 'now')
    throw new Failure(
      exitCodes.usage,
      'a bundle is compared with what is in force now',
      `pratique db diff ${bundle}`,
    )
  const query = allowUnsigned === true ? '?allow-unsigned=true' : ''
  const path = `/pratique/v1/advisories/bundle/differences${query}`
  return callServer(session, 'POST', path, await bodyOf(bundle))
}

function renderDifferences(
  answer: DifferenceSummary & { readonly records: readonly RecordDifference[] },
): string {
  if (answer.sources.length === 0) return `${answer.from} and ${answer.to} are the same`
  const counts = answer.sources.map((one) => [
    one.source,
    ...[one.added, one.changed, one.textsOnly, one.removed].map(String),
  ])
  const table = renderTable(['SOURCE', 'ADDED', 'CHANGED', 'TEXTS ONLY', 'REMOVED'], counts)
  const rows = answer.records.map(({ source, id, change, what }) => [
    change,
    id,
    source,
    (what ?? []).join(', '),
  ])
  const records = renderTable(['CHANGE', 'RECORD', 'SOURCE', 'WHAT'], rows)
  return `from ${answer.from} to ${answer.to}\n${table}\n\n${records}`
}

interface Search {
  readonly revision: number
  readonly isComplete: boolean
  readonly found: readonly {
    readonly id: string
    readonly source: string
    readonly matched: string
    readonly summary?: string
    readonly isWithdrawn: boolean
  }[]
}

export async function searchData(
  text: string,
  { limit, output }: { readonly limit: string; readonly output: Format },
): Promise<void> {
  const query = new URLSearchParams({ text, limit })
  const path = `/pratique/v1/advisories/search?${query.toString()}`
  const answer = await jsonOf<Search>(await callServer(openSession(configOf({})), 'GET', path))
  say(render(output, answer, () => renderFound(answer)))
  if (!answer.isComplete) note('there are more; --limit shows them, up to 1000')
  if (answer.found.length === 0) process.exitCode = exitCodes.notFound
}

function renderFound({ found, revision }: Search): string {
  if (found.length === 0) return `no record of revision ${revision} has it`
  const rows = found.map(({ id, source, matched, summary, isWithdrawn }) => [
    id,
    source,
    isWithdrawn ? `${matched}, withdrawn` : matched,
    (summary ?? '').slice(0, 80),
  ])
  return renderTable(['RECORD', 'SOURCE', 'BY', 'SUMMARY'], rows)
}

interface Shown {
  readonly id: string
  readonly sources: readonly {
    readonly source: string
    readonly record?: {
      readonly aliases: readonly string[]
      readonly summary?: string
      readonly affected: readonly {
        readonly ecosystem: string
        readonly name: string
        readonly intervals: readonly {
          readonly introduced?: string
          readonly end: { readonly kind: string; readonly version?: string }
        }[]
        readonly versions: readonly string[]
      }[]
    }
    readonly history: readonly {
      readonly fromRevision: number
      readonly from?: string
      readonly untilRevision?: number
      readonly until?: string
      readonly withdrawn?: string
      readonly what?: readonly string[]
    }[]
    readonly packages?: readonly {
      readonly name: string
      readonly version: string
      readonly verdict: string
      readonly severity: string
      readonly fixedVersion?: string
      readonly images: number
      readonly isCountComplete: boolean
    }[]
  }[]
}

export async function showRecord(
  id: string,
  { output }: { readonly output: Format },
): Promise<void> {
  const session = openSession(configOf({}))
  const shown = await askRecord(session, id)
  say(render(output, shown, () => shown.sources.map(renderRecord).join('\n\n')))
}

/** Who holds what is told to the account that runs the installation; others get the record. */
async function askRecord(session: Session, id: string): Promise<Shown> {
  const path = `/pratique/v1/advisories/record?${new URLSearchParams({ id }).toString()}`
  try {
    return await jsonOf<Shown>(await callServer(session, 'GET', `${path}&holders=true`))
  } catch (error) {
    if (!(error instanceof Failure) || error.exitCode !== exitCodes.notAllowed) throw error
    const shown = await jsonOf<Shown>(await callServer(session, 'GET', path))
    note('which stored packages match is told to the account that runs the installation')
    return shown
  }
}

const shownAffected = 20

function renderRecord({ source, record, history, packages }: Shown['sources'][number]): string {
  const affected = (record?.affected ?? []).map(
    ({ ecosystem, name, intervals, versions }) =>
      `  ${ecosystem} ${name}: ${[...intervals.map(rangeOf), ...(versions.length === 0 ? [] : [`${versions.length} versions by name`])].join(', ') || 'no versions'}`,
  )
  const more = affected.length - shownAffected
  return [
    `${source}: ${record === undefined ? 'taken away' : (record.summary ?? 'no summary')}`,
    ...(record === undefined || record.aliases.length === 0
      ? []
      : [`also ${record.aliases.join(', ')}`]),
    ...affected.slice(0, shownAffected),
    ...(more > 0 ? [`  and ${more} more packages: --output json shows them`] : []),
    'history:',
    ...history.map(renderVersion),
    ...renderHolders(packages),
  ].join('\n')
}

function rangeOf({
  introduced,
  end,
}: {
  readonly introduced?: string
  readonly end: { readonly kind: string; readonly version?: string }
}): string {
  const from = introduced === undefined ? 'all' : `from ${introduced}`
  const words: Readonly<Record<string, string>> = {
    fixed: 'before',
    lastAffected: 'up to',
    limit: 'before (limit)',
    open: 'without a fix',
  }
  return `${from} ${words[end.kind] ?? end.kind} ${end.version ?? ''}`.trimEnd()
}

function renderVersion(version: Shown['sources'][number]['history'][number]): string {
  const { fromRevision, from, untilRevision, until, what, withdrawn } = version
  const end =
    untilRevision === undefined ? 'in force' : `until revision ${untilRevision}${dated(until)}`
  const changed = what === undefined ? '' : `; changed: ${what.join(', ')}`
  const gone = withdrawn === undefined ? '' : `; withdrawn ${withdrawn.slice(0, 10)}`
  return `  revision ${fromRevision}${dated(from)}, ${end}${changed}${gone}`
}

function dated(at: string | undefined): string {
  return at === undefined ? '' : ` (${at.slice(0, 16)}Z)`
}

function renderHolders(packages: Shown['sources'][number]['packages']): readonly string[] {
  if (packages === undefined) return []
  if (packages.length === 0) return ['no stored package matches it']
  const rows = packages.map((one) => [
    one.name,
    one.version,
    one.verdict,
    one.severity,
    one.fixedVersion ?? '',
    `${one.images}${one.isCountComplete ? '' : ' or more'}`,
  ])
  return [renderTable(['PACKAGE', 'VERSION', 'VERDICT', 'SEVERITY', 'FIXED IN', 'IMAGES'], rows)]
}
