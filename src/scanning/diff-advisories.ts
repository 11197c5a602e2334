import { yieldToEventLoop } from '../lib/yield-to-event-loop.ts'
import type { SqlReader } from '../storage/database/database.ts'
import { listChangedSources } from './advisory-history-store.ts'
import { findRecord } from './bundles/bundle-store.ts'
import { compareStates } from './rules/compare-states.ts'
import { recordHashes } from './bundles/states.ts'
import { findRevision } from './find-revision.ts'
import { differencesOf, type Facet } from './rules/advisory-differences.ts'
import { readStoredAdvisory } from './rules/normalised-advisory.ts'

export type RecordChange = 'added' | 'changed' | 'removed'

export type DifferenceLine =
  | {
      readonly kind: 'record'
      readonly source: string
      readonly id: string
      readonly change: RecordChange
      /** Of a changed one: in what it differs, the most telling first. */
      readonly what?: readonly Facet[]
    }
  | DifferenceSummary

/** The last line. */
export interface DifferenceSummary {
  readonly kind: 'summary'
  readonly from: string
  readonly to: string
  readonly sources: readonly SourceDifferences[]
}

export interface SourceDifferences {
  readonly source: string
  readonly added: number
  readonly changed: number
  readonly removed: number
  /** Of the changed ones: those that differ in their texts, dates and references only. */
  readonly textsOnly: number
}

type Options = { readonly signal: AbortSignal }

/**
 * What of the data differs between two revisions, record by record, then the counts of each source. Either may be the later
 * one: what the second has and the first has not is added. REVISION_UNKNOWN and REVISION_FORGOTTEN where one cannot be asked for.
 */
export async function* diffAdvisories(
  reader: SqlReader,
  asked: { readonly from: string; readonly to: string },
  options: Options,
): AsyncGenerator<DifferenceLine, void> {
  const from = await findRevision(reader, asked.from)
  const to = await findRevision(reader, asked.to)
  const between = { after: Math.min(from, to), to: Math.max(from, to) }
  const sources: SourceDifferences[] = []
  for (const source of await listChangedSources(reader, between)) {
    const steps = compareStates(
      recordHashes(reader, { source, revision: from }, options),
      recordHashes(reader, { source, revision: to }, options),
    )
    const at = (revision: number) => (key: string) => findRecord(reader, { source, key, revision })
    const told = tellDifferences({ source, steps, before: at(from), after: at(to) }, options)
    sources.push(yield* told)
  }
  yield {
    kind: 'summary',
    from: `revision ${from}`,
    to: `revision ${to}`,
    sources: sources.filter(({ added, changed, removed }) => added + changed + removed > 0),
  }
}

interface Step {
  readonly key: string
  readonly before: { readonly hash: string } | undefined
  readonly after: { readonly hash: string } | undefined
}

/** Of one source; records are read only where both states have one. */
export async function* tellDifferences(
  given: {
    readonly source: string
    readonly steps: AsyncIterable<Step>
    readonly before: (key: string) => Promise<string | undefined>
    readonly after: (key: string) => Promise<string | undefined>
  },
  { signal }: Options,
): AsyncGenerator<DifferenceLine, SourceDifferences> {
  const { source } = given
  const counts = { added: 0, changed: 0, removed: 0, textsOnly: 0 }
  let told = 0
  for await (const { key, before, after } of given.steps) {
    if (before?.hash === after?.hash) continue
    const change = changeOf(before, after)
    counts[change] += 1
    const line = { kind: 'record', source, id: key, change } as const
    if (change === 'changed') {
      const what = differences(await given.before(key), await given.after(key))
      if (what.every((facet) => facet === 'texts')) counts.textsOnly += 1
      yield { ...line, what }
    } else yield line
    told += 1
    if (told % 50 !== 0) continue
    signal.throwIfAborted()
    await yieldToEventLoop()
  }
  return { source, ...counts }
}

function changeOf(before: unknown, after: unknown): RecordChange {
  if (before === undefined) return 'added'
  return after === undefined ? 'removed' : 'changed'
}

function differences(before: string | undefined, after: string | undefined): readonly Facet[] {
  if (before === undefined || after === undefined)
    throw new Error('a record of a revision that is kept is gone')
  return differencesOf(readStoredAdvisory(before), readStoredAdvisory(after))
}
