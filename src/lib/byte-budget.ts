/** Bytes that requests may hold in memory together; what does not fit is refused at once instead of waiting. */
export class ByteBudget {
  readonly #total: number
  #taken = 0

  constructor(total: number) {
    this.#total = total
  }

  /** False when there is no room; otherwise `give` must follow. */
  take(bytes: number): boolean {
    if (this.#taken + bytes > this.#total) return false
    this.#taken += bytes
    return true
  }

  give(bytes: number): void {
    this.#taken -= bytes
  }
}
