import { Readable } from 'node:stream'
import type { Digest } from '../../oci/digest.ts'
import { parseRange, type ByteSpan } from '../../oci/range.ts'
import type { Blob } from '../../registry/linked-blob-store.ts'
import { getBlob, readBlob } from '../../registry/open-blob.ts'
import type { BlobStore } from '../../storage/blobs/blob-store.ts'
import type { SqlReader } from '../../storage/database/database.ts'
import type { OciCall, OciReply } from './call.ts'
import { isNotModified } from './conditional.ts'

interface Deps {
  readonly reader: SqlReader
  readonly blobs: BlobStore
}

/** HEAD of a blob: its length and digest, no bytes; Range is ignored. */
export async function headBlob(deps: Deps, call: OciCall, digest: Digest): Promise<OciReply> {
  const blob = await getBlob(deps.reader, { repository: call.repository, digest })
  return { status: 200, headers: { ...headersOf(blob), 'content-length': String(blob.size) } }
}

/** GET of a blob: whole, one range, or several as multipart/byteranges. */
export async function pullBlob(deps: Deps, call: OciCall, digest: Digest): Promise<OciReply> {
  const blob = await getBlob(deps.reader, { repository: call.repository, digest })
  return blobReply(deps.blobs, blob, call.header)
}

/** Also answers signed download addresses, which carry no caller. */
export async function blobReply(
  blobs: BlobStore,
  blob: Blob,
  header: OciCall['header'],
): Promise<OciReply> {
  const headers = headersOf(blob)
  if (isNotModified(header('if-none-match'), blob.digest)) return { status: 304, headers }
  const ifRange = header('if-range')
  const wantsRange = ifRange === undefined || ifRange === `"${blob.digest}"`
  const range = wantsRange ? parseRange(header('range'), blob.size) : { kind: 'none' as const }
  if (range.kind === 'unsatisfiable') {
    return { status: 416, headers: { ...headers, 'content-range': `bytes */${blob.size}` } }
  }
  if (range.kind === 'none') return wholeBlob(blobs, blob, headers)
  const [first, ...rest] = range.spans
  return rest.length === 0
    ? oneRange(blobs, blob, headers, first)
    : severalRanges(blobs, blob, headers, range.spans)
}

async function wholeBlob(
  blobs: BlobStore,
  blob: Blob,
  headers: Readonly<Record<string, string>>,
): Promise<OciReply> {
  const body = await readBlob(blobs, blob)
  return { status: 200, headers: { ...headers, 'content-length': String(blob.size) }, body }
}

async function oneRange(
  blobs: BlobStore,
  blob: Blob,
  headers: Readonly<Record<string, string>>,
  span: ByteSpan,
): Promise<OciReply> {
  const body = await readBlob(blobs, blob, span)
  return {
    status: 206,
    headers: {
      ...headers,
      'content-range': `bytes ${span.start}-${span.end}/${blob.size}`,
      'content-length': String(span.end - span.start + 1),
    },
    body,
  }
}

/** RFC 9110 section 14.6; lazy-pulling clients ask for the chunks they lack in one request. */
function severalRanges(
  blobs: BlobStore,
  blob: Blob,
  headers: Readonly<Record<string, string>>,
  spans: readonly ByteSpan[],
): OciReply {
  // The digest cannot occur in the bytes it is the digest of, but for an attack on the hash itself.
  const boundary = blob.digest.slice(7, 47)
  const head = (span: ByteSpan): string =>
    `\r\n--${boundary}\r\nContent-Type: application/octet-stream\r\nContent-Range: bytes ${span.start}-${span.end}/${blob.size}\r\n\r\n`
  const tail = `\r\n--${boundary}--\r\n`
  const length = spans.reduce(
    (sum, span) => sum + head(span).length + span.end - span.start + 1,
    tail.length,
  )
  const parts = async function* (): AsyncGenerator<Uint8Array> {
    for (const span of spans) {
      yield Buffer.from(head(span))
      const part: AsyncIterable<Uint8Array> = await readBlob(blobs, blob, span)
      yield* part
    }
    yield Buffer.from(tail)
  }
  return {
    status: 206,
    headers: {
      ...headers,
      'content-type': `multipart/byteranges; boundary=${boundary}`,
      'content-length': String(length),
    },
    body: Readable.from(parts(), { objectMode: false }),
  }
}

/** A blob may be HTML: no browser may run it on this origin. */
function headersOf(blob: Blob): Readonly<Record<string, string>> {
  return {
    'content-type': 'application/octet-stream',
    'docker-content-digest': blob.digest,
    etag: `"${blob.digest}"`,
    'accept-ranges': 'bytes',
    'cache-control': 'private, max-age=31536000, immutable',
    'x-content-type-options': 'nosniff',
    'content-security-policy': 'sandbox',
  }
}
