// Purpose:  what does an ID token want the session to be tagged with, and whom does it name as the one who really acts?
// Spec:     IAM User Guide, "Pass session tags in AWS STS" (AssumeRoleWithWebIdentity; nested and flattened claims), "Monitor and
//           control actions taken with assumed roles" (source identity); STS model 2011-06-15, Tag and sourceIdentityType.
// Input:    the claims of a token whose signature was verified; what its provider lets in, it may have let somebody choose.
// Deviates: nothing.
// Unknowns: a claim in these names that cannot be read as tags or as a name → refused: it meant to say something.
import type { JWTPayload } from 'jose'

export interface TokenTags {
  readonly tags: readonly { readonly key: string; readonly value: string }[]
  readonly transitiveKeys: readonly string[]
  readonly sourceIdentity: string | undefined
}

export type TokenTagsReading =
  | { readonly kind: 'read'; readonly token: TokenTags }
  | { readonly kind: 'unreadable'; readonly reason: string }

const tagsClaim = 'https://aws.amazon.com/tags'
const flatPrefix = `${tagsClaim}/principal_tags/`
const flatTransitive = `${tagsClaim}/transitive_tag_keys`
const sourceIdentityClaim = 'https://aws.amazon.com/source_identity'

const mostTags = 50
const keyForm = /^[\p{L}\p{Z}\p{N}_.:/=+\-@]{1,128}$/u
const valueForm = /^[\p{L}\p{Z}\p{N}_.:/=+\-@]{0,256}$/u
const identityForm = /^[\w+=,.@-]{2,64}$/

/** Tags in either form or both; whether they contradict one another is for whoever makes the session. */
export function readTokenTags(payload: JWTPayload): TokenTagsReading {
  const nested = Object.hasOwn(payload, tagsClaim) ? payload[tagsClaim] : {}
  if (!isRecord(nested)) return unreadable(`${tagsClaim} is no object`)
  const inner = Object.hasOwn(nested, 'principal_tags') ? nested['principal_tags'] : {}
  if (!isRecord(inner)) return unreadable('principal_tags is no object')
  const flat = Object.entries(payload).flatMap(([name, value]) =>
    name.startsWith(flatPrefix) ? [[name.slice(flatPrefix.length), value] as const] : [],
  )
  const written = [...Object.entries(inner), ...flat]
  if (written.length > mostTags) return unreadable(`there are more than ${mostTags} tags`)
  const tags = written.map(([key, value]) => readTag(key, value)).filter((tag) => tag !== undefined)
  if (tags.length < written.length) return unreadable('a tag is not one key with one value')
  const transitiveKeys = [
    ...readKeys(nested, 'transitive_tag_keys'),
    ...readKeys(payload, flatTransitive),
  ]
  const names = transitiveKeys.filter((key) => key !== undefined)
  if (names.length < transitiveKeys.length) {
    return unreadable('transitive_tag_keys is no list of keys')
  }
  const isNamed = Object.hasOwn(payload, sourceIdentityClaim)
  const sourceIdentity = isNamed ? textOf(payload[sourceIdentityClaim], identityForm) : undefined
  if (isNamed && sourceIdentity === undefined) {
    return unreadable(`${sourceIdentityClaim} is no name of 2 to 64 letters, digits and +=,.@-_`)
  }
  return { kind: 'read', token: { tags, transitiveKeys: [...new Set(names)], sourceIdentity } }
}

/** A value is a text, or a list of that one text, as AWS's own example has it. */
function readTag(
  key: string,
  value: unknown,
): { readonly key: string; readonly value: string } | undefined {
  const members: readonly unknown[] = Array.isArray(value) ? value : [value]
  const [text] = members.map((member) => textOf(member, valueForm))
  return members.length === 1 && text !== undefined && keyForm.test(key)
    ? { key, value: text }
    : undefined
}

/** Undefined stands for what is no key. */
function readKeys(
  from: Readonly<Record<string, unknown>>,
  name: string,
): readonly (string | undefined)[] {
  if (!Object.hasOwn(from, name)) return []
  const value = from[name]
  const members: readonly unknown[] = Array.isArray(value) ? value : [value]
  return members.map((member) => textOf(member, keyForm))
}

function textOf(value: unknown, form: RegExp): string | undefined {
  return typeof value === 'string' && form.test(value) ? value : undefined
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function unreadable(reason: string): TokenTagsReading {
  return { kind: 'unreadable', reason }
}
