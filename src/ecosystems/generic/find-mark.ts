// Looks for a program's version in its bytes, piece by piece: no pattern ever sees more than a window of them.
import type { Mark } from './known-program.ts'

const windowBytes = 1024 * 1024
/** Longer than any mark with what stands around it. */
const overlapBytes = 512
/** A hostile file may repeat the text that is looked for. */
const maxPlaces = 256

/** Undefined where there is no version that is accepted, or where unmarked ones differ. */
export function findMark(
  bytes: Buffer,
  { near, pattern, isUnmarked }: Mark,
  isAccepted: (version: string) => boolean,
): string | undefined {
  if (near !== undefined) return findNear(bytes, { near, pattern }, isAccepted)
  const versions = new Set<string>()
  for (let at = 0; at < bytes.length; at += windowBytes) {
    const window = textAt(bytes, at, windowBytes + overlapBytes)
    if (isUnmarked !== true) {
      const version = pattern.exec(window)?.[1]
      if (version !== undefined && isAccepted(version)) return version
      continue
    }
    for (const [, version = ''] of window.matchAll(pattern))
      if (isAccepted(version)) versions.add(version)
    if (versions.size > 1) return undefined
  }
  const [only] = versions
  return only
}

function findNear(
  bytes: Buffer,
  { near, pattern }: { readonly near: string; readonly pattern: RegExp },
  isAccepted: (version: string) => boolean,
): string | undefined {
  let at = bytes.indexOf(near, 0, 'latin1')
  for (let count = 0; at !== -1 && count < maxPlaces; count += 1) {
    const start = Math.max(0, at - overlapBytes / 2)
    const version = pattern.exec(textAt(bytes, start, near.length + overlapBytes))?.[1]
    if (version !== undefined && isAccepted(version)) return version
    at = bytes.indexOf(near, at + near.length, 'latin1')
  }
  return undefined
}

/** One character for each byte. */
function textAt(bytes: Buffer, start: number, length: number): string {
  return bytes.toString('latin1', start, Math.min(start + length, bytes.length))
}
