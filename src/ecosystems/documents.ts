// Purpose:  read JSON, TOML and YAML of lock files and package databases.
// Spec:     RFC 8259; TOML 1.0; YAML 1.2.
// Input:    bytes of a file from an image; hostile.
// Deviates: every YAML scalar is text, so that version 1.10 stays 1.10; of keys that are there twice the last counts.
// Unknowns: what is no such document, or one too deep to be a real one, is refused with the reason.
import { parse as parseTomlText } from 'smol-toml'
import { parseAllDocuments } from 'yaml'
import { readPlainYaml } from './plain-yaml.ts'
import { decodeText } from './rfc822.ts'

export type DocumentReading =
  | { readonly kind: 'document'; readonly value: unknown }
  | { readonly kind: 'refused'; readonly reason: string }

type Members = Readonly<Record<string, unknown>>

/** npm's first lock files nest a level for each level of node_modules. */
const maxDepth = 256
const maxTomlDepth = 64
const maxCompleteYamlBytes = 256 * 1024
/** Documents of one stream: pnpm writes two. */
const maxYamlDocuments = 16
const tooDeep = `is nested deeper than ${maxDepth} levels`

/** One JSON text; a byte order mark before it is passed over. */
export function readJson(bytes: Uint8Array): DocumentReading {
  if (isDeeperThan(bytes, maxDepth)) return refused(tooDeep)
  try {
    return document(JSON.parse(decodeText(bytes)))
  } catch {
    return refused('is not valid JSON')
  }
}

/** JSON with comments, and with commas after the last member, as some tools write it. */
export function readRelaxedJson(bytes: Uint8Array): DocumentReading {
  try {
    // Text that does not end is taken whole, so that no quote is looked at twice.
    const strict = decodeText(bytes).replaceAll(
      /("(?:[^"\\\n]|\\.)*"?)|\/\/[^\n]*|\/\*(?:[^*]|\*(?!\/))*(?:\*\/)?|,(?=\s*[\]}])/g,
      (_, quoted: string | undefined) => quoted ?? '',
    )
    return readJson(Buffer.from(strict))
  } catch {
    return refused('is not valid JSON')
  }
}

export function readToml(bytes: Uint8Array): DocumentReading {
  try {
    return document(parseTomlText(decodeText(bytes), { maxDepth: maxTomlDepth }))
  } catch {
    return refused('is not valid TOML')
  }
}

/**
 * All documents of a YAML stream, as one list. A complete reader costs ten times the time and a hundred times the
 * memory, so it is asked only about small files that are not written as tools write them.
 */
export function readYaml(bytes: Uint8Array): DocumentReading {
  const text = decodeText(bytes)
  const plain = readPlainYaml(text)
  if (plain !== undefined) return document(plain)
  if (bytes.length > maxCompleteYamlBytes) return refused('is not YAML as lock files have it')
  if (isDeeperThan(bytes, maxDepth) || hasDeepBlocks(text)) return refused(tooDeep)
  try {
    return readCompleteYaml(text)
  } catch {
    return refused('is not valid YAML')
  }
}

function readCompleteYaml(text: string): DocumentReading {
  const read = parseAllDocuments(text, {
    schema: 'failsafe',
    uniqueKeys: false,
    logLevel: 'silent',
    // Each complaint would be shown with its whole line: a line of quotes costs the square of its length.
    prettyErrors: false,
  })
  const documents = Array.isArray(read) ? read : []
  if (documents.length > maxYamlDocuments) return refused('has more documents than are read')
  if (documents.some(({ errors }) => errors.length > 0)) return refused('is not valid YAML')
  return document(documents.map((one) => one.toJS({ maxAliasCount: 100 }) as unknown))
}

export function isMembers(value: unknown): value is Members {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** The members of an object; none of anything else. */
export function membersOf(value: unknown): Members {
  return isMembers(value) ? value : {}
}

/** Name and value of each member; nothing of what is no object. */
export function entriesOf(value: unknown): readonly (readonly [string, unknown])[] {
  return Object.entries(membersOf(value))
}

export function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : []
}

/** Text with something in it, or undefined. */
export function textOf(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined
}

/** Brackets outside of quoted text; over-counting what YAML allows unquoted is harmless at this depth. */
function isDeeperThan(bytes: Uint8Array, limit: number): boolean {
  let depth = 0
  let isQuoted = false
  for (let at = 0; at < bytes.length; at += 1) {
    const byte = bytes[at]
    if (isQuoted) {
      if (byte === 0x5c) at += 1
      else if (byte === 0x22 || byte === 0x0a) isQuoted = false
    } else if (byte === 0x22) isQuoted = true
    else if (byte === 0x5b || byte === 0x7b) {
      depth += 1
      if (depth > limit) return true
    } else if (byte === 0x5d || byte === 0x7d) depth = Math.max(0, depth - 1)
  }
  return false
}

/** Lists and keys opened within one line, and lines indented beyond reason. */
function hasDeepBlocks(text: string): boolean {
  return /^ {1000}|^[ \t]*(?:[-?:][ \t]+){100}/m.test(text)
}

function document(value: unknown): DocumentReading {
  return { kind: 'document', value }
}

function refused(reason: string): DocumentReading {
  return { kind: 'refused', reason }
}
