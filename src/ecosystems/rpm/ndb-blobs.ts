// Purpose:  list the header blobs of an rpm database in NDB form.
// Spec:     rpm, lib/backend/ndb/rpmpkg.c: header, slots, blobs with head and tail, in blocks of 16 bytes, little-endian.
// Input:    bytes of Packages.db from an image; hostile: blobs together may not be longer than the file.
// Deviates: checksums are not verified, since rpm itself reads without; head and tail of each blob must agree.
// Unknowns: a slot or a blob that cannot be read is a problem; the others are still given.
import { blobProblem, viewOf, type BlobReading } from './blobs.ts'

const [headerMagic, slotMagic, blobMagic, tailMagic] = ['RpmP', 'Slot', 'BlbS', 'BlbE'].map(
  (text) => viewOf(new TextEncoder().encode(text)).getUint32(0, true),
)
const [headerBytes, slotBytes, blockBytes, pageBytes] = [32, 16, 16, 4096]
const [blobHeadBytes, blobTailBytes] = [16, 12]
/** rpm makes one page for some 250 packages. */
const maxSlotPages = 2048

export function* listNdbBlobs(bytes: Uint8Array): Generator<BlobReading, void> {
  const view = viewOf(bytes)
  if (bytes.length < headerBytes || view.getUint32(0, true) !== headerMagic) {
    yield blobProblem('is not an NDB database')
    return
  }
  const version = view.getUint32(4, true)
  if (version !== 0) {
    yield blobProblem(`is an NDB database of version ${version}`)
    return
  }
  const slotPages = view.getUint32(12, true)
  if (slotPages > maxSlotPages) {
    yield blobProblem(`has ${slotPages} pages of slots, more than are read`)
    return
  }
  const end = slotPages * pageBytes
  if (end > bytes.length) yield blobProblem('is cut off within its slots')
  yield* listSlots(bytes, Math.min(end, bytes.length))
}

function* listSlots(bytes: Uint8Array, end: number): Generator<BlobReading, void> {
  const view = viewOf(bytes)
  const listed = new Set<number>()
  let left = bytes.length
  for (let at = headerBytes; at + slotBytes <= end; at += slotBytes) {
    if (view.getUint32(at, true) !== slotMagic) {
      // Without its mark nothing tells whether this one and those after it name packages.
      yield blobProblem(`the slot at byte ${at} is damaged`)
      continue
    }
    const index = view.getUint32(at + 4, true)
    if (index === 0) continue
    if (listed.has(index)) {
      yield blobProblem(`package ${index} is listed twice`)
      continue
    }
    listed.add(index)
    const blob = readBlob(view, {
      index,
      start: view.getUint32(at + 8, true) * blockBytes,
      room: view.getUint32(at + 12, true) * blockBytes,
    })
    if (blob.kind === 'blob') left -= blob.bytes.length
    if (left < 0) {
      yield blobProblem('its packages overlap')
      return
    }
    yield blob
  }
}

function readBlob(
  view: DataView,
  slot: { readonly index: number; readonly start: number; readonly room: number },
): BlobReading {
  const { index, start, room } = slot
  const failure = (why: string): BlobReading => blobProblem(`package ${index} ${why}`)
  if (start + room > view.byteLength || room < blobHeadBytes + blobTailBytes)
    return failure('lies beyond the end of the file')
  const length = view.getUint32(start + 12, true)
  const tail = start + room - blobTailBytes
  if (view.getUint32(start, true) !== blobMagic || view.getUint32(start + 4, true) !== index)
    return failure('has no beginning')
  const isWhole = start + blobHeadBytes + length <= tail
  if (!isWhole || view.getUint32(tail + 8, true) !== tailMagic) return failure('has no end')
  if (view.getUint32(tail + 4, true) !== length) return failure('has two lengths')
  return {
    kind: 'blob',
    bytes: new Uint8Array(view.buffer, view.byteOffset + start + blobHeadBytes, length),
  }
}
