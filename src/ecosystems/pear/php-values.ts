// Purpose:  read a value as PHP serializes it.
// Spec:     PHP's serialize(): N; b:1; i:1; d:1.5; s:LENGTH:"bytes"; a:COUNT:{key value …}.
// Input:    bytes of a file from an image; hostile.
// Deviates: objects and references are refused: the files that are read here have none.
// Unknowns: what is no such value, or deeper or larger than such files are, is undefined.

/** Texts have one character for each byte. Numbers stay texts. */
export type PhpValue = string | null | ReadonlyMap<string, PhpValue>

export function isPhpArray(value: PhpValue | undefined): value is ReadonlyMap<string, PhpValue> {
  return value instanceof Map
}

const maxDepth = 32
const maxValues = 200_000

/** The first value of the bytes; undefined for what is none. */
export function readPhpValue(bytes: Uint8Array): PhpValue | undefined {
  return new Reader(Buffer.from(bytes).toString('latin1')).value(0)
}

class Reader {
  readonly #text: string
  #at = 0
  #values = 0

  constructor(text: string) {
    this.#text = text
  }

  value(depth: number): PhpValue | undefined {
    this.#values += 1
    if (depth > maxDepth || this.#values > maxValues) return undefined
    switch (this.#text.slice(this.#at, this.#at + 2)) {
      case 'N;':
        this.#at += 2
        return null
      case 'b:':
      case 'i:':
      case 'd:':
        this.#at += 2
        return this.#until(';')
      case 's:':
        return this.#string()
      case 'a:':
        return this.#array(depth)
      default:
        return undefined
    }
  }

  #string(): string | undefined {
    this.#at += 2
    const length = this.#number()
    if (length === undefined || this.#text[this.#at] !== '"') return undefined
    const start = this.#at + 1
    const end = start + length
    if (this.#text.slice(end, end + 2) !== '";') return undefined
    this.#at = end + 2
    return this.#text.slice(start, end)
  }

  #array(depth: number): PhpValue | undefined {
    this.#at += 2
    const count = this.#number()
    if (count === undefined || this.#text[this.#at] !== '{') return undefined
    this.#at += 1
    const members = new Map<string, PhpValue>()
    for (let index = 0; index < count; index += 1) {
      const key = this.value(depth + 1)
      const member = typeof key === 'string' ? this.value(depth + 1) : undefined
      if (typeof key !== 'string' || member === undefined) return undefined
      members.set(key, member)
    }
    if (this.#text[this.#at] !== '}') return undefined
    this.#at += 1
    return members
  }

  /** Up to and with the colon behind it. */
  #number(): number | undefined {
    const digits = this.#until(':')
    return digits !== undefined && /^[0-9]{1,9}$/.test(digits) ? Number(digits) : undefined
  }

  #until(mark: string): string | undefined {
    const end = this.#text.indexOf(mark, this.#at)
    // No number is longer; a file without the mark is not searched to its end for each value.
    if (end === -1 || end - this.#at > 64) return undefined
    const found = this.#text.slice(this.#at, end)
    this.#at = end + 1
    return found
  }
}
