import { pagesOf } from '../lib/pages.ts'
import { algorithmOf, digestOf, parseDigest, type Digest } from '../oci/digest.ts'
import { parseManifest, type Manifest } from '../oci/manifest.ts'
import type { SqlReader } from '../storage/database/database.ts'
import {
  findManifestRecord,
  walkManifestKeys,
  type ManifestKey,
  type ManifestRecord,
} from './check-store.ts'
import type { CheckDeps, CheckInput, CheckStep } from './check-step.ts'
import { findLinkedBlob } from './linked-blob-store.ts'
import { findManifestSummary, rewriteManifest } from './manifest-store.ts'
import { findDifferences, neededBlobs, rowsOf } from './rules/manifest-rows.ts'
import { problem, type ProblemKind, type StorageProblem } from './rules/storage-problems.ts'

const pageSize = 100

/** Every manifest's bytes have its digest, its rows say what they say, and what it refers to is in its repository. */
export async function* checkManifests(
  deps: CheckDeps,
  input: CheckInput,
): AsyncGenerator<CheckStep> {
  const first = { repositoryId: 0, digest: '' }
  const pages = pagesOf<ManifestKey>(pageSize, (last) =>
    walkManifestKeys(deps.database, { after: last ?? first, limit: pageSize }),
  )
  for await (const page of pages) {
    for (const key of page) {
      const judged = await judgeManifest(deps.database, key)
      if (judged.suspicions.length > 0) yield* lookAgain(deps, input, key)
    }
    yield { kind: 'counted', counts: { manifests: page.length } }
  }
}

/** In one transaction, in which nothing can change, and in which what can be mended is. */
async function* lookAgain(
  deps: CheckDeps,
  input: CheckInput,
  key: ManifestKey,
): AsyncGenerator<CheckStep> {
  const found = await deps.database.transaction(async (tx) => {
    const { suspicions, readable } = await judgeManifest(tx, key)
    const isWrong = suspicions.some(({ kind }) => kind === 'references-wrong')
    if (input.repair && isWrong && readable !== undefined) {
      await rewriteManifest(tx, key.repositoryId, readable)
    }
    return suspicions
  })
  for (const suspicion of found) {
    yield { kind: 'problem', problem: told(key, suspicion, input.repair) }
  }
}

function told(
  { repository, digest }: ManifestKey,
  { kind, detail }: Suspicion,
  isRepaired: boolean,
): StorageProblem {
  return problem(kind, `${repository}@${digest}`, detail, isRepaired)
}

interface Suspicion {
  readonly kind: ProblemKind
  readonly detail: string
}

interface Readable {
  readonly digest: Digest
  readonly manifest: Manifest
  readonly bytes: Uint8Array
}

interface Judged {
  readonly suspicions: readonly Suspicion[]
  /** The manifest, where its bytes can be trusted. */
  readonly readable?: Readable
}

async function judgeManifest(reader: SqlReader, key: ManifestKey): Promise<Judged> {
  const record = await findManifestRecord(reader, key)
  if (record === undefined) return { suspicions: [] }
  const read = readManifest(key, record)
  if ('kind' in read) return { suspicions: [read] }
  const { manifest, bytes } = read
  const differences = findDifferences(record.rows, rowsOf(manifest, bytes.byteLength))
  const absent = await findAbsent(reader, key.repositoryId, manifest)
  const suspicions: Suspicion[] = []
  if (differences.length > 0) {
    suspicions.push({ kind: 'references-wrong', detail: `differs: ${differences.join(', ')}` })
  }
  if (absent.length > 0) {
    const more = absent.length > 3 ? ` and ${absent.length - 3} more` : ''
    const detail = `without ${absent.slice(0, 3).join(', ')}${more}`
    suspicions.push({ kind: 'manifest-incomplete', detail })
  }
  return { suspicions, readable: read }
}

function readManifest(
  key: ManifestKey,
  { bytes, mediaType }: ManifestRecord,
): Readable | Suspicion {
  const digest = parseDigest(key.digest)
  const computed = digestOf(bytes, digest === undefined ? 'sha256' : algorithmOf(digest))
  if (computed !== digest) {
    const detail = `${bytes.byteLength} bytes with the digest ${computed}`
    return { kind: 'manifest-damaged', detail }
  }
  const parsed = parseManifest(bytes, mediaType)
  if (parsed.kind === 'refused') return { kind: 'manifest-unreadable', detail: parsed.reason }
  return { digest, manifest: parsed.manifest, bytes }
}

async function findAbsent(
  reader: SqlReader,
  repositoryId: number,
  manifest: Manifest,
): Promise<readonly Digest[]> {
  const absent: Digest[] = []
  if (manifest.kind === 'index') {
    for (const { digest } of manifest.manifests) {
      const child = await findManifestSummary(reader, repositoryId, digest)
      if (child === undefined) absent.push(digest)
    }
    return absent
  }
  for (const digest of neededBlobs(manifest)) {
    const blob = await findLinkedBlob(reader, repositoryId, digest)
    if (blob === undefined) absent.push(digest)
  }
  return absent
}
