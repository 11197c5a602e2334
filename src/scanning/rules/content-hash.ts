import { createHash } from 'node:crypto'

/** A record as it is told from others: its key within its source, and the hash over its normalised form. */
export interface KeyedHash {
  readonly key: string
  readonly hash: string
}

/**
 * What names the content of a source, wherever and however it lies: SHA-256 over `KEY LF HASH LF` of each record in byte order
 * of the keys, in hexadecimal.
 */
export class ContentHash {
  readonly #hash = createHash('sha256')
  #last: string | undefined
  count = 0

  /** False when the key does not come after the one before it. */
  add({ key, hash }: KeyedHash): boolean {
    const isInOrder = this.#last === undefined || key > this.#last
    this.#last = key
    this.count += 1
    this.#hash.update(`${key}\n${hash}\n`)
    return isInOrder
  }

  digest(): string {
    return this.#hash.digest('hex')
  }
}

export function hashOfText(text: string): string {
  return createHash('sha256').update(text).digest('hex')
}

/** What a bundle is known by: SHA-256 over the sorted lines of (source, cursor, content hash), in hexadecimal. */
export function bundleIdentity(
  states: readonly {
    readonly name: string
    readonly cursor: string | undefined
    readonly contentHash: string
  }[],
): string {
  const lines = states.map(({ name, cursor, contentHash }) =>
    JSON.stringify([name, cursor ?? null, contentHash]),
  )
  return hashOfText(lines.toSorted().join('\n'))
}
