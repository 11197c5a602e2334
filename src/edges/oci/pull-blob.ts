import type { BufferPool } from '../../lib/buffer-pool.ts'
import type { Clock } from '../../lib/clock.ts'
import type { Digest } from '../../oci/digest.ts'
import { parseRange, type ByteSpan } from '../../oci/range.ts'
import type { Blob } from '../../registry/linked-blob-store.ts'
import { getBlob, getBlobToKeep, openBytes } from '../../registry/open-blob.ts'
import type { BlobStore } from '../../storage/blobs/blob-store.ts'
import type { Database, SqlReader } from '../../storage/database/database.ts'
import type { DirectBody, OciCall, OciReply } from './call.ts'
import { isNotModified } from './conditional.ts'
import { sendBytes, type Segment } from './send-bytes.ts'

interface Sources {
  readonly blobs: BlobStore
  readonly buffers: BufferPool
}

interface Deps extends Sources {
  readonly reader: SqlReader
  readonly database: Database
  readonly clock: Clock
  readonly graceMs: number
}

/** HEAD of a blob: its length and digest, no bytes; Range is ignored. */
export async function headBlob(deps: Deps, call: OciCall, digest: Digest): Promise<OciReply> {
  const blob = await getBlobToKeep(deps, { repository: call.repository, digest })
  const headers = headersOf(blob)
  if (isNotModified(call.header('if-none-match'), blob.digest)) return { status: 304, headers }
  return { status: 200, headers: { ...headers, 'content-length': String(blob.size) } }
}

/** GET of a blob: whole, one range, or several as multipart/byteranges. */
export async function pullBlob(deps: Deps, call: OciCall, digest: Digest): Promise<OciReply> {
  const { repository } = call
  // Those who lack a part ask for many; those who ask for the whole may refer to it.
  const blob =
    call.header('range') === undefined
      ? await getBlobToKeep(deps, { repository, digest })
      : await getBlob(deps.reader, { repository, digest })
  return blobReply(deps, blob, call.header)
}

/** Also answers signed download addresses, which carry no caller. */
export async function blobReply(
  deps: Sources,
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
  if (range.kind === 'none') return wholeBlob(deps, blob, headers)
  const [first, ...rest] = range.spans
  return rest.length === 0
    ? oneRange(deps, blob, headers, first)
    : severalRanges(deps, blob, headers, range.spans)
}

async function wholeBlob(
  deps: Sources,
  blob: Blob,
  headers: Readonly<Record<string, string>>,
): Promise<OciReply> {
  const segments = blob.size === 0 ? [] : [{ start: 0, end: blob.size - 1 }]
  const body = await bodyOf(deps, blob, segments)
  return { status: 200, headers: { ...headers, 'content-length': String(blob.size) }, body }
}

async function oneRange(
  deps: Sources,
  blob: Blob,
  headers: Readonly<Record<string, string>>,
  span: ByteSpan,
): Promise<OciReply> {
  const body = await bodyOf(deps, blob, [span])
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
async function severalRanges(
  deps: Sources,
  blob: Blob,
  headers: Readonly<Record<string, string>>,
  spans: readonly ByteSpan[],
): Promise<OciReply> {
  // The digest cannot occur in the bytes it is the digest of, but for an attack on the hash itself.
  const boundary = blob.digest.slice(7, 47)
  const head = (span: ByteSpan): Buffer =>
    Buffer.from(
      `\r\n--${boundary}\r\nContent-Type: application/octet-stream\r\nContent-Range: bytes ${span.start}-${span.end}/${blob.size}\r\n\r\n`,
    )
  const tail = Buffer.from(`\r\n--${boundary}--\r\n`)
  const segments = [...spans.flatMap((span) => [head(span), span]), tail]
  const length = segments.reduce(
    (sum, segment) =>
      sum + (Buffer.isBuffer(segment) ? segment.byteLength : segment.end - segment.start + 1),
    0,
  )
  return {
    status: 206,
    headers: {
      ...headers,
      'content-type': `multipart/byteranges; boundary=${boundary}`,
      'content-length': String(length),
    },
    body: await bodyOf(deps, blob, segments),
  }
}

/** Opened before anything is answered: bytes that are not there must not begin as a 200. */
async function bodyOf(
  { blobs, buffers }: Sources,
  blob: Blob,
  segments: readonly Segment[],
): Promise<DirectBody> {
  const stored = await openBytes(blobs, blob)
  return { sendTo: (response) => sendBytes(buffers, stored, segments, response) }
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
