// Purpose:  a set of ids in chunks of bounded size, each of which can be changed alone.
// Spec:     none; containers as in "Roaring Bitmaps" (Lemire et al., 2016): few ids as a list, many as a bitmap.
// Input:    ids of one chunk as places from 0 on, and the bytes of the chunk before.
// Deviates: one size of chunk, so that its bytes alone tell which of the two they are.
// Unknowns: none.

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
  if (hasPlace(before, place)) return undefined
  if (before.length < bitmapBytes - 2) return insertInList(before, place)
  return setBit(before.length === bitmapBytes ? before.slice() : bitmapOf(before), place)
}

/** The chunk without a place; undefined when it was not there. An empty chunk has no bytes. */
export function removePlace(bytes: Uint8Array, place: number): Uint8Array | undefined {
  if (!hasPlace(bytes, place)) return undefined
  return packPlaces(placesIn(bytes).filter((each) => each !== place))
}

/** Places in rising order, each once. */
export function packPlaces(places: readonly number[]): Uint8Array {
  if (places.length * 2 < bitmapBytes) return listOf(places)
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
    for (let at = 0; at < bytes.length; at += 2) tell(readPlace(bytes, at))
    return
  }
  for (let at = 0; at < bitmapBytes; at += 1) {
    // From the lowest bit that is set to the next.
    for (let bits = bytes[at] ?? 0; bits !== 0; bits &= bits - 1)
      tell(at * 8 + (31 - Math.clz32(bits & -bits)))
  }
}

function hasPlace(bytes: Uint8Array, place: number): boolean {
  if (bytes.length === bitmapBytes) return ((bytes[place >> 3] ?? 0) & (1 << (place & 7))) !== 0
  const at = findInList(bytes, place)
  return at < bytes.length && readPlace(bytes, at) === place
}

function insertInList(list: Uint8Array, place: number): Uint8Array {
  const at = findInList(list, place)
  const longer = new Uint8Array(list.length + 2)
  longer.set(list.subarray(0, at))
  longer[at] = place & 255
  longer[at + 1] = place >> 8
  longer.set(list.subarray(at), at + 2)
  return longer
}

/** Where the first place that is not smaller begins. */
function findInList(list: Uint8Array, place: number): number {
  let low = 0
  let high = list.length / 2
  while (low < high) {
    const middle = (low + high) >> 1
    if (readPlace(list, middle * 2) < place) low = middle + 1
    else high = middle
  }
  return low * 2
}

function readPlace(list: Uint8Array, at: number): number {
  return (list[at] ?? 0) + (list[at + 1] ?? 0) * 256
}

function listOf(places: readonly number[]): Uint8Array {
  const list = new Uint8Array(places.length * 2)
  for (const [at, place] of places.entries()) {
    list[at * 2] = place & 255
    list[at * 2 + 1] = place >> 8
  }
  return list
}

function bitmapOf(list: Uint8Array): Uint8Array {
  const bitmap = new Uint8Array(bitmapBytes)
  eachPlace(list, (place) => {
    setBit(bitmap, place)
  })
  return bitmap
}

function setBit(bitmap: Uint8Array, place: number): Uint8Array {
  bitmap[place >> 3] = (bitmap[place >> 3] ?? 0) | (1 << (place & 7))
  return bitmap
}
