// Headers and NDB databases of rpm, as its own tools write them and as an attacker might.

export interface HeaderEntry {
  readonly tag: number
  readonly type: number
  readonly count: number
  /** In the store; alignment is the caller's. */
  readonly bytes: Buffer
}

export function textEntry(tag: number, ...values: readonly string[]): HeaderEntry {
  const bytes = Buffer.from(values.map((value) => `${value}\0`).join(''))
  return { tag, type: values.length === 1 ? 6 : 8, count: values.length, bytes }
}

export function numberEntry(tag: number, ...values: readonly number[]): HeaderEntry {
  return { tag, type: 4, count: values.length, bytes: words(false, ...values) }
}

/** An installed package's header, without the lead of a file. */
export function headerOf(...entries: readonly HeaderEntry[]): Buffer {
  const index: Buffer[] = []
  let offset = 0
  for (const { tag, type, count, bytes } of entries) {
    index.push(words(false, tag, type, offset, count))
    offset += bytes.length
  }
  const store = entries.map(({ bytes }) => bytes)
  return Buffer.concat([words(false, entries.length, offset), ...index, ...store])
}

const [blockBytes, slotPageBytes] = [16, 4096]

/** A database of one page of slots. */
export function ndbOf(...blobs: readonly Uint8Array[]): Buffer {
  const slots = [Buffer.from('RpmP'), words(true, 0, 1, 1), words(true, 0, 0, 0, 0)]
  const parts: Buffer[] = []
  let block = slotPageBytes / blockBytes
  for (const [index, blob] of blobs.entries()) {
    const padding = Buffer.alloc(blockBytes - ((28 + blob.length) % blockBytes))
    const head = Buffer.concat([Buffer.from('BlbS'), words(true, index + 1, 1, blob.length)])
    const tail = Buffer.concat([words(true, 0, blob.length), Buffer.from('BlbE')])
    const whole = Buffer.concat([head, blob, padding, tail])
    slots.push(Buffer.from('Slot'), words(true, index + 1, block, whole.length / blockBytes))
    parts.push(whole)
    block += whole.length / blockBytes
  }
  const free = Buffer.concat([Buffer.from('Slot'), words(true, 0, 0, 0)])
  const used = Buffer.concat(slots)
  const rest = Array.from({ length: (slotPageBytes - used.length) / blockBytes }, () => free)
  return Buffer.concat([used, ...rest, ...parts])
}

function words(isLittle: boolean, ...values: readonly number[]): Buffer {
  const bytes = Buffer.alloc(4 * values.length)
  for (const [index, value] of values.entries()) {
    if (isLittle) bytes.writeUInt32LE(value >>> 0, 4 * index)
    else bytes.writeUInt32BE(value >>> 0, 4 * index)
  }
  return bytes
}
