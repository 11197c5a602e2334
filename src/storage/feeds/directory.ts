import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { stat } from 'node:fs/promises'
import { pipeline } from 'node:stream/promises'
import { fileURLToPath } from 'node:url'
import { FeedError, type FeedTransport } from './transport.ts'
import { formatValidator, parseValidator } from './validator.ts'

/** Files that somebody carried here (`file:` addresses), for machines without a way to the public sources. */
export function openDirectoryTransport(): FeedTransport {
  return {
    async get(url, request, { signal }) {
      const path = fileURLToPath(url)
      const found = await stat(path).catch((error: unknown) => {
        if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined
        throw new FeedError('unreachable', `${path} cannot be read`, { cause: error })
      })
      if (found === undefined) return { kind: 'absent' }
      if (!found.isFile()) throw new FeedError('refused', `${path} is not a file`)
      if (request.maxBytes !== undefined && found.size > request.maxBytes)
        throw new FeedError('too-large', `${path} is larger than ${request.maxBytes} bytes`)
      const algorithm = request.checksum?.algorithm ?? 'sha256'
      const hex = await hashOf(path, algorithm, signal)
      if (request.checksum !== undefined && request.checksum.hex.toLowerCase() !== hex)
        throw new FeedError(
          'wrong-checksum',
          `the ${algorithm} of ${path} is not the published one`,
        )
      const state = { etag: `${algorithm}:${hex}` }
      if (parseValidator(request.validator).etag === state.etag) return { kind: 'unchanged' }
      const validator = formatValidator(state)
      return { kind: 'fetched', path, validator, release: () => Promise.resolve() }
    },
  }
}

async function hashOf(
  path: string,
  algorithm: 'sha256' | 'sha512',
  signal: AbortSignal,
): Promise<string> {
  const hash = createHash(algorithm)
  await pipeline(createReadStream(path, { highWaterMark: 256 * 1024 }), hash, { signal })
  return hash.digest('hex')
}
