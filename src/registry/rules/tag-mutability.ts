// Purpose:  may this tag be written, given what it points to now?
// Spec:     Amazon ECR API, imageTagMutability; OCI distribution-spec, "Pushing Manifests".
// Input:    the repository's setting, the digest the tag has now (if any), the digest offered. All parsed.
// Deviates: nothing here; what a repeat of the same digest ('same') means is each door's to say.
// Unknowns: none; a setting that we do not know cannot be parsed into TagMutability.
import type { Digest } from '../../oci/digest.ts'

export type TagMutability = 'MUTABLE' | 'IMMUTABLE'

export type TagWrite =
  | { readonly kind: 'create' }
  | { readonly kind: 'same' }
  | { readonly kind: 'move'; readonly from: Digest }
  | { readonly kind: 'refused'; readonly current: Digest }

export function parseTagMutability(text: string): TagMutability | undefined {
  return text === 'MUTABLE' || text === 'IMMUTABLE' ? text : undefined
}

export function decideTagWrite(
  setting: TagMutability,
  current: Digest | undefined,
  offered: Digest,
): TagWrite {
  if (current === undefined) return { kind: 'create' }
  if (current === offered) return { kind: 'same' }
  return setting === 'IMMUTABLE' ? { kind: 'refused', current } : { kind: 'move', from: current }
}
