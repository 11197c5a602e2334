import type { Hash } from 'node:crypto'

/**
 * Running hashes of open uploads, so that closing one need not read it again.
 * Bounded, and only a saving: a hash that is not here is computed from the stored bytes.
 */
export class LiveHashes {
  readonly #held = new Map<string, { readonly offset: number; readonly hash: Hash }>()
  readonly #limit: number

  constructor(limit = 10_000) {
    this.#limit = limit
  }

  /** The hash over exactly the first `offset` bytes, removed from here: a hash has one user. */
  take(uploadId: string, offset: number): Hash | undefined {
    const held = this.#held.get(uploadId)
    this.#held.delete(uploadId)
    return held?.offset === offset ? held.hash : undefined
  }

  /** The upload ended, or its bytes lie elsewhere now. */
  drop(uploadId: string): void {
    this.#held.delete(uploadId)
  }

  keep(uploadId: string, offset: number, hash: Hash): void {
    this.#held.set(uploadId, { offset, hash })
    if (this.#held.size <= this.#limit) return
    const [oldest] = this.#held.keys()
    if (oldest !== undefined) this.#held.delete(oldest)
  }
}
