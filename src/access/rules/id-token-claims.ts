// Purpose:  is a token of whole signature for one of the provider's clients, within its time, and what does it say?
// Spec:     OpenID Connect Core 1.0 sections 2 and 3.1.3.7 (audience, time); RFC 7519 section 4.1; STS, AssumeRoleWithWebIdentity.
// Input:    the claims of a token whose signature was verified; what its provider lets in, it may have let somebody choose.
// Deviates: `azp` counts before `aud`, as in AWS.
// Unknowns: a claim of another type is none, and the token is refused where it needs the claim.
import type { JWTPayload } from 'jose'
import { readTokenTags, type TokenTags } from './id-token-tags.ts'

/** What of a provider's record decides. */
export interface TrustedProvider {
  /** Without its scheme: `token.actions.githubusercontent.com`. */
  readonly issuer: string
  readonly clientIds: readonly string[]
  readonly options: {
    readonly allowPrivateNetwork?: boolean
    readonly caBundle?: string
    readonly jwks?: Readonly<Record<string, unknown>>
    readonly claims?: readonly string[]
    readonly algorithms?: readonly string[]
    readonly singleUse?: boolean
  }
}

export interface VerifiedToken {
  readonly provider: TrustedProvider
  readonly subject: string
  /** The one of the provider's client ids that it is for. */
  readonly audience: string
  /** By the names that condition keys have behind `HOST:`, `sub` and `aud` among them. */
  readonly claims: Readonly<Record<string, string | readonly string[]>>
  /** What the session is to say of itself. */
  readonly session: TokenTags
  readonly tokenId: string | undefined
  readonly expiresAt: Date
}

/** AWS's codes. */
export type IdTokenFault =
  'InvalidIdentityToken' | 'ExpiredTokenException' | 'IDPCommunicationError' | 'IDPRejectedClaim'

export type IdTokenResult =
  | { readonly kind: 'verified'; readonly token: VerifiedToken }
  | { readonly kind: 'refused'; readonly code: IdTokenFault; readonly message: string }

/** Clocks differ; a token's life is minutes. */
const leewaySeconds = 60

export function readIdTokenClaims(
  provider: TrustedProvider,
  payload: JWTPayload,
  now: Date,
): IdTokenResult {
  const { sub, jti } = payload
  const audience = audienceOf(provider, payload)
  if (audience === undefined) return refused('InvalidIdentityToken', 'Incorrect token audience')
  if (typeof sub !== 'string' || sub === '') return missingClaim('sub')
  const times = readTimes(payload, now)
  if ('code' in times) return times
  const read = readTokenTags(payload)
  if (read.kind === 'unreadable') {
    return refused('InvalidIdentityToken', `The ID Token cannot be read: ${read.reason}`)
  }
  const tokenId = typeof jti === 'string' && jti !== '' ? jti : undefined
  if (provider.options.singleUse === true && tokenId === undefined) {
    const message =
      'Tokens of this provider open one session each; this one has no jti to tell it by'
    return refused('IDPRejectedClaim', message)
  }
  const { expiresAt } = times
  const claims = { ...namedClaims(provider, payload), sub, aud: audience }
  const session = read.token
  const said = { provider, subject: sub, audience, claims, session }
  return { kind: 'verified', token: { ...said, tokenId, expiresAt } }
}

/** Until when the token could be shown again, or why it is not of this time. */
function readTimes(
  { exp, nbf, iat }: JWTPayload,
  now: Date,
): { readonly expiresAt: Date } | Refused {
  if (!isTime(exp)) return missingClaim('exp')
  if (!isTime(iat)) return missingClaim('iat')
  if (nbf !== undefined && !isTime(nbf)) return missingClaim('nbf')
  const seconds = Math.floor(now.getTime() / 1000)
  if (seconds >= exp + leewaySeconds) {
    const message = `Token expired: current date/time ${seconds} must be before the expiration date/time ${Math.floor(exp)}`
    return refused('ExpiredTokenException', message)
  }
  if (seconds < Math.max(iat, nbf ?? iat) - leewaySeconds) {
    return refused('InvalidIdentityToken', 'The ID Token is not valid yet')
  }
  return { expiresAt: new Date((exp + leewaySeconds) * 1000) }
}

/** Seconds since 1970, within what a date can hold. */
function isTime(value: unknown): value is number {
  return typeof value === 'number' && value >= 0 && value < 1e11
}

/** The party that the token was issued for must be a client of ours; where none is named, one of its audiences. */
function audienceOf(provider: TrustedProvider, { aud, azp }: JWTPayload): string | undefined {
  const audiences = typeof azp === 'string' ? [azp] : Array.isArray(aud) ? aud : [aud]
  return audiences.find((one) => typeof one === 'string' && provider.clientIds.includes(one))
}

/** `amr`, and what the provider's options name; a claim that is no text, number, truth value or list of texts is none. */
function namedClaims(
  { options }: TrustedProvider,
  payload: JWTPayload,
): Readonly<Record<string, string | readonly string[]>> {
  const names = new Set(['amr', ...(options.claims ?? [])])
  const found = [...names].flatMap((name) => {
    const value = Object.hasOwn(payload, name) ? claimText(payload[name]) : undefined
    return value === undefined ? [] : [[name, value] as const]
  })
  return Object.fromEntries(found)
}

function claimText(value: unknown): string | readonly string[] | undefined {
  if (typeof value === 'string') return value
  if (typeof value === 'number' || typeof value === 'boolean') return String(value)
  if (!Array.isArray(value)) return undefined
  const members: readonly unknown[] = value
  const texts = members.filter((member) => typeof member === 'string')
  return texts.length === members.length ? texts : undefined
}

export type Refused = Extract<IdTokenResult, { readonly kind: 'refused' }>

export function refused(code: IdTokenFault, message: string): Refused {
  return { kind: 'refused', code, message }
}

function missingClaim(name: string): Refused {
  return refused('InvalidIdentityToken', `Missing a required claim: ${name}`)
}
