// Room that uploads may not take: what is left serves the database, deletes and the collector, so that a disk that fills up can be
// emptied again by those who use the registry.
import type { Clock } from '../../lib/clock.ts'
import { StorageFullError } from '../storage-full.ts'
import type { BlobStore } from './blob-store.ts'

/** Bytes that stay free, or the smaller of a twentieth of the disk and 2 GiB. */
export type FreeSpaceFloor = number | 'auto'

const mostByItself = 2 * 1024 ** 3

export function floorBytes(floor: FreeSpaceFloor, totalBytes: number): number {
  return floor === 'auto' ? Math.min(Math.floor(totalBytes / 20), mostByItself) : floor
}

/** The disk is asked again after this; until then what is written is counted. */
const askEveryMs = 1000

/** The store, which takes no bytes while fewer than the floor are free; everything else goes on. Writing nothing is always possible. */
export function withFreeSpaceFloor(
  blobs: BlobStore,
  options: { readonly floor: FreeSpaceFloor; readonly clock: Clock },
): BlobStore {
  const gate = new Gate(blobs, options)
  return {
    ...blobs,
    write: (key, offset, source) => blobs.write(key, offset, gate.pass(source)),
  }
}

class Gate {
  readonly #blobs: BlobStore
  readonly #floor: FreeSpaceFloor
  readonly #clock: Clock
  #askedAt = Number.NEGATIVE_INFINITY
  #room = 0
  #asking: Promise<void> | undefined

  constructor(
    blobs: BlobStore,
    { floor, clock }: { readonly floor: FreeSpaceFloor; readonly clock: Clock },
  ) {
    this.#blobs = blobs
    this.#floor = floor
    this.#clock = clock
  }

  async *pass(source: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
    for await (const piece of source) {
      const now = this.#clock.now().getTime()
      // A clock that was set back must not keep an old answer.
      if (Math.abs(now - this.#askedAt) >= askEveryMs) await this.#ask(now)
      this.#room -= piece.byteLength
      if (this.#room < 0) throw new StorageFullError({ isReserved: true })
      yield piece
    }
  }

  /** Those who come while the disk is being asked wait for its answer too. */
  async #ask(now: number): Promise<void> {
    this.#asking ??= this.#measure(now).finally(() => {
      this.#asking = undefined
    })
    await this.#asking
  }

  async #measure(now: number): Promise<void> {
    const { freeBytes, totalBytes } = await this.#blobs.space()
    this.#room = freeBytes - floorBytes(this.#floor, totalBytes)
    this.#askedAt = now
  }
}
