// Reads layers in worker threads, so that a hostile layer can at worst cost its own worker.
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
  readonly #entry: URL
  readonly #all = new Set<LayerReader>()
  readonly #idle: LayerReader[] = []
  /** Those who wait for a turn; each is told once, that it may look again. */
  readonly #waiting = new Set<PromiseWithResolvers<void>>()
  #isClosed = false

  constructor({ workers, limits = defaultLayerLimits, entry }: LayerReadersOptions) {
    this.limits = limits
    this.workers = Math.max(1, workers)
    this.#entry = entry ?? new URL('./layer-worker.ts', import.meta.url)
  }

  /** Lends a reader for one layer. A reader that died meanwhile is replaced. */
  async use<Result>(
    work: (reader: LayerReader) => Promise<Result>,
    { signal }: { signal: AbortSignal },
  ): Promise<Result> {
    const reader = await this.#acquire(signal)
    try {
      return await work(reader)
    } finally {
      await this.#release(reader)
    }
  }

  async close(): Promise<void> {
    this.#isClosed = true
    for (const turn of this.#waiting) turn.resolve()
    await Promise.all([...this.#all].map((reader) => reader.kill()))
  }

  async #acquire(signal: AbortSignal): Promise<LayerReader> {
    for (;;) {
      signal.throwIfAborted()
      if (this.#isClosed) throw new Error('layer readers are closed')
      const idle = this.#idle.pop()
      if (idle?.isAlive === true) return idle
      if (idle !== undefined) this.#all.delete(idle)
      if (this.#all.size < this.workers) return this.#add()
      await this.#turn(signal)
    }
  }

  async #turn(signal: AbortSignal): Promise<void> {
    const turn = Promise.withResolvers<void>()
    const wake = (): void => turn.resolve()
    this.#waiting.add(turn)
    signal.addEventListener('abort', wake, { once: true })
    await turn.promise
    signal.removeEventListener('abort', wake)
    this.#waiting.delete(turn)
    // A turn given to somebody who gives up goes to the next.
    if (signal.aborted) this.#wakeNext()
  }

  #add(): LayerReader {
    const reader = new LayerReader(this.#entry)
    this.#all.add(reader)
    return reader
  }

  async #release(reader: LayerReader): Promise<void> {
    if (reader.isAlive) {
      this.#idle.push(reader)
    } else {
      await reader.kill()
      this.#all.delete(reader)
    }
    this.#wakeNext()
  }

  #wakeNext(): void {
    const [turn] = this.#waiting
    if (turn === undefined) return
    this.#waiting.delete(turn)
    turn.resolve()
  }
}
