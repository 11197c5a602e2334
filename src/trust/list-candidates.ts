// What may be a signature of a digest, in the order in which it is tried; and the bytes of one.
import { hash } from 'node:crypto'
import type { Readable } from 'node:stream'
import { readAll } from '../lib/read-all.ts'
import type { Digest } from '../oci/digest.ts'
import { parseManifest, type Manifest } from '../oci/manifest.ts'
import type { SqlReader } from '../storage/database/database.ts'
import { listSignatureReferrers, listTagTargets, type ReferrerRow } from './candidate-store.ts'
import type { SubjectKey } from './evaluation-jobs.ts'
import {
  candidatesOfReferrer,
  candidatesOfTag,
  maxContentBytes,
  thumbprintHints,
  type CandidateLayer,
} from './rules/candidate.ts'
import { orderCandidates } from './rules/order-candidates.ts'
import { readKnownSignatures } from './signature-store.ts'

/** What is read of the repository, by digest; blobs that are not linked to it are not there. */
export interface SubjectContent {
  findManifest(
    digest: Digest,
  ): Promise<{ readonly mediaType: string; readonly bytes: Uint8Array } | undefined>
  openBlob(
    digest: Digest,
  ): Promise<{ readonly size: number; readonly stream: Readable } | undefined>
}

export interface Candidate extends CandidateLayer {
  readonly key: string
  readonly manifest: Digest
  /** Empty for a referrer. */
  readonly viaTag: string
  readonly pushedBy: string
  readonly seenAt: number
  /** From when on it is none any more: the tag names another manifest. */
  readonly goneAt: number | undefined
}

export interface CandidateList {
  readonly tried: readonly Candidate[]
  /** Whether there are more than are tried. */
  readonly hasMore: boolean
}

/** Tries for one digest; notation's own limit. */
export const maxTries = 100
/** Referrers that are looked at for the order. */
const maxReferrers = 2000
/** Manifests that a tag named before. */
const maxReplaced = 50
/** A layer that another signer's push took out of a tag counts for so long. */
export const replacedCountsMs = 24 * 3_600_000

/** `trusted`: thumbprints of certificates that policies trust. `now` in milliseconds. */
export async function listCandidates(
  { reader, content }: { readonly reader: SqlReader; readonly content: SubjectContent },
  key: SubjectKey,
  { now, trusted }: { readonly now: number; readonly trusted: ReadonlySet<string> },
): Promise<CandidateList> {
  const known = await readKnownSignatures(reader, key)
  const referrers = await listSignatureReferrers(reader, key, maxReferrers)
  const fromReferrers = referrers
    .slice(0, maxReferrers)
    .map((row) => referrerCandidate(row, known.seenAt))
  const fromTags = await tagCandidates({ reader, content }, key, { now, seenAt: known.seenAt })
  const order = orderCandidates([...fromReferrers, ...fromTags], {
    verifiedBefore: known.verified,
    trusted,
  })
  const tried: Candidate[] = []
  for (const one of order.slice(0, maxTries)) {
    if (one.kind === 'layer') tried.push(one.candidate)
    else tried.push(...(await openReferrer(content, one)))
  }
  return { tried, hasMore: order.length > maxTries || referrers.length > maxReferrers }
}

interface UnopenedReferrer {
  readonly kind: 'referrer'
  readonly key: string
  readonly row: ReferrerRow
  readonly hints: readonly string[]
  readonly pushedBy: string
  readonly seenAt: number
}

function referrerCandidate(
  row: ReferrerRow,
  seenAt: ReadonlyMap<string, number>,
): UnopenedReferrer {
  const key = row.digest
  return {
    kind: 'referrer',
    key,
    row,
    hints: thumbprintHints(row.annotations),
    pushedBy: row.pushedBy,
    // A push of what is there already is no first sight.
    seenAt: Math.min(seenAt.get(key) ?? Infinity, row.pushedAt),
  }
}

/** One candidate of each referrer, as cosign and notation write them; more layers are not looked for. */
async function openReferrer(
  content: SubjectContent,
  { key, row, pushedBy, seenAt }: UnopenedReferrer,
): Promise<readonly Candidate[]> {
  const manifest = await readManifest(content, row.digest)
  const [first] = manifest === undefined ? [] : candidatesOfReferrer(manifest)
  if (first === undefined) return []
  return [{ ...first, key, manifest: row.digest, viaTag: '', pushedBy, seenAt, goneAt: undefined }]
}

interface TagCandidate {
  readonly kind: 'layer'
  readonly key: string
  readonly candidate: Candidate
  readonly hints: readonly string[]
  readonly pushedBy: string
  readonly seenAt: number
}

async function tagCandidates(
  { reader, content }: { readonly reader: SqlReader; readonly content: SubjectContent },
  subject: SubjectKey,
  { now, seenAt }: { readonly now: number; readonly seenAt: ReadonlyMap<string, number> },
): Promise<readonly TagCandidate[]> {
  const window = { since: now - replacedCountsMs, limit: maxReplaced }
  const found = new Map<string, TagCandidate>()
  for (const target of await listTagTargets(reader, subject, window)) {
    const { tag, manifest: digest, pushedAt, pushedBy, replacedAt } = target
    const manifest = await readManifest(content, digest)
    for (const layer of manifest === undefined ? [] : candidatesOfTag(manifest)) {
      const key = layerKey(tag, layer)
      // What the tag names now comes first in the list, and stays.
      if (found.has(key)) continue
      const first = Math.min(seenAt.get(key) ?? Infinity, pushedAt)
      const goneAt = replacedAt === undefined ? undefined : replacedAt + replacedCountsMs
      const candidate = {
        ...layer,
        key,
        manifest: digest,
        viaTag: tag,
        pushedBy,
        seenAt: first,
        goneAt,
      }
      found.set(key, { kind: 'layer', key, candidate, hints: [], pushedBy, seenAt: first })
    }
  }
  return [...found.values()]
}

/** The payload of two signers may be the same bytes: what signs it stands in the layer's annotations. */
function layerKey(tag: string, { layer }: CandidateLayer): string {
  const annotations = Object.entries(layer.annotations ?? {}).toSorted(([a], [b]) =>
    a < b ? -1 : 1,
  )
  return hash('sha256', JSON.stringify([tag, layer.mediaType, layer.digest, annotations]), 'hex')
}

async function readManifest(
  content: SubjectContent,
  digest: Digest,
): Promise<Manifest | undefined> {
  const stored = await content.findManifest(digest)
  if (stored === undefined) return undefined
  const parsed = parseManifest(stored.bytes, stored.mediaType)
  return parsed.kind === 'parsed' ? parsed.manifest : undefined
}

export type CandidateContent =
  | { readonly kind: 'read'; readonly bytes: Uint8Array }
  | { readonly kind: 'missing' }
  | { readonly kind: 'too-large' }

/** `left`: bytes that may still be read for this digest. */
export async function readCandidateContent(
  content: SubjectContent,
  { layer, format }: Pick<Candidate, 'layer' | 'format'>,
  left: number,
): Promise<CandidateContent> {
  const blob = await content.openBlob(layer.digest)
  if (blob === undefined) return { kind: 'missing' }
  const limit = Math.min(maxContentBytes(format), left)
  if (blob.size > limit) {
    blob.stream.destroy()
    return { kind: 'too-large' }
  }
  const bytes = await readAll(blob.stream, limit)
  return bytes === undefined ? { kind: 'too-large' } : { kind: 'read', bytes }
}
