// Purpose:  counts of findings of neighbouring package sets as one value, so that a change of many sets writes few rows.
// Spec:     none; for each set the numbers of finding-counts.ts as 32-bit integers, the lowest byte first.
// Input:    ids of sets from 0 on, and the bytes of their block before.
// Deviates: nothing.
// Unknowns: a set that is not counted has -1 in each place, which is no number of findings; bytes of another length are refused.
import { countNames } from './finding-counts.ts'

/** Two kilobytes: a page of a database holds two of them. */
export const setsInBlock = 64
const width = countNames.length
const blockBytes = setsInBlock * width * 4
const uncounted = -1

export interface BlockPlace {
  readonly block: number
  readonly place: number
}

export function blockOf(setId: number): BlockPlace {
  const block = Math.floor(setId / setsInBlock)
  return { block, place: setId - block * setsInBlock }
}

/** In the order of `countNames`; undefined where the set is not counted. */
export function readCounts(block: Uint8Array, place: number): readonly number[] | undefined {
  const view = viewOf(block)
  const start = place * width
  if (view.getInt32(start * 4, true) === uncounted) return undefined
  return countNames.map((_, at) => view.getInt32((start + at) * 4, true))
}

/** The block with other counts of one set, or without them. */
export function withCounts(
  block: Uint8Array | undefined,
  place: number,
  counts: readonly number[] | undefined,
): Uint8Array {
  const bytes = block?.slice() ?? new Uint8Array(blockBytes).fill(0xff)
  const view = viewOf(bytes)
  for (const at of countNames.keys())
    view.setInt32((place * width + at) * 4, counts?.[at] ?? uncounted, true)
  return bytes
}

/**
 * The block with what its sets change by, from a place on; undefined where none of the counted ones does. `sums`: numbers of
 * the sets one after another, as those of the block.
 */
export function addToBlock(
  block: Uint8Array,
  sums: Int32Array,
  from: number,
): Uint8Array | undefined {
  const bytes = block.slice()
  const view = viewOf(bytes)
  let isOther = false
  for (let place = from; place < setsInBlock; place += 1) {
    const start = place * width
    if (view.getInt32(start * 4, true) === uncounted) continue
    for (let at = start; at < start + width; at += 1) {
      const change = sums[at] ?? 0
      if (change === 0) continue
      view.setInt32(at * 4, view.getInt32(at * 4, true) + change, true)
      isOther = true
    }
  }
  return isOther ? bytes : undefined
}

function viewOf(block: Uint8Array): DataView {
  if (block.length !== blockBytes) throw new Error('a block of counts cannot be read')
  return new DataView(block.buffer, block.byteOffset, block.byteLength)
}
