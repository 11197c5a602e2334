import { pagesOf } from '../lib/pages.ts'
import {
  abortUpload,
  findOpenUploadRecord,
  walkOpenUploads,
  type UploadRecord,
} from './check-store.ts'
import type { CheckDeps, CheckInput, CheckStep } from './check-step.ts'
import { problem } from './rules/storage-problems.ts'
import { queueStorageDeletion } from './storage-deletion-store.ts'

const pageSize = 200

/** Every open upload has the bytes that its client was told of. */
export async function* checkUploads(deps: CheckDeps, input: CheckInput): AsyncGenerator<CheckStep> {
  const pages = pagesOf<UploadRecord>(pageSize, (last) =>
    walkOpenUploads(deps.database, { after: last?.id ?? '', limit: pageSize }),
  )
  for await (const page of pages) {
    for (const { id, size, storageKey } of page) {
      if (((await deps.blobs.size(storageKey)) ?? 0) < size) yield* lookAgain(deps, input, id)
    }
    yield { kind: 'counted', counts: { uploads: page.length } }
  }
}

/** With the row as it is now: the upload may have ended, or go on under another key. */
async function* lookAgain(
  deps: CheckDeps,
  input: CheckInput,
  id: string,
): AsyncGenerator<CheckStep> {
  const upload = await findOpenUploadRecord(deps.database, id)
  if (upload === undefined) return
  const stored = (await deps.blobs.size(upload.storageKey)) ?? 0
  const isSame = (await findOpenUploadRecord(deps.database, id))?.storageKey === upload.storageKey
  if (stored >= upload.size || !isSame) return
  const now = deps.clock.now()
  const isDone =
    input.repair &&
    (await deps.database.transaction(async (tx) => {
      if (!(await abortUpload(tx, upload))) return false
      await queueStorageDeletion(tx, upload.storageKey, now)
      return true
    }))
  const detail = `${stored} bytes of ${upload.size}`
  yield { kind: 'problem', problem: problem('upload-bytes-lost', id, detail, isDone) }
}
