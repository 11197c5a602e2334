// Reads the stream of one layer into its inventory. Runs in a worker; see read-layer.ts for the door.
import { createHash, type Hash } from 'node:crypto'
import { ArchiveError } from '../lib/archive/archive-error.ts'
import { decompress } from '../lib/archive/decompress.ts'
import { TarWalker } from '../lib/archive/tar-entries.ts'
import { digestFromHash, type Digest } from '../oci/digest.ts'
import { LayerLimitError, type LayerLimits } from './layer-limits.ts'
import { LayerRecorder, type LayerParsers } from './layer-recorder.ts'
import { SecretRecorder } from './secret-recorder.ts'
import type { LayerContents, LayerInventory, LayerProblem } from './rules/layer-contents.ts'

export type { LayerContents, LayerInventory } from './rules/layer-contents.ts'

export type UnreadableReason =
  | 'LIMIT_HIT'
  /** Compressed or packed in a way that is not read. */
  | 'UNSUPPORTED'
  | 'MALFORMED'
  | 'TRUNCATED'
  | 'DIFF_ID_MISMATCH'
  /** The bytes could not be fetched; another attempt may succeed. */
  | 'SOURCE_FAILED'
  | 'WORKER_DIED'

export type LayerReading =
  | { readonly kind: 'read'; readonly inventory: LayerInventory }
  | {
      readonly kind: 'unreadable'
      readonly reason: UnreadableReason
      readonly message: string
      /** What was seen before; never the whole layer. Its problems say so. */
      readonly partial?: LayerContents
    }

export interface LayerSource {
  readonly chunks: AsyncIterable<Uint8Array>
  /** From the image's config; absent where there is none. */
  readonly expectedDiffId?: Digest
}

/** Never throws for what the bytes are; an error of `chunks` becomes SOURCE_FAILED. */
export async function inventoryLayer(
  parsers: LayerParsers,
  { chunks, expectedDiffId }: LayerSource,
  limits: LayerLimits,
): Promise<LayerReading> {
  const progress = startProgress(parsers, limits)
  try {
    const opened = await decompress(meter(chunks, progress, limits))
    if (opened.kind === 'unsupported') return unsupported(opened.format)
    const { hasEndMarker } = await walk(opened.chunks, progress, limits)
    return judge(progress, expectedDiffId, hasEndMarker)
  } catch (error) {
    return failed(progress, error)
  }
}

interface Progress {
  readonly recorder: LayerRecorder
  readonly secrets: SecretRecorder | undefined
  readonly walker: TarWalker
  readonly hash: Hash
  compressedBytes: number
  decompressedBytes: number
}

class SourceError extends Error {}

function startProgress(parsers: LayerParsers, limits: LayerLimits): Progress {
  const recorder = new LayerRecorder(parsers, limits)
  const { secretSalt } = parsers
  const secrets = secretSalt && new SecretRecorder(recorder, secretSalt())
  return {
    recorder,
    secrets,
    walker: new TarWalker(secrets ?? recorder),
    hash: createHash('sha256'),
    compressedBytes: 0,
    decompressedBytes: 0,
  }
}

async function* meter(
  chunks: AsyncIterable<Uint8Array>,
  progress: Progress,
  limits: LayerLimits,
): AsyncGenerator<Uint8Array> {
  const iterator = chunks[Symbol.asyncIterator]()
  try {
    for (;;) {
      const next = await iterator.next().catch(rethrowAsSource)
      if (next.done === true) return
      progress.compressedBytes += next.value.length
      if (progress.compressedBytes > limits.compressedBytes)
        throw new LayerLimitError(`layer blob is larger than ${limits.compressedBytes} bytes`)
      yield next.value
    }
  } finally {
    await iterator.return?.()
  }
}

function rethrowAsSource(error: unknown): never {
  if (error instanceof LayerLimitError) throw error
  const message = error instanceof Error ? error.message : String(error)
  throw new SourceError(message, { cause: error })
}

async function walk(
  chunks: AsyncIterable<Uint8Array>,
  progress: Progress,
  limits: LayerLimits,
): Promise<{ readonly hasEndMarker: boolean }> {
  const { walker, hash } = progress
  for await (const chunk of chunks) {
    progress.decompressedBytes += chunk.length
    refuseBomb(progress, limits)
    hash.update(chunk)
    walker.write(chunk)
    if (walker.headers > limits.entries)
      throw new LayerLimitError(`layer has more than ${limits.entries} entries`)
  }
  return walker.end()
}

function refuseBomb({ compressedBytes, decompressedBytes }: Progress, limits: LayerLimits): void {
  if (decompressedBytes > limits.decompressedBytes)
    throw new LayerLimitError(`layer unpacks to more than ${limits.decompressedBytes} bytes`)
  if (
    decompressedBytes > limits.ratioFreeBytes &&
    decompressedBytes > limits.ratio * compressedBytes
  )
    throw new LayerLimitError(`layer unpacks to more than ${limits.ratio} times its size`)
}

function judge(
  progress: Progress,
  expectedDiffId: Digest | undefined,
  hasEndMarker: boolean,
): LayerReading {
  const diffId = diffIdOf(progress)
  if (expectedDiffId !== undefined && diffId !== expectedDiffId)
    return unreadable(
      progress,
      'DIFF_ID_MISMATCH',
      `layer unpacks to ${diffId}, the image's config says ${expectedDiffId}`,
    )
  // Many tars lack the marker, but so does one that was cut between two entries: only the diff id tells.
  if (!hasEndMarker && expectedDiffId === undefined)
    return unreadable(progress, 'TRUNCATED', 'tar has no end marker and no diff id vouches for it')
  return finished(progress, diffId)
}

function diffIdOf({ hash }: Progress): Digest {
  return digestFromHash('sha256', hash.copy())
}

function finished(progress: Progress, diffId: Digest): LayerReading {
  return { kind: 'read', inventory: { diffId, ...contentsOf(progress, []) } }
}

function failed(progress: Progress, error: unknown): LayerReading {
  if (error instanceof LayerLimitError) return unreadable(progress, 'LIMIT_HIT', error.message)
  if (error instanceof SourceError) return unreadable(progress, 'SOURCE_FAILED', error.message)
  if (!(error instanceof ArchiveError)) throw error
  return unreadable(progress, reasons[error.fault], error.message)
}

const reasons = {
  malformed: 'MALFORMED',
  truncated: 'TRUNCATED',
  'window-too-large': 'LIMIT_HIT',
} as const satisfies Record<ArchiveError['fault'], UnreadableReason>

function unsupported(format: string): LayerReading {
  if (format === 'empty')
    return { kind: 'unreadable', reason: 'TRUNCATED', message: 'layer blob has no bytes' }
  return {
    kind: 'unreadable',
    reason: 'UNSUPPORTED',
    message: `layer is neither tar nor tar in gzip or zstd (${format})`,
  }
}

function unreadable(progress: Progress, reason: UnreadableReason, message: string): LayerReading {
  const code = reason === 'LIMIT_HIT' ? 'LIMIT_HIT' : 'UNREADABLE'
  const partial = contentsOf(progress, [{ code, path: '', reason: message }])
  return { kind: 'unreadable', reason, message, partial }
}

function contentsOf(progress: Progress, problems: readonly LayerProblem[]): LayerContents {
  const recorded = progress.recorder.contents()
  const secrets = progress.secrets?.found ?? []
  return {
    compressedBytes: progress.compressedBytes,
    decompressedBytes: progress.decompressedBytes,
    entries: progress.walker.headers,
    ...recorded,
    ...(secrets.length === 0 ? {} : { secrets }),
    problems: [...problems, ...recorded.problems],
  }
}
