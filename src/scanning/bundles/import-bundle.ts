import { Readable } from 'node:stream'
import type { RecordText } from '../../storage/feeds/record-text.ts'
import type { SqlWriter } from '../../storage/database/database.ts'
import { writeAdvisorySource } from '../advisory-source-store.ts'
import { readAdvisoryState } from '../advisory-state-store.ts'
import { importAdvisories, type AdvisoryImportResult } from '../import-advisories.ts'
import { importCveFacts } from '../import-cve-facts.ts'
import type { ImportDeps } from '../import-lease.ts'
import { readNormalisedAdvisory } from '../rules/normalised-advisory.ts'
import { insertBundleImport, writeBundledSource } from './bundle-store.ts'
import { decodePart, type PartDeps } from './part-files.ts'
import {
  planImport,
  type BundlePlan,
  type FactPlan,
  type PlanInput,
  type SourcePlan,
} from './plan-import.ts'
import { openBundle, type OpenBundleInput, type OpenedBundle } from './read-bundle.ts'
import { readBundleRecords } from './read-records.ts'
import { factSource, type BundlePart } from '../rules/bundle-manifest.ts'

export interface BundleImportDeps extends ImportDeps, PartDeps {}

export interface BundleImportInput extends OpenBundleInput, PlanInput {
  /** ARN of who imports. */
  readonly importedBy: string
}

export interface BundleImportReport {
  readonly bundle: string
  readonly madeAt: string
  /** Fingerprint of the key whose signature counted; absent where none was asked for. */
  readonly signedBy?: string
  readonly isDelta: boolean
  readonly sources: readonly SourceReport[]
  readonly cveFacts: readonly FactReport[]
  /** Of the data here, after the import. */
  readonly revision: number
  readonly durationMs: number
}

interface SourceReport extends Pick<
  AdvisoryImportResult,
  'source' | 'added' | 'changed' | 'removed'
> {
  readonly records: number
}

interface FactReport {
  readonly kind: string
  readonly facts: number
  readonly isChanged: boolean
}

type Options = { readonly signal: AbortSignal }

/**
 * Brings a bundle in. It is verified and read to its end first; then each source becomes visible as a whole, one after another,
 * and what stands there already is left as it is: a killed import goes on where it stood when the same bundle is imported again.
 */
export async function importBundle(
  deps: BundleImportDeps,
  input: BundleImportInput,
  options: Options,
): Promise<BundleImportReport> {
  const startedAt = deps.clock.now()
  const bundle = await openBundle(deps, input, options)
  try {
    const plan = await planImport(deps, bundle, input, options)
    const done = await carryOut(deps, { bundle, plan, importedBy: input.importedBy }, options)
    const { id, createdAt, base } = bundle.manifest
    return {
      bundle: id,
      madeAt: createdAt,
      ...(bundle.signedBy === undefined ? {} : { signedBy: bundle.signedBy }),
      isDelta: base !== undefined,
      ...done,
      durationMs: deps.clock.now().getTime() - startedAt.getTime(),
    }
  } finally {
    await bundle.close()
  }
}

interface Running {
  readonly bundle: OpenedBundle
  readonly plan: BundlePlan
  readonly importedBy: string
}

async function carryOut(
  deps: BundleImportDeps,
  running: Running,
  options: Options,
): Promise<Pick<BundleImportReport, 'sources' | 'cveFacts' | 'revision'>> {
  const { bundle, plan } = running
  const sources: SourceReport[] = []
  let { revision } = plan
  for (const one of plan.sources) {
    const { part } = one
    const settled = { bundle, one, part, since: revision }
    const result = await (part === undefined
      ? confirm(deps, settled)
      : importSource(deps, { ...settled, part }, options))
    sources.push({ source: one.source.name, records: one.source.records, ...result.changes })
    revision = result.revision
  }
  const cveFacts: FactReport[] = []
  for (const one of plan.facts) cveFacts.push(await importFacts(deps, bundle, one, options))
  await deps.database.transaction((tx) => record(tx, deps, running))
  return { sources, cveFacts, revision: (await readAdvisoryState(deps.database)).revision }
}

interface Settled {
  readonly bundle: OpenedBundle
  readonly one: SourcePlan
  readonly since: number
}

interface SourceResult {
  readonly changes: Pick<AdvisoryImportResult, 'added' | 'changed' | 'removed'>
  readonly revision: number
}

async function importSource(
  deps: BundleImportDeps,
  { bundle, one, part, since }: Settled & { readonly part: BundlePart },
  options: Options,
): Promise<SourceResult> {
  const { source } = one
  const isDelta = bundle.manifest.base !== undefined
  const result = await importAdvisories(
    deps,
    {
      source: source.name,
      origin: 'bundle',
      records: textsOf(bundle, part, isDelta),
      parse: readNormalisedAdvisory,
      snapshot: !isDelta,
      // What would be lost was counted before anything changed.
      confirmLoss: true,
      ...(isDelta && { since, deleted: removedOf(bundle, part) }),
      ...(source.cursor !== undefined && { validator: source.cursor }),
      onPublish: (tx) => writeBundled(tx, bundle, one),
    },
    options,
  )
  const { added, changed, removed, revision } = result
  return { changes: { added, changed, removed }, revision }
}

async function* textsOf(
  { directory }: OpenedBundle,
  part: BundlePart,
  isDelta: boolean,
): AsyncGenerator<RecordText> {
  for await (const { hash, text, line } of readBundleRecords(directory, part, { isDelta }))
    if (hash !== undefined) yield { kind: 'text', line, text }
}

async function* removedOf({ directory }: OpenedBundle, part: BundlePart): AsyncGenerator<string> {
  for await (const { hash, key } of readBundleRecords(directory, part, { isDelta: true }))
    if (hash === undefined) yield key
}

const nothing = { added: 0, changed: 0, removed: 0 }

/** The content is in force already; the bundle may know of a later date to which it is still the newest. */
async function confirm(
  { database, clock }: BundleImportDeps,
  { bundle, one, since }: Settled,
): Promise<SourceResult> {
  const { present, presentAsOf, source } = one
  const isNews = presentAsOf === undefined || new Date(source.asOf) > presentAsOf
  if (present !== undefined && isNews) {
    await database.transaction(async (tx) => {
      const validator = source.cursor
      await writeAdvisorySource(tx, { ...present, origin: 'bundle', validator }, clock.now())
      await writeBundled(tx, bundle, one)
    })
  }
  return { changes: nothing, revision: since }
}

async function writeBundled(
  tx: SqlWriter,
  { manifest }: OpenedBundle,
  { source: { name, origin, asOf } }: SourcePlan,
): Promise<void> {
  await writeBundledSource(tx, {
    source: name,
    bundleId: manifest.id,
    origin,
    asOf: new Date(asOf),
  })
}

async function importFacts(
  deps: BundleImportDeps,
  { directory, manifest }: OpenedBundle,
  { facts, part }: FactPlan,
  options: Options,
): Promise<FactReport> {
  const { kind } = facts
  if (part !== undefined) {
    const bytes = Readable.from(decodePart(directory, part), { objectMode: false })
    await importCveFacts(deps, { bytes, confirmLoss: true }, options)
  }
  const told = { source: factSource(kind), bundleId: manifest.id, origin: 'import' }
  await deps.database.transaction((tx) =>
    writeBundledSource(tx, { ...told, asOf: new Date(facts.asOf) }),
  )
  return { kind, facts: facts.facts, isChanged: part !== undefined }
}

async function record(
  tx: SqlWriter,
  { clock }: BundleImportDeps,
  { bundle: { manifest, signedBy }, importedBy }: Running,
): Promise<void> {
  await insertBundleImport(tx, {
    bundleId: manifest.id,
    revision: manifest.revision,
    madeAt: new Date(manifest.createdAt),
    fingerprint: signedBy,
    importedBy,
    importedAt: clock.now(),
  })
}
