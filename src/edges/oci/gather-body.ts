// A request's body on its way into the store, in pieces as large as it comes: gathered while the piece before is hashed and written.
import type { Readable } from 'node:stream'
import type { BufferPool } from '../../lib/buffer-pool.ts'

/**
 * What came in one turn of the event loop, or while the former piece was in use, is one piece; a slow client's bytes are
 * not held back. A piece may be used until the next one is asked for. When the body breaks off what came before is given first,
 * then it rejects. A consumer that stops early leaves the rest unread.
 */
export async function* gatherBody(
  source: Readable,
  pool: BufferPool,
  announcedBytes: number | undefined,
): AsyncGenerator<Uint8Array> {
  const gatherer = new Gatherer(source, pool, announcedBytes ?? Number.MAX_SAFE_INTEGER)
  try {
    for (;;) {
      const piece = await gatherer.next()
      if (piece === undefined) return
      yield piece
    }
  } finally {
    gatherer.close()
  }
}

/** Two buffers: one is filled from the socket while the other is with the consumer. What fits neither stops the socket. */
class Gatherer {
  readonly #source: Readable
  readonly #lend: () => Buffer
  readonly #giveBack: () => void
  #filling: Buffer
  #filled = 0
  #spare: Buffer | undefined
  /** What came when there was no room. */
  #surplus: Uint8Array[] = []
  #end: { readonly error: Error | undefined } | undefined
  #wake: (() => void) | undefined

  constructor(source: Readable, pool: BufferPool, announcedBytes: number) {
    const lent: Buffer[] = []
    this.#source = source
    this.#lend = () => {
      const buffer = pool.take(announcedBytes)
      lent.push(buffer)
      return buffer
    }
    this.#giveBack = () => {
      for (const buffer of lent) pool.give(buffer)
    }
    this.#filling = this.#lend()
    source.on('data', this.#onData)
    source.on('end', this.#onEnd)
    source.on('error', this.#onError)
    source.on('close', this.#onClose)
    // Of what broke off before anybody listened no event comes any more.
    if (source.destroyed) this.#onClose()
  }

  async next(): Promise<Uint8Array | undefined> {
    if (this.#filled === 0) {
      if (this.#end === undefined) await this.#arrival()
      if (this.#filled === 0 && this.#end !== undefined) {
        if (this.#end.error !== undefined) throw this.#end.error
        return undefined
      }
    }
    const piece = this.#filling.subarray(0, this.#filled)
    const full = this.#filling
    this.#filling = this.#spare ?? this.#lend()
    this.#spare = full
    this.#filled = 0
    this.#takeSurplus()
    return piece
  }

  close(): void {
    this.#source.off('data', this.#onData)
    this.#source.off('end', this.#onEnd)
    this.#source.off('close', this.#onClose)
    // The listener for errors stays: what breaks later breaks nothing here.
    if (this.#end === undefined) this.#source.pause()
    this.#giveBack()
  }

  async #arrival(): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = resolve
    })
  }

  readonly #onData = (piece: Uint8Array): void => {
    this.#store(piece)
    this.#tell()
  }

  readonly #onEnd = (): void => this.#finish(undefined)
  readonly #onError = (error: Error): void => this.#finish(error)
  readonly #onClose = (): void => this.#finish(new Error('the connection was closed'))

  #finish(error: Error | undefined): void {
    this.#end ??= { error }
    this.#tell()
  }

  /** At the end of the turn, when all that it brings is here. */
  #tell(): void {
    const wake = this.#wake
    if (wake === undefined) return
    this.#wake = undefined
    setImmediate(wake)
  }

  #takeSurplus(): void {
    const surplus = this.#surplus
    if (surplus.length === 0) return
    this.#surplus = []
    for (const piece of surplus) this.#store(piece)
    if (this.#surplus.length === 0) this.#source.resume()
  }

  #store(piece: Uint8Array): void {
    const room = this.#filling.byteLength - this.#filled
    if (this.#surplus.length > 0 || room < piece.byteLength) {
      this.#keepSurplus(piece, this.#surplus.length > 0 ? 0 : room)
      return
    }
    this.#filling.set(piece, this.#filled)
    this.#filled += piece.byteLength
    release(piece)
  }

  #keepSurplus(piece: Uint8Array, fits: number): void {
    this.#filling.set(piece.subarray(0, fits), this.#filled)
    this.#filled += fits
    this.#surplus.push(piece.subarray(fits))
    this.#source.pause()
  }
}

/**
 * A socket's pieces are small objects with large memory outside the heap: left to the collector they make it walk the whole
 * heap every few dozen megabytes, which took more time than hashing and writing them.
 */
function release({ buffer, byteLength }: Uint8Array): void {
  if (buffer instanceof ArrayBuffer && buffer.byteLength === byteLength) buffer.transfer(0)
}
