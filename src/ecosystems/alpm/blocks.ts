import { decodeText } from '../rfc822.ts'

const maxLines = 2_000_000

/** `%KEY%` lines with the values below them up to an empty line; of a key given twice the first block counts. */
export function readBlocks(bytes: Uint8Array): ReadonlyMap<string, readonly string[]> {
  const blocks = new Map<string, string[]>()
  let current: string[] | undefined
  for (const line of decodeText(bytes).split(/\r?\n/, maxLines)) {
    const [, key] = /^%([A-Z0-9]+)%$/.exec(line) ?? []
    if (key !== undefined) {
      current = blocks.has(key) ? undefined : []
      if (current !== undefined) blocks.set(key, current)
    } else if (line === '') current = undefined
    else current?.push(line.trim())
  }
  return blocks
}
