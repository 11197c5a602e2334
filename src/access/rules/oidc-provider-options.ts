// Purpose:  what this product knows of an identity provider besides AWS's parameters.
// Spec:     our own; RFC 7517 (JWK Set), RFC 7518 section 3.1 (algorithms), RFC 7468 (PEM).
// Input:    parsed JSON; hostile.
// Deviates: nothing.
// Unknowns: a member that is not one of these is refused: an option that was misspelt must not be lost in silence.

export interface OidcProviderOptions {
  /** Its host may be in a private network. */
  readonly allowPrivateNetwork?: boolean
  /** PEM certificates that its host's certificate may come from, in place of the public ones. */
  readonly caBundle?: string
  /** The key set itself, so that nothing has to be fetched. */
  readonly jwks?: Readonly<Record<string, unknown>>
  /** Claims that become condition keys besides aud, sub and amr. */
  readonly claims?: readonly string[]
  /** A token opens one session, and no second. */
  readonly singleUse?: boolean
  /** In place of RS256 and ES256. */
  readonly algorithms?: readonly string[]
}

export type OptionsReading =
  | { readonly kind: 'options'; readonly options: OidcProviderOptions }
  | { readonly kind: 'refused'; readonly reason: string }

/** All of them in JSON, key set and certificates included. */
export const maxOptionsLength = 128 * 1024
const maxClaims = 20
const maxKeys = 50

/** Never an algorithm whose key is a secret, and never none. */
const algorithms: ReadonlySet<string> = new Set([
  'RS256',
  'RS384',
  'RS512',
  'PS256',
  'PS384',
  'PS512',
  'ES256',
  'ES384',
  'ES512',
  'EdDSA',
])

export function readProviderOptions(value: unknown): OptionsReading {
  if (!isRecord(value)) return refused('the options must be a JSON object')
  for (const [name, member] of Object.entries(value)) {
    const check = checks.get(name)
    if (check === undefined) {
      return refused(`${JSON.stringify(name.slice(0, 60))} is no option; there are ${names()}`)
    }
    const fault = check(member)
    if (fault !== undefined) return refused(`${name} ${fault}`)
  }
  return { kind: 'options', options: value }
}

const checks: ReadonlyMap<string, (member: unknown) => string | undefined> = new Map([
  ['allowPrivateNetwork', faultOfBoolean],
  ['caBundle', faultOfBundle],
  ['jwks', faultOfKeySet],
  ['claims', faultOfClaims],
  ['singleUse', faultOfBoolean],
  ['algorithms', faultOfAlgorithms],
])

function names(): string {
  return [...checks.keys()].join(', ')
}

function faultOfBoolean(member: unknown): string | undefined {
  return typeof member === 'boolean' ? undefined : 'must be true or false'
}

function faultOfBundle(member: unknown): string | undefined {
  const certificate =
    /^\s*(?:-----BEGIN CERTIFICATE-----[A-Za-z0-9+/=\s]+-----END CERTIFICATE-----\s*)+$/
  return typeof member === 'string' && member.length <= maxOptionsLength && certificate.test(member)
    ? undefined
    : 'must be certificates in PEM form'
}

function faultOfKeySet(member: unknown): string | undefined {
  const keys = isRecord(member) ? member['keys'] : undefined
  if (!Array.isArray(keys) || keys.length === 0 || keys.length > maxKeys) {
    return `must be a JSON Web Key Set with 1 to ${maxKeys} keys`
  }
  const isPublic = keys.every(
    (key) => isRecord(key) && typeof key['kty'] === 'string' && !isSecret(key),
  )
  return isPublic ? undefined : 'must hold public keys only, each with its kty'
}

/** A symmetric key, or the private half of another. */
function isSecret(key: Readonly<Record<string, unknown>>): boolean {
  return key['kty'] === 'oct' || 'd' in key || 'k' in key
}

function faultOfClaims(member: unknown): string | undefined {
  return isListOf(member, maxClaims, (claim) => /^[A-Za-z0-9_.:/-]{1,128}$/.test(claim))
    ? undefined
    : `must be at most ${maxClaims} names of claims`
}

function faultOfAlgorithms(member: unknown): string | undefined {
  return isListOf(member, algorithms.size, (name) => algorithms.has(name)) && member.length > 0
    ? undefined
    : `must be one or more of ${[...algorithms].join(', ')}`
}

function isListOf(
  value: unknown,
  longest: number,
  isGood: (entry: string) => boolean,
): value is readonly string[] {
  return (
    Array.isArray(value) &&
    value.length <= longest &&
    value.every((entry) => typeof entry === 'string' && isGood(entry))
  )
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function refused(reason: string): OptionsReading {
  return { kind: 'refused', reason }
}
