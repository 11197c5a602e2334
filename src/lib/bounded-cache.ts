/** A map that forgets its oldest entry when it is full, and any entry when its time is over. */
export class BoundedCache<V> {
  readonly #entries = new Map<string, { readonly value: V; readonly until: number }>()
  readonly #limit: number

  constructor(limit: number) {
    this.#limit = limit
  }

  get(key: string, now: Date): V | undefined {
    const entry = this.#entries.get(key)
    if (entry === undefined) return undefined
    if (entry.until > now.getTime()) return entry.value
    this.#entries.delete(key)
    return undefined
  }

  set(key: string, value: V, until: Date): void {
    this.#entries.set(key, { value, until: until.getTime() })
    if (this.#entries.size <= this.#limit) return
    const [oldest] = this.#entries.keys()
    if (oldest !== undefined) this.#entries.delete(oldest)
  }
}
