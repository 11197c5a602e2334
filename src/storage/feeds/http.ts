// Purpose:  fetch feed files over HTTP, only when they changed.
// Spec:     RFC 9110 sections 8.8.3 (ETag), 13.1.2 (If-None-Match), 15.4 (redirection).
// Input:    answers of a public server or a mirror; may be hostile.
// Deviates: only ETags are used as validators, since a date has a grain of one second; 300 and 305 are errors.
// Unknowns: a status other than 200 and 304, or more bytes than allowed → FeedError; the file so far is removed.
import { mkdir, open, rm, type FileHandle } from 'node:fs/promises'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import type { Ids } from '../../lib/ids.ts'
import { FeedError, isFeedName, type Feed } from './feed.ts'

export interface HttpFeedLimits {
  readonly maxBytes: number
  readonly timeoutMs: number
  readonly maxRedirects: number
}

/** OSV's largest archive is some 200 MB; a slow line needs minutes for it. */
export const defaultHttpFeedLimits: HttpFeedLimits = {
  maxBytes: 2 * 1024 ** 3,
  timeoutMs: 30 * 60_000,
  maxRedirects: 5,
}

/** Reads `<base>/<name>`; a fetched file is spooled in `directory` until it is released. */
export function openHttpFeed(
  { ids, directory }: { readonly ids: Ids; readonly directory: string },
  base: URL,
  limits: HttpFeedLimits = defaultHttpFeedLimits,
): Feed {
  return {
    async fetch(name, validator, { signal }) {
      if (!isFeedName(name)) throw new FeedError('refused', `"${name}" is not a feed's name`)
      const url = new URL(`${base.href.replace(/\/+$/, '')}/${name}`)
      const deadline = AbortSignal.any([signal, AbortSignal.timeout(limits.timeoutMs)])
      const response = await request(url, { validator, signal: deadline, limits })
      if (response.status === 304) return { kind: 'unchanged' }
      await mkdir(directory, { recursive: true })
      const path = join(directory, `feed-${ids.uuid()}.part`)
      const release = (): Promise<void> => rm(path, { force: true })
      try {
        await spool(response, path, { maxBytes: limits.maxBytes, signal: deadline })
      } catch (error) {
        await release()
        throw asFeedError(error, `${url.host} broke off ${name}`)
      }
      return {
        kind: 'fetched',
        path,
        validator: response.headers.get('etag') ?? undefined,
        release,
      }
    },
  }
}

interface RequestOptions {
  readonly validator: string | undefined
  readonly signal: AbortSignal
  readonly limits: HttpFeedLimits
}

/** Follows redirects itself, so that none leads from https to a line that anyone can write on. */
async function request(start: URL, options: RequestOptions): Promise<Response> {
  let url = start
  for (let hop = 0; hop <= options.limits.maxRedirects; hop += 1) {
    const response = await requestOnce(url, options)
    if (response.status === 200 || response.status === 304) return response
    await response.body?.cancel()
    const location = response.headers.get('location')
    if (![301, 302, 303, 307, 308].includes(response.status) || location === null) {
      throw new FeedError('refused', `${url.host} answered ${response.status} for ${url.pathname}`)
    }
    url = redirected(url, location)
  }
  throw new FeedError(
    'refused',
    `${start.host} redirects more than ${options.limits.maxRedirects} times`,
  )
}

async function requestOnce(url: URL, { validator, signal }: RequestOptions): Promise<Response> {
  const headers = {
    'accept-encoding': 'identity',
    ...(validator === undefined ? {} : { 'if-none-match': validator }),
  }
  try {
    return await fetch(url, { headers, redirect: 'manual', signal })
  } catch (error) {
    throw asFeedError(error, `${url.host} cannot be reached`)
  }
}

function redirected(from: URL, location: string): URL {
  const to = URL.parse(location, from.href)
  const allowed = from.protocol === 'https:' ? ['https:'] : ['https:', 'http:']
  if (to === null || !allowed.includes(to.protocol)) {
    throw new FeedError('refused', `${from.host} redirects to an address that is not followed`)
  }
  return to
}

async function spool(
  response: Response,
  path: string,
  { maxBytes, signal }: { readonly maxBytes: number; readonly signal: AbortSignal },
): Promise<void> {
  const stated = Number(response.headers.get('content-length') ?? 0)
  if (response.body === null) throw new FeedError('malformed', 'the answer has no body')
  if (stated > maxBytes) {
    await response.body.cancel()
    throw tooLarge(maxBytes)
  }
  const capped = async function* (source: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
    let size = 0
    for await (const chunk of source) {
      size += chunk.byteLength
      if (size > maxBytes) throw tooLarge(maxBytes)
      yield chunk
    }
  }
  // Opened before anything can fail: a stream that opens by itself may create the file after its removal.
  const file = await open(path, 'wx', 0o600)
  try {
    await pipeline(response.body, capped, (chunks) => writeAll(file, chunks), { signal })
  } finally {
    await file.close()
  }
}

async function writeAll(file: FileHandle, chunks: AsyncIterable<Uint8Array>): Promise<void> {
  for await (const chunk of chunks) await file.writeFile(chunk)
}

function tooLarge(maxBytes: number): FeedError {
  return new FeedError('too-large', `the file is larger than ${maxBytes} bytes`)
}

function asFeedError(error: unknown, message: string): FeedError {
  if (error instanceof FeedError) return error
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error
  const why = cause instanceof Error ? `: ${cause.message}` : ''
  return new FeedError('unreachable', `${message}${why}`, { cause: error })
}
