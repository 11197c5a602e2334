// Purpose:  what beside an image may be a signature or an attestation of it, in all of cosign's layouts.
// Spec:     cosign specs/SIGNATURE_SPEC.md (tags), BUNDLE_SPEC.md (referrers); OCI distribution, referrers tag schema; signing reference 4.1.
// Input:    manifests of one repository, parsed: what refers to the image, and what its fallback tags name. Anybody may have pushed them.
// Deviates: a layer is taken by its own media type, whatever the manifest calls itself; of several manifests of one tag (now, and before) all layers count.
// Unknowns: more layers than are looked at → counted, so that nobody takes the rest for none.
import type { Descriptor } from '../../oci/descriptor.ts'
import { algorithmOf, digestOf, type Digest } from '../../oci/digest.ts'
import type { ImageManifest, Manifest } from '../../oci/manifest.ts'
import { limits, type SigstoreCandidate } from './candidate.ts'
import {
  annotationNames,
  bundleAnnotationNames,
  bundleTypes,
  dsseType,
  inTotoType,
  simpleSigningType,
} from './media-types.ts'

export interface StoredManifest {
  readonly digest: Digest
  readonly manifest: Manifest
}

export interface BesideImage {
  /** Manifests whose subject it is, from the referrers or from the index under the fallback tag. */
  readonly referrers: readonly StoredManifest[]
  /** What the `.sig` and `.att` tags name, and may have named lately: who overwrites a tag takes no signature away at once. */
  readonly tagged: readonly StoredManifest[]
}

export interface FoundCandidate {
  readonly format: SigstoreCandidate['format']
  readonly manifest: Digest
  readonly layer: Descriptor
  /** What the manifest says the statement is about; nobody signed that. */
  readonly predicateTypeHint?: string
}

export interface FoundBesideImage {
  readonly candidates: readonly FoundCandidate[]
  /** Statements that nobody signed, as buildkit attaches them: claims, never evidence. */
  readonly unsigned: readonly { readonly manifest: Digest; readonly layer: Descriptor }[]
  /** Manifests that do not count, with the reason. */
  readonly ignored: readonly { readonly manifest: Digest; readonly detail: string }[]
  /** Candidates beyond those listed. */
  readonly more: number
}

/** As many as cosign looks at in one manifest. */
const maxCandidates = 1000

/** The tags that clients without the referrers API keep for an image. */
export function fallbackTags(subject: Digest): {
  readonly index: string
  readonly signatures: string
  readonly attestations: string
} {
  const name = subject.replace(':', '-')
  return { index: name, signatures: `${name}.sig`, attestations: `${name}.att` }
}

export function findCandidates(
  subject: Digest,
  { referrers, tagged }: BesideImage,
): FoundBesideImage {
  const ignored: { readonly manifest: Digest; readonly detail: string }[] = []
  const manifests: (StoredManifest & { readonly manifest: ImageManifest })[] = []
  const take = ({ digest, manifest }: StoredManifest, isReferrer: boolean): void => {
    const detail = whyIgnored(manifest, subject, isReferrer)
    if (detail !== undefined) ignored.push({ manifest: digest, detail })
    else if (manifest.kind === 'image') manifests.push({ digest, manifest })
  }
  for (const each of referrers) take(each, true)
  for (const each of tagged) take(each, false)
  const layers = manifests.flatMap(({ digest, manifest }) =>
    manifest.layers.map((layer) => ({ digest, manifest, layer })),
  )
  const found = new Map<string, FoundCandidate>()
  for (const { digest, manifest, layer } of layers) {
    const format = formatOf(layer.mediaType)
    const candidate =
      format === undefined ? undefined : candidateIn(digest, manifest, { format, layer })
    if (candidate === undefined) continue
    const key = identityOf(candidate)
    if (!found.has(key)) found.set(key, candidate)
  }
  const unsigned = layers
    .filter(({ layer }) => layer.mediaType === inTotoType)
    .map(({ digest, layer }) => ({ manifest: digest, layer }))
  const candidates = [...found.values()]
  return {
    candidates: candidates.slice(0, maxCandidates),
    unsigned,
    ignored,
    more: Math.max(0, candidates.length - maxCandidates),
  }
}

function whyIgnored(manifest: Manifest, subject: Digest, isReferrer: boolean): string | undefined {
  if (manifest.kind === 'index') return 'it is an index, which holds no signature'
  if (isReferrer && manifest.subject?.digest !== subject)
    return `its subject is ${manifest.subject?.digest ?? 'nothing'}`
  // A tag's name says whose signatures these are; a subject that says otherwise is not believed either way.
  return !isReferrer && manifest.subject !== undefined && manifest.subject.digest !== subject
    ? `the tag names ${subject}, its subject is ${manifest.subject.digest}`
    : undefined
}

function formatOf(mediaType: string): FoundCandidate['format'] | undefined {
  if (bundleTypes.includes(mediaType)) return 'cosign-bundle'
  if (mediaType === simpleSigningType) return 'cosign-simple'
  return mediaType === dsseType ? 'cosign-dsse' : undefined
}

function candidateIn(
  digest: Digest,
  manifest: ImageManifest,
  { format, layer }: Pick<FoundCandidate, 'format' | 'layer'>,
): FoundCandidate {
  const hint =
    manifest.annotations?.[bundleAnnotationNames.predicateType] ??
    layer.annotations?.['predicateType']
  return {
    format,
    manifest: digest,
    layer,
    ...(hint === undefined ? {} : { predicateTypeHint: hint.slice(0, 1024) }),
  }
}

/** The same payload signed twice is two signatures; one signature in two manifests is one. */
function identityOf({ format, layer }: FoundCandidate): string {
  const { signature, certificate, rekor, timestamp } = annotationNames
  const evidence = [signature, certificate, rekor, timestamp].map(
    (name) => layer.annotations?.[name] ?? '',
  )
  return JSON.stringify([format, layer.digest, ...(format === 'cosign-bundle' ? [] : evidence)])
}

/** With the bytes of its layer, which must be what the manifest says they are; undefined for other bytes. */
export function candidateWith(
  { format, layer }: FoundCandidate,
  content: Uint8Array,
): SigstoreCandidate | undefined {
  if (digestOf(content, algorithmOf(layer.digest)) !== layer.digest) return undefined
  return { format, content, annotations: layer.annotations ?? {} }
}

/** Whether its bytes need not be fetched, since they are more than any reader here takes. */
export function isBeyondLimit({ layer }: FoundCandidate): boolean {
  return layer.size > limits.content
}
