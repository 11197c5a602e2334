// Purpose:  read the YAML that tools write into lock files, in time and memory that grow with its size.
// Spec:     YAML 1.2: block mappings and sequences, flow collections, plain and quoted scalars on one line.
// Input:    text of a lock file; hostile.
// Deviates: every scalar is text; literal and folded blocks stand as empty text; of keys that are there twice the last counts.
// Unknowns: anything else (anchors, tags, scalars or keys over several lines) → undefined; a complete reader must decide.
import { readFlowText, readScalarLine, startsPlain, type PlainYaml } from './plain-yaml-scalars.ts'

/** The lines of a document that are left to read. Nothing is read twice but what follows a dash. */
interface Cursor {
  readonly lines: Line[]
  at: number
}

interface Line {
  readonly indent: number
  readonly text: string
}

const maxDepth = 64

/** The documents of the stream; undefined where this subset does not do. */
export function readPlainYaml(text: string): readonly PlainYaml[] | undefined {
  const documents = splitDocuments(text)
  if (documents === undefined) return undefined
  const values: PlainYaml[] = []
  for (const lines of documents) {
    const cursor: Cursor = { lines, at: 0 }
    const value = readNode(cursor, 0, 0)
    if (value === undefined || cursor.at < lines.length) return undefined
    values.push(value)
  }
  return values
}

function splitDocuments(text: string): readonly Line[][] | undefined {
  const documents: Line[][] = [[]]
  for (const raw of text.split('\n')) {
    const line = raw.trimEnd()
    const indent = line.search(/[^ ]/)
    if (indent === -1 || line.charAt(indent) === '#') continue
    if (line === '---') documents.push([])
    else if (line.charAt(indent) === '\t' || /^(?:---|\.\.\.|%)/.test(line)) return undefined
    else documents.at(-1)?.push({ indent, text: line.slice(indent) })
  }
  const [first = [], ...others] = documents
  // What stands before the first separator is a document only where something stands there.
  return first.length > 0 ? documents : others
}

function readNode(cursor: Cursor, least: number, depth: number): PlainYaml | undefined {
  const line = cursor.lines[cursor.at]
  if (line === undefined || line.indent < least) return ''
  if (depth > maxDepth) return undefined
  if (isDash(line.text)) return readList(cursor, line.indent, depth)
  if (splitKey(line.text) !== undefined) return readMap(cursor, line.indent, depth)
  cursor.at += 1
  return readScalarLine(line.text)
}

function readList(cursor: Cursor, indent: number, depth: number): PlainYaml | undefined {
  const list: PlainYaml[] = []
  for (;;) {
    const line = cursor.lines[cursor.at]
    if (line === undefined || line.indent < indent) return list
    if (line.indent > indent) return undefined
    if (!isDash(line.text)) return list
    const rest = line.text.slice(1).trimStart()
    if (rest === '' || rest.startsWith('#')) cursor.at += 1
    else {
      // What follows the dash is the first line of what the entry holds.
      const shift = line.text.length - rest.length
      cursor.lines[cursor.at] = { indent: indent + shift, text: rest }
    }
    const value = readNode(cursor, indent + 1, depth + 1)
    if (value === undefined) return undefined
    list.push(value)
  }
}

function readMap(cursor: Cursor, indent: number, depth: number): PlainYaml | undefined {
  const map = new Map<string, PlainYaml>()
  for (;;) {
    const line = cursor.lines[cursor.at]
    if (line === undefined || line.indent < indent) return Object.fromEntries(map)
    const pair = splitKey(line.text)
    if (line.indent > indent || isDash(line.text) || pair === undefined) return undefined
    cursor.at += 1
    const value = readValue(cursor, pair.rest, { indent, depth })
    if (value === undefined) return undefined
    map.set(pair.key, value)
  }
}

function readValue(
  cursor: Cursor,
  rest: string,
  { indent, depth }: { readonly indent: number; readonly depth: number },
): PlainYaml | undefined {
  if (/^[|>][-+0-9]*(?:\s+#.*)?$/.test(rest)) {
    while ((cursor.lines[cursor.at]?.indent ?? -1) > indent) cursor.at += 1
    return ''
  }
  if (rest !== '' && !rest.startsWith('#')) return readScalarLine(rest)
  const next = cursor.lines[cursor.at]
  // A list may stand below its key without being indented.
  const isOwnList = next?.indent === indent && isDash(next.text)
  return isOwnList ? readList(cursor, indent, depth + 1) : readNode(cursor, indent + 1, depth + 1)
}

function isDash(text: string): boolean {
  return text === '-' || text.startsWith('- ')
}

/** `key: rest` or `key:`; undefined where the line is no such thing. */
function splitKey(text: string): { readonly key: string; readonly rest: string } | undefined {
  if (/^["']/.test(text)) {
    const quoted = readFlowText(text)
    const after = /^\s*:(?:\s+(|\S.*))?$/.exec(quoted?.rest ?? '')
    return quoted === undefined || after === null
      ? undefined
      : { key: quoted.value, rest: after[1] ?? '' }
  }
  if (!startsPlain(text)) return undefined
  const colon = text.search(/:(?:\s|$)/)
  if (colon <= 0) return undefined
  const key = text.slice(0, colon).trimEnd()
  return key.includes(' #') ? undefined : { key, rest: text.slice(colon + 1).trimStart() }
}
