// One question to an origin: redirects, proxies, and what its answer means. Bytes are not read here.
import { Agent as HttpAgent, request as httpRequest, type IncomingMessage } from 'node:http'
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https'
import { isIP } from 'node:net'
import { networkRangeOf } from '../../lib/network-range.ts'
import { FeedError } from './transport.ts'

/** As the variables of these names have it; undefined or empty: no proxy. */
export interface ProxySettings {
  readonly httpProxy: string | undefined
  readonly httpsProxy: string | undefined
  readonly noProxy: string | undefined
}

export interface Agents {
  readonly http: HttpAgent
  readonly https: HttpsAgent
}

/** Connections are kept for the next file of the same origin. */
export function openAgents(proxy: ProxySettings): Agents {
  const proxyEnv = {
    ...(proxy.httpProxy !== undefined && { HTTP_PROXY: proxy.httpProxy }),
    ...(proxy.httpsProxy !== undefined && { HTTPS_PROXY: proxy.httpsProxy }),
    ...(proxy.noProxy !== undefined && { NO_PROXY: proxy.noProxy }),
  }
  const options = { keepAlive: true, maxSockets: 4, proxyEnv }
  return { http: new HttpAgent(options), https: new HttpsAgent(options) }
}

export interface Question {
  readonly headers: Readonly<Record<string, string>>
  readonly maxRedirects: number
  /** For how long the line may be silent. */
  readonly silenceMs: number
  readonly signal: AbortSignal
}

/** Follows redirects itself, so that none leads from https to a line that anyone can write on. */
export async function ask(
  agents: Agents,
  start: URL,
  question: Question,
): Promise<IncomingMessage> {
  let url = start
  for (let hop = 0; hop <= question.maxRedirects; hop += 1) {
    const response = await askOnce(agents, url, question)
    const { location } = response.headers
    const isRedirect = [301, 302, 303, 307, 308].includes(response.statusCode ?? 0)
    if (!isRedirect || location === undefined) return response
    response.destroy()
    url = redirected(url, location)
  }
  throw new FeedError('refused', `${start.host} redirects more than ${question.maxRedirects} times`)
}

/** Where an answer sends us to; refused where we do not go. */
export function redirected(from: URL, location: string): URL {
  const to = URL.parse(location, from.href)
  const allowed = from.protocol === 'https:' ? ['https:'] : ['https:', 'http:']
  if (to === null || !allowed.includes(to.protocol)) {
    throw new FeedError('refused', `${from.host} redirects to an address that is not followed`)
  }
  const hostname = to.hostname.replace(/^\[(.*)\]$/, '$1')
  if (isIP(hostname) !== 0 && networkRangeOf(hostname) === 'forbidden') {
    throw new FeedError(
      'refused',
      `${from.host} redirects to ${hostname}, where nothing is fetched`,
    )
  }
  return to
}

async function askOnce(
  { http, https }: Agents,
  url: URL,
  { headers, silenceMs, signal }: Question,
): Promise<IncomingMessage> {
  try {
    return await new Promise((resolve, reject) => {
      const options = { headers, signal, timeout: silenceMs, maxHeaderSize: 16 * 1024 }
      const outgoing =
        url.protocol === 'https:'
          ? httpsRequest(url, { ...options, agent: https })
          : httpRequest(url, { ...options, agent: http })
      outgoing.once('timeout', () =>
        outgoing.destroy(new Error(`silent for ${Math.round(silenceMs / 1000)} seconds`)),
      )
      outgoing.once('response', resolve)
      // Errors after the answer reach whoever reads it; here they must not be nobody's.
      outgoing.on('error', reject)
      outgoing.end()
    })
  } catch (error) {
    throw asFeedError(error, `${url.host} cannot be reached`)
  }
}

export function asFeedError(error: unknown, message: string): FeedError {
  if (error instanceof FeedError) return error
  const why = error instanceof Error ? `: ${reasonOf(error)}` : ''
  return new FeedError('unreachable', `${message}${why}`, { cause: error })
}

/** Where several addresses were tried there are several errors, and the message is empty. */
function reasonOf(error: Error): string {
  if (error instanceof AggregateError && error.message === '') {
    const errors: readonly unknown[] = error.errors
    const [first] = errors
    if (first instanceof Error) return first.message
  }
  return error.message
}
