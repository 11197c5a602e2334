import type { Clock } from '../../lib/clock.ts'
import { yieldToEventLoop } from '../../lib/yield-to-event-loop.ts'
import type { SqlReader } from '../../storage/database/database.ts'
import { findAdvisorySource, type AdvisorySource } from '../advisory-source-store.ts'
import { readAdvisoryState } from '../advisory-state-store.ts'
import { listCveFactSources } from '../cve-fact-store.ts'
import { scanningError } from '../errors.ts'
import { openCveTable } from '../rules/cve-facts.ts'
import { isSuspiciousLoss } from '../rules/suspicious-loss.ts'
import { findLastBundleImport, listBundledSources } from './bundle-store.ts'
import { damaged, readPartLines } from './part-files.ts'
import type { OpenedBundle } from './read-bundle.ts'
import { readBundleRecords, type BundleLine } from './read-records.ts'
import {
  factSource,
  type BundleFacts,
  type BundlePart,
  type BundleSource,
} from '../rules/bundle-manifest.ts'
import { compareStates, type StateStep } from '../rules/compare-states.ts'
import { ContentHash, hashOfText, type KeyedHash } from '../rules/content-hash.ts'
import { contentOf, factContentOf, recordHashes } from './states.ts'

export interface PlanDeps {
  readonly database: SqlReader
  readonly clock: Clock
}

export interface PlanInput {
  readonly allowOlder: boolean
  readonly confirmLoss: boolean
}

/** What is to be done with a bundle whose every line was read and is right, held against one revision of the data. */
export interface BundlePlan {
  readonly revision: number
  readonly sources: readonly SourcePlan[]
  readonly facts: readonly FactPlan[]
}

export interface SourcePlan {
  readonly source: BundleSource
  /** How the source stands here; undefined where it never did. */
  readonly present: AdvisorySource | undefined
  /** When that state was the origin's newest, where it is known. */
  readonly presentAsOf: Date | undefined
  /** Undefined where the content is in force already. */
  readonly part: BundlePart | undefined
}

export interface FactPlan {
  readonly facts: BundleFacts
  readonly part: BundlePart | undefined
}

type Options = { readonly signal: AbortSignal }

/** A clock may be off by so much before a bundle is told to be from the future. */
const maxAheadMs = 24 * 3_600_000

/**
 * Reads a bundle to its last line before anything of it is imported: what is damaged, out of order, too old, made for another
 * state, or would end too many records is refused here, and nothing has changed.
 */
export async function planImport(
  deps: PlanDeps,
  bundle: OpenedBundle,
  input: PlanInput,
  options: Options,
): Promise<BundlePlan> {
  const { manifest } = bundle
  await refuseTime(deps, bundle, input)
  const { revision } = await readAdvisoryState(deps.database)
  const bundled = new Map(
    (await listBundledSources(deps.database)).map(({ source, asOf }) => [source, asOf]),
  )
  const sources: SourcePlan[] = []
  for (const source of manifest.sources) {
    const present = await findAdvisorySource(deps.database, source.name)
    const presentAsOf = bundled.get(source.name) ?? fetchedAt(present)
    const known = { source, present, presentAsOf }
    const part = await planSource(deps, { bundle, known, revision, ...input }, options)
    sources.push({ ...known, part })
  }
  const facts: FactPlan[] = []
  for (const table of manifest.cveFacts)
    facts.push({ facts: table, part: await planFacts(deps, { bundle, table, ...input }, options) })
  return { revision, sources, facts }
}

/** A file that a person imported says nothing of how new it was at its origin. */
function fetchedAt(present: AdvisorySource | undefined): Date | undefined {
  return present?.origin === 'feed' ? present.importedAt : undefined
}

async function refuseTime(
  { database, clock }: PlanDeps,
  { manifest }: OpenedBundle,
  { allowOlder }: PlanInput,
): Promise<void> {
  const madeAt = new Date(manifest.createdAt)
  if (madeAt.getTime() > clock.now().getTime() + maxAheadMs) {
    const message = `the bundle says that it was made at ${manifest.createdAt}, here it is ${clock.now().toISOString()}`
    throw scanningError('BUNDLE_FROM_FUTURE', message)
  }
  const last = await findLastBundleImport(database)
  if (allowOlder || last === undefined || madeAt >= last.madeAt) return
  const message = `the bundle was made at ${manifest.createdAt}, the one in force at ${last.madeAt.toISOString()}`
  throw scanningError('BUNDLE_OLDER', message)
}

interface SourceInput extends PlanInput {
  readonly bundle: OpenedBundle
  readonly known: Omit<SourcePlan, 'part'>
  readonly revision: number
}

async function planSource(
  { database }: PlanDeps,
  input: SourceInput,
  options: Options,
): Promise<BundlePart | undefined> {
  const { bundle, known, revision } = input
  const { name, contentHash, base, part } = known.source
  const inForce = await contentOf(database, { source: name, revision }, options)
  if (inForce?.contentHash === contentHash) return undefined
  refuseOlderSource(input)
  const isDelta = bundle.manifest.base !== undefined
  if (isDelta && inForce?.contentHash !== base) throw baseDiffers(name, bundle)
  if (part === undefined) throw baseDiffers(name, bundle)
  const before = recordHashes(database, { source: name, revision }, options)
  const lines = readBundleRecords(bundle.directory, part, { isDelta })
  const counts = await countChanges({ part, steps: compareStates(before, lines), isDelta }, options)
  if (counts.contentHash !== contentHash || counts.records !== known.source.records)
    throw damaged(part, 'its records are not those that the manifest speaks of')
  if (input.confirmLoss || !isSuspiciousLoss(counts)) return part
  const message = `the bundle lacks ${counts.absent} of the ${counts.before} records of ${name}`
  throw scanningError('ADVISORIES_LOST', message, { source: name, ...counts })
}

/** What a source has by its own fetches may be newer than what the bundle brings of it. */
function refuseOlderSource({ known, allowOlder }: SourceInput): void {
  const { source, presentAsOf } = known
  if (allowOlder || presentAsOf === undefined || new Date(source.asOf) >= presentAsOf) return
  const message = `the bundle has ${source.name} as of ${source.asOf}, in force is that of ${presentAsOf.toISOString()}`
  throw scanningError('BUNDLE_OLDER', message, { source: source.name })
}

function baseDiffers(source: string, { manifest: { base } }: OpenedBundle): Error {
  const from = base?.id === undefined ? `revision ${base?.revision ?? 0}` : `bundle ${base.id}`
  const message = `the bundle holds what changed since ${from} there, and ${source} stands otherwise here`
  return scanningError('BUNDLE_BASE_DIFFERS', message, { source })
}

interface Counted {
  readonly contentHash: string
  readonly records: number
  readonly before: number
  readonly absent: number
}

/** What the source would be after the import. */
async function countChanges(
  given: {
    readonly part: BundlePart
    readonly steps: AsyncIterable<StateStep<KeyedHash, BundleLine>>
    readonly isDelta: boolean
  },
  { signal }: Options,
): Promise<Counted> {
  const content = new ContentHash()
  const counted = { before: 0, absent: 0 }
  let steps = 0
  for await (const { key, before, after } of given.steps) {
    if (before !== undefined) counted.before += 1
    const isRemoved = after === undefined ? !given.isDelta : after.hash === undefined
    if (isRemoved && before === undefined)
      throw damaged(given.part, `takes away ${key}, which is not there`)
    const hash = after === undefined ? before?.hash : after.hash
    if (isRemoved || hash === undefined) counted.absent += 1
    else content.add({ key, hash })
    steps += 1
    if (steps % 200 !== 0) continue
    signal.throwIfAborted()
    await yieldToEventLoop()
  }
  return { contentHash: content.digest(), records: content.count, ...counted }
}

async function planFacts(
  { database }: PlanDeps,
  input: PlanInput & { readonly bundle: OpenedBundle; readonly table: BundleFacts },
  options: Options,
): Promise<BundlePart | undefined> {
  const { bundle, table, confirmLoss } = input
  const { kind, contentHash, part } = table
  if ((await factContentOf(database, kind, options)) === contentHash) return undefined
  if (part === undefined) throw baseDiffers(factSource(kind), bundle)
  const read = await readFacts(bundle.directory, table, part, options)
  if (read.digest() !== contentHash || read.count !== table.facts)
    throw damaged(part, 'its facts are not those that the manifest speaks of')
  const sources = await listCveFactSources(database)
  const before = sources.find((source) => source.kind === kind)?.facts ?? 0
  const absent = before - table.facts
  if (confirmLoss || !isSuspiciousLoss({ before, absent })) return part
  const message = `the bundle has ${table.facts} facts of ${kind}, ${before} are in force`
  throw scanningError('ADVISORIES_LOST', message, { source: factSource(kind), before, absent })
}

async function readFacts(
  directory: string,
  { kind }: BundleFacts,
  part: BundlePart,
  { signal }: Options,
): Promise<ContentHash> {
  const content = new ContentHash()
  let table: ReturnType<typeof openCveTable>
  for await (const { line, text } of readPartLines(directory, part)) {
    if (line % 500 === 0) {
      signal.throwIfAborted()
      await yieldToEventLoop()
    }
    if (text.startsWith('#')) continue
    if (table === undefined) {
      table = openCveTable(text)
      if (table?.kind !== kind) throw damaged(part, `is no table of ${kind}`)
      continue
    }
    const reading = table.read(text)
    if (reading.kind !== 'fact') throw damaged(part, `line ${line} cannot be read`)
    if (!content.add({ key: reading.cve, hash: hashOfText(text) }))
      throw damaged(part, `line ${line}: ${reading.cve} is out of order`)
  }
  return content
}
