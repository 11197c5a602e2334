// Purpose:  fetch a small document from an address that somebody else wrote, without being led to where we must not go.
// Spec:     RFC 9110; OWASP, "Server-Side Request Forgery Prevention"; WHATWG URL (which reads 2130706433 as 127.0.0.1).
// Input:    a URL from a setting or from a document that was fetched; hostile.
// Deviates: redirects are followed on the same origin only, three at most; no proxy, no cookies, no credentials, no compression.
// Unknowns: whatever is not one whole answer within the limits → 'failed', or 'refused' where the address itself is wrong.
import { lookup } from 'node:dns/promises'
import { request as httpRequest, type IncomingMessage } from 'node:http'
import { request as httpsRequest } from 'node:https'
import { isIP } from 'node:net'
import { isAllowedPlace, type AllowedPlaces } from './allowed-places.ts'
import { networkRangeOf } from './network-range.ts'
import { readAll } from './read-all.ts'

export interface OutboundLimits {
  /** Private and loopback addresses too; link-local ones, where metadata services are, never. */
  readonly allowPrivateNetwork: boolean
  /** Where private addresses are not allowed at all: these are. */
  readonly allowedPlaces?: AllowedPlaces
  /** PEM certificates that the host's may come from, in place of the public ones. */
  readonly caBundle?: string | undefined
  readonly maxBytes: number
  /** For everything together: name, connection, redirects, body. */
  readonly timeoutMs: number
  /** Over http and nothing else: for answers that are signed themselves, about certificates that https would need. */
  readonly isPlain?: true
  /** Sent with POST; then no redirect is followed. */
  readonly post?: { readonly type: string; readonly bytes: Uint8Array }
}

export type OutboundResult =
  | {
      readonly kind: 'document'
      readonly bytes: Buffer
      readonly cacheControl: string | undefined
    }
  /** The address leads where this server does not go. */
  | { readonly kind: 'refused'; readonly reason: string }
  | { readonly kind: 'failed'; readonly reason: string }

/** Addresses of a host name; a test may say what a name resolves to. */
export type Resolve = (hostname: string) => Promise<readonly string[]>

export const systemResolve: Resolve = async (hostname) =>
  (await lookup(hostname, { all: true })).map(({ address }) => address)

const maxRedirects = 3

export type OutboundFetch = (
  url: string,
  limits: OutboundLimits,
  options: { readonly signal: AbortSignal },
) => Promise<OutboundResult>

/**
 * GET of an https address, or what the limits say instead. The name is resolved once, every address that it has is held against the ranges, and the connection
 * goes to one of these: a name that changes its mind between the check and the connection changes nothing.
 */
export function createOutboundFetch(resolve: Resolve = systemResolve): OutboundFetch {
  return async (url, limits, { signal }) => {
    const within = AbortSignal.any([signal, AbortSignal.timeout(limits.timeoutMs)])
    try {
      return await follow(resolve, url, limits, within)
    } catch (error) {
      const reason = within.aborted ? 'no whole answer in time' : messageOf(error)
      return { kind: 'failed', reason }
    }
  }
}

async function follow(
  resolve: Resolve,
  first: string,
  limits: OutboundLimits,
  signal: AbortSignal,
): Promise<OutboundResult> {
  let url = URL.canParse(first) ? new URL(first) : undefined
  for (let hop = 0; hop <= maxRedirects; hop += 1) {
    if (url === undefined) return refused('the address is no URL')
    const target = await targetOf(resolve, url, limits)
    if (typeof target === 'string') return refused(target)
    const response = await get(url, target, limits, signal)
    const { statusCode = 0, headers } = response
    if (statusCode === 200) return await documentOf(response, limits)
    response.destroy()
    const { location } = headers
    if (location === undefined || !isRedirect(statusCode, limits)) {
      return { kind: 'failed', reason: `${url.origin} answered ${statusCode}` }
    }
    const next: URL | undefined = URL.canParse(location, url.href)
      ? new URL(location, url)
      : undefined
    if (next !== undefined && next.origin !== url.origin) {
      return refused(`${url.origin} redirects to another host`)
    }
    url = next
  }
  return { kind: 'failed', reason: 'too many redirects' }
}

/** What was posted is not sent elsewhere. */
function isRedirect(statusCode: number, { post }: OutboundLimits): boolean {
  return post === undefined && [301, 302, 303, 307, 308].includes(statusCode)
}

/** The addresses to connect to, or why to none. */
async function targetOf(
  resolve: Resolve,
  url: URL,
  limits: OutboundLimits,
): Promise<readonly string[] | string> {
  const protocol = limits.isPlain === true ? 'http' : 'https'
  if (url.protocol !== `${protocol}:`) return `only ${protocol} is fetched`
  if (url.username !== '' || url.password !== '') return 'the address holds credentials'
  const hostname = url.hostname.replace(/^\[(.*)\]$/, '$1')
  const addresses = isIP(hostname) === 0 ? await resolve(hostname) : [hostname]
  if (addresses.length === 0) return `${hostname} has no address`
  for (const one of addresses) {
    const range = networkRangeOf(one)
    if (range === 'forbidden') return `${hostname} leads to ${one}, where nothing is fetched from`
    if (range === 'private' && !mayBePrivate(limits, hostname, one)) {
      return `${hostname} leads into a private network, which has to be allowed`
    }
  }
  return addresses
}

function mayBePrivate(
  { allowPrivateNetwork, allowedPlaces }: OutboundLimits,
  hostname: string,
  address: string,
): boolean {
  if (allowPrivateNetwork) return true
  return allowedPlaces !== undefined && isAllowedPlace(allowedPlaces, hostname, address)
}

async function get(
  url: URL,
  addresses: readonly string[],
  limits: OutboundLimits,
  signal: AbortSignal,
): Promise<IncomingMessage> {
  const known = addresses.map((address) => ({ address, family: isIP(address) }))
  return new Promise((resolve, reject) => {
    const { post } = limits
    const send = limits.isPlain === true ? httpRequest : httpsRequest
    const outgoing = send(url, {
      method: post === undefined ? 'GET' : 'POST',
      signal,
      agent: false,
      maxHeaderSize: 16 * 1024,
      headers: {
        accept: limits.isPlain === true ? '*/*' : 'application/json',
        'user-agent': 'pratique',
        ...(post === undefined
          ? {}
          : { 'content-type': post.type, 'content-length': post.bytes.byteLength }),
      },
      // An address that is written in the URL is not looked up, and was checked as it stands there.
      lookup: (_, options, done) => {
        const [first] = known
        if (options.all === true) done(null, [...known])
        else done(null, first?.address ?? '', first?.family)
      },
      ...(limits.caBundle === undefined ? {} : { ca: limits.caBundle }),
    })
    outgoing.once('response', resolve)
    outgoing.once('error', reject)
    outgoing.end(post?.bytes)
  })
}

async function documentOf(
  response: IncomingMessage,
  { maxBytes }: OutboundLimits,
): Promise<OutboundResult> {
  const bytes = await readAll(response, maxBytes)
  if (bytes === undefined) {
    response.destroy()
    return { kind: 'failed', reason: `the document has more than ${maxBytes} bytes` }
  }
  if (!response.complete) return { kind: 'failed', reason: 'the document broke off' }
  return { kind: 'document', bytes, cacheControl: response.headers['cache-control'] }
}

function refused(reason: string): OutboundResult {
  return { kind: 'refused', reason }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
