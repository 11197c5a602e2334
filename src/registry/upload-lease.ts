// One request at a time writes to an upload. Why no byte of another one can get between:
// - A lease is taken in the transaction that reads the row, so size and key are those of the moment.
// - It is renewed before every piece that is written or hashed, and every transaction that makes bytes count requires it.
// - A lease that ran out without being given back may still have a writer whose last write waits in the system. Whoever takes it
//   over goes on with a copy under a new key, so that a late write meets a file that nobody reads.
import type { Clock } from '../lib/clock.ts'
import type { Ids } from '../lib/ids.ts'
import { newStorageKey, type BlobStore, type StorageKey } from '../storage/blobs/blob-store.ts'
import type { Database, SqlWriter } from '../storage/database/database.ts'
import { isStorageFault } from '../storage/storage-full.ts'
import { registryError } from './errors.ts'
import {
  findUploadAt,
  getOpenUpload,
  uploadUnknown,
  type UploadAddress,
} from './find-open-upload.ts'
import type { LiveHashes } from './live-hashes.ts'
import { forgetDeletion, queueStorageDeletion } from './storage-deletion-store.ts'
import {
  closeUpload,
  endUploadLease,
  leaseUpload,
  moveUpload,
  releaseUpload,
  renewUploadLease,
  type Upload,
} from './upload-store.ts'

/** A writer that says nothing for so long has lost the upload to the next request; bytes that it may still write to go after that. */
export const leaseMs = 10 * 60_000

/** Longer than any copy takes. */
const copyMs = 24 * 3_600_000

/** No writer is alive after the process. */
const leaseSurvives = { survives: 'process' } as const

export interface UploadDeps {
  readonly database: Database
  readonly blobs: BlobStore
  readonly clock: Clock
  readonly ids: Ids
  readonly hashes: LiveHashes
  /** Uploads that one principal may have in hand. */
  readonly maxOpenUploads: number
}

export interface UploadLease {
  /** As it was when the lease was taken. */
  readonly upload: Upload
  readonly holder: string
  /** Renews in time; UPLOAD_BUSY or UPLOAD_UNKNOWN when another request has the upload now, or has ended it. Cheap, to be called before each piece. */
  keep(): Promise<void>
}

/**
 * Runs `work` as the only writer of the open upload; REPOSITORY_UNKNOWN, UPLOAD_UNKNOWN, or UPLOAD_BUSY while another
 * request has it. An upload whose acknowledged bytes are not there any more is ended: the client begins anew.
 */
export async function withUploadLease<T>(
  deps: UploadDeps,
  address: UploadAddress,
  work: (lease: UploadLease) => Promise<T>,
): Promise<T> {
  const holder = deps.ids.uuid()
  const taken = await takeLease(deps, address, holder)
  const lease = keptLease(deps, address, taken, holder)
  // Whoever had the lease without giving it back may still write to the key.
  let isAlone = taken.lease === undefined
  try {
    if (!(await hasItsBytes(deps, taken))) {
      await giveUp(deps, lease)
      throw uploadUnknown(address)
    }
    if (isAlone) return await work(lease)
    const upload = await moveAway(deps, lease, address)
    isAlone = true
    return await work({ ...lease, upload })
  } catch (error) {
    await giveBack(deps, taken, holder, isAlone)
    throw error
  }
}

/**
 * The upload may go on at once, even where a full disk does not let the database be told; whoever is not alone leaves the need to
 * move away to the next.
 */
async function giveBack(
  deps: UploadDeps,
  { id }: Upload,
  holder: string,
  isAlone: boolean,
): Promise<void> {
  const end = isAlone ? releaseUpload : endUploadLease
  try {
    await deps.database.transaction((tx) => end(tx, id, holder), leaseSurvives)
  } catch (error) {
    if (!isStorageFault(error)) throw error
    deps.hashes.leaveLease(holder, isAlone ? 'was alone' : 'was not')
  }
}

async function takeLease(
  deps: UploadDeps,
  address: UploadAddress,
  holder: string,
): Promise<Upload> {
  const now = deps.clock.now()
  const until = new Date(now.getTime() + leaseMs)
  return deps.database.transaction(async (tx) => {
    const upload = await endLeftLease(deps, tx, await getOpenUpload(tx, address))
    if (!(await leaseUpload(tx, upload.id, { holder, now, until }))) throw uploadBusy(upload)
    return upload
  }, leaseSurvives)
}

/** A holder that ended has no write under way: nobody has to wait for the time of its lease. */
async function endLeftLease(deps: UploadDeps, tx: SqlWriter, upload: Upload): Promise<Upload> {
  const { id, lease } = upload
  const left = lease === undefined ? undefined : deps.hashes.leftLease(lease)
  if (lease === undefined || left === undefined) return upload
  if (left === 'was alone') {
    await releaseUpload(tx, id, lease)
    return { ...upload, lease: undefined }
  }
  await endUploadLease(tx, id, lease)
  return upload
}

function keptLease(
  deps: UploadDeps,
  address: UploadAddress,
  upload: Upload,
  holder: string,
): UploadLease {
  let renewAt = deps.clock.now().getTime() + leaseMs / 2
  return {
    upload,
    holder,
    async keep() {
      const now = deps.clock.now()
      if (now.getTime() < renewAt) return
      const until = new Date(now.getTime() + leaseMs)
      const kept = await deps.database.transaction(
        (tx) => renewUploadLease(tx, upload.id, { holder, now, until }),
        leaseSurvives,
      )
      if (!kept) throw await lostUpload(deps, upload, address)
      renewAt = now.getTime() + leaseMs / 2
    },
  }
}

async function hasItsBytes({ blobs }: UploadDeps, upload: Upload): Promise<boolean> {
  return upload.size === 0 || ((await blobs.size(upload.storageKey)) ?? 0) >= upload.size
}

/** Goes on with a copy of the acknowledged bytes; the former key goes when its writer can only be dead. */
async function moveAway(
  deps: UploadDeps,
  lease: UploadLease,
  address: UploadAddress,
): Promise<Upload> {
  const { upload, holder } = lease
  const storageKey = newStorageKey(deps.ids)
  // Queued before it is written: killed in between, the copy is found and removed.
  const unused = new Date(deps.clock.now().getTime() + copyMs)
  await deps.database.transaction((tx) => queueStorageDeletion(tx, storageKey, unused))
  try {
    await copyAcknowledged(deps, lease, storageKey)
  } catch (error) {
    await deps.blobs.delete(storageKey)
    throw error
  }
  deps.hashes.drop(upload.id)
  const moved = await deps.database.transaction(async (tx) => {
    if (!(await moveUpload(tx, upload.id, holder, storageKey))) return false
    const removeAfter = new Date(deps.clock.now().getTime() + leaseMs)
    await forgetDeletion(tx, storageKey)
    await queueStorageDeletion(tx, upload.storageKey, removeAfter)
    return true
  })
  if (!moved) throw await lostUpload(deps, upload, address)
  return { ...upload, storageKey }
}

async function copyAcknowledged(
  deps: UploadDeps,
  lease: UploadLease,
  storageKey: StorageKey,
): Promise<void> {
  const { upload } = lease
  if (upload.size === 0) return
  const acknowledged = await deps.blobs.read(upload.storageKey, { start: 0, end: upload.size - 1 })
  try {
    await deps.blobs.write(storageKey, 0, keeping(acknowledged, lease))
  } finally {
    // A write that fails before its first byte has not begun to read, and leaves the file open.
    acknowledged.destroy()
  }
  await deps.blobs.sync(storageKey)
}

async function* keeping(
  source: AsyncIterable<Uint8Array>,
  lease: UploadLease,
): AsyncGenerator<Uint8Array> {
  for await (const piece of source) {
    await lease.keep()
    yield piece
  }
}

/** Ends the upload; its bytes go. False when another request has it, whose bytes these are now. */
export async function giveUp(deps: UploadDeps, { upload, holder }: UploadLease): Promise<boolean> {
  const now = deps.clock.now()
  deps.hashes.drop(upload.id)
  const isEnded = await deps.database.transaction(async (tx) => {
    if (!(await closeUpload(tx, upload.id, holder, { state: 'aborted', now }))) return false
    await queueStorageDeletion(tx, upload.storageKey, now)
    return true
  })
  // No quota counts them any more, so they cannot wait for the collector; what fails here, or comes late, is in its queue.
  if (isEnded) await Promise.allSettled([deps.blobs.delete(upload.storageKey)])
  return isEnded
}

/** Before bytes count. A sync that failed may have dropped them, and one that is repeated may not say so: the upload ends. */
export async function makeDurable(deps: UploadDeps, lease: UploadLease): Promise<void> {
  await lease.keep()
  try {
    await deps.blobs.sync(lease.upload.storageKey)
  } catch (error) {
    await giveUp(deps, lease)
    throw error
  }
}

/** Why a transaction found the lease gone: the upload or its repository is, or another request has it. */
export async function lostUpload(
  deps: UploadDeps,
  upload: Upload,
  address: UploadAddress,
): Promise<Error> {
  const present = await findUploadAt(deps.database, address)
  return present?.state === 'open' ? uploadBusy(upload) : uploadUnknown(address)
}

function uploadBusy(upload: Upload): Error {
  return registryError('UPLOAD_BUSY', `another request is writing to upload ${upload.id}`, {
    uploadId: upload.id,
    size: upload.size,
  })
}
