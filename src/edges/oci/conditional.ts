// Purpose:  read conditions on the one entity tag that content has: its digest.
// Spec:     RFC 9110 sections 8.8.3 and 13.1.
// Input:    header text; hostile.
// Deviates: an entity tag without quotes is taken, as some clients send it.
// Unknowns: what is no entity tag of ours matches nothing.
import type { EntityTags, Precondition } from '../../registry/rules/precondition.ts'
import type { OciCall } from './call.ts'

/** If-None-Match of a GET or HEAD: the client has this content already. */
export function isNotModified(header: string | undefined, digest: string): boolean {
  if (header === undefined) return false
  const tags = entityTags(header.replaceAll('W/', ''))
  return tags === 'any' || tags.includes(digest)
}

/** If-Match and If-None-Match of a push; undefined when there is no condition. */
export function preconditionOf(header: OciCall['header']): Precondition | undefined {
  const [match, noneMatch] = [header('if-match'), header('if-none-match')]
  if (match === undefined && noneMatch === undefined) return undefined
  return {
    ...(match === undefined ? {} : { ifMatch: entityTags(match) }),
    ...(noneMatch === undefined ? {} : { ifNoneMatch: entityTags(noneMatch.replaceAll('W/', '')) }),
  }
}

/** A weak tag keeps its mark and so is none of ours: If-Match compares strongly. */
function entityTags(list: string): EntityTags {
  if (list.trim() === '*') return 'any'
  return list.split(',').map((tag) => tag.trim().replace(/^"(.*)"$/, '$1'))
}
