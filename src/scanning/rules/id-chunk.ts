// Purpose:  a set of ids in chunks of bounded size, each of which can be changed alone.
// Spec:     none; containers as in "Roaring Bitmaps" (Lemire et al., 2016): few ids as a list, many as a bitmap.
// Input:    ids of one chunk as places from 0 on, and the bytes of the chunk before.
// Deviates: one size of chunk, so that its bytes alone tell which of the two they are.
// Unknowns: none.

import { eachId, packIds } from './id-list.ts'

/** Ids of one chunk; a bitmap of them has `bitmapBytes`, and any list is shorter. */
export const chunkSize = 8192
const bitmapBytes = chunkSize / 8

export function chunkOf(id: number): { readonly chunk: number; readonly place: number } {
  const chunk = Math.floor(id / chunkSize)
  return { chunk, place: id - chunk * chunkSize }
}

export function idOf(chunk: number, place: number): number {
  return chunk * chunkSize + place
}

/** The chunk with one place more; undefined when it is there already. */
export function addPlace(bytes: Uint8Array | undefined, place: number): Uint8Array | undefined {
  const before = bytes ?? new Uint8Array()
  if (before.length === bitmapBytes) {
    return hasBit(before, place) ? undefined : setBit(before.slice(), place)
  }
  const places = placesIn(before)
  const last = places.at(-1) ?? -1
  // Sets are made in order, so that mostly the new one comes last.
  if (last < place) return packPlaces([...places, place])
  if (places.includes(place)) return undefined
  return packPlaces([...places, place].toSorted((a, b) => a - b))
}

/** The chunk without a place; undefined when it was not there. An empty chunk has no bytes. */
export function removePlace(bytes: Uint8Array, place: number): Uint8Array | undefined {
  const places = placesIn(bytes)
  const left = places.filter((each) => each !== place)
  return left.length === places.length ? undefined : packPlaces(left)
}

/** Places in rising order, each once. */
export function packPlaces(places: readonly number[]): Uint8Array {
  // Ids are above zero, places from zero on.
  const list = places.length < bitmapBytes ? packIds(places.map((place) => place + 1)) : undefined
  if (list !== undefined && list.length < bitmapBytes) return list
  const bitmap = new Uint8Array(bitmapBytes)
  for (const place of places) setBit(bitmap, place)
  return bitmap
}

/** In rising order. */
export function placesIn(bytes: Uint8Array): readonly number[] {
  const places: number[] = []
  eachPlace(bytes, (place) => {
    places.push(place)
  })
  return places
}

/** The same without a list between: what is asked a million times. */
export function eachPlace(bytes: Uint8Array, tell: (place: number) => void): void {
  if (bytes.length < bitmapBytes) {
    eachId(bytes, (id) => tell(id - 1))
    return
  }
  for (let at = 0; at < bitmapBytes; at += 1) {
    // From the lowest bit that is set to the next.
    for (let bits = bytes[at] ?? 0; bits !== 0; bits &= bits - 1)
      tell(at * 8 + (31 - Math.clz32(bits & -bits)))
  }
}

function hasBit(bitmap: Uint8Array, place: number): boolean {
  return ((bitmap[place >> 3] ?? 0) & (1 << (place & 7))) !== 0
}

function setBit(bitmap: Uint8Array, place: number): Uint8Array {
  bitmap[place >> 3] = (bitmap[place >> 3] ?? 0) | (1 << (place & 7))
  return bitmap
}
