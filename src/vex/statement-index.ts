// Statements of several documents, ordered for the question what they say of one flaw in one package of one image.
import {
  isImagePurl,
  matchComponent,
  matchImage,
  type ImageIdentity,
  type ProductMatch,
} from './match-product.ts'
import type { Purl } from '../lib/purl.ts'
import { isOfSource, packageKey, sourceKey } from './purl.ts'
import {
  isIdentified,
  type VexComponent,
  type VexDocument,
  type VexJustification,
  type VexProduct,
  type VexStatus,
} from './vex-document.ts'

/** A document that is believed, and for what. */
export interface TrustedDocument {
  readonly document: VexDocument
  /** Of the bytes it came in. */
  readonly digest: string
  /** The image whose attestation it came in: it speaks of no other. */
  readonly subject?: string
}

/** What the newest of all statements says. */
export interface VexClaim {
  readonly status: VexStatus
  readonly justification?: VexJustification
  readonly impact?: string
  readonly action?: string
  readonly issuer: string
  readonly saidAt: Date
  readonly document: { readonly id: string; readonly version: string; readonly digest: string }
  /** By a version or a digest. */
  readonly isPinned: boolean
}

interface Entry {
  readonly statement: Omit<VexClaim, 'isPinned' | 'saidAt'> & { readonly time: number }
  readonly subject: string | undefined
  /** Undefined for the attestation's subject. */
  readonly product: VexComponent | undefined
  readonly part: VexComponent | undefined
}

/** By flaw, and by the package that is spoken of or `image` for all of one. */
export type StatementIndex = ReadonlyMap<string, readonly Entry[]>

export function indexStatements(documents: readonly TrustedDocument[]): StatementIndex {
  const index = new Map<string, Entry[]>()
  for (const trusted of documents) addDocument(index, trusted)
  return index
}

function addDocument(
  index: Map<string, Entry[]>,
  { document, digest, subject }: TrustedDocument,
): void {
  const { id, version, issuer } = document
  for (const { vulnerabilities, products, ...said } of document.statements) {
    const statement = { ...said, issuer, document: { id, version, digest } }
    const entries: Keyed[] = products.length === 0 ? [subjectEntry] : products.flatMap(entriesOf)
    for (const { keys, product, part } of entries)
      addEntry(index, { statement, subject, product, part }, { keys, flaws: vulnerabilities })
  }
}

interface Keyed extends Pick<Entry, 'product' | 'part'> {
  readonly keys: readonly string[]
}

const wholeImage = 'image'
const subjectEntry: Keyed = { keys: [wholeImage], product: undefined, part: undefined }

function entriesOf(product: VexProduct): readonly Keyed[] {
  if (!isIdentified(product)) return []
  if (product.subcomponents.length === 0) {
    const keys = [...(mayBeImage(product) ? [wholeImage] : []), ...keysOf(product)]
    return [{ keys, product, part: undefined }]
  }
  // Parts of a product that is a package itself: which package contains which is not known here.
  if (!mayBeImage(product)) return []
  return product.subcomponents.map((part) => ({ keys: keysOf(part), product, part }))
}

function mayBeImage({ purls, digests }: VexComponent): boolean {
  return digests.length > 0 || purls.some(isImagePurl)
}

function keysOf({ purls }: VexComponent): readonly string[] {
  const keys = purls
    .filter((purl) => !isImagePurl(purl))
    .map((purl) => `${isOfSource(purl) ? 'source ' : ''}${packageKey(purl)}`)
  return [...new Set(keys)]
}

function addEntry(
  index: Map<string, Entry[]>,
  entry: Entry,
  { keys, flaws }: { readonly keys: readonly string[]; readonly flaws: readonly string[] },
): void {
  for (const key of keys) for (const flaw of flaws) add(index, `${flaw}\n${key}`, entry)
}

function add(index: Map<string, Entry[]>, key: string, entry: Entry): void {
  const known = index.get(key)
  if (known === undefined) index.set(key, [entry])
  else known.push(entry)
}

/** Where two were made at the same time, the one that hides less. */
const caution: Readonly<Record<VexStatus, number>> = {
  affected: 3,
  under_investigation: 2,
  fixed: 1,
  not_affected: 0,
}

/**
 * The newest statement about the flaw, by any of its ids, in the package of the image; undefined where none of the
 * indexes has one. `ids` in capitals.
 */
export function newestClaim(
  indexes: readonly StatementIndex[],
  {
    ids,
    found,
    image,
  }: { readonly ids: readonly string[]; readonly found: Purl; readonly image: ImageIdentity },
): VexClaim | undefined {
  const keys = [wholeImage, packageKey(found), `source ${sourceKey(found)}`]
  let best: { readonly entry: Entry; readonly match: ProductMatch } | undefined
  for (const index of indexes) {
    for (const entry of entriesAt(index, ids, keys)) {
      const match = matchEntry(entry, found, image)
      if (match !== 'none' && (best === undefined || isNewer(entry, best.entry)))
        best = { entry, match }
    }
  }
  if (best === undefined) return undefined
  const { time, ...statement } = best.entry.statement
  return { ...statement, saidAt: new Date(time), isPinned: best.match === 'pinned' }
}

function* entriesAt(
  index: StatementIndex,
  ids: readonly string[],
  keys: readonly string[],
): Generator<Entry> {
  if (index.size === 0) return
  for (const id of ids) for (const key of keys) yield* index.get(`${id}\n${key}`) ?? []
}

function isNewer({ statement: a }: Entry, { statement: b }: Entry): boolean {
  return a.time > b.time || (a.time === b.time && caution[a.status] > caution[b.status])
}

function matchEntry(
  { subject, product, part }: Entry,
  found: Purl,
  image: ImageIdentity,
): ProductMatch {
  if (subject !== undefined && !image.digests.some((digest) => digest === subject)) return 'none'
  if (product === undefined) return 'pinned'
  const whole = matchImage(product, image)
  if (part === undefined) return whole === 'none' ? matchComponent(product, found) : whole
  if (whole === 'none') return 'none'
  const inPart = matchComponent(part, found)
  return inPart === 'named' ? whole : inPart
}
