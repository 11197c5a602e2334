// Purpose:  ids as few bytes.
// Spec:     none; differences of rising ids as LEB128 integers (DWARF 5, 7.6), so that a member costs one or two bytes.
// Input:    positive safe integers, each greater than the one before.
// Deviates: nothing.
// Unknowns: bytes that end within an id are refused.

export function packIds(ids: readonly number[]): Uint8Array {
  const bytes: number[] = []
  let last = 0
  for (const id of ids) {
    let rest = id - last
    if (rest <= 0) throw new Error('ids to be packed do not rise')
    last = id
    // Not by shifting: ids may pass 32 bits.
    for (; rest >= 128; rest = Math.floor(rest / 128)) bytes.push((rest % 128) + 128)
    bytes.push(rest)
  }
  return Uint8Array.from(bytes)
}

export function unpackIds(bytes: Uint8Array): readonly number[] {
  const ids: number[] = []
  eachId(bytes, (id) => {
    ids.push(id)
  })
  return ids
}

/** The same without a list between. */
export function eachId(bytes: Uint8Array, tell: (id: number) => void): void {
  let last = 0
  let rest = 0
  let unit = 1
  for (const byte of bytes) {
    rest += (byte % 128) * unit
    unit *= 128
    if (byte >= 128) continue
    last += rest
    tell(last)
    rest = 0
    unit = 1
  }
  if (unit !== 1) throw new Error('packed ids end within an id')
}
