const largeBytes = 1024 * 1024
const smallBytes = 64 * 1024

/**
 * Buffers of one mebibyte, lent and used again: a fresh one for each read or write costs its pages, the processor's cache and
 * the collector's time. Above the bound small fresh ones are lent, so that hundreds of transfers hold megabytes, not gigabytes.
 */
export class BufferPool {
  readonly #bound: number
  readonly #free: Buffer[] = []
  #lent = 0

  constructor(bound = 64) {
    this.#bound = bound
  }

  /** For a transfer of that many bytes in all; the length lent may be smaller or larger. */
  take(bytes: number): Buffer {
    if (bytes <= smallBytes || this.#lent >= this.#bound) {
      return Buffer.allocUnsafeSlow(Math.min(bytes, smallBytes))
    }
    this.#lent += 1
    return this.#free.pop() ?? Buffer.allocUnsafeSlow(largeBytes)
  }

  /** Nothing may use the buffer any more. */
  give(buffer: Buffer): void {
    if (buffer.byteLength !== largeBytes) return
    this.#lent -= 1
    this.#free.push(buffer)
  }
}

/** Its rejection is met where the promise is awaited, however late. */
export function quietly<T>(promise: Promise<T>): Promise<T> {
  promise.catch(() => undefined)
  return promise
}
