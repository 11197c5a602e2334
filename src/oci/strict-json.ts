// Purpose:  refuse JSON that two parsers would read differently, before it is parsed.
// Spec:     RFC 8259; Go's encoding/json, which most clients use, matches keys without case and keeps the last duplicate.
// Input:    manifest bytes of at most a few MiB; hostile.
// Deviates: nothing.
// Unknowns: what cannot be read in one way only → { kind: 'refused' }.

/** Nesting beyond this costs seconds in JSON.parse and means nothing in a manifest. */
const maxDepth = 32
/** Ten thousand descriptors with a dozen members each; a quarter of a million take half a second to look at. */
const maxKeys = 131_072
/** Objects and lists, which cost as much where they are empty. */
const maxHolders = 131_072

export type StrictJson =
  | { readonly kind: 'parsed'; readonly value: unknown }
  | {
      readonly kind: 'refused'
      readonly reason: string
      /** It may be sound, and is more than is read here. */
      readonly isBeyondLimit?: true
    }

/**
 * Parses UTF-8 JSON without a byte order mark, nested at most 32 deep, of at most 131072 keys and as many objects and lists, in
 * which no object has a key twice and no key outside `annotations` differs from one of `knownKeys` only in case.
 */
export function parseStrictJson(bytes: Uint8Array, knownKeys: readonly string[]): StrictJson {
  const decoded = decodeUtf8(bytes)
  if (decoded === undefined) return { kind: 'refused', reason: 'is not UTF-8' }
  if (decoded.startsWith('\uFEFF'))
    return { kind: 'refused', reason: 'begins with a byte order mark' }
  const scan = new KeyScan(decoded, knownKeys)
  const fault = scan.fault()
  if (fault !== undefined)
    return {
      kind: 'refused',
      reason: fault,
      ...(scan.isBeyondLimit ? { isBeyondLimit: true } : {}),
    }
  try {
    const value: unknown = JSON.parse(decoded)
    return { kind: 'parsed', value }
  } catch (error) {
    const why = error instanceof Error ? error.message : 'syntax error'
    return { kind: 'refused', reason: `is not JSON: ${why}` }
  }
}

function decodeUtf8(bytes: Uint8Array): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
  } catch {
    return undefined
  }
}

interface OpenObject {
  readonly keys: Set<string> | undefined
  readonly exempt: boolean
}

/** One pass over the text: it knows strings, brackets and keys; JSON.parse judges the rest afterwards. */
class KeyScan {
  readonly #text: string
  readonly #known: ReadonlyMap<string, string>
  readonly #open: OpenObject[] = []
  #at = 0
  #lastKey = ''
  #keys = 0
  #holders = 0
  isBeyondLimit = false

  constructor(text: string, knownKeys: readonly string[]) {
    this.#text = text
    this.#known = new Map(knownKeys.map((key) => [foldCase(key), key]))
  }

  fault(): string | undefined {
    for (; this.#at < this.#text.length; this.#at += 1) {
      const fault = this.#step(this.#text.charAt(this.#at))
      if (fault !== undefined) return fault
    }
    return undefined
  }

  #step(character: string): string | undefined {
    if (character === '"') return this.#string()
    if (character === '{' || character === '[') return this.#enter(character === '{')
    if (character === '}' || character === ']') this.#open.pop()
    // The next key or element is not the value of this key: it must not inherit what "annotations" may.
    if (character === ',') this.#lastKey = ''
    return undefined
  }

  #enter(isObject: boolean): string | undefined {
    if (this.#open.length >= maxDepth)
      return this.#beyondLimit(`is nested deeper than ${maxDepth} levels`)
    this.#holders += 1
    if (this.#holders > maxHolders)
      return this.#beyondLimit(`has more than ${maxHolders} objects and lists`)
    const exempt = (this.#open.at(-1)?.exempt ?? false) || this.#lastKey === 'annotations'
    this.#open.push({ keys: isObject ? new Set() : undefined, exempt })
    this.#lastKey = ''
    return undefined
  }

  #string(): string | undefined {
    const start = this.#at
    this.#at = this.#closingQuote(start)
    const keys = this.#open.at(-1)?.keys
    if (keys === undefined || !this.#isFollowedByColon()) return undefined
    const key = decodeKey(this.#text.slice(start, this.#at + 1))
    this.#lastKey = key
    this.#keys += 1
    if (this.#keys > maxKeys) return this.#beyondLimit(`has more than ${maxKeys} keys`)
    if (keys.has(key)) return `has the key ${JSON.stringify(key.slice(0, 64))} twice in one object`
    keys.add(key)
    return this.#variantOfKnownKey(key)
  }

  #beyondLimit(fault: string): string {
    this.isBeyondLimit = true
    return fault
  }

  #variantOfKnownKey(key: string): string | undefined {
    if (this.#open.at(-1)?.exempt === true) return undefined
    const known = this.#known.get(foldCase(key))
    if (known === undefined || known === key) return undefined
    return `has the key ${JSON.stringify(key)}, which some clients read as ${JSON.stringify(known)}`
  }

  #closingQuote(start: number): number {
    let end = this.#text.indexOf('"', start + 1)
    while (end !== -1 && this.#isEscaped(end)) end = this.#text.indexOf('"', end + 1)
    return end === -1 ? this.#text.length : end
  }

  #isEscaped(position: number): boolean {
    let slashes = 0
    while (this.#text.charAt(position - 1 - slashes) === '\\') slashes += 1
    return slashes % 2 === 1
  }

  #isFollowedByColon(): boolean {
    let next = this.#at + 1
    while (next < this.#text.length && ' \t\r\n'.includes(this.#text.charAt(next))) next += 1
    return this.#text.charAt(next) === ':'
  }
}

/** Go folds by Unicode: to it U+017F (a long s) is an s. Upper case first, since lower case keeps that letter. */
function foldCase(key: string): string {
  return key.toUpperCase().toLowerCase()
}

/** A key that JSON.parse will refuse later keeps its raw text here. */
function decodeKey(quoted: string): string {
  if (!quoted.includes('\\')) return quoted.slice(1, -1)
  try {
    const key: unknown = JSON.parse(quoted)
    return typeof key === 'string' ? key : quoted
  } catch {
    return quoted
  }
}
