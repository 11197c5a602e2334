import type { Hash } from 'node:crypto'

/** `was alone`: nobody else can write to its key; `was not`: the one before it may. */
export type LeftLease = 'was alone' | 'was not'

/**
 * What this process remembers of open uploads: running hashes, so that closing one need not read it again, and leases that a full
 * disk did not let it give back. Bounded, and only a saving: a hash that is not here is computed from the stored bytes, a
 * lease ends with its time.
 */
export class LiveHashes {
  readonly #held = new Map<string, { readonly offset: number; readonly hash: Hash }>()
  readonly #left = new Map<string, LeftLease>()
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

  /** The holder writes no more, but the database could not be told. */
  leaveLease(holder: string, left: LeftLease): void {
    this.#left.set(holder, left)
    if (this.#left.size <= this.#limit) return
    const [oldest] = this.#left.keys()
    if (oldest !== undefined) this.#left.delete(oldest)
  }

  /** What is known of the lease; undefined for one whose holder may still write. */
  leftLease(holder: string): LeftLease | undefined {
    return this.#left.get(holder)
  }

  keep(uploadId: string, offset: number, hash: Hash): void {
    this.#held.set(uploadId, { offset, hash })
    if (this.#held.size <= this.#limit) return
    const [oldest] = this.#held.keys()
    if (oldest !== undefined) this.#held.delete(oldest)
  }
}
