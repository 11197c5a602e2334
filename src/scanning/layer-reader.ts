// One worker thread that reads layers, one at a time, and what is said between it and its owner.
import type { Readable } from 'node:stream'
import { WorkerThread } from '../lib/worker-thread.ts'
import type { Digest } from '../oci/digest.ts'
import type { LayerReading } from './layer-inventory.ts'
import type { LayerLimits } from './layer-limits.ts'

export interface LayerStream {
  /** The blob as stored. Destroyed when the reading ends, also when that is before its end. */
  readonly stream: Readable
  /** From the image's config; a layer that unpacks to another one is unreadable. */
  readonly expectedDiffId?: Digest
}

export type ToLayerWorker =
  | {
      readonly kind: 'start'
      readonly job: number
      readonly limits: LayerLimits
      readonly expectedDiffId?: Digest
    }
  | { readonly kind: 'bytes'; readonly job: number; readonly bytes: Uint8Array }
  | { readonly kind: 'end'; readonly job: number }
  | { readonly kind: 'failed'; readonly job: number; readonly message: string }
  | { readonly kind: 'stop'; readonly job: number; readonly message: string }

export type FromLayerWorker =
  | { readonly kind: 'taken'; readonly job: number; readonly bytes: number }
  | { readonly kind: 'done'; readonly job: number; readonly reading: LayerReading }

/** Bytes on their way to the worker that it has not taken yet. */
const maxInFlightBytes = 2 * 1024 * 1024
const maxMessageBytes = 256 * 1024
const maxOldGenerationSizeMb = 256

export class LayerReader {
  readonly #thread: WorkerThread<ToLayerWorker, FromLayerWorker>
  #job = 0
  #inFlightBytes = 0
  #wake: (() => void) | undefined
  /** Present while a layer is being read and its outcome is open. */
  #outcome: PromiseWithResolvers<LayerReading> | undefined
  #death: LayerReading | undefined

  constructor(entry: URL) {
    this.#thread = new WorkerThread({
      entry,
      maxOldGenerationSizeMb,
      onMessage: (message) => this.#take(message),
      onDeath: ({ message }) => this.#die(died(message)),
    })
  }

  get isAlive(): boolean {
    return this.#death === undefined
  }

  /** Rejects only when `signal` is aborted; the worker is then gone. */
  async read(
    input: LayerStream,
    limits: LayerLimits,
    { signal }: { signal: AbortSignal },
  ): Promise<LayerReading> {
    if (this.#death !== undefined) return this.#death
    const outcome = Promise.withResolvers<LayerReading>()
    this.#outcome = outcome
    this.#job++
    this.#inFlightBytes = 0
    const abandon = (): void => this.#die(died('reading was cancelled'))
    const deadline = AbortSignal.timeout(limits.wallTimeMs)
    const stop = (): void => this.#stop(limits)
    signal.addEventListener('abort', abandon, { once: true })
    deadline.addEventListener('abort', stop, { once: true })
    // Not waited for to its end: a source that hangs may not even notice that it is destroyed.
    await Promise.race([this.#send(input, limits), outcome.promise])
    const reading = await outcome.promise
    signal.removeEventListener('abort', abandon)
    deadline.removeEventListener('abort', stop)
    signal.throwIfAborted()
    return reading
  }

  async kill(): Promise<void> {
    this.#die(died('it was closed'))
    await this.#thread.end()
  }

  #take(message: FromLayerWorker): void {
    if (message.job !== this.#job) return
    if (message.kind === 'done') this.#settle(message.reading)
    else this.#inFlightBytes -= message.bytes
    this.#wake?.()
  }

  #settle(reading: LayerReading): void {
    this.#outcome?.resolve(reading)
    this.#outcome = undefined
    this.#wake?.()
  }

  #die(reading: LayerReading): void {
    this.#death ??= reading
    void this.#thread.end()
    this.#settle(reading)
  }

  #stop({ wallTimeMs, graceMs }: LayerLimits): void {
    const job = this.#job
    const message = `reading took more than ${wallTimeMs} ms`
    this.#post({ kind: 'stop', job, message })
    const giveUp = (): void => {
      if (this.#isOpen(job)) this.#die({ kind: 'unreadable', reason: 'LIMIT_HIT', message })
    }
    AbortSignal.timeout(graceMs).addEventListener('abort', giveUp, { once: true })
  }

  #post(message: ToLayerWorker, transfer: ArrayBuffer[] = []): void {
    if (this.isAlive) this.#thread.post(message, transfer)
  }

  async #send({ stream, expectedDiffId }: LayerStream, limits: LayerLimits): Promise<void> {
    const job = this.#job
    const expected = expectedDiffId === undefined ? {} : { expectedDiffId }
    this.#post({ kind: 'start', job, limits, ...expected })
    try {
      for await (const chunk of stream) {
        if (!(chunk instanceof Uint8Array)) throw new TypeError('layer stream is not of bytes')
        if (!(await this.#sendBytes(job, chunk))) return
      }
      this.#post({ kind: 'end', job })
    } catch (error) {
      // The worker answers with what it has; a stream that was destroyed after the answer is heard by nobody.
      this.#post({
        kind: 'failed',
        job,
        message: error instanceof Error ? error.message : 'failed',
      })
    }
  }

  #isOpen(job: number): boolean {
    return this.#job === job && this.#outcome !== undefined
  }

  /** Waits for room; false when the outcome is known and no more bytes are needed. */
  async #sendBytes(job: number, chunk: Uint8Array): Promise<boolean> {
    for (let at = 0; at < chunk.length; at += maxMessageBytes) {
      while (this.#isOpen(job) && this.#inFlightBytes >= maxInFlightBytes)
        await new Promise<void>((resolve) => {
          this.#wake = resolve
        })
      if (!this.#isOpen(job)) return false
      // A copy, because the buffer that is handed over is lost to its owner, and others may read the same stream.
      const bytes = new Uint8Array(chunk.subarray(at, at + maxMessageBytes))
      this.#inFlightBytes += bytes.length
      this.#post({ kind: 'bytes', job, bytes }, [bytes.buffer])
    }
    return true
  }
}

function died(why: string): LayerReading {
  return { kind: 'unreadable', reason: 'WORKER_DIED', message: `the layer's reader died: ${why}` }
}
