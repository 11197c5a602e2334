import { createHash } from 'node:crypto'
import type { Pace } from '../lib/pace.ts'
import { pagesOf } from '../lib/pages.ts'
import { algorithmOf, digestFromHash, parseDigest } from '../oci/digest.ts'
import {
  findBlobRecord,
  listRepositoriesOfBlob,
  walkBlobs,
  type BlobRecord,
} from './check-store.ts'
import type { CheckDeps, CheckInput, CheckOptions, CheckStep } from './check-step.ts'
import { markBlobMissing, reviveBlob } from './linked-blob-store.ts'
import { problem, type ProblemKind } from './rules/storage-problems.ts'

const pageSize = 200

interface Deps extends CheckDeps {
  readonly pace: Pace
}

interface Suspicion {
  readonly kind: ProblemKind
  readonly detail: string
}

/** Every live blob has its bytes, of its length, and of its digest where that is asked for; and none is missing that is there. */
export async function* checkBlobs(
  deps: Deps,
  input: CheckInput,
  options: CheckOptions,
): AsyncGenerator<CheckStep> {
  const pages = pagesOf<BlobRecord>(pageSize, (last) =>
    walkBlobs(deps.database, { after: last?.id ?? 0, limit: pageSize }),
  )
  for await (const page of pages) {
    const sizes = await Promise.all(page.map((blob) => sizeOf(deps, blob)))
    for (const [index, blob] of page.entries()) {
      const size = sizes[index] ?? { kind: 'absent' }
      const look = { isHashed: input.hashes, size }
      if ((await judgeBlob(deps, blob, look, options)) !== undefined) {
        yield* lookAgain(deps, input, blob, options)
      }
      const isRead = input.hashes && blob.state === 'live' && isWhole(blob, size)
      const hashedBytes = isRead ? blob.size : 0
      if (hashedBytes > 0) yield { kind: 'counted', counts: { hashedBytes } }
    }
    yield { kind: 'counted', counts: { blobs: page.length } }
  }
}

/** With the row as it is now: the blob may have gone, or have been pushed anew, meanwhile. */
async function* lookAgain(
  deps: Deps,
  input: CheckInput,
  { id }: BlobRecord,
  options: CheckOptions,
): AsyncGenerator<CheckStep> {
  const blob = await findBlobRecord(deps.database, id)
  if (blob === undefined) return
  const look = { isHashed: input.hashes, size: await sizeOf(deps, blob) }
  const suspicion = await judgeBlob(deps, blob, look, options)
  if (suspicion === undefined) return
  const isDone = input.repair && (await repair(deps, blob, suspicion.kind))
  const present = await findBlobRecord(deps.database, id)
  if (!isDone && (present?.storageKey !== blob.storageKey || present.state !== blob.state)) return
  const names = await listRepositoriesOfBlob(deps.database, id, 4)
  const detail = `${suspicion.detail}; ${shownRepositories(names)}`
  yield { kind: 'problem', problem: problem(suspicion.kind, blob.digest, detail, isDone) }
}

function shownRepositories(names: readonly string[]): string {
  if (names.length === 0) return 'no repository has it'
  const more = names.length > 3 ? ' and others' : ''
  return `in ${names.slice(0, 3).join(', ')}${more}`
}

type Size =
  | { readonly kind: 'bytes'; readonly bytes: number }
  | { readonly kind: 'absent' }
  | { readonly kind: 'unreadable'; readonly reason: string }

async function sizeOf(deps: CheckDeps, { storageKey }: BlobRecord): Promise<Size> {
  try {
    const bytes = await deps.blobs.size(storageKey)
    return bytes === undefined ? { kind: 'absent' } : { kind: 'bytes', bytes }
  } catch (error) {
    return { kind: 'unreadable', reason: reasonOf(error) }
  }
}

function isWhole(blob: BlobRecord, size: Size): boolean {
  return size.kind === 'bytes' && size.bytes === blob.size
}

async function judgeBlob(
  deps: Deps,
  blob: BlobRecord,
  { isHashed, size }: { readonly isHashed: boolean; readonly size: Size },
  options: CheckOptions,
): Promise<Suspicion | undefined> {
  if (size.kind === 'unreadable') return { kind: 'blob-unreadable', detail: size.reason }
  if (blob.state === 'missing') {
    const isBack = isWhole(blob, size) && (await judgeBytes(deps, blob, options)) === undefined
    return isBack ? { kind: 'blob-returned', detail: `${blob.size} bytes` } : undefined
  }
  if (blob.state !== 'live') return undefined
  if (size.kind === 'absent') {
    return { kind: 'blob-lost', detail: `${blob.size} bytes under ${blob.storageKey}` }
  }
  if (!isWhole(blob, size)) {
    return { kind: 'blob-length', detail: `${size.bytes} bytes instead of ${blob.size}` }
  }
  return isHashed ? judgeBytes(deps, blob, options) : undefined
}

async function judgeBytes(
  deps: Deps,
  blob: BlobRecord,
  options: CheckOptions,
): Promise<Suspicion | undefined> {
  const digest = parseDigest(blob.digest)
  if (digest === undefined) return { kind: 'blob-damaged', detail: 'the digest cannot be read' }
  const algorithm = algorithmOf(digest)
  const hash = createHash(algorithm)
  try {
    const stored: AsyncIterable<Uint8Array> = await deps.blobs.read(blob.storageKey)
    for await (const piece of stored) {
      await deps.pace.spend(piece.byteLength, options)
      hash.update(piece)
    }
  } catch (error) {
    options.signal.throwIfAborted()
    return { kind: 'blob-unreadable', detail: reasonOf(error) }
  }
  const computed = digestFromHash(algorithm, hash)
  if (computed === digest) return undefined
  return { kind: 'blob-damaged', detail: `${blob.size} bytes with the digest ${computed}` }
}

async function repair(deps: Deps, blob: BlobRecord, kind: ProblemKind): Promise<boolean> {
  if (kind === 'blob-unreadable') return false
  return deps.database.transaction((tx) =>
    kind === 'blob-returned' ? reviveBlob(tx, blob.id, blob) : markBlobMissing(tx, blob),
  )
}

function reasonOf(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? error.code : undefined
  return typeof code === 'string' ? code : 'reading them failed'
}
