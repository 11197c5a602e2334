import { hash } from 'node:crypto'
import { authenticateBasic, type BasicResult } from '../access/authenticate-basic.ts'
import type { Caller } from '../access/caller.ts'
import { BoundedCache } from '../lib/bounded-cache.ts'

/** A verified credential is believed for this long before it is verified again; rights are judged at each use. */
const believeMs = 30_000
const longestHeader = 8 * 1024

type Deps = Parameters<typeof authenticateBasic>[0]
type Source = Parameters<typeof authenticateBasic>[2]

export type HeaderResult = BasicResult | { readonly kind: 'absent' }

/** Reads `Authorization: Basic`; remembers verified ones under a hash, so that no secret is kept. */
export function basicAuthenticator(
  deps: Deps,
): (header: string | undefined, source: Source) => Promise<HeaderResult> {
  const verified = new BoundedCache<Caller>(10_000)
  return async (header, source) => {
    if (header === undefined) return { kind: 'absent' }
    const credentials = readBasic(header)
    if (credentials === undefined) return { kind: 'refused', reason: 'invalid' }
    const now = deps.clock.now()
    const key = hash('sha256', header, 'base64')
    const known = verified.get(key, now)
    if (known !== undefined) return { kind: 'authenticated', caller: { ...known, ...source } }
    const result = await authenticateBasic(deps, credentials, source)
    if (result.kind === 'authenticated') {
      verified.set(key, result.caller, new Date(now.getTime() + believeMs))
    }
    return result
  }
}

/** RFC 7617: base64 of `user:password`; the user has no colon. */
function readBasic(
  header: string,
): { readonly user: string; readonly password: string } | undefined {
  if (header.length > longestHeader) return undefined
  const encoded = /^Basic +([A-Za-z0-9+/]+={0,2}) *$/i.exec(header)?.[1]
  if (encoded === undefined) return undefined
  const decoded = Buffer.from(encoded, 'base64').toString()
  const colon = decoded.indexOf(':')
  if (colon === -1) return undefined
  return { user: decoded.slice(0, colon), password: decoded.slice(colon + 1) }
}
