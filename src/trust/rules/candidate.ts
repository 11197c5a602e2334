// Purpose:  which layers of a manifest may be signatures or signed statements about another one, and in which form.
// Spec:     Notary Project signature-specification.md, storage; cosign's layouts (signing reference 1.1, 4.1).
// Input:    manifests that were read; annotations are unsigned hints and only that.
// Deviates: nothing.
// Unknowns: an artifact of another type, a layer of another type → no candidate.
import type { Descriptor } from '../../oci/descriptor.ts'
import type { Digest } from '../../oci/digest.ts'
import type { ImageManifest, Manifest } from '../../oci/manifest.ts'
import { mediaTypes } from '../../oci/media-type.ts'
import { imageSignatureType } from '../../signatures/sigstore/predicate-types.ts'
import type { AcceptEntry } from './trust-policy.ts'

export const signatureFormats = [
  'notation-jws',
  'notation-cose',
  'cosign-simple',
  'cosign-bundle',
  'cosign-dsse',
] as const
export type SignatureFormat = (typeof signatureFormats)[number]

/** One layer that may be a signature. */
export interface CandidateLayer {
  readonly position: number
  readonly format: SignatureFormat
  readonly layer: Descriptor
  /** SHA-256 thumbprints that the manifest says its chain has: a hint for the order, never a reason. */
  readonly hints: readonly string[]
  /** What the manifest says a statement is about: a hint too. */
  readonly predicateTypeHint?: string
}

const notationType = 'application/vnd.cncf.notary.signature'
const cosignType = 'application/vnd.dev.cosign.artifact.sig.v1+json'
const simpleType = 'application/vnd.dev.cosign.simplesigning.v1+json'
const envelopeType = 'application/vnd.dsse.envelope.v1+json'
const bundleType = 'application/vnd.dev.sigstore.bundle'
const predicateTypeOfBundle = 'dev.sigstore.bundle.predicateType'
const thumbprints = 'io.cncf.notary.x509chain.thumbprint#S256'
/** cosign reads no more layers. */
const maxLayers = 1000
const maxHints = 10

/** Of a manifest whose subject is the image. */
export function candidatesOfReferrer(manifest: Manifest): readonly CandidateLayer[] {
  if (manifest.kind !== 'image') return []
  if (isNotation(manifest)) return notationCandidates(manifest)
  const { artifactType = '' } = manifest
  if (artifactType.startsWith(bundleType)) return layersOf(manifest, bundleFormat)
  return artifactType === cosignType ? layersOf(manifest, cosignFormat) : []
}

/** Of a manifest that a tag such as `sha256-….sig` names. */
export function candidatesOfTag(manifest: Manifest): readonly CandidateLayer[] {
  return manifest.kind === 'image' ? layersOf(manifest, cosignFormat) : []
}

/** Types of referrers that hold candidates; the list of a subject is searched for no other. */
export function mayHoldSignatures(artifactType: string | undefined): boolean {
  return (
    artifactType === notationType ||
    artifactType === cosignType ||
    artifactType?.startsWith(bundleType) === true
  )
}

/** `artifactType` together with a config that is not the empty one is no signature, as notation has it. */
function isNotation({ artifactType, config, mediaType }: ImageManifest): boolean {
  if (artifactType !== notationType) return false
  if (mediaType === mediaTypes.ociArtifact) return true
  return config?.mediaType === mediaTypes.ociEmpty || config?.mediaType === notationType
}

function notationCandidates(manifest: ImageManifest): readonly CandidateLayer[] {
  const [layer] = manifest.layers
  if (layer === undefined || manifest.layers.length > 1) return []
  const formats: Readonly<Record<string, SignatureFormat>> = {
    'application/jose+json': 'notation-jws',
    'application/cose': 'notation-cose',
  }
  const format = formats[layer.mediaType]
  const hints = hintsIn(manifest.annotations?.[thumbprints])
  return format === undefined ? [] : [{ position: 0, format, layer, hints }]
}

/** Of a referrer's annotations as JSON. */
export function thumbprintHints(annotations: string | undefined): readonly string[] {
  if (annotations === undefined) return []
  const value: unknown = JSON.parse(annotations)
  if (typeof value !== 'object' || value === null || !(thumbprints in value)) return []
  const text: unknown = value[thumbprints]
  return typeof text === 'string' ? hintsIn(text) : []
}

function hintsIn(text: string | undefined): readonly string[] {
  if (text === undefined || text.length > 4096) return []
  const found = text.match(/[0-9a-fA-F]{64}/g) ?? []
  return found.slice(0, maxHints).map((hex) => hex.toLowerCase())
}

function bundleFormat(layer: Descriptor): SignatureFormat | undefined {
  return layer.mediaType.startsWith(bundleType) ? 'cosign-bundle' : undefined
}

function cosignFormat(layer: Descriptor): SignatureFormat | undefined {
  if (layer.mediaType === simpleType) return 'cosign-simple'
  return layer.mediaType === envelopeType ? 'cosign-dsse' : bundleFormat(layer)
}

function layersOf(
  { layers, annotations }: ImageManifest,
  formatOf: (layer: Descriptor) => SignatureFormat | undefined,
): readonly CandidateLayer[] {
  return layers.slice(0, maxLayers).flatMap((layer, position) => {
    const format = formatOf(layer)
    if (format === undefined) return []
    const hint = annotations?.[predicateTypeOfBundle] ?? layer.annotations?.['predicateType']
    const said = hint === undefined ? {} : { predicateTypeHint: hint.slice(0, 1024) }
    return [{ position, format, layer, hints: [], ...said }]
  })
}

/**
 * Whether it is told as a signature while nobody knows what it says: an envelope of the older layout is a statement, of a bundle the
 * unsigned hint decides. Nothing passes by it.
 */
export function isLikelySignature({
  format,
  predicateTypeHint,
}: {
  readonly format: SignatureFormat
  readonly predicateTypeHint?: string
}): boolean {
  if (format === 'cosign-dsse') return false
  return predicateTypeHint === undefined || predicateTypeHint === imageSignatureType
}

/** Bytes of one candidate; what honest clients write is smaller by far. */
export function maxContentBytes(format: SignatureFormat): number {
  if (format === 'cosign-simple') return 256 * 1024
  return format === 'cosign-bundle' || format === 'cosign-dsse' ? 10 * 1024 * 1024 : 1024 * 1024
}

/** Whether an entry is about signatures of that form at all. */
export function isAbout(entry: AcceptEntry, format: SignatureFormat): boolean {
  return (entry.kind === 'notation') === format.startsWith('notation-')
}

/** The tags of an image in that layout; none for other digests than SHA-256. */
export function signatureTagsOf(subject: Digest): readonly string[] {
  const [, hex] = /^sha256:([0-9a-f]{64})$/.exec(subject) ?? []
  return hex === undefined ? [] : [`sha256-${hex}.sig`, `sha256-${hex}.att`]
}
