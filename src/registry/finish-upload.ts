import { algorithmOf, digestFromHash, type Digest } from '../oci/digest.ts'
import type { SqlWriter } from '../storage/database/database.ts'
import { refuseOutOfOrder } from './append-upload.ts'
import { isRegistryError, registryError } from './errors.ts'
import { findUploadAt, type UploadAddress } from './find-open-upload.ts'
import type { CommitGate } from './gates.ts'
import {
  findLinkedBlob,
  findLiveBlob,
  findMissingBlob,
  hasBlobLink,
  insertBlob,
  linkBlob,
  renewLink,
  repointBlob,
  reviveBlob,
  type Blob,
} from './linked-blob-store.ts'
import { changeWithinQuota, limitBody } from './quotas.ts'
import { hashStored, receiveBytes, type Body } from './receive-bytes.ts'
import { queueStorageDeletion } from './storage-deletion-store.ts'
import {
  giveUp,
  lostUpload,
  makeDurable,
  withUploadLease,
  type UploadLease,
  type UploadDeps,
} from './upload-lease.ts'
import { closeUpload, type Upload } from './upload-store.ts'

export interface FinishInput extends UploadAddress {
  readonly digest: Digest
  /** The last bytes, if they come with the closing request. */
  readonly body?: Body
  readonly start?: number
  /** The API's own rules: no empty layer, no short parts, no layer that is there already. */
  readonly asLayerOfApi?: boolean
  readonly gate?: CommitGate | undefined
}

/**
 * Closes an upload: the bytes are verified, made durable, then named by a row and linked to the repository.
 * Repeating it after success is success. A wrong digest ends the upload; nothing of it stays.
 */
export async function finishUpload(
  deps: UploadDeps,
  input: FinishInput,
): Promise<{ readonly digest: Digest; readonly size: number }> {
  const earlier = await findEarlierClose(deps, input)
  if (earlier !== undefined) return earlier
  return withUploadLease(deps, input, async (lease) => {
    const { upload } = lease
    refuseOutOfOrder(upload, input.start)
    if (input.asLayerOfApi === true) await refuseByApiRules(deps, upload, input.digest)
    const { size, digest } = await completeBytes(deps, lease, input)
    if (digest !== input.digest) {
      if (!(await giveUp(deps, lease))) throw await lostUpload(deps, upload, input)
      throw digestMismatch(input.digest, digest, size)
    }
    await makeDurable(deps, lease)
    try {
      await commit(deps, lease, input, { digest, size })
    } catch (error) {
      // Kept open it would go on filling the very quota that refuses it.
      if (isRegistryError(error) && error.code === 'QUOTA_EXCEEDED') await giveUp(deps, lease)
      throw error
    }
    return { digest, size }
  })
}

/** The answer was lost and the client asks again: the same answer, as long as the blob is still there. */
async function findEarlierClose(
  deps: UploadDeps,
  input: FinishInput,
): Promise<{ readonly digest: Digest; readonly size: number } | undefined> {
  const upload = await findUploadAt(deps.database, input)
  const isRepeat = upload?.state === 'done' && upload.digest === input.digest
  if (!isRepeat || input.asLayerOfApi === true) return undefined
  const isTold = await tellOfBlob(deps, upload, input.digest)
  return isTold ? { digest: input.digest, size: upload.size } : undefined
}

/** Whether the repository has the blob; a client that learns so may refer to it for the whole grace from now on. */
async function tellOfBlob(deps: UploadDeps, upload: Upload, digest: Digest): Promise<boolean> {
  const { repositoryId } = upload
  const linked = await findLinkedBlob(deps.database, repositoryId, digest)
  if (linked === undefined) return false
  return deps.database.transaction((tx) => renewLink(tx, repositoryId, linked.id, deps.clock.now()))
}

async function refuseByApiRules(deps: UploadDeps, upload: Upload, digest: Digest): Promise<void> {
  if (upload.size === 0) throw registryError('UPLOAD_EMPTY', `upload ${upload.id} has no bytes`)
  if (upload.hasShortPart) {
    throw registryError(
      'UPLOAD_PART_TOO_SMALL',
      'layer parts other than the last must have at least 5 MiB',
    )
  }
  if (await tellOfBlob(deps, upload, digest)) {
    throw registryError('BLOB_EXISTS', `layer ${digest} exists already`, { digest })
  }
}

/** The whole upload and its digest, in the algorithm that the client closes with. */
async function completeBytes(
  deps: UploadDeps,
  lease: UploadLease,
  input: FinishInput,
): Promise<{ readonly size: number; readonly digest: Digest }> {
  const { upload } = lease
  const algorithm = algorithmOf(input.digest)
  // An empty body still makes the (empty) file that the row will name.
  const body = input.body ?? { source: noBytes(), keepPartial: false }
  // A push of what the repository has, or had and lost, adds nothing, so no quota refuses it.
  const isCounted = await hasBlobLink(deps.database, upload.repositoryId, input.digest)
  const announced = body.announcedBytes ?? body.expectedBytes ?? 0
  const limit = isCounted
    ? undefined
    : await limitBody(deps.database, upload.repositoryId, announced)
  const received = await receiveBytes(deps, lease, body, limit)
  if ('interruption' in received) throw received.interruption
  const { size } = received
  const hash =
    algorithm === upload.algorithm ? received.hash : await hashStored(deps, lease, size, algorithm)
  return { size, digest: digestFromHash(algorithm, hash) }
}

async function* noBytes(): AsyncGenerator<Uint8Array> {
  // Nothing to send: the upload has all its bytes.
}

async function commit(
  deps: UploadDeps,
  { upload, holder }: UploadLease,
  address: FinishInput,
  content: { readonly digest: Digest; readonly size: number },
): Promise<void> {
  const damaged = await findDamagedCopy(deps, content.digest)
  const committed = await deps.database.transaction(async (tx) => {
    await address.gate?.(tx)
    const now = deps.clock.now()
    const closed = await closeUpload(tx, upload.id, holder, {
      state: 'done',
      ...content,
      now,
    })
    if (!closed) return false
    const blobId = await adoptBytes(tx, upload, content, damaged, now)
    await changeWithinQuota(tx, upload.repositoryId, () =>
      linkBlob(tx, upload.repositoryId, blobId, now),
    )
    return true
  })
  if (!committed) throw await lostUpload(deps, upload, address)
}

/**
 * The first to commit a digest gives it its bytes; later ones drop theirs, unless the kept copy is damaged.
 * Returns the live blob's row.
 */
async function adoptBytes(
  tx: SqlWriter,
  upload: Upload,
  content: { readonly digest: Digest; readonly size: number },
  damaged: Blob | undefined,
  now: Date,
): Promise<number> {
  const live = await findLiveBlob(tx, content.digest)
  if (live === undefined) return adoptAnew(tx, upload, content, now)
  if (live.storageKey !== damaged?.storageKey) {
    await queueStorageDeletion(tx, upload.storageKey, now)
    return live.id
  }
  await repointBlob(tx, live.id, upload.storageKey)
  await queueStorageDeletion(tx, live.storageKey, now)
  return live.id
}

/** No live row: one whose bytes were lost is live again, for every repository that links it; else the digest is new. */
async function adoptAnew(
  tx: SqlWriter,
  upload: Upload,
  content: { readonly digest: Digest; readonly size: number },
  now: Date,
): Promise<number> {
  const bytes = { ...content, storageKey: upload.storageKey }
  const missing = await findMissingBlob(tx, content.digest)
  if (missing === undefined) return insertBlob(tx, bytes, now)
  await reviveBlob(tx, missing.id, bytes)
  await queueStorageDeletion(tx, missing.storageKey, now)
  return missing.id
}

/** A kept copy that is missing or has another length: a push of the same content heals it. */
async function findDamagedCopy(deps: UploadDeps, digest: Digest): Promise<Blob | undefined> {
  const live = await findLiveBlob(deps.database, digest)
  if (live === undefined) return undefined
  return (await deps.blobs.size(live.storageKey)) === live.size ? undefined : live
}

function digestMismatch(stated: Digest, computed: Digest, size: number): Error {
  return registryError(
    'DIGEST_MISMATCH',
    `the ${size} bytes received have the digest ${computed}, not ${stated}`,
    { stated, computed, size },
  )
}
