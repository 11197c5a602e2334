// What stands on one line of plain YAML: scalars, and collections in brackets. See plain-yaml.ts.

export type PlainYaml = string | readonly PlainYaml[] | { readonly [key: string]: PlainYaml }

interface Reading<T> {
  readonly value: T
  readonly rest: string
}

const maxDepth = 64

/** A whole line, perhaps with a comment; undefined where it is none that this subset has. */
export function readScalarLine(text: string): PlainYaml | undefined {
  if (/^["'[{]/.test(text)) {
    const scanner: Scanner = { text, at: 0 }
    const value = readFlow(scanner, 0)
    return /^(?:\s*|\s+#.*)$/.test(text.slice(scanner.at)) ? value : undefined
  }
  if (!startsPlain(text)) return undefined
  const comment = text.search(/\s#/)
  const plain = comment === -1 ? text : text.slice(0, comment).trimEnd()
  return /:(?:\s|$)/.test(plain) ? undefined : plain
}

/** Whether text that is neither quoted nor in brackets may begin so. */
export function startsPlain(text: string): boolean {
  return !/^(?:[,[\]{}#&*!|>'"%@`]|[-?:](?:\s|$))/.test(text)
}

/** The quoted text at the beginning, and what follows it. */
export function readFlowText(text: string): Reading<string> | undefined {
  const scanner: Scanner = { text, at: 0 }
  const value = readQuoted(scanner)
  return value === undefined ? undefined : { value, rest: text.slice(scanner.at) }
}

interface Scanner {
  readonly text: string
  at: number
}

function readFlow(scanner: Scanner, depth: number): PlainYaml | undefined {
  if (depth > maxDepth) return undefined
  const first = skipSpace(scanner)
  if (first === '[') return readFlowList(scanner, depth)
  if (first === '{') return readFlowMap(scanner, depth)
  return first === '"' || first === "'" ? readQuoted(scanner) : readPlain(scanner)
}

function readFlowList(scanner: Scanner, depth: number): PlainYaml | undefined {
  const list: PlainYaml[] = []
  scanner.at += 1
  while (skipSpace(scanner) !== ']') {
    const value = readFlow(scanner, depth + 1)
    if (value === undefined || !takeComma(scanner, ']')) return undefined
    list.push(value)
  }
  scanner.at += 1
  return list
}

function readFlowMap(scanner: Scanner, depth: number): PlainYaml | undefined {
  const map = new Map<string, PlainYaml>()
  scanner.at += 1
  while (skipSpace(scanner) !== '}') {
    const key = readFlowKey(scanner)
    if (key === undefined) return undefined
    let value: PlainYaml | undefined = ''
    if (skipSpace(scanner) === ':') {
      scanner.at += 1
      const next = skipSpace(scanner)
      if (next !== ',' && next !== '}') value = readFlow(scanner, depth + 1)
    }
    if (value === undefined || !takeComma(scanner, '}')) return undefined
    map.set(key, value)
  }
  scanner.at += 1
  return Object.fromEntries(map)
}

/** Text alone: a collection as a key is left to a complete reader, and so never descended into. */
function readFlowKey(scanner: Scanner): string | undefined {
  const first = skipSpace(scanner)
  return first === '"' || first === "'" ? readQuoted(scanner) : readPlain(scanner)
}

/** Whether the collection goes on or ends here. */
function takeComma(scanner: Scanner, end: string): boolean {
  const next = skipSpace(scanner)
  if (next === ',') scanner.at += 1
  return next === ',' || next === end
}

function skipSpace(scanner: Scanner): string {
  while (scanner.text.charAt(scanner.at) === ' ') scanner.at += 1
  return scanner.text.charAt(scanner.at)
}

const plainText =
  /(?:[^\s:,[\]{}#"'&*!|>%@`?-]|[-?:](?=[^\s,[\]{}]))(?:[^:,[\]{}#]|:(?=[^\s,[\]{}])|(?<=\S)#)*/y

function readPlain(scanner: Scanner): string | undefined {
  plainText.lastIndex = scanner.at
  const found = plainText.exec(scanner.text)?.[0]
  if (found === undefined) return undefined
  scanner.at += found.length
  return found.trimEnd()
}

const doubleQuoted = /"(?:[^"\\]|\\.)*"/y
const singleQuoted = /'(?:[^']|'')*'/y

function readQuoted(scanner: Scanner): string | undefined {
  const isDouble = scanner.text.charAt(scanner.at) === '"'
  const form = isDouble ? doubleQuoted : singleQuoted
  form.lastIndex = scanner.at
  const found = form.exec(scanner.text)?.[0]
  if (found === undefined) return undefined
  scanner.at += found.length
  if (!isDouble) return found.slice(1, -1).replaceAll("''", "'")
  try {
    // Escapes that JSON does not have are left to a complete reader.
    const value: unknown = JSON.parse(found.replaceAll('\t', '\\t'))
    return typeof value === 'string' ? value : undefined
  } catch {
    return undefined
  }
}
