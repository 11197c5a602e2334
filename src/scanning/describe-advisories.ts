import type { Clock } from '../lib/clock.ts'
import type { SqlReader } from '../storage/database/database.ts'
import { listAdvisorySources, type AdvisorySource } from './advisory-source-store.ts'
import { readAdvisoryState } from './advisory-state-store.ts'
import { listFeedParts, type FeedPart } from './feed-part-store.ts'
import {
  findLastBundleImport,
  listBundledSources,
  type BundleImport,
} from './bundles/bundle-store.ts'
import { factSource } from './rules/bundle-manifest.ts'
import { listCveFactSources, type CveFactSource } from './cve-fact-store.ts'
import { listFrozenEcosystems, type SourceEcosystem } from './source-ecosystem-store.ts'
import { ageOf, defaultStaleAfterMs, judgeDataAge } from './rules/data-age.ts'

export interface AdvisoryDescription {
  readonly revision: number
  /** False while packages wait to be matched against the newest revision. */
  readonly isEvaluated: boolean
  /** The last import that succeeded; of the starter set only where there is nothing else. */
  readonly updatedAt: Date | undefined
  readonly ageSeconds: number | undefined
  readonly stale: boolean
  /** Why it is stale. */
  readonly staleReason: string | undefined
  readonly sources: readonly DescribedSource[]
  /** Parts of feeds that were asked for ever, with what keeps them from being newer. */
  readonly feeds: readonly DescribedPart[]
  /** Releases that left their feed as a whole; what it said last of them stays in force. */
  readonly frozenReleases: readonly SourceEcosystem[]
  /** EPSS, CISA's catalogue, scores; those that were never imported are absent. */
  readonly cveFacts: readonly DescribedFacts[]
  /** The bundle that came in last; undefined where none did. */
  readonly bundle: BundleImport | undefined
  /** The oldest revision that can be asked for. */
  readonly keptFromRevision: number
}

export interface DescribedSource extends Omit<AdvisorySource, 'validator'> {
  /** Of what a bundle brought: when it was the origin's newest, where the bundle was made. */
  readonly asOf: Date | undefined
  /** Since then, or since its last import; undefined before the first. */
  readonly ageSeconds: number | undefined
}

export interface DescribedFacts extends CveFactSource {
  /** Since the last import, here or where the bundle was made that brought them. */
  readonly ageSeconds: number | undefined
}

export type DescribedPart = Omit<FeedPart, 'cursor'>

/** What vulnerability data there is, and how old. */
export async function describeAdvisories(
  { database, clock }: { readonly database: SqlReader; readonly clock: Clock },
  { staleAfterMs = defaultStaleAfterMs }: { readonly staleAfterMs?: number } = {},
): Promise<AdvisoryDescription> {
  const now = clock.now()
  const state = await readAdvisoryState(database)
  const bundled = new Map(
    (await listBundledSources(database)).map(({ source, asOf }) => [source, asOf]),
  )
  const ageSince = (date: Date | undefined): number | undefined =>
    date === undefined ? undefined : ageOf(date, now)
  const sources = (await listAdvisorySources(database)).map((source) => ({
    ...source,
    asOf: bundled.get(source.name),
  }))
  const age = judgeDataAge(sources, { now, staleAfterMs })
  return {
    revision: state.revision,
    isEvaluated: state.evaluatedRevision >= state.revision,
    updatedAt: age.updatedAt,
    ageSeconds: age.ageSeconds,
    stale: age.stale,
    staleReason: age.stale ? age.reason : undefined,
    feeds: (await listFeedParts(database)).map(({ cursor: _cursor, ...part }) => part),
    frozenReleases: await listFrozenEcosystems(database),
    cveFacts: (await listCveFactSources(database)).map((facts) => ({
      ...facts,
      ageSeconds: ageSince(bundled.get(factSource(facts.kind)) ?? facts.importedAt),
    })),
    bundle: await findLastBundleImport(database),
    keptFromRevision: state.keptFrom,
    sources: sources.map(({ validator: _validator, ...source }) => ({
      ...source,
      ageSeconds: ageSince(source.asOf ?? source.importedAt),
    })),
  }
}
