// Purpose:  which image a tag is about that a client made of the image's digest.
// Spec:     OCI distribution-spec, "Referrers Tag Schema"; cosign's layout of signatures (`sha256-….sig`, `.att`, `.sbom`).
// Input:    a tag, or the digest of an image. Anybody may give any manifest such a tag.
// Deviates: nothing.
// Unknowns: cosign's tags of digests other than SHA-256, which are too long for a tag, are tags like others.
import { parseDigest, type Digest } from '../../oci/digest.ts'
import { fallbackTagOf } from './fallback-tag.ts'

/** What is kept under it: the index of referrers, signatures, attestations, or a bill of materials. */
export type CompanionKind = 'referrers' | 'sig' | 'att' | 'sbom'

export interface CompanionTag {
  readonly kind: CompanionKind
  /** Undefined where the tag holds a part of the digest alone, as that of a SHA-512 digest does. */
  readonly subject: Digest | undefined
}

export function companionTag(tag: string): CompanionTag | undefined {
  const [, algorithm, hex = '', suffix] =
    /^(sha256|sha512)-([0-9a-f]{64})(?:\.(sig|att|sbom))?$/.exec(tag) ?? []
  if (algorithm === undefined) return undefined
  if (algorithm === 'sha512' && suffix !== undefined) return undefined
  const subject = algorithm === 'sha256' ? parseDigest(`sha256:${hex}`) : undefined
  return { kind: kindOf(suffix), subject }
}

/** The image whose signatures or attestations cosign's older layout keeps under a tag: the tag is the only link. */
export function signatureSubjectOf(tag: string): Digest | undefined {
  const companion = companionTag(tag)
  return companion?.kind === 'sig' || companion?.kind === 'att' ? companion.subject : undefined
}

/** What clients may call the companions of an image. */
export function companionTagsOf(subject: Digest): readonly string[] {
  const index = fallbackTagOf(subject)
  if (!subject.startsWith('sha256:')) return [index]
  return [index, `${index}.sig`, `${index}.att`, `${index}.sbom`]
}

function kindOf(suffix: string | undefined): CompanionKind {
  return suffix === 'sig' || suffix === 'att' || suffix === 'sbom' ? suffix : 'referrers'
}
