// Purpose:  what a bundle of vulnerability data consists of, and whether a manifest is that of one.
// Spec:     our own; docs/bundles.md. A tar of manifest.json, manifest.sig (Ed25519 over the bytes of manifest.json), and the
//           parts in the order in which the manifest names them.
// Input:    manifest.json; hostile until its signature was verified, and after that where it was waived.
// Deviates: nothing.
// Unknowns: a member that this program does not know → refused: what it says may bear on what the parts mean.
import { Type, type Static } from 'typebox'
import { Compile } from 'typebox/compile'
import { cveFactKinds } from './cve-facts.ts'
import { bundleIdentity } from './content-hash.ts'

export const bundleFormat = 'pratique.advisories.bundle/1'
export const bundleNames = { manifest: 'manifest.json', signature: 'manifest.sig' } as const

export const bundleLimits = {
  maxManifestBytes: 4 * 1024 ** 2,
  signatureBytes: 64,
  maxParts: 2000,
  /** Of all parts together, as they are carried and as they are read. */
  maxBytes: 4 * 1024 ** 3,
  maxDecodedBytes: 16 * 1024 ** 3,
  /** Records are text: what decodes to more than so many times its size is made to fill memory or disk. */
  maxRatio: 300,
  maxRecordBytes: 8 * 1024 ** 2,
} as const

const closed = { additionalProperties: false }
const count = Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER })
const sha256 = Type.String({ pattern: '^[0-9a-f]{64}$' })
const instant = Type.String({ format: 'date-time', maxLength: 32 })

const part = Type.Object(
  {
    name: Type.String({ pattern: String.raw`^parts/[0-9]{4}\.(?:ndjson|csv)\.zst$` }),
    bytes: count,
    sha256,
    decodedBytes: count,
    /** Lines, without the header of a table. */
    entries: count,
  },
  closed,
)

const source = Type.Object(
  {
    name: Type.String({
      pattern: '^[A-Za-z0-9][A-Za-z0-9 ._:-]{0,99}(?:/[A-Za-z0-9][A-Za-z0-9 ._:-]{0,99}){0,3}$',
    }),
    origin: Type.String({ pattern: '^[a-z]{1,32}$' }),
    /** Where the fetch of the source stood. */
    cursor: Type.Optional(Type.String({ maxLength: 1024 })),
    /** When the origin had nothing newer. */
    asOf: instant,
    records: count,
    contentHash: sha256,
    /** In a delta: the content that it starts from; absent where the source is new. */
    base: Type.Optional(sha256),
    part: Type.Optional(part),
  },
  closed,
)

const facts = Type.Object(
  {
    kind: Type.Enum([...cveFactKinds]),
    facts: count,
    asOf: instant,
    contentHash: sha256,
    part: Type.Optional(part),
  },
  closed,
)

const manifest = Type.Object(
  {
    format: Type.Literal(bundleFormat),
    id: sha256,
    createdAt: instant,
    program: Type.String({ maxLength: 64 }),
    /** Of the data, where the bundle was made. */
    revision: count,
    /** Of a delta: the state that it starts from. */
    base: Type.Optional(Type.Object({ revision: count, id: Type.Optional(sha256) }, closed)),
    /** SHA-256 of the public key (SubjectPublicKeyInfo) that the signature belongs to. */
    key: sha256,
    sources: Type.Array(source, { maxItems: bundleLimits.maxParts }),
    cveFacts: Type.Array(facts, { maxItems: cveFactKinds.length }),
  },
  closed,
)

export type BundleManifest = Readonly<Static<typeof manifest>>
export type BundleSource = Readonly<Static<typeof source>>
export type BundleFacts = Readonly<Static<typeof facts>>
export type BundlePart = Readonly<Static<typeof part>>

export type ManifestReading =
  | { readonly kind: 'manifest'; readonly manifest: BundleManifest }
  /** Of a form that a newer program may write. */
  | { readonly kind: 'foreign'; readonly reason: string }
  | { readonly kind: 'refused'; readonly reason: string }

const validator = Compile(manifest)

export function parseManifest(bytes: Uint8Array): ManifestReading {
  let document: unknown
  try {
    document = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes))
  } catch {
    return refused('its manifest is no JSON')
  }
  const format = formatOf(document)
  if (format === undefined) return refused('its manifest does not say that it is a bundle')
  if (format !== bundleFormat) {
    const reason = `its form is ${JSON.stringify(format.slice(0, 100))}, this program reads ${bundleFormat}`
    return { kind: 'foreign', reason }
  }
  if (!validator.Check(document)) {
    const [fault] = validator.Errors(document)
    return refused(
      `its manifest is malformed: ${fault?.instancePath ?? ''} ${fault?.message ?? ''}`,
    )
  }
  const fault = faultOf(document)
  return fault === undefined ? { kind: 'manifest', manifest: document } : refused(fault)
}

/** All parts, in the order in which they lie in the file. */
export function partsOf({ sources, cveFacts }: BundleManifest): readonly BundlePart[] {
  return [...sources, ...cveFacts].flatMap(({ part: own }) => own ?? [])
}

export function identityOf({
  sources,
  cveFacts,
}: Pick<BundleManifest, 'sources' | 'cveFacts'>): string {
  return bundleIdentity([
    ...sources.map(({ name, cursor, contentHash }) => ({ name, cursor, contentHash })),
    ...cveFacts.map(({ kind, contentHash }) => ({
      name: factSource(kind),
      cursor: undefined,
      contentHash,
    })),
  ])
}

/** The name under which a table about CVEs stands among the sources. */
export function factSource(kind: BundleFacts['kind']): string {
  return `cve/${kind}`
}

function faultOf(document: BundleManifest): string | undefined {
  const { sources, cveFacts, base } = document
  const twice =
    repeated(sources.map(({ name }) => name)) ??
    repeated(cveFacts.map(({ kind }) => kind)) ??
    repeated(partsOf(document).map(({ name }) => name))
  if (twice !== undefined) return `its manifest names ${twice} twice`
  if (sources.some(({ name }) => name === 'starter'))
    return 'its manifest names the source starter, which ships with the product'
  const lacking =
    base === undefined
      ? [...sources, ...cveFacts].some(({ part: own }) => own === undefined)
      : sources.some((one) => one.part === undefined && one.base !== one.contentHash)
  if (lacking) return 'its manifest names content that no part has'
  if (base === undefined && sources.some((one) => one.base !== undefined))
    return 'its manifest starts from a state that it does not name'
  if (identityOf(document) !== document.id) return 'its id is not that of its content'
  return faultOfParts(partsOf(document))
}

function faultOfParts(parts: readonly BundlePart[]): string | undefined {
  const sum = (size: (one: BundlePart) => number): number =>
    parts.reduce((total, one) => total + size(one), 0)
  if (sum(({ bytes }) => bytes) > bundleLimits.maxBytes) return 'its parts are too large together'
  if (sum(({ decodedBytes }) => decodedBytes) > bundleLimits.maxDecodedBytes)
    return `its parts are to grow to more than ${bundleLimits.maxDecodedBytes} bytes together`
  const bomb = parts.find(
    ({ bytes, decodedBytes }) => decodedBytes > 65_536 + bytes * bundleLimits.maxRatio,
  )
  return bomb === undefined
    ? undefined
    : `${bomb.name} is to grow to more than ${bundleLimits.maxRatio} times its size`
}

function repeated(names: readonly string[]): string | undefined {
  return names.find((name, index) => names.indexOf(name) !== index)
}

function formatOf(document: unknown): string | undefined {
  if (typeof document !== 'object' || document === null || !('format' in document)) return undefined
  const { format } = document
  const isOurs = typeof format === 'string' && format.startsWith('pratique.advisories.bundle/')
  return isOurs ? format : undefined
}

function refused(reason: string): ManifestReading {
  return { kind: 'refused', reason }
}
