// Reads what lies beside an image from the registry itself: every byte is held to its digest, nothing of the server's judgement is used.
import { algorithmOf, digestOf, parseDigest, type Digest } from '../../src/oci/digest.ts'
import { parseManifest, type Manifest } from '../../src/oci/manifest.ts'
import { mediaTypes } from '../../src/oci/media-type.ts'
import { exitCodes, explain, Failure } from '../failure.ts'
import { authorizationToken, type Session } from '../session.ts'

export interface ReadManifest {
  readonly digest: Digest
  readonly mediaType: string
  /** Bytes. */
  readonly size: number
  readonly manifest: Manifest
}

export interface ListedReferrer {
  readonly digest: Digest
  readonly artifactType: string | undefined
}

export interface RegistryReader {
  /** Undefined where there is none. */
  manifest(reference: string): Promise<ReadManifest | undefined>
  referrers(subject: Digest): Promise<readonly ListedReferrer[]>
  /** Undefined where there is none, or it is larger. */
  blob(digest: Digest, maxBytes: number): Promise<Uint8Array | undefined>
}

const accept = Object.values(mediaTypes)
  .filter((type) => /manifest|index/.test(type))
  .join(', ')
const maxManifestBytes = 4 * 1024 * 1024
const maxPages = 20

export async function openReader(session: Session, repository: string): Promise<RegistryReader> {
  const { endpoint } = session
  if (endpoint === undefined)
    throw new Failure(
      exitCodes.usage,
      'this command needs a Pratique server',
      'point AWS_ENDPOINT_URL at it: eval "$(npx pratique env)"',
    )
  const { password } = await authorizationToken(session)
  const authorization = `Basic ${Buffer.from(`AWS:${password}`).toString('base64')}`
  const get = async (url: URL): Promise<Response> => {
    try {
      return await fetch(url, { headers: { authorization, accept } })
    } catch (error) {
      throw explain(error, session.name)
    }
  }
  const at = (path: string): URL => new URL(`/v2/${repository}/${path}`, endpoint)
  return {
    async manifest(reference) {
      const answer = await get(at(`manifests/${reference}`))
      if (isAbsent(answer)) return undefined
      const bytes = await bodyOf(answer, maxManifestBytes)
      if (bytes === undefined)
        throw new Failure(exitCodes.error, `the manifest ${reference} is too large`)
      return readManifest(reference, bytes, answer.headers.get('content-type') ?? undefined)
    },
    async referrers(subject) {
      const found: ListedReferrer[] = []
      let next: URL | undefined = at(`referrers/${subject}`)
      for (let page = 0; next !== undefined && page < maxPages; page += 1) {
        const answer: Response = await get(next)
        if (isAbsent(answer)) return found
        found.push(...referrersIn(await bodyOf(answer, maxManifestBytes)))
        const link = /<([^>]+)>;\s*rel="?next"?/.exec(answer.headers.get('link') ?? '')?.[1]
        next = link === undefined ? undefined : new URL(link, next)
      }
      return found
    },
    async blob(digest, maxBytes) {
      const answer = await get(at(`blobs/${digest}`))
      if (isAbsent(answer)) return undefined
      const bytes = await bodyOf(answer, maxBytes)
      if (bytes !== undefined && digestOf(bytes, algorithmOf(digest)) !== digest)
        throw new Failure(exitCodes.error, `the registry sent bytes that are not ${digest}`)
      return bytes
    },
  }
}

function isAbsent(answer: Response): boolean {
  if (answer.ok) return false
  if (answer.status === 404) return true
  const exitCode =
    answer.status === 401 || answer.status === 403 ? exitCodes.notAllowed : exitCodes.error
  throw new Failure(
    exitCode,
    `the registry answered ${answer.status} to ${new URL(answer.url).pathname}`,
  )
}

async function bodyOf(answer: Response, maxBytes: number): Promise<Uint8Array | undefined> {
  const pieces: Uint8Array[] = []
  let size = 0
  const body: ReadableStream<Uint8Array> | null = answer.body
  for await (const piece of body ?? []) {
    size += piece.byteLength
    if (size > maxBytes) return undefined
    pieces.push(piece)
  }
  return Buffer.concat(pieces)
}

function readManifest(
  reference: string,
  bytes: Uint8Array,
  mediaType: string | undefined,
): ReadManifest {
  const stated = parseDigest(reference)
  const digest = digestOf(bytes, stated === undefined ? 'sha256' : algorithmOf(stated))
  if (stated !== undefined && stated !== digest)
    throw new Failure(exitCodes.error, `the registry sent a manifest that is not ${reference}`)
  const read = parseManifest(bytes, mediaType)
  if (read.kind === 'refused')
    throw new Failure(exitCodes.error, `the manifest ${digest} cannot be read: ${read.reason}`)
  const { manifest } = read
  return { digest, mediaType: manifest.mediaType, size: bytes.byteLength, manifest }
}

function referrersIn(bytes: Uint8Array | undefined): readonly ListedReferrer[] {
  const read = bytes === undefined ? undefined : parseManifest(bytes, mediaTypes.ociIndex)
  if (read?.kind !== 'parsed' || read.manifest.kind !== 'index')
    throw new Failure(exitCodes.error, 'the list of referrers cannot be read')
  return read.manifest.manifests.map(({ digest, artifactType }) => ({ digest, artifactType }))
}
