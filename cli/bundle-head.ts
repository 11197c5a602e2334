// What a bundle says of itself, read as its bytes pass by.

export interface BundleTold {
  readonly id: string
  readonly createdAt: string
  readonly revision: number
  readonly key: string
  readonly base?: { readonly revision: number; readonly id?: string }
  readonly sources: readonly { readonly name: string; readonly records: number }[]
  readonly cveFacts: readonly { readonly kind: string; readonly facts: number }[]
}

const blockBytes = 512
const maxManifestBytes = 4 * 1024 ** 2

/** The manifest is the first entry of the tar; undefined where these are no bytes of a bundle. */
export class BundleHead {
  #held = Buffer.alloc(0)

  async *watch(pieces: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
    for await (const piece of pieces) {
      if (this.#held.length < blockBytes + maxManifestBytes && !this.#isWhole())
        this.#held = Buffer.concat([this.#held, piece])
      yield piece
    }
  }

  manifest(): BundleTold | undefined {
    if (!isBundle(this.#held) || !this.#isWhole()) return undefined
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- our own server's document
    return JSON.parse(
      this.#held.toString('utf8', blockBytes, blockBytes + this.#size()),
    ) as BundleTold
  }

  #isWhole(): boolean {
    return this.#held.length >= blockBytes && this.#held.length >= blockBytes + this.#size()
  }

  #size(): number {
    return Number.parseInt(this.#held.toString('latin1', 124, 135), 8)
  }
}

/** Whether a file begins as a bundle does. */
export function isBundle(head: Uint8Array): boolean {
  const start = Buffer.from(head).toString('latin1', 0, 14)
  return start === 'manifest.json\0'
}
