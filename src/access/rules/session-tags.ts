// Purpose:  which tags does a session have, given those asked for and those that the calling session hands on?
// Spec:     IAM User Guide, "Pass session tags in AWS STS" and "Chaining roles with session tags".
// Input:    tags of an STS request, their form held against the model already; the caller's session, if it has one.
// Deviates: nothing.
// Unknowns: none.

export interface SessionTags {
  readonly tags: Readonly<Record<string, string>>
  readonly transitiveTagKeys: readonly string[]
}

export type TagsOfSession =
  | { readonly kind: 'tags'; readonly session: SessionTags }
  | { readonly kind: 'refused'; readonly reason: string }

export const noTags: SessionTags = { tags: {}, transitiveTagKeys: [] }

export function combineSessionTags(
  asked: {
    readonly tags: readonly { readonly key: string; readonly value: string }[]
    readonly transitiveKeys: readonly string[]
  },
  calling: SessionTags,
): TagsOfSession {
  const handedOn = new Map(
    calling.transitiveTagKeys.flatMap((key) => {
      const value = Object.hasOwn(calling.tags, key) ? calling.tags[key] : undefined
      return value === undefined ? [] : [[key, value] as const]
    }),
  )
  const fault = faultOf(asked, [...handedOn.keys()])
  if (fault !== undefined) return { kind: 'refused', reason: fault }
  const own = asked.tags.map(({ key, value }) => [key, value] as const)
  return {
    kind: 'tags',
    session: {
      tags: Object.fromEntries([...handedOn, ...own]),
      transitiveTagKeys: [...handedOn.keys(), ...asked.transitiveKeys],
    },
  }
}

function faultOf(
  { tags, transitiveKeys }: Parameters<typeof combineSessionTags>[0],
  handedOn: readonly string[],
): string | undefined {
  const keys = tags.map(({ key }) => key)
  // Keys that differ in case only are the same to policies.
  const folded = new Set(keys.map((key) => key.toLowerCase()))
  if (folded.size < keys.length) {
    return 'Duplicate tag keys found. Please note that Tag keys are case insensitive.'
  }
  const reserved = keys.find((key) => key.toLowerCase().startsWith('aws:'))
  if (reserved !== undefined) return 'System tags cannot be added/updated by requester.'
  if (handedOn.some((key) => folded.has(key.toLowerCase()))) {
    return "One of the specified transitive tag keys can't be set because it conflicts with a transitive tag key from the calling session."
  }
  const foreign = transitiveKeys.find((key) => !keys.includes(key))
  return foreign === undefined
    ? undefined
    : 'The specified transitive tag key must be included in the requested tags.'
}
