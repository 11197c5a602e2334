import { ArchiveError } from './archive-error.ts'

/** Bits of a buffer that grows at its end, the highest of each byte first. */
export class BitReader {
  #bytes: Buffer = Buffer.alloc(0)
  #at = 0
  /** Bits taken out of the bytes and not given yet: the lowest `#count` of `#held`. */
  #held = 0
  #count = 0

  get bytesLeft(): number {
    return this.#bytes.length - this.#at
  }

  append(pieces: readonly Uint8Array[]): void {
    this.#bytes = Buffer.concat([this.#bytes.subarray(this.#at), ...pieces])
    this.#at = 0
  }

  /** At most 24 bits. Throws an ArchiveError where the buffer ends. */
  take(bits: number): number {
    while (this.#count < bits) {
      const byte = this.#bytes[this.#at]
      if (byte === undefined) throw new ArchiveError('truncated', 'the bits end too early')
      this.#at += 1
      this.#held = ((this.#held << 8) | byte) & 0x7fffffff
      this.#count += 8
    }
    this.#count -= bits
    const taken = (this.#held >>> this.#count) & ((1 << bits) - 1)
    this.#held &= (1 << this.#count) - 1
    return taken
  }

  take32(): number {
    return this.take(16) * 0x10000 + this.take(16)
  }

  /** Passes over what is left of the present byte. */
  align(): void {
    this.#count = 0
    this.#held = 0
  }
}
