// Purpose:  write and read what every token of a session says about it.
// Spec:     AWS STS, "Credentials"; what it holds is iam's own matter, since nobody but this registry reads it.
// Input:    claims that were settled when the session was made; JSON values from a token that was opened under our key.
// Deviates: nothing.
// Unknowns: a value of another shape → undefined, as for a token that is altered.

/** Whose session it is: what must still exist for it to open anything. */
export type SessionOwner =
  /** Of GetSessionToken; of root, `id` is the account's. */
  | { readonly kind: 'user'; readonly id: string }
  | { readonly kind: 'role'; readonly id: string; readonly sessionName: string }
  /** Of GetFederationToken; `id` is the user's who asked for it. */
  | { readonly kind: 'federated-user'; readonly id: string; readonly sessionName: string }

/** A policy within the token, or the hash under which it is stored. */
export type CarriedPolicy = { readonly text: string } | { readonly hash: string }

export interface SessionClaims {
  /** `ASIA…`; one for each session, so it names the session too. */
  readonly accessKeyId: string
  readonly owner: SessionOwner
  readonly issuedAt: Date
  readonly expiresAt: Date
  /** Its own policies, as texts and as ARNs of managed ones: they limit and never grant. */
  readonly policies: readonly CarriedPolicy[]
  readonly policyArns: readonly string[]
  readonly tags: Readonly<Record<string, string>>
  readonly transitiveTagKeys: readonly string[]
  readonly sourceIdentity: string | undefined
  /** The provider's ARN, for a session made by AssumeRoleWithWebIdentity. */
  readonly federatedProvider: string | undefined
  /** Keys as policies name them (`HOST:sub`, `HOST:aud`). */
  readonly claims: Readonly<Record<string, string>>
}

const ownerLetters = { user: 'u', role: 'r', 'federated-user': 'f' } as const

/** As JSON values, in a fixed order and without names: a token travels in a header. */
export function writeSessionClaims(claims: SessionClaims): readonly unknown[] {
  const { owner } = claims
  return [
    claims.accessKeyId,
    ownerLetters[owner.kind],
    owner.id,
    owner.kind === 'user' ? '' : owner.sessionName,
    claims.issuedAt.getTime(),
    claims.expiresAt.getTime(),
    claims.policies.map((policy) => ('text' in policy ? ['t', policy.text] : ['h', policy.hash])),
    claims.policyArns,
    Object.entries(claims.tags),
    claims.transitiveTagKeys,
    claims.sourceIdentity ?? '',
    claims.federatedProvider ?? '',
    Object.entries(claims.claims),
  ]
}

/** The claims; undefined for anything that `writeSessionClaims` did not write. */
export function readSessionClaims(value: unknown): SessionClaims | undefined {
  const [id, letter, ownerId, name, issued, expires, ...rest] = listOf(value)
  const owner = readOwner(letter, ownerId, name)
  if (typeof id !== 'string' || owner === undefined) return undefined
  if (typeof issued !== 'number' || typeof expires !== 'number') return undefined
  const [policies, policyArns, tags, transitive, identity, provider, claims] = rest
  return {
    accessKeyId: id,
    owner,
    issuedAt: new Date(issued),
    expiresAt: new Date(expires),
    policies: pairsOf(policies).map(([kind, text]) => (kind === 'h' ? { hash: text } : { text })),
    policyArns: textsOf(policyArns),
    tags: recordOf(tags),
    transitiveTagKeys: textsOf(transitive),
    sourceIdentity: textOrNone(identity),
    federatedProvider: textOrNone(provider),
    claims: recordOf(claims),
  }
}

function readOwner(letter: unknown, id: unknown, name: unknown): SessionOwner | undefined {
  if (typeof id !== 'string' || typeof name !== 'string') return undefined
  if (letter === ownerLetters.user) return { kind: 'user', id }
  if (letter === ownerLetters.role) return { kind: 'role', id, sessionName: name }
  if (letter !== ownerLetters['federated-user']) return undefined
  return { kind: 'federated-user', id, sessionName: name }
}

/** Keys come from callers: on an object without a prototype `__proto__` is one like any other. */
function recordOf(value: unknown): Readonly<Record<string, string>> {
  const record: Record<string, string> = {}
  Object.setPrototypeOf(record, null)
  for (const [key, text] of pairsOf(value)) record[key] = text
  return record
}

function pairsOf(value: unknown): readonly (readonly [string, string])[] {
  return listOf(value).map((pair) => {
    const [key = '', text = ''] = textsOf(pair)
    return [key, text]
  })
}

function textsOf(value: unknown): readonly string[] {
  return listOf(value).filter((member) => typeof member === 'string')
}

/** When a token was made; 1970 for one that does not say, so that whatever ends earlier tokens ends it. */
export function issueTimeOf(value: unknown): Date {
  return new Date(typeof value === 'number' ? value : 0)
}

function textOrNone(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : []
}
