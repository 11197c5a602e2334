// Purpose:  fetch the keys that an OpenID Connect provider signs with.
// Spec:     OpenID Connect Discovery 1.0 sections 4.1 to 4.3; RFC 7517 section 5 (JWK Set).
// Input:    the documents of a provider that somebody registered; hostile.
// Deviates: the key set is on the provider's own host; keys of another host are to be uploaded.
// Unknowns: a document that is not what it should be → 'unreachable', as if nobody had answered.
import type { JWK } from 'jose'
import type { OutboundFetch, OutboundLimits } from '../../lib/outbound-fetch.ts'
import { keyLifetimeMs } from '../rules/key-lifetime.ts'

export interface Issuer {
  /** `https://host/path` as the token has it. */
  readonly url: string
  readonly allowPrivateNetwork: boolean
  readonly caBundle: string | undefined
}

export type FetchedKeys =
  | { readonly kind: 'keys'; readonly keys: readonly JWK[]; readonly lifetimeMs: number }
  | { readonly kind: 'unreachable'; readonly reason: string }

const maxBytes = 64 * 1024
const timeoutMs = 5000
const maxKeys = 100

export async function fetchKeys(
  deps: { readonly fetch: OutboundFetch },
  issuer: Issuer,
  options: { readonly signal: AbortSignal },
): Promise<FetchedKeys> {
  const { allowPrivateNetwork, caBundle } = issuer
  const limits: OutboundLimits = { allowPrivateNetwork, caBundle, maxBytes, timeoutMs }
  const discovery = `${issuer.url.replace(/\/$/, '')}/.well-known/openid-configuration`
  const configuration = await fetchJson(deps.fetch, discovery, limits, options)
  if (configuration.kind === 'unreachable') return configuration
  const { value } = configuration
  if (value['issuer'] !== issuer.url) return unreachable('its configuration names another issuer')
  const address = value['jwks_uri']
  if (typeof address !== 'string' || !isOnHostOf(issuer.url, address)) {
    return unreachable('its key set is on another host: upload the keys to the provider instead')
  }
  const keySet = await fetchJson(deps.fetch, address, limits, options)
  if (keySet.kind === 'unreachable') return keySet
  const keys = readKeySet(keySet.value)
  if (keys === undefined) return unreachable('its key set is none')
  return { kind: 'keys', keys, lifetimeMs: keyLifetimeMs(keySet.cacheControl) }
}

function isOnHostOf(issuer: string, address: string): boolean {
  return URL.canParse(address) && new URL(address).origin === new URL(issuer).origin
}

/** The keys of a JWK Set, those that are none left out; undefined for another document. */
export function readKeySet(value: Readonly<Record<string, unknown>>): readonly JWK[] | undefined {
  const { keys } = value
  if (!Array.isArray(keys) || keys.length > maxKeys) return undefined
  const listed: readonly unknown[] = keys
  return listed.filter(isKey)
}

function isKey(value: unknown): value is JWK {
  return isRecord(value) && typeof value['kty'] === 'string'
}

type Json =
  | {
      readonly kind: 'json'
      readonly value: Readonly<Record<string, unknown>>
      readonly cacheControl: string | undefined
    }
  | { readonly kind: 'unreachable'; readonly reason: string }

async function fetchJson(
  fetch: OutboundFetch,
  url: string,
  limits: OutboundLimits,
  options: { readonly signal: AbortSignal },
): Promise<Json> {
  const result = await fetch(url, limits, options)
  if (result.kind !== 'document') return unreachable(result.reason)
  const value = parseJson(result.bytes.toString())
  if (!isRecord(value)) return unreachable('it answered with no JSON object')
  return { kind: 'json', value, cacheControl: result.cacheControl }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function unreachable(reason: string): { readonly kind: 'unreachable'; readonly reason: string } {
  return { kind: 'unreachable', reason }
}
