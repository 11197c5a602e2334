import type { BufferPool } from '../../lib/buffer-pool.ts'
import { algorithmOf, parseDigest, parseDigestAlgorithm, type Digest } from '../../oci/digest.ts'
import { parseContentRange, type ByteSpan } from '../../oci/range.ts'
import { appendUpload } from '../../registry/append-upload.ts'
import { cancelAnyUpload, cancelUpload } from '../../registry/cancel-upload.ts'
import { registryError } from '../../registry/errors.ts'
import { getOpenUpload, type UploadAddress } from '../../registry/find-open-upload.ts'
import { finishUpload } from '../../registry/finish-upload.ts'
import { mountBlob } from '../../registry/mount-blob.ts'
import type { Body } from '../../registry/receive-bytes.ts'
import type { UploadDeps } from '../../registry/upload-lease.ts'
import { startUpload } from '../../registry/start-upload.ts'
import type { OciCall, OciReply } from './call.ts'
import { gatherBody } from './gather-body.ts'
import type { MountSources } from './mount-sources.ts'

interface Deps extends UploadDeps {
  readonly buffers: BufferPool
  readonly sources: MountSources
}

/** POST: mounts, takes the whole blob, or opens an upload. */
export async function beginUpload(deps: Deps, call: OciCall): Promise<OciReply> {
  refuseRepeated(call.query)
  const mounted = await tryMount(deps, call)
  if (mounted !== undefined) return mounted
  const digestText = call.query.get('digest')
  const digest = digestText === null ? undefined : requireDigest(call.query)
  const algorithm = algorithmFor(call.query, digest)
  const { repository } = call
  const { principalId } = call.caller
  const { uploadId } = await startUpload(deps, { repository, principalId, algorithm })
  if (digest === undefined) return accepted(call, uploadId, 0)
  return finish(deps, call, uploadId, digest)
}

/** Of two values one would be silently left out, and a proxy in front may have judged the other. */
function refuseRepeated(query: URLSearchParams): void {
  for (const name of ['mount', 'from', 'digest', 'digest-algorithm']) {
    if (query.getAll(name).length < 2) continue
    throw registryError('DIGEST_MISMATCH', `the parameter ${name} is given more than once`)
  }
}

async function tryMount(deps: Deps, call: OciCall): Promise<OciReply | undefined> {
  const mount = call.query.get('mount')
  const from = call.query.get('from')
  if (mount === null) return undefined
  const digest = parseDigest(mount)
  if (digest === undefined) throw digestInvalid(mount)
  const { repository } = call
  if (!(await deps.sources.isOnFor(repository.account))) return undefined
  const sources =
    from === null
      ? await deps.sources.anywhere(repository, digest)
      : [await deps.sources.named(from)]
  for (const source of sources) {
    if (source === undefined) continue
    if (await mountBlob(deps, { repository, from: source, digest })) return created(call, digest)
  }
  return undefined
}

function algorithmFor(query: URLSearchParams, digest: Digest | undefined): 'sha256' | 'sha512' {
  if (digest !== undefined) return algorithmOf(digest)
  const asked = query.get('digest-algorithm')
  const algorithm = asked === null ? 'sha256' : parseDigestAlgorithm(asked)
  if (algorithm !== undefined) return algorithm
  const message = `digest algorithm ${JSON.stringify(asked?.slice(0, 64))} is not supported; use sha256 or sha512`
  throw registryError('DIGEST_MISMATCH', message)
}

/** PATCH: a numbered chunk, or a stream that goes behind what is there. */
export async function continueUpload(
  deps: Deps,
  call: OciCall,
  uploadId: string,
): Promise<OciReply> {
  const span = chunkOf(call)
  const { size } = await appendUpload(deps, {
    ...addressOf(call, uploadId),
    body: bodyOf(deps, call, span),
    ...(span === undefined ? {} : { start: span.start }),
  })
  return accepted(call, uploadId, size)
}

/** PUT: the last bytes, if any, and the digest of the whole. */
export async function closeUpload(deps: Deps, call: OciCall, uploadId: string): Promise<OciReply> {
  return finish(deps, call, uploadId, requireDigest(call.query))
}

async function finish(
  deps: Deps,
  call: OciCall,
  uploadId: string,
  digest: Digest,
): Promise<OciReply> {
  const span = chunkOf(call)
  const body = call.hasBody ? { body: { ...bodyOf(deps, call, span), keepPartial: false } } : {}
  await finishUpload(deps, {
    ...addressOf(call, uploadId),
    digest,
    gate: call.stillAllowed,
    ...body,
    ...(span === undefined ? {} : { start: span.start }),
  })
  return created(call, digest)
}

export async function uploadStatus(deps: Deps, call: OciCall, uploadId: string): Promise<OciReply> {
  const upload = await getOpenUpload(deps.database, addressOf(call, uploadId))
  return { status: 204, headers: progressHeaders(call, uploadId, upload.size) }
}

/** DELETE: the caller's own, or anybody's for those who may delete images. */
export async function abandonUpload(
  deps: Deps,
  call: OciCall,
  uploadId: string,
): Promise<OciReply> {
  const mayEndAny = await call.mayDelete()
  await (mayEndAny
    ? cancelAnyUpload(deps, { repository: call.repository, uploadId })
    : cancelUpload(deps, addressOf(call, uploadId)))
  return { status: 204, headers: {} }
}

/** Where an upload stands, for answers that refuse a chunk: the client must be able to go on. */
export function progressHeaders(
  call: Pick<OciCall, 'writtenName'>,
  uploadId: string,
  size: number,
): Readonly<Record<string, string>> {
  return {
    location: `/v2/${call.writtenName}/blobs/uploads/${uploadId}`,
    // Zero bytes have no last byte; docker's parser wants end ≥ start, so 0-0 stands for both none and one.
    range: `0-${Math.max(size - 1, 0)}`,
    'docker-upload-uuid': uploadId,
  }
}

function addressOf(call: OciCall, uploadId: string): UploadAddress {
  return { repository: call.repository, uploadId, principalId: call.caller.principalId }
}

function chunkOf(call: OciCall): ByteSpan | undefined {
  const header = call.header('content-range')
  if (header === undefined) return undefined
  const span = parseContentRange(header)
  if (span !== undefined) return span
  const message = `Content-Range ${JSON.stringify(header.slice(0, 64))} is not START-END`
  throw registryError('SIZE_MISMATCH', message)
}

/** A stream that breaks off keeps what arrived; a numbered chunk counts whole or not at all. */
function bodyOf(deps: Pick<Deps, 'buffers'>, call: OciCall, span: ByteSpan | undefined): Body {
  const announced = call.header('content-length')
  const length = announced === undefined ? undefined : Number(announced)
  const source = gatherBody(call.body, deps.buffers, length)
  if (span === undefined) {
    const announcedBytes = length === undefined ? {} : { announcedBytes: length }
    return { source, ...announcedBytes, keepPartial: true }
  }
  const expectedBytes = span.end - span.start + 1
  if (length !== undefined && length !== expectedBytes) {
    const message = `Content-Range says ${expectedBytes} bytes, Content-Length ${length}`
    throw registryError('SIZE_MISMATCH', message)
  }
  return { source, expectedBytes, keepPartial: false }
}

function requireDigest(query: URLSearchParams): Digest {
  const [text, ...more] = query.getAll('digest')
  const digest = text === undefined || more.length > 0 ? undefined : parseDigest(text)
  if (digest === undefined) throw digestInvalid(text)
  return digest
}

function digestInvalid(text: string | undefined): Error {
  const message =
    text === undefined
      ? 'the digest parameter is missing: ?digest=sha256:…'
      : `${JSON.stringify(text.slice(0, 200))} is not a digest: expected sha256: and 64, or sha512: and 128 lower-case hex digits`
  return registryError('DIGEST_MISMATCH', message)
}

function accepted(call: OciCall, uploadId: string, size: number): OciReply {
  const headers = { ...progressHeaders(call, uploadId, size), 'content-length': '0' }
  return { status: 202, headers }
}

function created(call: OciCall, digest: Digest): OciReply {
  return {
    status: 201,
    headers: {
      location: `/v2/${call.writtenName}/blobs/${digest}`,
      'docker-content-digest': digest,
      'content-length': '0',
    },
  }
}
