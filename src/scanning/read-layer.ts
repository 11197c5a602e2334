// Reads layers in worker threads, so that a hostile layer can at worst cost its own worker.
import { WorkerPool } from '../lib/worker-pool.ts'
import type { LayerReading } from './layer-inventory.ts'
import { defaultLayerLimits, type LayerLimits } from './layer-limits.ts'
import { LayerReader, type LayerStream } from './layer-reader.ts'

export interface LayerReadersOptions {
  readonly workers: number
  readonly limits?: LayerLimits
  /** Module of the worker; tests bring their own. */
  readonly entry?: URL
}

/** Workers start when they are first needed; `close` ends them. */
export function openLayerReaders(options: LayerReadersOptions): LayerReaders {
  return new LayerReaders(options)
}

/** Resolves for anything the layer can be; rejects when `signal` is aborted or the readers were closed before its turn. */
export async function readLayer(
  readers: LayerReaders,
  input: LayerStream,
  { signal }: { signal: AbortSignal },
): Promise<LayerReading> {
  // The stream may fail while it waits for its turn; the reading finds the error then.
  input.stream.on('error', () => undefined)
  try {
    return await readers.use((reader) => reader.read(input, readers.limits, { signal }), { signal })
  } finally {
    input.stream.destroy()
  }
}

export class LayerReaders {
  readonly limits: LayerLimits
  /** How many layers are read at a time. */
  readonly workers: number
  readonly #pool: WorkerPool<LayerReader>

  constructor({ workers, limits = defaultLayerLimits, entry }: LayerReadersOptions) {
    this.limits = limits
    this.workers = Math.max(1, workers)
    const module = entry ?? new URL('./layer-worker.ts', import.meta.url)
    this.#pool = new WorkerPool({ workers, make: () => new LayerReader(module) })
  }

  /** Lends a reader for one layer. A reader that died meanwhile is replaced. */
  async use<Result>(
    work: (reader: LayerReader) => Promise<Result>,
    options: { signal: AbortSignal },
  ): Promise<Result> {
    return this.#pool.use(work, options)
  }

  async close(): Promise<void> {
    await this.#pool.close()
  }
}
