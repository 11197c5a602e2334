// Purpose:  is a push to be signed, and is a signature that was asked for before asked for again?
// Spec:     Amazon ECR user guide, "Managed signing"; a signature is never signed, or it would be for ever.
// Input:    what a push stored, and the row that an earlier one left.
// Deviates: the children of an index are signed as they are pushed, and the index itself too.
// Unknowns: nothing; what points to another manifest, and what clients keep signatures in, is not signed.
import { companionTag } from '../../registry/rules/companion-tag.ts'
import type { Digest } from '../../oci/digest.ts'
import type { Tag } from '../../oci/tag.ts'
import { signatureArtifactType } from '../../signatures/notation/signature-manifest.ts'

const signatureTypes = [
  signatureArtifactType,
  'application/vnd.dev.cosign.artifact.sig.v1+json',
  'application/vnd.dev.sigstore.bundle.v0.3+json',
]

export function isSignable(push: {
  readonly subject: Digest | undefined
  readonly artifactType: string | undefined
  readonly tags: readonly Tag[]
}): boolean {
  if (push.subject !== undefined) return false
  if (push.artifactType !== undefined && signatureTypes.includes(push.artifactType)) return false
  return !push.tags.some((tag) => companionTag(tag) !== undefined)
}

export interface EarlierSigning {
  readonly state: SigningState
  /** That signed; undefined while nothing was signed. */
  readonly version: string | undefined
}

export type SigningState = 'IN_PROGRESS' | 'COMPLETE' | 'FAILED'

/** `current` is the profile's version that signs now. A signature that was made and waits to be pushed is pushed first. */
export function isAskedAgain(
  earlier: EarlierSigning | undefined,
  current: string | undefined,
): boolean {
  if (earlier === undefined || earlier.state === 'FAILED') return true
  if (earlier.state === 'IN_PROGRESS') return earlier.version === undefined
  return current !== undefined && earlier.version !== current
}
