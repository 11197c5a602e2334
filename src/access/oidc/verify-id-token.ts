// Purpose:  is this an ID token that a registered provider made for us, and what does it say?
// Spec:     OpenID Connect Core 1.0 section 3.1.3.7; RFC 7519, RFC 7515, RFC 8725 (best current practices); STS, AssumeRoleWithWebIdentity.
// Input:    the token as a client sends it; hostile. A provider with its client ids and options.
// Deviates: `jwks_uri`, `jku`, `x5u`, `jwk` and `x5c` of a token's header are not looked at; `azp` counts before `aud`, as in AWS.
// Unknowns: a token that cannot be read, a key that cannot be found, a claim of another type → refused.
import {
  compactVerify,
  decodeJwt,
  decodeProtectedHeader,
  importJWK,
  type JWK,
  type JWTPayload,
} from 'jose'
import type { Clock } from '../../lib/clock.ts'
import {
  readIdTokenClaims,
  refused,
  type IdTokenResult,
  type Refused,
  type TrustedProvider,
} from '../rules/id-token-claims.ts'
import { readKeySet } from './fetch-keys.ts'
import type { KeySets } from './key-sets.ts'

const defaultAlgorithms = ['RS256', 'ES256']
const longestToken = 20_000

interface Deps {
  readonly keySets: KeySets
  readonly clock: Clock
  /** In the account of the role that is asked for. */
  readonly findProvider: (issuer: string) => Promise<TrustedProvider | undefined>
}

/** In this order: shape, issuer, algorithm, key, signature, audience, time. Nothing of a token is used before its signature holds but to find the key. */
export async function verifyIdToken(deps: Deps, token: string): Promise<IdTokenResult> {
  const parts = partsOf(token)
  if (parts === undefined) return malformed
  const { algorithm, keyId, issuer } = parts
  const provider = await deps.findProvider(issuer.replace(/^https:\/\//, '').replace(/\/$/, ''))
  if (provider === undefined || !isIssuer(provider, issuer)) {
    const message = `No OpenIDConnect provider found in your account for ${issuer.slice(0, 255)}`
    return refused('InvalidIdentityToken', message)
  }
  const allowed = provider.options.algorithms ?? defaultAlgorithms
  if (!allowed.includes(algorithm)) {
    const message = `The ID Token is signed with ${algorithm.slice(0, 20)}; the provider signs with ${allowed.join(' or ')}`
    return refused('InvalidIdentityToken', message)
  }
  const key = await keyOf(deps.keySets, provider, { issuer, algorithm, keyId })
  if ('code' in key) return key
  const payload = await verifiedPayload(token, key, algorithm)
  if (payload === undefined) {
    return refused('InvalidIdentityToken', 'The signature of the ID Token could not be verified')
  }
  return readIdTokenClaims(provider, payload, deps.clock.now())
}

interface Parts {
  readonly algorithm: string
  readonly keyId: string | undefined
  readonly issuer: string
}

function partsOf(token: string): Parts | undefined {
  if (token.length > longestToken) return undefined
  try {
    const header = decodeProtectedHeader(token)
    const { iss } = decodeJwt(token)
    const { alg, kid } = header
    if (alg === undefined || typeof alg !== 'string' || typeof iss !== 'string') return undefined
    if (kid !== undefined && typeof kid !== 'string') return undefined
    return { algorithm: alg, keyId: kid, issuer: iss }
  } catch {
    return undefined
  }
}

/** Letter by letter, but for the slash at the end that some providers have in theirs. */
function isIssuer(provider: TrustedProvider, issuer: string): boolean {
  const url = `https://${provider.issuer}`
  return issuer === url || issuer === `${url}/`
}

async function keyOf(
  keySets: KeySets,
  provider: TrustedProvider,
  { issuer, algorithm, keyId }: Parts,
): Promise<JWK | Refused> {
  const { jwks, allowPrivateNetwork = false, caBundle } = provider.options
  const found =
    jwks === undefined
      ? await keySets.find({ url: issuer, allowPrivateNetwork, caBundle }, keyId)
      : ({ kind: 'keys', keys: readKeySet(jwks) ?? [] } as const)
  if (found.kind === 'unreachable') {
    const message = `Couldn't communicate with the identity provider https://${provider.issuer}`
    return refused('IDPCommunicationError', message)
  }
  const fitting = found.keys.filter((key) => fits(key, algorithm))
  // Without a key id only where there is no choice.
  const named = keyId === undefined ? fitting : fitting.filter(({ kid }) => kid === keyId)
  const [key] = named
  if (key !== undefined && named.length === 1) return key
  const message =
    "Couldn't retrieve verification key from your identity provider, please reference AssumeRoleWithWebIdentity documentation for requirements"
  return refused('InvalidIdentityToken', message)
}

/** A key says itself what it is for; a secret is none that a provider publishes. */
function fits(key: JWK, algorithm: string): boolean {
  if (key.use !== undefined && key.use !== 'sig') return false
  if (key.alg !== undefined && key.alg !== algorithm) return false
  return key.kty === keyTypes.get(algorithm.slice(0, 2))
}

const keyTypes: ReadonlyMap<string, string> = new Map([
  ['RS', 'RSA'],
  ['PS', 'RSA'],
  ['ES', 'EC'],
  ['Ed', 'OKP'],
])

async function verifiedPayload(
  token: string,
  key: JWK,
  algorithm: string,
): Promise<JWTPayload | undefined> {
  try {
    const imported = await importJWK(key, algorithm)
    await compactVerify(token, imported, { algorithms: [algorithm] })
    return decodeJwt(token)
  } catch {
    return undefined
  }
}

const malformed = refused(
  'InvalidIdentityToken',
  'The ID Token provided is not a valid JWT. (You may see this error if you sent an Access Token)',
)
