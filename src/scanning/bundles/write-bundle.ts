import { plainTarHeader, tarEnd, tarPadding } from '../../lib/archive/plain-tar.ts'
import type { SqlReader } from '../../storage/database/database.ts'
import {
  listAdvisorySources,
  starterSource,
  type AdvisorySource,
} from '../advisory-source-store.ts'
import { readAdvisoryState } from '../advisory-state-store.ts'
import { listCveFactSources, type CveFactSource } from '../cve-fact-store.ts'
import { scanningError } from '../errors.ts'
import { listFeedParts } from '../feed-part-store.ts'
import { requireKeptRevision } from '../find-revision.ts'
import {
  findBundleExport,
  findRecord,
  listBundledSources,
  recordBundleExport,
  type BundledSource,
} from './bundle-store.ts'
import {
  makePartDirectory,
  openPart,
  removePartDirectory,
  writePart,
  type PartDeps,
} from './part-files.ts'
import {
  bundleFormat,
  bundleNames,
  factSource,
  identityOf,
  partsOf,
  type BundleFacts,
  type BundleManifest,
  type BundleSource,
} from '../rules/bundle-manifest.ts'
import { compareStates } from '../rules/compare-states.ts'
import { ContentHash, hashOfText } from '../rules/content-hash.ts'
import { factHeader } from '../rules/cve-fact-lines.ts'
import { openBundleSigner, type SigningDeps } from './signing-keys.ts'
import { contentOf, factLines, recordHashes, recordsOf } from './states.ts'

export interface ExportDeps extends SigningDeps, PartDeps {
  readonly programVersion: string
}

/** The state that a delta starts from: a revision of the data, or the id of a bundle that was made here. */
export type BundleBase = { readonly revision: number } | { readonly bundleId: string }

/**
 * A signed bundle of everything that is in force, or of what changed since a state, as the pieces of a tar. It is of one
 * revision, whatever is imported meanwhile; the parts lie in a directory until they are sent, and one page of records is in memory.
 */
export async function* writingBundle(
  deps: ExportDeps,
  { since }: { readonly since: BundleBase | undefined },
  options: { readonly signal: AbortSignal },
): AsyncGenerator<Uint8Array, void> {
  const signer = await openBundleSigner(deps)
  const base = since === undefined ? undefined : await findBase(deps.database, since)
  const directory = await makePartDirectory(deps)
  try {
    const state = await readState(deps)
    const writer = new PartWriter(deps, { directory, base, revision: state.revision, ...options })
    const sources: BundleSource[] = []
    for (const source of state.sources) sources.push(...(await writer.source(source)))
    const cveFacts: BundleFacts[] = []
    for (const table of state.tables) cveFacts.push(...(await writer.facts(table)))
    if (sources.length + cveFacts.length === 0) throw nothing()
    const manifest: BundleManifest = {
      format: bundleFormat,
      id: identityOf({ sources, cveFacts }),
      createdAt: deps.clock.now().toISOString(),
      program: deps.programVersion,
      revision: state.revision,
      ...(base === undefined ? {} : { base: base.told }),
      key: signer.fingerprint,
      sources,
      cveFacts,
    }
    const bytes = Buffer.from(JSON.stringify(manifest))
    yield* small(bundleNames.manifest, bytes)
    yield* small(bundleNames.signature, signer.sign(bytes))
    yield* sendParts(directory, manifest)
    yield tarEnd()
    await remember(deps, manifest)
  } finally {
    await removePartDirectory(directory)
  }
}

interface ExportedSource extends AdvisorySource {
  readonly asOf: Date
  readonly from: string
}

interface ExportState {
  readonly revision: number
  readonly sources: readonly ExportedSource[]
  readonly tables: readonly (CveFactSource & { readonly heldSince: Date })[]
}

/** Of one moment: in a transaction, since an import may end between two statements. */
async function readState({ database }: ExportDeps): Promise<ExportState> {
  return database.transaction(async (tx) => {
    const { revision } = await readAdvisoryState(tx)
    const bundled = new Map((await listBundledSources(tx)).map((one) => [one.source, one]))
    const cursors = new Map((await listFeedParts(tx)).map(({ name, cursor }) => [name, cursor]))
    const sources = (await listAdvisorySources(tx)).flatMap((source) =>
      source.name === starterSource
        ? []
        : exported(source, bundled.get(source.name), cursors.get(source.name)),
    )
    const tables = (await listCveFactSources(tx)).flatMap((table) => {
      const heldSince = bundled.get(factSource(table.kind))?.asOf ?? table.importedAt
      return heldSince === undefined ? [] : [{ ...table, heldSince }]
    })
    return { revision, sources, tables }
  })
}

/** What was brought by a bundle is as old as it was there. */
function exported(
  source: AdvisorySource,
  bundled: BundledSource | undefined,
  cursor: string | undefined,
): readonly ExportedSource[] {
  const asOf = bundled?.asOf ?? source.importedAt
  if (asOf === undefined || source.records === 0) return []
  const from = bundled?.origin ?? source.origin
  return [{ ...source, validator: source.validator ?? cursor, asOf, from }]
}

interface FoundBase {
  readonly revision: number
  readonly told: NonNullable<BundleManifest['base']>
  /** Of tables about CVEs, which have no revisions: undefined where it is not known. */
  readonly contentOf: (name: string) => string | undefined
}

async function findBase(reader: SqlReader, since: BundleBase): Promise<FoundBase> {
  const made = await findBundleExport(reader, since)
  if (made === undefined && 'bundleId' in since) {
    throw scanningError('BUNDLE_BASE_UNKNOWN', `no bundle ${since.bundleId} was made here`)
  }
  const revision = 'revision' in since ? since.revision : (made?.revision ?? 0)
  await requireKeptRevision(reader, revision)
  const told = made === undefined ? { revision } : { revision, id: made.bundleId }
  return { revision, told, contentOf: (name) => made?.contents[name] }
}

interface WriterInput {
  readonly directory: string
  readonly base: FoundBase | undefined
  readonly revision: number
  readonly signal: AbortSignal
}

/** Numbers the parts in the order in which they are written. */
class PartWriter {
  readonly #reader: SqlReader
  readonly #input: WriterInput
  #parts = 0

  constructor({ database }: ExportDeps, input: WriterInput) {
    this.#reader = database
    this.#input = input
  }

  /** None where the source had no record of that revision. */
  async source(source: ExportedSource): Promise<readonly BundleSource[]> {
    const { name, asOf, from, validator } = source
    const told = {
      name,
      origin: from,
      ...(validator === undefined ? {} : { cursor: validator.slice(0, 1024) }),
      asOf: asOf.toISOString(),
    }
    const { base } = this.#input
    const written =
      base === undefined ? await this.#whole(name) : await this.#delta(name, base.revision)
    return written === undefined ? [] : [{ ...told, ...written }]
  }

  async facts(table: ExportState['tables'][number]): Promise<readonly BundleFacts[]> {
    const { kind, heldSince } = table
    const { directory, base, signal } = this.#input
    const content = new ContentHash()
    const header = factHeader(kind, table.asOf)
    const reader = this.#reader
    const lines = async function* (): AsyncGenerator<string> {
      yield* header
      for await (const { cve, line } of factLines(reader, kind, { signal })) {
        content.add({ key: cve, hash: hashOfText(line) })
        yield line
      }
    }
    const name = this.#nextName('csv')
    const part = await writePart(
      directory,
      { name, lines: lines(), headers: header.length },
      { signal },
    )
    if (content.count === 0) return []
    const contentHash = content.digest()
    const isKnown = base?.contentOf(factSource(kind)) === contentHash
    const told = { kind, facts: content.count, asOf: heldSince.toISOString(), contentHash }
    return [isKnown ? told : { ...told, part }]
  }

  async #whole(source: string): Promise<WrittenSource | undefined> {
    const { directory, revision, signal } = this.#input
    const content = new ContentHash()
    const records = recordsOf(this.#reader, { source, revision }, { signal })
    const lines = async function* (): AsyncGenerator<string> {
      for await (const record of records) {
        content.add(record)
        yield record.json
      }
    }
    const name = this.#nextName('ndjson')
    const part = await writePart(directory, { name, lines: lines(), headers: 0 }, { signal })
    if (content.count === 0) return undefined
    return { records: content.count, contentHash: content.digest(), part }
  }

  /** Records that were added or changed, and `{"removed":KEY}` for those that went, in the order of their keys. */
  async #delta(source: string, since: number): Promise<WrittenSource | undefined> {
    const { directory, revision, signal } = this.#input
    const base = await contentOf(this.#reader, { source, revision: since }, { signal })
    const now = await contentOf(this.#reader, { source, revision }, { signal })
    if (now === undefined) return undefined
    const from = base === undefined ? {} : { base: base.contentHash }
    if (base?.contentHash === now.contentHash) return { ...now, ...from }
    const lines = this.#deltaLines(source, since)
    const name = this.#nextName('ndjson')
    const part = await writePart(directory, { name, lines, headers: 0 }, { signal })
    return { ...now, ...from, part }
  }

  async *#deltaLines(source: string, since: number): AsyncGenerator<string> {
    const { revision, signal } = this.#input
    const before = recordHashes(this.#reader, { source, revision: since }, { signal })
    const after = recordHashes(this.#reader, { source, revision }, { signal })
    for await (const step of compareStates(before, after)) {
      const { key } = step
      if (step.before?.hash === step.after?.hash) continue
      if (step.after === undefined) yield JSON.stringify({ removed: key })
      else yield await this.#record({ source, key, revision })
    }
  }

  async #record(at: Parameters<typeof findRecord>[1]): Promise<string> {
    const json = await findRecord(this.#reader, at)
    if (json === undefined) throw new Error('a record of a revision that is kept is gone')
    return json
  }

  #nextName(kind: 'ndjson' | 'csv'): string {
    this.#parts += 1
    return `parts/${String(this.#parts).padStart(4, '0')}.${kind}.zst`
  }
}

type WrittenSource = Pick<BundleSource, 'records' | 'contentHash' | 'base' | 'part'>

async function* sendParts(
  directory: string,
  manifest: BundleManifest,
): AsyncGenerator<Uint8Array, void> {
  for (const part of partsOf(manifest)) {
    yield plainTarHeader(part.name, part.bytes)
    for await (const piece of openPart(directory, part))
      if (piece instanceof Uint8Array) yield piece
    yield tarPadding(part.bytes)
  }
}

function* small(name: string, content: Uint8Array): Generator<Uint8Array> {
  yield plainTarHeader(name, content.byteLength)
  yield content
  yield tarPadding(content.byteLength)
}

/** Only what was sent to its end: a later delta may start from it. */
async function remember({ database, clock }: ExportDeps, manifest: BundleManifest): Promise<void> {
  const { id: bundleId, revision, sources, cveFacts } = manifest
  const contents = Object.fromEntries([
    ...sources.map(({ name, contentHash }) => [name, contentHash] as const),
    ...cveFacts.map(({ kind, contentHash }) => [factSource(kind), contentHash] as const),
  ])
  await database.transaction((tx) =>
    recordBundleExport(tx, { bundleId, revision, contents }, clock.now()),
  )
}

function nothing(): Error {
  return scanningError('BUNDLE_EMPTY', 'no source but the starter set has a record')
}
