// Purpose:  send a message to an address that somebody else wrote, without being led to where we must not go.
// Spec:     RFC 9110; outbound-target.ts has the addresses.
// Input:    a URL from a setting; hostile, as is the answer.
// Deviates: redirects are answers like any other and are not followed; no proxy, no cookies; http only into private networks.
// Unknowns: no whole status within the time → 'failed'.
import { request as httpRequest, type IncomingMessage } from 'node:http'
import { request as httpsRequest } from 'node:https'
import type { LookupFunction } from 'node:net'
import { systemResolve, type Resolve } from './outbound-fetch.ts'
import { resolveTarget, type OutboundTarget } from './outbound-target.ts'

export interface OutboundMessage {
  readonly url: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}

export interface PostLimits {
  /** Private and loopback addresses too; link-local ones, where metadata services are, never. */
  readonly allowPrivateNetwork: boolean
  /** PEM certificates that the host's may come from, in place of the public ones. */
  readonly caBundle?: string
  /** For everything together: name, connection, answer. */
  readonly timeoutMs: number
}

export type PostResult =
  | {
      readonly kind: 'answered'
      readonly status: number
      /** Of the header Retry-After, where it is in seconds. */
      readonly retryAfterSeconds: number | undefined
    }
  /** The address leads where this server does not go. */
  | { readonly kind: 'refused'; readonly reason: string }
  | { readonly kind: 'failed'; readonly reason: string }

export type OutboundPost = (
  message: OutboundMessage,
  limits: PostLimits,
  options: { readonly signal: AbortSignal },
) => Promise<PostResult>

/** Nobody reads what the receiver says beyond its status: so much of it is taken in, then the connection ends. */
const maxAnswerBytes = 16 * 1024

export function createOutboundPost(resolve: Resolve = systemResolve): OutboundPost {
  return async (message, limits, { signal }) => {
    const within = AbortSignal.any([signal, AbortSignal.timeout(limits.timeoutMs)])
    try {
      const url = new URL(message.url)
      const target = await before(within, targetOf(resolve, url, limits))
      if (typeof target === 'string') return { kind: 'refused', reason: target }
      return await post(message, { url, target, limits, signal: within })
    } catch (error) {
      const reason = within.aborted ? 'no whole answer in time' : messageOf(error)
      return { kind: 'failed', reason }
    }
  }
}

async function targetOf(
  resolve: Resolve,
  url: URL,
  limits: PostLimits,
): Promise<OutboundTarget | string> {
  if (url.protocol !== 'https:' && url.protocol !== 'http:')
    return 'only http and https are sent to'
  if (url.username !== '' || url.password !== '') return 'the address holds credentials'
  const target = await resolveTarget(resolve, url.hostname, limits)
  if (typeof target === 'string' || url.protocol === 'https:' || target.isPrivate) return target
  return `${url.host} is in the public network: use https`
}

/** What cannot be stopped, such as a resolver, is not waited for. */
export async function before<T>(signal: AbortSignal, work: Promise<T>): Promise<T> {
  const aborted = new Promise<never>((_, reject) => {
    signal.addEventListener('abort', () => reject(new Error('no whole answer in time')), {
      once: true,
    })
  })
  return Promise.race([work, aborted])
}

interface Posting {
  readonly url: URL
  readonly target: OutboundTarget
  readonly limits: PostLimits
  readonly signal: AbortSignal
}

async function post(
  { headers, body }: OutboundMessage,
  { url, target, limits, signal }: Posting,
): Promise<PostResult> {
  const response = await new Promise<IncomingMessage>((resolve, reject) => {
    const options = {
      method: 'POST',
      signal,
      agent: false,
      maxHeaderSize: 16 * 1024,
      headers: {
        'user-agent': 'pratique',
        'content-length': String(Buffer.byteLength(body)),
        ...headers,
      },
      lookup: lookupOf(target),
    }
    const { caBundle } = limits
    const outgoing =
      url.protocol === 'http:'
        ? httpRequest(url, options)
        : httpsRequest(url, caBundle === undefined ? options : { ...options, ca: caBundle })
    outgoing.once('response', resolve)
    outgoing.once('error', reject)
    outgoing.end(body)
  })
  await drain(response)
  const { statusCode = 0, headers: answered } = response
  return {
    kind: 'answered',
    status: statusCode,
    retryAfterSeconds: secondsIn(answered['retry-after']),
  }
}

/** To the addresses that were checked. One that is written in the URL is not looked up, and was checked as it stands there. */
export function lookupOf({ addresses }: OutboundTarget): LookupFunction {
  return (_, options, done) => {
    const [first] = addresses
    if (options.all === true) done(null, [...addresses])
    else done(null, first?.address ?? '', first?.family)
  }
}

async function drain(response: IncomingMessage): Promise<void> {
  let size = 0
  for await (const piece of response) {
    size += Buffer.byteLength(String(piece))
    if (size > maxAnswerBytes) break
  }
  response.destroy()
}

function secondsIn(header: string | undefined): number | undefined {
  return header !== undefined && /^[0-9]{1,6}$/.test(header) ? Number(header) : undefined
}

function messageOf(error: unknown): string {
  if (error instanceof AggregateError) return error.errors.map(messageOf).join('; ')
  return error instanceof Error ? error.message : String(error)
}
