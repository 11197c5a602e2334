// Purpose:  fetch feed files over HTTP, only when they changed.
// Spec:     RFC 9110 sections 8.8.3 (ETag), 13.1.2 and 13.1.3 (conditions), 15.4 (redirection), 10.2.3 (Retry-After).
// Input:    answers of a public server or a mirror; may be hostile.
// Deviates: a date is a validator only where there is no ETag and it is a minute older than the answer, since it has a grain of
//           one second; 300 and 305 are errors.
// Unknowns: a status other than 200, 304, 404 and 410, a page in place of a file, more bytes or fewer a second than allowed →
//           FeedError; the file so far is removed.
import { createHash, type Hash } from 'node:crypto'
import { mkdir, open, rm, type FileHandle } from 'node:fs/promises'
import type { IncomingMessage } from 'node:http'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { backoffMs, type BackoffLimits } from '../../lib/backoff.ts'
import type { Clock } from '../../lib/clock.ts'
import { chanceOf, type Ids } from '../../lib/ids.ts'
import type { Rest } from '../../lib/rest.ts'
import { ask, asFeedError, openAgents, type Agents, type ProxySettings } from './http-request.ts'
import {
  FeedError,
  type FeedAnswer,
  type FeedChecksum,
  type FeedRequest,
  type FeedTransport,
} from './transport.ts'
import { formatValidator, parseValidator, type FileState } from './validator.ts'

export interface HttpTransportLimits {
  readonly maxBytes: number
  /** For one attempt at one file. */
  readonly timeoutMs: number
  readonly silenceMs: number
  /** Below it, from `slowAfterMs` on, an answer is left. */
  readonly minBytesPerSecond: number
  readonly slowAfterMs: number
  readonly maxRedirects: number
  readonly attempts: number
  readonly backoff: BackoffLimits
  /** An origin that asks for more patience is left until the next refresh. */
  readonly maxRetryAfterMs: number
}

/** OSV's largest archive is some 200 MB; a slow line needs minutes for it. */
export const defaultHttpLimits: HttpTransportLimits = {
  maxBytes: 2 * 1024 ** 3,
  timeoutMs: 30 * 60_000,
  silenceMs: 30_000,
  minBytesPerSecond: 2048,
  slowAfterMs: 30_000,
  maxRedirects: 5,
  attempts: 3,
  backoff: { firstMs: 1000, longestMs: 15_000 },
  maxRetryAfterMs: 60_000,
}

export interface HttpTransportDeps {
  readonly ids: Ids
  readonly clock: Clock
  readonly rest: Rest
  /** Where a fetched file is spooled until it is released. */
  readonly directory: string
  readonly proxy: ProxySettings
}

export function openHttpTransport(
  deps: HttpTransportDeps,
  limits: HttpTransportLimits = defaultHttpLimits,
): FeedTransport {
  const agents = openAgents(deps.proxy)
  return {
    async get(url, request, { signal }) {
      for (let attempt = 1; ; attempt += 1) {
        try {
          return await getOnce({ ...deps, agents, limits }, url, request, signal)
        } catch (error) {
          signal.throwIfAborted()
          const waitMs = patienceFor(deps.ids, error, attempt, limits)
          if (waitMs === undefined) throw error
          await deps.rest(waitMs, { signal })
        }
      }
    },
  }
}

/** How long to wait before another attempt; undefined where none is worth it. */
function patienceFor(
  ids: Ids,
  error: unknown,
  attempt: number,
  { attempts, backoff, maxRetryAfterMs }: HttpTransportLimits,
): number | undefined {
  if (!(error instanceof FeedError) || attempt >= attempts) return undefined
  const { fault, retryAfterMs } = error
  if (retryAfterMs !== undefined) return retryAfterMs > maxRetryAfterMs ? undefined : retryAfterMs
  return fault === 'unreachable' ? backoffMs(chanceOf(ids), attempt, backoff) : undefined
}

interface Attempt extends HttpTransportDeps {
  readonly agents: Agents
  readonly limits: HttpTransportLimits
}

async function getOnce(
  deps: Attempt,
  url: URL,
  request: FeedRequest,
  signal: AbortSignal,
): Promise<FeedAnswer> {
  const { limits } = deps
  const within = AbortSignal.any([signal, AbortSignal.timeout(limits.timeoutMs)])
  const known = parseValidator(request.validator)
  const headers = { 'user-agent': 'pratique', 'accept-encoding': 'identity', ...conditions(known) }
  const question = { ...limits, headers, signal: within }
  const response = await ask(deps.agents, url, question)
  const { statusCode = 0 } = response
  if (statusCode === 200) {
    if (request.isPage !== true) refusePage(url, response)
    return spool(deps, { url, response, request, known, signal: within })
  }
  response.destroy()
  if (statusCode === 304 && request.validator !== undefined) return { kind: 'unchanged' }
  if (statusCode === 404 || statusCode === 410) return { kind: 'absent' }
  throw refusal(url, response, deps.clock)
}

function conditions({ etag, modified }: FileState): Readonly<Record<string, string>> {
  if (etag !== undefined) return { 'if-none-match': etag }
  return modified === undefined ? {} : { 'if-modified-since': modified }
}

/** A proxy or a login page answers 200 to everything. */
function refusePage(url: URL, response: IncomingMessage): void {
  if (!/^\s*(?:text\/html|application\/xhtml)/i.test(response.headers['content-type'] ?? '')) return
  response.destroy()
  throw new FeedError(
    'refused',
    `${url.host} answered with a web page in place of ${url.pathname}: look for a proxy or a login page on the way`,
  )
}

function refusal(url: URL, { statusCode = 0, headers }: IncomingMessage, clock: Clock): FeedError {
  const mayPass = statusCode === 429 || statusCode >= 500
  const retryAfterMs = mayPass ? retryAfter(headers['retry-after'], clock) : undefined
  const patience =
    retryAfterMs === undefined ? '' : `, and to ask again in ${Math.ceil(retryAfterMs / 1000)} s`
  return new FeedError(
    mayPass ? 'unreachable' : 'refused',
    `${url.host} answered ${statusCode} for ${url.pathname}${patience}`,
    { retryAfterMs },
  )
}

const longestRetryAfterMs = 7 * 86_400_000

function retryAfter(value: string | undefined, clock: Clock): number | undefined {
  if (value === undefined) return undefined
  const ms = /^[0-9]{1,9}$/.test(value)
    ? Number(value) * 1000
    : Date.parse(value) - clock.now().getTime()
  return Number.isNaN(ms) ? undefined : Math.min(Math.max(ms, 0), longestRetryAfterMs)
}

interface Spooling {
  readonly url: URL
  readonly response: IncomingMessage
  readonly request: FeedRequest
  readonly known: FileState
  readonly signal: AbortSignal
}

async function spool(deps: Attempt, spooling: Spooling): Promise<FeedAnswer> {
  const { url, response, request, known } = spooling
  await mkdir(deps.directory, { recursive: true })
  const path = join(deps.directory, `feed-${deps.ids.uuid()}.part`)
  const release = (): Promise<void> => rm(path, { force: true })
  try {
    const hashes = await receive(deps, spooling, path)
    if (request.checksum !== undefined) holdAgainst(request.checksum, hashes, url)
    const sha256 = hashes.sha256.copy().digest('hex')
    if (sha256 === known.sha256) {
      await release()
      return { kind: 'unchanged' }
    }
    const validator = formatValidator({ ...stateOf(response), sha256 })
    return { kind: 'fetched', path, validator, release }
  } catch (error) {
    response.destroy()
    await release()
    throw asFeedError(error, `${url.host} broke off ${url.pathname}`)
  }
}

interface Hashes {
  readonly sha256: Hash
  readonly sha512: Hash | undefined
}

async function receive(
  { limits, clock }: Attempt,
  { response, request, signal }: Spooling,
  path: string,
): Promise<Hashes> {
  const maxBytes = Math.min(request.maxBytes ?? limits.maxBytes, limits.maxBytes)
  if (Number(response.headers['content-length'] ?? 0) > maxBytes) throw tooLarge(maxBytes)
  const hashes = {
    sha256: createHash('sha256'),
    sha512: request.checksum?.algorithm === 'sha512' ? createHash('sha512') : undefined,
  }
  const began = clock.now().getTime()
  const watched = async function* (source: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
    let size = 0
    for await (const chunk of source) {
      size += chunk.byteLength
      if (size > maxBytes) throw tooLarge(maxBytes)
      refuseSlow(size, clock.now().getTime() - began, limits)
      hashes.sha256.update(chunk)
      hashes.sha512?.update(chunk)
      yield chunk
    }
  }
  // Opened before anything can fail: a stream that opens by itself may create the file after its removal.
  const file = await open(path, 'wx', 0o600)
  try {
    await pipeline(response, watched, (chunks) => writeAll(file, chunks), { signal })
  } finally {
    await file.close()
  }
  if (!response.complete) throw new Error('the answer has no end')
  return hashes
}

async function writeAll(file: FileHandle, chunks: AsyncIterable<Uint8Array>): Promise<void> {
  for await (const chunk of chunks) await file.writeFile(chunk)
}

function refuseSlow(
  size: number,
  elapsedMs: number,
  { slowAfterMs, minBytesPerSecond }: HttpTransportLimits,
): void {
  if (elapsedMs < slowAfterMs || size >= (elapsedMs / 1000) * minBytesPerSecond) return
  const seconds = Math.round(elapsedMs / 1000)
  throw new FeedError(
    'too-slow',
    `the origin sent ${size} bytes in ${seconds} s, fewer than ${minBytesPerSecond} a second`,
  )
}

function holdAgainst(checksum: FeedChecksum, hashes: Hashes, url: URL): void {
  const hash = checksum.algorithm === 'sha512' ? hashes.sha512 : hashes.sha256
  const actual = hash?.copy().digest('hex') ?? ''
  if (actual === checksum.hex.toLowerCase()) return
  throw new FeedError(
    'wrong-checksum',
    `${url.host} sent a ${url.pathname} whose ${checksum.algorithm} is ${actual}, not the published ${checksum.hex}`,
  )
}

/** RFC 9110 8.8.2.2: a date that is a minute older than the answer can be trusted to name one state. */
function stateOf({ headers }: IncomingMessage): FileState {
  const { etag, date, 'last-modified': modified } = headers
  if (etag !== undefined) return { etag }
  const distanceMs = Date.parse(date ?? '') - Date.parse(modified ?? '')
  return modified !== undefined && distanceMs >= 60_000 ? { modified } : {}
}

function tooLarge(maxBytes: number): FeedError {
  return new FeedError('too-large', `the file is larger than ${maxBytes} bytes`)
}
