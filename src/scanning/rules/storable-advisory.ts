import { createHash } from 'node:crypto'
import { zstdCompressSync, zstdDecompressSync } from 'node:zlib'
import type { Advisory, AffectedPackage, Reference } from '../../ecosystems/advisory.ts'
import { parseOsvRecord } from '../../ecosystems/osv.ts'
import { withoutCommitRanges } from './commit-ranges.ts'

/** A record in the form in which it is kept: what is searched as columns, the whole as a document. */
export interface StorableAdvisory {
  /** Unique within a source. */
  readonly key: string
  readonly id: string
  /** Over the normalised record: a change of spelling is no change. */
  readonly contentHash: string
  readonly modified: Date | undefined
  readonly withdrawn: Date | undefined
  readonly ranges: number
  /** JSON of AdvisoryIds. */
  readonly ids: string
  readonly summary: string | undefined
  readonly url: string | undefined
  readonly packages: readonly {
    readonly ecosystem: string
    readonly name: string
    readonly claim: AdvisoryClaim
  }[]
  /** The normalised record. */
  readonly json: string
}

export interface AdvisoryIds {
  readonly aliases: readonly string[]
  readonly upstream: readonly string[]
}

/** What a record says of one package, with all that is needed to judge and to rate it. */
export interface AdvisoryClaim extends Pick<Advisory, 'severities' | 'severityWord'> {
  readonly affected: readonly AffectedPackage[]
}

export type StorableReading =
  | { readonly kind: 'advisory'; readonly advisory: StorableAdvisory }
  | { readonly kind: 'rejected'; readonly reason: string }

/** One JSON text → what is stored, or why it is not. */
export function parseStorableAdvisory(text: string): StorableReading {
  let document: unknown
  try {
    document = JSON.parse(text)
  } catch (error) {
    const why = error instanceof Error ? error.message : 'unknown error'
    return { kind: 'rejected', reason: `is not JSON: ${why.slice(0, 200)}` }
  }
  const reading = parseOsvRecord(withoutCommitRanges(document))
  if (reading.kind === 'refused') return { kind: 'rejected', reason: reading.reason }
  return { kind: 'advisory', advisory: storable(reading.advisory) }
}

/** A record that was normalised already, in the form in which it is kept. */
export function storable(advisory: Advisory): StorableAdvisory {
  const json = JSON.stringify(advisory)
  const { id, aliases, upstream, affected } = advisory
  const ids: AdvisoryIds = { aliases, upstream }
  return {
    // Ids are unique within a source: where an origin has one file for each release, the files of an id are equal.
    key: id,
    id,
    contentHash: createHash('sha256').update(json).digest('hex'),
    modified: dateOf(advisory.modified),
    withdrawn: dateOf(advisory.withdrawn),
    ranges: affected.reduce((sum, { intervals }) => sum + intervals.length, 0),
    ids: JSON.stringify(ids),
    summary: advisory.summary ?? startOf(advisory.details),
    url: addressOf(advisory.references),
    packages: claimsOf(advisory),
    json,
  }
}

/** Done for records that are written only: it costs more than to see that a record is known. */
export function compressDocument(json: string): Uint8Array {
  return zstdCompressSync(json)
}

/** The record as it was when it was imported. */
export function readDocument(document: Uint8Array): unknown {
  const value: unknown = JSON.parse(readDocumentText(document))
  return value
}

/** The same as the text that was kept. */
export function readDocumentText(document: Uint8Array): string {
  return zstdDecompressSync(document).toString('utf8')
}

/** One claim for each (ecosystem, name): entries about the same package are a union. */
function claimsOf(advisory: Advisory): StorableAdvisory['packages'] {
  const { severities, severityWord } = advisory
  const byName = Map.groupBy(advisory.affected, ({ ecosystem, name }) => `${ecosystem}\n${name}`)
  return [...byName.values()].flatMap((affected) => {
    const [first] = affected
    if (first === undefined) return []
    const claim = { affected, severities, severityWord }
    return [{ ecosystem: first.ecosystem, name: first.name, claim }]
  })
}

function addressOf(references: readonly Reference[]): string | undefined {
  const preferred = ['ADVISORY', 'WEB'].flatMap((type) =>
    references.filter((reference) => reference.type === type),
  )
  return (preferred[0] ?? references[0])?.url
}

/** The first line of a text, for records that have no summary. */
function startOf(details: string | undefined): string | undefined {
  const line = details?.split('\n').find((candidate) => candidate.trim() !== '')
  return line === undefined ? undefined : line.trim().slice(0, 300)
}

function dateOf(instant: string | undefined): Date | undefined {
  return instant === undefined ? undefined : new Date(instant)
}

/** Reads what `storable` wrote; anything else is damage in the database. */
export function readClaim(json: string): AdvisoryClaim {
  const value: unknown = JSON.parse(json)
  if (!isClaim(value)) throw new Error('a stored advisory claim cannot be read')
  return value
}

export function readIds(json: string): AdvisoryIds {
  const value: unknown = JSON.parse(json)
  if (!isIds(value)) throw new Error('stored ids of an advisory cannot be read')
  return value
}

function isClaim(value: unknown): value is AdvisoryClaim {
  return isRecord(value) && Array.isArray(value['affected']) && Array.isArray(value['severities'])
}

function isIds(value: unknown): value is AdvisoryIds {
  return isRecord(value) && Array.isArray(value['aliases']) && Array.isArray(value['upstream'])
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null
}
