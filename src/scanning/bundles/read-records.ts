import { readNormalisedAdvisory } from '../rules/normalised-advisory.ts'
import { damaged, readPartLines } from './part-files.ts'
import type { BundlePart } from '../rules/bundle-manifest.ts'

/** One line of a part: a record, or, in a delta, that there is none of that key any more. */
export interface BundleLine {
  readonly key: string
  /** Over the normalised record; undefined for one that was removed. */
  readonly hash: string | undefined
  /** The record as JSON; empty for one that was removed. */
  readonly text: string
  readonly line: number
}

/** The records of a part in the order of their keys, each of which stands there once; refused where a line is anything else. */
export async function* readBundleRecords(
  directory: string,
  part: BundlePart,
  { isDelta }: { readonly isDelta: boolean },
): AsyncGenerator<BundleLine> {
  let last = ''
  let entries = 0
  for await (const { line, text } of readPartLines(directory, part)) {
    const removed = isDelta ? removedKey(part, line, text) : undefined
    const read =
      removed === undefined
        ? recordOf(part, line, text)
        : { key: removed, hash: undefined, text: '', line }
    if (read.key <= last) throw damaged(part, `line ${line}: ${read.key} is out of order`)
    last = read.key
    entries += 1
    yield read
  }
  if (entries !== part.entries) throw damaged(part, `has ${entries} records, not ${part.entries}`)
}

const removalStart = '{"removed":'

/** No record begins like this. */
function removedKey(part: BundlePart, line: number, text: string): string | undefined {
  if (!text.startsWith(removalStart)) return undefined
  const key = textIn(text.slice(removalStart.length, -1))
  if (key !== undefined && JSON.stringify({ removed: key }) === text) return key
  throw damaged(part, `line ${line}: takes away what is no key`)
}

function textIn(json: string): string | undefined {
  try {
    const value: unknown = JSON.parse(json)
    return typeof value === 'string' && /^[\x21-\x7e]{1,128}$/.test(value) ? value : undefined
  } catch {
    return undefined
  }
}

function recordOf(part: BundlePart, line: number, text: string): BundleLine {
  const reading = readNormalisedAdvisory(text)
  if (reading.kind !== 'advisory') throw damaged(part, `line ${line}: ${reading.reason}`)
  const { key, contentHash, json } = reading.advisory
  // Written anew it must be the same: what is hashed is what is kept.
  if (json !== text) throw damaged(part, `line ${line}: is not written as records are kept`)
  return { key, hash: contentHash, text, line }
}
