// Purpose:  find what the Go linker wrote about a program: its toolchain and its modules.
// Spec:     Go, debug/buildinfo and cmd/link: the blob after "\xff Go buildinf:", inline since Go 1.18, by pointers before.
// Input:    an ELF, PE or Mach-O image, stripped or not; hostile.
// Deviates: without a section of that name the whole of the writable segments is searched, not their first 64 KiB.
// Unknowns: a Go program whose blob is absent or cannot be followed is told apart from what is no Go program.
import {
  findSection,
  readAddress,
  readUint64,
  type ExecutableImage,
} from '../executables/executable-image.ts'

export type BuildInfoReading =
  | { readonly kind: 'found'; readonly goVersion: string; readonly moduleText: string }
  /** Nothing of Go is in it. */
  | { readonly kind: 'absent' }
  | { readonly kind: 'unreadable'; readonly reason: string }

const magic = Buffer.from('\xff Go buildinf:', 'latin1')
const headerBytes = 32
const isInlineFlag = 2
const isBigEndianFlag = 1
const maxVersionBytes = 1024
/** Kubernetes lists some 300 modules in 30 kB. */
const maxModuleBytes = 8 * 1024 * 1024
/** The magic also stands in programs that read build information. */
const maxBlobs = 64
const sentinelBytes = 16

export function readBuildInfo(image: ExecutableImage): BuildInfoReading {
  const section = findSection(image, '.go.buildinfo', '__go_buildinfo')
  let isMalformed = section !== undefined
  for (const part of section === undefined ? writableParts(image) : [section]) {
    for (const blob of blobsIn(part)) {
      const found = readBlob(image, blob)
      if (found !== undefined) return found
      isMalformed = true
    }
  }
  if (isMalformed)
    return { kind: 'unreadable', reason: 'is a Go program whose build information cannot be read' }
  const isGo = findSection(image, '.note.go.buildid', '.gopclntab', '__gopclntab') !== undefined
  return isGo
    ? { kind: 'unreadable', reason: 'is a Go program without build information' }
    : { kind: 'absent' }
}

/** Together no more bytes than the file has, however its segments overlap. */
function writableParts({ bytes, segments }: ExecutableImage): readonly Uint8Array[] {
  let room = bytes.length
  const parts: Uint8Array[] = []
  for (const { offset, size, isWritable } of segments) {
    if (!isWritable || offset >= bytes.length) continue
    const part = bytes.subarray(offset, offset + Math.min(size, room))
    room -= part.length
    parts.push(part)
  }
  return parts
}

function* blobsIn(part: Uint8Array): Generator<Uint8Array> {
  const searched = Buffer.from(part.buffer, part.byteOffset, part.byteLength)
  let at = searched.indexOf(magic)
  for (let count = 0; at !== -1 && count < maxBlobs; count += 1) {
    if (at + headerBytes <= searched.length) yield part.subarray(at)
    at = searched.indexOf(magic, at + 1)
  }
}

function readBlob(image: ExecutableImage, blob: Uint8Array): BuildInfoReading | undefined {
  const flags = blob[15] ?? 0
  const texts = (flags & isInlineFlag) === 0 ? pointedTexts(image, blob) : inlineTexts(blob)
  if (texts === undefined) return undefined
  const goVersion = Buffer.from(texts.version).toString()
  return /^(?:go|devel)/.test(goVersion)
    ? { kind: 'found', goVersion, moduleText: withoutSentinels(texts.modules) }
    : undefined
}

interface BlobTexts {
  readonly version: Uint8Array
  readonly modules: Uint8Array
}

function inlineTexts(blob: Uint8Array): BlobTexts | undefined {
  const version = lengthPrefixed(blob, headerBytes, maxVersionBytes)
  if (version === undefined) return undefined
  const modules = lengthPrefixed(blob, version.end, maxModuleBytes)
  return modules === undefined ? undefined : { version: version.bytes, modules: modules.bytes }
}

function lengthPrefixed(
  bytes: Uint8Array,
  start: number,
  limit: number,
): { readonly bytes: Uint8Array; readonly end: number } | undefined {
  let length = 0
  let at = start
  // A length below the limits has at most four groups of seven bits.
  for (let shift = 0; ; shift += 7) {
    const byte = bytes[at]
    if (byte === undefined || shift > 21) return undefined
    at += 1
    length |= (byte & 0x7f) << shift
    if (byte < 0x80) break
  }
  if (length > limit || at + length > bytes.length) return undefined
  return { bytes: bytes.subarray(at, at + length), end: at + length }
}

/** Two addresses of string headers: address of the text, its length. */
function pointedTexts(image: ExecutableImage, blob: Uint8Array): BlobTexts | undefined {
  const pointerBytes = blob[14]
  if (pointerBytes !== 4 && pointerBytes !== 8) return undefined
  const isLittle = ((blob[15] ?? 0) & isBigEndianFlag) === 0
  const word = (bytes: Uint8Array, index: number): number => {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    const at = index * pointerBytes
    return pointerBytes === 4 ? view.getUint32(at, isLittle) : readUint64(view, at, isLittle)
  }
  const textAt = (address: number, limit: number): Uint8Array | undefined => {
    const header = readAddress(image, address, 2 * pointerBytes)
    if (header === undefined) return undefined
    const length = word(header, 1)
    if (length === 0) return new Uint8Array(0)
    return length > limit ? undefined : readAddress(image, word(header, 0), length)
  }
  const pointers = blob.subarray(16, headerBytes)
  const version = textAt(word(pointers, 0), maxVersionBytes)
  // Go itself is built without a list of modules, and has no pointer to one.
  const modules = textAt(word(pointers, 1), maxModuleBytes) ?? new Uint8Array(0)
  return version === undefined ? undefined : { version, modules }
}

/** The list lies between two random texts of 16 bytes, by which its readers find it in memory. */
function withoutSentinels(bytes: Uint8Array): string {
  const isFramed = bytes.length > 2 * sentinelBytes && bytes.at(-sentinelBytes - 1) === 0x0a
  return isFramed ? Buffer.from(bytes.subarray(sentinelBytes, -sentinelBytes)).toString() : ''
}
