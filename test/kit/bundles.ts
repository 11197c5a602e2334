// Places that give and take bundles of vulnerability data, and bundles that no program would make.
import { createHash } from 'node:crypto'
import { Readable } from 'node:stream'
import type { TestContext } from 'node:test'
import { zstdCompressSync } from 'node:zlib'
import { plainTarHeader, tarEnd, tarPadding } from '../../src/lib/archive/plain-tar.ts'
import { systemIds } from '../../src/lib/ids.ts'
import { listBundleKeys } from '../../src/scanning/bundles/bundle-store.ts'
import { importBundle, type BundleImportReport } from '../../src/scanning/bundles/import-bundle.ts'
import { writingBundle, type BundleBase } from '../../src/scanning/bundles/write-bundle.ts'
import { readAdvisoryState } from '../../src/scanning/advisory-state-store.ts'
import { importCveFacts } from '../../src/scanning/import-cve-facts.ts'
import { identityOf, type BundleManifest } from '../../src/scanning/rules/bundle-manifest.ts'
import { ContentHash } from '../../src/scanning/rules/content-hash.ts'
import { parseStorableAdvisory } from '../../src/scanning/rules/storable-advisory.ts'
import type { Keyring } from '../../src/access/keyring.ts'
import type { Database } from '../../src/storage/database/database.ts'
import { integer, text } from '../../src/storage/database/database.ts'
import { parsePublicKeys, type TrustedKey } from '../../src/lib/public-keys.ts'
import { temporaryDatabase, temporaryDirectory } from './database.ts'
import { fakeClock, type FakeClock } from './fake-clock.ts'
import { testKeyring } from './keyring.ts'

export interface BundlePlace {
  readonly database: Database
  readonly clock: FakeClock
  readonly ids: typeof systemIds
  readonly keyring: Keyring
  readonly temporaryDirectory: string
  readonly programVersion: string
}

const { signal } = new AbortController()

export async function bundlePlace(t: TestContext): Promise<BundlePlace> {
  const database = await temporaryDatabase(t)
  return {
    database,
    clock: fakeClock(),
    ids: systemIds,
    keyring: await testKeyring(database),
    temporaryDirectory: await temporaryDirectory(t),
    programVersion: '0.0.0',
  }
}

export async function exportBundle(place: BundlePlace, since?: BundleBase): Promise<Buffer> {
  const pieces: Uint8Array[] = []
  for await (const piece of writingBundle(place, { since }, { signal })) pieces.push(piece)
  return Buffer.concat(pieces)
}

export async function keysOf({ database }: BundlePlace): Promise<readonly TrustedKey[]> {
  const keys = await listBundleKeys(database)
  const read = parsePublicKeys(keys.map(({ publicKey }) => publicKey).join('\n'))
  return read.kind === 'keys' ? read.keys : []
}

export interface ImportFlags {
  readonly keys?: readonly TrustedKey[]
  readonly allowUnsigned?: boolean
  readonly allowOlder?: boolean
  readonly confirmLoss?: boolean
}

/** In pieces of an odd size, so that no boundary is where a reader wants it. */
export async function importInto(
  place: BundlePlace,
  bundle: Uint8Array,
  flags: ImportFlags = {},
): Promise<BundleImportReport> {
  const input = {
    bytes: Readable.from(cut(bundle)),
    keys: [],
    allowUnsigned: false,
    allowOlder: false,
    confirmLoss: false,
    importedBy: 'arn:aws:iam::123456789012:user/admin',
    ...flags,
  }
  return importBundle(place, input, { signal })
}

function* cut(bytes: Uint8Array): Generator<Uint8Array> {
  for (let start = 0; start < bytes.length; start += 1021) yield bytes.subarray(start, start + 1021)
}

export async function importFacts(place: BundlePlace, table: string): Promise<void> {
  const bytes = Readable.from([Buffer.from(table)])
  await importCveFacts(place, { bytes, confirmLoss: true }, { signal })
}

/** All that anybody can see of the data: records and facts in force. */
export async function visibleState({ database }: BundlePlace): Promise<readonly string[]> {
  const { revision } = await readAdvisoryState(database)
  const records = await database.all(
    `SELECT source, advisory_key, content_hash FROM advisories
     WHERE from_revision <= $1 AND (until_revision IS NULL OR until_revision > $1) AND source <> 'starter'
     ORDER BY source, advisory_key`,
    [revision],
  )
  const facts = await database.all(
    `SELECT f.cve, f.kind, f.facts FROM cve_facts f
     JOIN cve_fact_sources s ON s.kind = f.kind AND s.generation = f.generation ORDER BY f.kind, f.cve`,
  )
  return [
    ...records.map((row) =>
      [text(row, 'source'), text(row, 'advisory_key'), text(row, 'content_hash')].join(' '),
    ),
    ...facts.map((row) => [text(row, 'kind'), text(row, 'cve'), text(row, 'facts')].join(' ')),
  ]
}

/** The state with all that is told of it: a refused import leaves each row as it was. */
export async function wholeState(place: BundlePlace): Promise<readonly string[]> {
  const { database } = place
  const { revision } = await readAdvisoryState(database)
  const imports = await database.first('SELECT COUNT(*) AS n FROM bundle_imports')
  const sources = await database.all('SELECT name, origin, imported_at FROM advisory_sources')
  return [
    `revision ${revision}, ${imports === undefined ? 0 : integer(imports, 'n')} bundles`,
    ...sources.map((row) => JSON.stringify(row)),
    ...(await visibleState(place)),
  ]
}

/** The line of a record as a bundle has it. */
export function bundleLine(record: unknown): string {
  const read = parseStorableAdvisory(JSON.stringify(record))
  if (read.kind !== 'advisory') throw new Error(read.reason)
  return read.advisory.json
}

export interface ForgedPart {
  readonly name?: string
  readonly lines: readonly string[]
  /** In the place of what the lines are. */
  readonly bytes?: Buffer
  readonly decodedBytes?: number
  readonly entries?: number
}

/** A bundle without a signature, of one source for each part, that is whole where nothing else is asked for. */
export function forgeBundle(
  parts: readonly ForgedPart[],
  change: (manifest: BundleManifest) => unknown = (manifest) => manifest,
): Buffer {
  const made = parts.map((part, index) => forgePart(part, index))
  const sources = made.map(({ part, contentHash, records }, index) => ({
    name: `forged-${index}`,
    origin: 'import',
    asOf: '2026-11-24T11:00:00.000Z',
    records,
    contentHash,
    part,
  }))
  const manifest: BundleManifest = {
    format: 'pratique.advisories.bundle/1',
    id: identityOf({ sources, cveFacts: [] }),
    createdAt: '2026-11-24T11:00:00.000Z',
    program: '0.0.0',
    revision: 1,
    key: '0'.repeat(64),
    sources,
    cveFacts: [],
  }
  return tarOf([
    ['manifest.json', Buffer.from(JSON.stringify(change(manifest)))],
    ...made.map(({ part, bytes }) => [part.name, bytes] as const),
  ])
}

function forgePart(
  { name, lines, bytes, decodedBytes, entries }: ForgedPart,
  index: number,
): {
  readonly part: NonNullable<BundleManifest['sources'][number]['part']>
  readonly bytes: Buffer
  readonly contentHash: string
  readonly records: number
} {
  const plain = Buffer.from(lines.map((line) => `${line}\n`).join(''))
  const packed = bytes ?? zstdCompressSync(plain)
  const content = new ContentHash()
  for (const line of lines) {
    const id = /"id":"([^"]*)"/.exec(line)?.[1] ?? line.slice(0, 10)
    content.add({ key: id, hash: createHash('sha256').update(line).digest('hex') })
  }
  const part = {
    name: name ?? `parts/${String(index + 1).padStart(4, '0')}.ndjson.zst`,
    bytes: packed.length,
    sha256: createHash('sha256').update(packed).digest('hex'),
    decodedBytes: decodedBytes ?? plain.length,
    entries: entries ?? lines.length,
  }
  return { part, bytes: packed, contentHash: content.digest(), records: lines.length }
}

export function tarOf(entries: readonly (readonly [name: string, bytes: Buffer])[]): Buffer {
  return Buffer.concat([
    ...entries.flatMap(([name, bytes]) => [
      plainTarHeader(name, bytes.length),
      bytes,
      tarPadding(bytes.length),
    ]),
    tarEnd(),
  ])
}
