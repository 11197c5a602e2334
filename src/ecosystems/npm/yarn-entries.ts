// Purpose:  read the entries of a yarn.lock, of yarn 1 and of later ones alike.
// Spec:     yarn 1, its lockfile parser; Yarn's parser "syml", which reads both.
// Input:    text of the file; hostile.
// Deviates: only what an inventory needs is kept: two levels of names and values, by their indentation.
// Unknowns: lines that are none of either form are told by number.

export interface YarnEntry {
  /** `lodash@^4.0.0`, `lodash@npm:^4.0.0`. */
  readonly descriptors: readonly string[]
  /** `version`, `resolution`, `resolved` … */
  readonly fields: ReadonlyMap<string, string>
  /** Name and range of each dependency. */
  readonly needs: readonly (readonly [name: string, range: string])[]
}

const maxEntries = 100_000
const maxBadLines = 20

interface OpenEntry {
  readonly descriptors: readonly string[]
  readonly fields: Map<string, string>
  readonly needs: [string, string][]
  /** The block of deeper lines that is open. */
  block: string
}

export function parseYarnEntries(text: string): {
  readonly entries: readonly YarnEntry[]
  readonly isTruncated: boolean
  /** Their numbers, from 1. */
  readonly badLines: readonly number[]
} {
  const entries: OpenEntry[] = []
  const badLines: number[] = []
  let number = 0
  for (const line of text.split('\n')) {
    number += 1
    const content = line.trim()
    if (content === '' || content.startsWith('#')) continue
    const indent = line.search(/\S/)
    // What stands between a key too long for one line and its value.
    if (content === ':') continue
    if (indent === 0) {
      if (entries.length >= maxEntries) return { entries, isTruncated: true, badLines }
      const descriptors = readHeader(content)
      if (descriptors === undefined) badLines.push(number)
      else entries.push({ descriptors, fields: new Map(), needs: [], block: '' })
    } else if (!readInner(content, indent, entries.at(-1))) badLines.push(number)
    if (badLines.length >= maxBadLines) break
  }
  return { entries, isTruncated: false, badLines }
}

/** `a@^1, "b@^2":` or `"a@npm:^1, a@npm:^2":`; a very long one is `? "…"`, with its colon on the next line. */
function readHeader(content: string): readonly string[] | undefined {
  const keys = /^\? (.*)$/.exec(content)?.[1] ?? /^(.*):$/.exec(content)?.[1]
  if (keys === undefined) return undefined
  const descriptors = keys
    .replaceAll('"', '')
    .split(', ')
    .map((key) => key.trim())
  return descriptors.some((key) => key === '') ? undefined : descriptors
}

const pair = /^(?:"([^"]*)"|([^\s:"]+)):?\s+(?:"([^"]*)"|(\S.*))$/
const openBlock = /^(?:"[^"]*"|[^\s":]+):$/

function readInner(content: string, indent: number, entry: OpenEntry | undefined): boolean {
  if (entry === undefined) return false
  if (openBlock.test(content)) {
    if (indent <= 2) entry.block = content.slice(0, -1)
    return true
  }
  const match = pair.exec(content)
  if (match === null) return false
  const name = match[1] ?? match[2] ?? ''
  const value = match[3] ?? match[4] ?? ''
  if (indent <= 2) {
    entry.block = ''
    entry.fields.set(name, value)
  } else if (/^(?:dependencies|optionalDependencies)$/.test(entry.block)) {
    entry.needs.push([name, value])
  }
  return true
}
