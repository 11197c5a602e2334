// Purpose:  the identities that a trust policy names.
// Spec:     Notary Project trust-store-trust-policy.md, trusted identities constraints.
// Input:    an administrator's list of texts; how many, the reader of the document has looked at.
// Deviates: nothing.
// Unknowns: a text with another prefix than `x509.subject` is kept for a verification plugin, and matches nothing without one.
import {
  identityNameOf,
  isSubsetName,
  parseIdentityName,
  type DistinguishedName,
  type IdentityName,
} from '../x509/distinguished-name.ts'

export type TrustedIdentity =
  | { readonly kind: 'anybody' }
  | { readonly kind: 'subject'; readonly text: string; readonly name: IdentityName }
  | { readonly kind: 'other'; readonly text: string }

const subjectPrefix = 'x509.subject'

export function readIdentities(
  value: unknown,
  place: string,
  report: (member: string, message: string) => void,
): readonly TrustedIdentity[] {
  if (value === undefined) return []
  if (!Array.isArray(value)) {
    report(place, 'must be a list of texts')
    return []
  }
  const identities: TrustedIdentity[] = []
  for (const [index, text] of (value as readonly unknown[]).entries()) {
    const identity = typeof text === 'string' ? parseIdentity(text) : 'is no text'
    if (typeof identity === 'string') report(`${place}[${index}]`, identity)
    else identities.push(identity)
  }
  return identities
}

/** The identity, or the end of a sentence about what is wrong. */
export function parseIdentity(text: string): TrustedIdentity | string {
  const shown = JSON.stringify(text.slice(0, 300))
  if (text === '*') return { kind: 'anybody' }
  const colon = text.indexOf(':')
  if (colon <= 0)
    return `${shown} has no prefix; a subject is written "x509.subject: C=…, ST=…, O=…"`
  const value = text.slice(colon + 1)
  if (value.trim() === '') return `${shown} has nothing after its prefix`
  if (text.slice(0, colon) !== subjectPrefix) return { kind: 'other', text }
  const name = parseIdentityName(value)
  return name.kind === 'name'
    ? { kind: 'subject', text, name: name.name }
    : `${shown} ${name.reason}`
}

/** What is wrong with the list as a whole: `*` beside others, or two that overlap. */
export function faultOfIdentities(
  identities: readonly TrustedIdentity[],
): readonly { readonly index: number; readonly message: string }[] {
  const faults: { readonly index: number; readonly message: string }[] = []
  const everybody = identities.findIndex(({ kind }) => kind === 'anybody')
  if (everybody !== -1 && identities.length > 1)
    faults.push({ index: everybody, message: '"*" stands alone, and other identities are there' })
  for (const [index, one] of identities.entries()) {
    const earlier = identities
      .slice(0, index)
      .find((other) => isOverlap(one, other) || isOverlap(other, one))
    if (earlier !== undefined && earlier.kind !== 'anybody')
      faults.push({ index, message: `overlaps ${JSON.stringify(earlier.text)}` })
  }
  return faults
}

function isOverlap(one: TrustedIdentity, other: TrustedIdentity): boolean {
  return one.kind === 'subject' && other.kind === 'subject' && isSubsetName(one.name, other.name)
}

export type SubjectMatch =
  | { readonly kind: 'matched'; readonly by: string }
  | { readonly kind: 'unmatched'; readonly detail: string }

/** Whether the leaf's subject is one of the identities. */
export function matchSubject(
  subject: DistinguishedName,
  identities: readonly TrustedIdentity[],
): SubjectMatch {
  if (identities.some(({ kind }) => kind === 'anybody')) return { kind: 'matched', by: '*' }
  const named = identities.filter((one) => one.kind === 'subject')
  if (named.length === 0)
    return { kind: 'unmatched', detail: 'the policy names no identity that is a subject' }
  const own = identityNameOf(subject)
  if (own.kind === 'refused')
    return {
      kind: 'unmatched',
      detail: `the subject ${own.reason}, so that no identity but "*" can match it`,
    }
  const found = named.find(({ name }) => isSubsetName(name, own.name))
  return found === undefined
    ? {
        kind: 'unmatched',
        detail: `it is none of ${named.length} trusted identities, the first of which is ${JSON.stringify(named[0]?.text)}`,
      }
    : { kind: 'matched', by: found.text }
}
