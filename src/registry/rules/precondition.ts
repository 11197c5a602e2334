// Purpose:  does a push's condition on what is there now hold?
// Spec:     RFC 9110 sections 13.1.1 (If-Match) and 13.1.2 (If-None-Match); the entity tag of a manifest is its digest.
// Input:    the condition, parsed; the digest that the tag or digest of the push names now, if any.
// Deviates: nothing.
// Unknowns: an entity tag that is none of ours matches nothing.
import type { Digest } from '../../oci/digest.ts'

/** `any` stands for `*`: whatever is there. */
export type EntityTags = 'any' | readonly string[]

export interface Precondition {
  readonly ifMatch?: EntityTags
  readonly ifNoneMatch?: EntityTags
}

export function holds(condition: Precondition, current: Digest | undefined): boolean {
  const { ifMatch, ifNoneMatch } = condition
  if (ifMatch !== undefined && !matches(ifMatch, current)) return false
  return ifNoneMatch === undefined || !matches(ifNoneMatch, current)
}

function matches(tags: EntityTags, current: Digest | undefined): boolean {
  return current !== undefined && (tags === 'any' || tags.includes(current))
}
