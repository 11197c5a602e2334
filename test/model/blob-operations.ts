// What clients do with blobs: push, ask, mount, pull, delete, in one request or in many.
import assert from 'node:assert/strict'
import { buffer } from 'node:stream/consumers'
import { appendUpload } from '../../src/registry/append-upload.ts'
import { cancelUpload } from '../../src/registry/cancel-upload.ts'
import { deleteBlob } from '../../src/registry/delete-blob.ts'
import type { Digest } from '../../src/oci/digest.ts'
import { finishUpload } from '../../src/registry/finish-upload.ts'
import type { Blob } from '../../src/registry/linked-blob-store.ts'
import { mountBlob } from '../../src/registry/mount-blob.ts'
import { getBlob, getBlobToKeep, openBytes } from '../../src/registry/open-blob.ts'
import { leaseMs } from '../../src/registry/upload-lease.ts'
import { startUpload } from '../../src/registry/start-upload.ts'
import { Ask } from './ask.ts'
import { contents, type Content } from './contents.ts'
import { Killed, type Task } from './gate.ts'
import {
  graceMs,
  hourMs,
  type Attempt,
  type Repository,
  type Schedule,
  type TaskDeps,
  type Upload,
} from './schedule.ts'

const principalId = 'AIDATEST'

/** Each piece of a body comes when the schedule lets it. */
async function* arriving(
  schedule: Schedule,
  task: Task,
  bytes: Buffer,
  breaksOff = false,
): AsyncGenerator<Uint8Array> {
  const middle = Math.ceil(bytes.byteLength / 2)
  for (const piece of [bytes.subarray(0, middle), bytes.subarray(middle)]) {
    await schedule.gate.pass(task, 'piece')
    yield piece
    if (breaksOff) throw new Error('the client has gone')
  }
}

/**
 * As `Schedule.attempt`. A request that stood still for longer than its lease may find its bytes removed, which the store calls a
 * fault; it had lost its upload, so nothing that was acknowledged is concerned. Undefined then.
 */
async function attemptWriting<T>(
  schedule: Schedule,
  task: Task,
  ask: Ask,
  work: () => Promise<T>,
): Promise<Attempt<T> | undefined> {
  try {
    return await schedule.attempt(task, work)
  } catch (error) {
    if (error instanceof assert.AssertionError || error instanceof Killed) throw error
    if (ask.elapsedMs < leaseMs) throw error
    schedule.count('requests that stood still for longer than their lease')
    return undefined
  }
}

/** Start and close by one client, as most do. */
export async function pushBlob(
  schedule: Schedule,
  task: Task,
  deps: TaskDeps,
  repository: Repository,
  { digest, bytes }: Content,
): Promise<boolean> {
  const ask = new Ask(schedule, repository)
  schedule.onCommit(task, () => schedule.promises.allow(repository.text, digest))
  const pushed = await attemptWriting(schedule, task, ask, async () => {
    const { uploadId } = await startUpload(deps, { repository, principalId, algorithm: 'sha256' })
    const source = arriving(schedule, task, bytes)
    const body = { source, keepPartial: false }
    return finishUpload(deps, { repository, uploadId, principalId, digest, body })
  })
  schedule.onCommit(task, undefined)
  if (pushed?.kind === 'done') ask.tell(digest, graceMs)
  else if (pushed !== undefined) ask.judge(pushed, 'a push')
  return pushed?.kind === 'done'
}

/** HEAD: what a client is told of it may refer to for half the grace at least. */
export async function askForBlob(
  schedule: Schedule,
  task: Task,
  deps: TaskDeps,
  repository: Repository,
  digest: Content['digest'],
): Promise<Blob | undefined> {
  const ask = new Ask(schedule, repository)
  const wasPossible = schedule.promises.isPossible(repository.text, digest)
  const found = await schedule.attempt(task, () => getBlobToKeep(deps, { repository, digest }))
  if (found.kind === 'refused') {
    if (found.code === 'BLOB_UNKNOWN') ask.requireAbsent(digest)
    else ask.judge(found, 'a HEAD')
    return undefined
  }
  const { promises } = schedule
  const isExplained =
    wasPossible ||
    promises.isPossible(repository.text, digest) ||
    ask.wasAway() ||
    promises.wasTakenOutSince(repository.text, digest, ask.at.step)
  assert.ok(isExplained, `${repository.text} shows ${digest}, which nobody gave it`)
  ask.tell(digest, graceMs / 2)
  return found.value
}

export async function mount(
  schedule: Schedule,
  task: Task,
  deps: TaskDeps,
  from: Repository,
  repository: Repository,
  digest: Content['digest'],
): Promise<boolean> {
  const { promises } = schedule
  const [ask, asked] = [new Ask(schedule, repository), new Ask(schedule, from)]
  let wasPossible = false
  schedule.onCommit(task, () => {
    wasPossible = promises.isPossible(from.text, digest)
    if (wasPossible) promises.allow(repository.text, digest)
  })
  const mounted = await schedule.attempt(task, () => mountBlob(deps, { repository, from, digest }))
  schedule.onCommit(task, undefined)
  if (mounted.kind === 'refused') ask.judge(mounted, 'a mount')
  else if (mounted.value) {
    assert.ok(wasPossible, `${digest} was mounted from ${from.text}, which nobody gave it`)
    ask.tell(digest, graceMs)
    schedule.count('mounted')
  } else asked.requireAbsent(digest)
  return mounted.kind === 'done' && mounted.value
}

/** GET, with the bytes taken slowly: they come to their end whatever happens meanwhile. */
export async function pullBlob(
  schedule: Schedule,
  task: Task,
  deps: TaskDeps,
  repository: Repository,
  content: Content,
): Promise<void> {
  const ask = new Ask(schedule, repository)
  const { digest } = content
  const blob = await askForBlob(schedule, task, deps, repository, digest)
  if (blob !== undefined) await readBlob(schedule, task, deps, ask, blob, content)
}

/** As scanners and pullers of whole images read: nobody asks for the blob to be kept. */
export async function pullPart(
  schedule: Schedule,
  task: Task,
  deps: TaskDeps,
  repository: Repository,
  content: Content,
): Promise<void> {
  const { digest } = content
  const ask = new Ask(schedule, repository)
  const found = await schedule.attempt(task, () => getBlob(deps.reader, { repository, digest }))
  if (found.kind === 'done') await readBlob(schedule, task, deps, ask, found.value, content)
  else if (found.code === 'BLOB_UNKNOWN') ask.requireAbsent(digest)
  else ask.judge(found, 'a GET')
}

/** A reader on a thin line, and somebody who deletes what it reads: the collector has much time before it goes on. */
export async function readWhatGoes(
  schedule: Schedule,
  task: Task,
  deps: TaskDeps,
  repository: Repository,
): Promise<void> {
  const content = schedule.random.pick(contents)
  if (!(await pushBlob(schedule, task, deps, repository, content))) return
  const ask = new Ask(schedule, repository)
  const { digest } = content
  const found = await schedule.attempt(task, () => getBlob(deps.reader, { repository, digest }))
  if (found.kind === 'refused') return
  const meanwhile = async (): Promise<void> => {
    task.isSlow = true
    await removeBlob(schedule, task, deps, repository, digest)
    for (let wait = 0; wait < 30; wait += 1) await schedule.gate.pass(task, 'thin line')
  }
  // Before it opens what it was told of, or while it has it open.
  const isLate = schedule.random.chance(50)
  if (isLate) await meanwhile()
  const whileOpen = isLate ? undefined : meanwhile
  await readBlob(schedule, task, deps, ask, found.value, content, whileOpen)
}

async function readBlob(
  schedule: Schedule,
  task: Task,
  deps: TaskDeps,
  ask: Ask,
  blob: Blob,
  { digest, bytes }: Content,
  meanwhile = async (): Promise<void> => undefined,
): Promise<void> {
  const key = blob.storageKey
  const read = schedule.random.chance(70) ? readPieces : readStream
  const hold = (by: number): void => {
    const holders = (schedule.openKeys.get(key) ?? 0) + by
    if (holders === 0) schedule.openKeys.delete(key)
    else schedule.openKeys.set(key, holders)
  }
  let isOpen = false
  try {
    const opened = async (): Promise<void> => {
      isOpen = true
      hold(1)
      if (schedule.random.chance(30)) task.isSlow = true
      await meanwhile()
    }
    const got = await read(deps, blob, opened)
    assert.ok(got.equals(bytes), `${digest} was read as other bytes`)
    schedule.count('blobs read to their end')
  } catch (error) {
    // Whoever was told of bytes and comes an hour later may come too late; a reader that holds them may not.
    if (isOpen || ask.elapsedMs < hourMs || error instanceof assert.AssertionError) throw error
    schedule.count('readers that came an hour late')
  } finally {
    if (isOpen) hold(-1)
  }
}

async function readPieces(
  deps: TaskDeps,
  blob: Blob,
  opened: () => Promise<void>,
): Promise<Buffer> {
  const stored = await openBytes(deps.blobs, blob)
  await opened()
  try {
    const pieces: Buffer[] = []
    for (let position = 0; ;) {
      const into = Buffer.alloc(4)
      const count = await stored.read(into, position)
      if (count === 0) return Buffer.concat(pieces)
      pieces.push(into.subarray(0, count))
      position += count
    }
  } finally {
    await stored.close()
  }
}

async function readStream(
  deps: TaskDeps,
  blob: Blob,
  opened: () => Promise<void>,
): Promise<Buffer> {
  const stream = await deps.blobs.read(blob.storageKey)
  await opened()
  return buffer(stream)
}

export async function removeBlob(
  schedule: Schedule,
  task: Task,
  deps: TaskDeps,
  repository: Repository,
  digest: Content['digest'],
): Promise<void> {
  const ask = new Ask(schedule, repository)
  schedule.onCommit(task, ({ step }) => schedule.promises.takeOut(repository.text, digest, step))
  const deleted = await schedule.attempt(task, () => deleteBlob(deps, { repository, digest }))
  schedule.onCommit(task, undefined)
  if (deleted.kind === 'done' || deleted.code === 'BLOB_REFERENCED') return
  if (deleted.code === 'BLOB_UNKNOWN') ask.requireAbsent(digest)
  else ask.judge(deleted, 'a delete of a blob')
}

export async function openUpload(
  schedule: Schedule,
  task: Task,
  deps: TaskDeps,
  repository: Repository,
): Promise<void> {
  const ask = new Ask(schedule, repository)
  const content = schedule.random.pick(contents)
  const opened = await schedule.attempt(task, () =>
    startUpload(deps, { repository, principalId, algorithm: 'sha256' }),
  )
  if (opened.kind === 'refused') return ask.judge(opened, 'an upload')
  schedule.uploads.push({
    repository,
    id: opened.value.uploadId,
    content,
    begun: ask.at,
    received: 0,
    touchedAt: ask.at.time,
    inFlight: 0,
    requests: 0,
    isAbandoned: false,
    state: 'open',
  })
}

/** One request of an upload, and what may be refused because of the others. */
async function withUpload(
  schedule: Schedule,
  task: Task,
  upload: Upload,
  what: string,
  work: (address: {
    repository: Repository
    uploadId: string
    principalId: string
  }) => Promise<void>,
  toldOf?: Digest,
): Promise<void> {
  const ask = new Ask(schedule, upload.repository)
  const wasAlone = upload.inFlight === 0
  const { received, touchedAt, state } = upload
  upload.inFlight += 1
  upload.requests += 1
  const request = upload.requests
  schedule.uploadOf.set(task, upload)
  const { repository, id: uploadId } = upload
  const address = { repository, uploadId, principalId }
  const done = await attemptWriting(schedule, task, ask, () => work(address))
  schedule.uploadOf.delete(task)
  upload.inFlight -= 1
  if (done === undefined) return
  if (done.kind === 'done') {
    upload.touchedAt = Math.max(upload.touchedAt, ask.at.time)
    return
  }
  const hadCompany = !wasAlone || upload.requests > request
  const now = schedule.clock.now().getTime()
  const wasDeleted =
    ask.wasAway() || schedule.promises.wasDeletedSince(repository.text, upload.begun.step)
  const code: string = done.code
  switch (code) {
    case 'UPLOAD_BUSY':
      return assert.ok(hadCompany || upload.isAbandoned, `${what} is refused as busy, but is alone`)
    case 'UPLOAD_UNKNOWN': {
      const isExplained = hadCompany || upload.isAbandoned || wasDeleted || state !== 'open'
      const isIdle = now - touchedAt >= 24 * hourMs
      return assert.ok(isExplained || isIdle, `lost: ${what} of an upload that is open is unknown`)
    }
    case 'UPLOAD_OUT_OF_ORDER':
    case 'UPLOAD_INTERRUPTED': {
      const size = Number(done.detail['size'])
      assert.ok(size >= received, `lost: ${received} bytes were acknowledged, ${size} are there`)
      upload.received = Math.max(upload.received, size)
      upload.touchedAt = Math.max(upload.touchedAt, ask.at.time)
      return
    }
    case 'DIGEST_MISMATCH':
      upload.state = 'ended'
      return assert.equal(what, 'a wrong close')
    case 'BLOB_EXISTS':
      assert.ok(toldOf !== undefined)
      schedule.count('layers that are there already')
      return ask.tell(toldOf, graceMs / 2)
    case 'UPLOAD_PART_TOO_SMALL':
      return assert.ok(toldOf !== undefined)
    case 'QUOTA_EXCEEDED':
      upload.state = 'ended'
      return assert.ok(schedule.hasQuotas)
    default:
      ask.judge(done, what)
  }
}

export async function append(
  schedule: Schedule,
  task: Task,
  deps: TaskDeps,
  upload: Upload,
): Promise<void> {
  const { random } = schedule
  const start = upload.received
  const rest = upload.content.bytes.subarray(start)
  const part = rest.subarray(0, 1 + random.below(Math.max(rest.byteLength, 1)))
  const breaksOff = random.chance(15)
  const source = arriving(schedule, task, part, breaksOff)
  await withUpload(schedule, task, upload, 'an append', async (address) => {
    const body = { source, keepPartial: breaksOff }
    const { size } = await appendUpload(deps, { ...address, start, body })
    assert.equal(size, start + part.byteLength)
    upload.received = Math.max(upload.received, size)
  })
}

/** The API has no body in its closing request. */
async function appendRest(
  schedule: Schedule,
  task: Task,
  deps: TaskDeps,
  upload: Upload,
): Promise<void> {
  const start = upload.received
  const rest = upload.content.bytes.subarray(start)
  if (rest.byteLength === 0) return
  const body = { source: arriving(schedule, task, rest), keepPartial: false }
  await withUpload(schedule, task, upload, 'an append', async (address) => {
    const { size } = await appendUpload(deps, { ...address, start, body })
    upload.received = Math.max(upload.received, size)
  })
}

export async function close(
  schedule: Schedule,
  task: Task,
  deps: TaskDeps,
  upload: Upload,
): Promise<void> {
  const { content, repository } = upload
  const ask = new Ask(schedule, repository)
  const isOfApi = upload.state === 'open' && schedule.random.chance(20)
  if (isOfApi) await appendRest(schedule, task, deps, upload)
  const start = upload.received
  const asLayerOfApi = isOfApi && upload.state === 'open' && start === content.bytes.byteLength
  const isWrong = !asLayerOfApi && upload.state === 'open' && schedule.random.chance(8)
  const { digest } = isWrong ? schedule.random.pick(others(content)) : content
  const isRepeat = upload.state === 'done'
  schedule.onCommit(task, () => {
    if (!isWrong) schedule.promises.allow(repository.text, digest)
  })
  const what = isWrong ? 'a wrong close' : isRepeat ? 'a repeated close' : 'a close'
  await withUpload(
    schedule,
    task,
    upload,
    what,
    async (address) => {
      const source = arriving(schedule, task, content.bytes.subarray(start))
      const rest = asLayerOfApi ? { asLayerOfApi } : { body: { source, keepPartial: false } }
      const closed = await finishUpload(deps, { ...address, start, digest, ...rest })
      assert.equal(isWrong, false, 'a close with a wrong digest succeeded')
      assert.equal(closed.size, content.bytes.byteLength)
      upload.state = 'done'
      schedule.count(isRepeat ? 'uploads closed again' : 'uploads closed')
      ask.tell(digest, isRepeat ? graceMs / 2 : graceMs)
    },
    asLayerOfApi ? digest : undefined,
  )
  schedule.onCommit(task, undefined)
}

function others(content: Content): readonly Content[] {
  return contents.filter((other) => other !== content)
}

export async function cancel(
  schedule: Schedule,
  task: Task,
  deps: TaskDeps,
  upload: Upload,
): Promise<void> {
  await withUpload(schedule, task, upload, 'a cancel', async (address) => {
    await cancelUpload(deps, address)
    upload.state = 'ended'
  })
}
