import { parseDigest, type Digest } from './digest.ts'
import { parseTag, type Tag } from './tag.ts'

/** What a manifest is asked for by: OCI distribution-spec, <reference>. */
export type Reference =
  { readonly kind: 'tag'; readonly tag: Tag } | { readonly kind: 'digest'; readonly digest: Digest }

/** A tag cannot contain `:`, so text with one is a digest or nothing. */
export function parseReference(text: string): Reference | undefined {
  if (text.includes(':')) {
    const digest = parseDigest(text)
    return digest === undefined ? undefined : { kind: 'digest', digest }
  }
  const tag = parseTag(text)
  return tag === undefined ? undefined : { kind: 'tag', tag }
}
