// Purpose:  walk the entries of a tar as its bytes arrive, without ever holding more than one wanted file.
// Spec:     POSIX.1-2017 pax "ustar Interchange Format"; GNU tar manual (types L, K, S and pax GNU.sparse); Go archive/tar where they leave room.
// Input:    chunks of any size; may be hostile.
// Deviates: a global pax header changes no later entry, as in the Go reader that container runtimes use (POSIX says it does);
//           one that tries to is reported, since other tools would read another archive.
// Unknowns: a bad checksum, number, record or map → ArchiveError with the offset; bytes after two zero blocks are ignored.
import { ArchiveError } from './archive-error.ts'
import { parseEntryPath } from './entry-path.ts'
import { parsePaxRecords, type PaxRecords } from './pax-records.ts'
import { isZeroBlock, parseTarHeader, tarBlockBytes, type TarHeader } from './tar-header.ts'
import {
  expandSparse,
  parseOldGnuSparse,
  parseSparseExtension,
  sparseFormOf,
  type SparseForm,
  type SparsePart,
} from './tar-sparse.ts'

export type TarEntryKind =
  'file' | 'directory' | 'symlink' | 'hardlink' | 'device' | 'fifo' | 'other'

export interface TarEntry {
  readonly kind: TarEntryKind
  /** Below the root, resolved, bytes as latin1 text; '' is the root itself. */
  readonly path: string
  /** As written, for symlink and hardlink; else ''. */
  readonly linkTarget: string
  readonly mode: number
  /** Content with holes. */
  readonly sizeBytes: number
  /** Content as it lies in the archive. */
  readonly storedBytes: number
}

export interface TarVisitor {
  /**
   * 'read' asks for the content, which is then held whole: decide by `sizeBytes` and `storedBytes`. 'peek' asks for its
   * first bytes, and `head` decides.
   */
  entry(entry: TarEntry): 'read' | 'peek' | 'skip'
  /** The first `peekBytes` of the content, or all of it where it is shorter. A view, as in `content`. */
  head(entry: TarEntry, bytes: Buffer): 'read' | 'skip'
  /** The content asked for. A view of the walker's memory: copy what is kept. */
  content(entry: TarEntry, bytes: Buffer): void
  /** An entry that is passed over because of its name. */
  refused(name: string, reason: string): void
}

/** So much of a file is shown before it is decided whether it is read: a page of memory holds the headers of executables. */
export const peekBytes = 4096

/** Cap of a pax header, a long name, and the extension blocks of a sparse map. */
const maxExtensionBytes = 1024 * 1024

type Section =
  | { readonly kind: 'header' }
  | { readonly kind: 'extension'; readonly type: 'x' | 'g' | 'L' | 'K'; readonly size: number }
  | { readonly kind: 'sparse-map' }
  | { readonly kind: 'head'; readonly entry: TarEntry }
  | { readonly kind: 'content'; readonly entry: TarEntry; readonly sparse: SparseForm | undefined }

interface OldSparse {
  readonly header: TarHeader
  readonly size: number
  readonly parts: SparsePart[]
}

const headerSection: Section = { kind: 'header' }

/** Push reader: `write` every chunk, then `end`. Throws ArchiveError and must not be used after that. */
export class TarWalker {
  readonly #visitor: TarVisitor
  #section: Section = headerSection
  /** Bytes of the present section still to come, when it is collected. */
  #wanted = tarBlockBytes
  #held = Buffer.alloc(0)
  #heldBytes = 0
  readonly #block = Buffer.alloc(tarBlockBytes)
  /** Bytes to pass over before the next section: content not wanted, and padding. */
  #skip = 0
  #offset = 0
  /** Where the present section began: what an error names, whatever the chunks were. */
  #sectionOffset = 0
  #headers = 0
  #zeroBlocks = 0
  #pax: PaxRecords | undefined
  #longName: string | undefined
  #longLink: string | undefined
  #oldSparse: OldSparse | undefined

  constructor(visitor: TarVisitor) {
    this.#visitor = visitor
  }

  /** Headers met so far, those of extensions included. */
  get headers(): number {
    return this.#headers
  }

  /** Whether the two zero blocks came; what follows them is ignored. */
  get isEnded(): boolean {
    return this.#zeroBlocks >= 2
  }

  write(bytes: Uint8Array): void {
    const chunk = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length)
    let at = 0
    while (at < chunk.length && !this.isEnded) {
      const skipped = Math.min(this.#skip, chunk.length - at)
      this.#skip -= skipped
      const taken = skipped > 0 ? skipped : this.#take(chunk, at)
      at += taken
      this.#offset += taken
    }
  }

  /** Throws when the bytes end inside an entry. An absent end marker is the caller's to judge. */
  end(): { readonly hasEndMarker: boolean } {
    const isBoundary =
      this.#section.kind === 'header' &&
      this.#heldBytes === 0 &&
      this.#skip === 0 &&
      this.#pax === undefined &&
      this.#longName === undefined &&
      this.#longLink === undefined
    if (!this.isEnded && !isBoundary)
      throw new ArchiveError('truncated', `tar ends inside an entry at byte ${this.#offset}`)
    return { hasEndMarker: this.isEnded }
  }

  /** Takes from the present section; completes it when its bytes are there. Returns the bytes used. */
  #take(chunk: Buffer, at: number): number {
    if (this.#heldBytes === 0) this.#sectionOffset = this.#offset
    if (this.#heldBytes === 0 && chunk.length - at >= this.#wanted) {
      const size = this.#wanted
      this.#complete(chunk.subarray(at, at + size))
      return size
    }
    if (this.#heldBytes === 0)
      this.#held =
        this.#wanted === tarBlockBytes ? this.#block : Buffer.allocUnsafeSlow(this.#wanted)
    const taken = Math.min(this.#wanted - this.#heldBytes, chunk.length - at)
    chunk.copy(this.#held, this.#heldBytes, at, at + taken)
    this.#heldBytes += taken
    if (this.#heldBytes < this.#wanted) return taken
    const whole = this.#held
    this.#heldBytes = 0
    this.#held = this.#block
    this.#complete(whole)
    return taken
  }

  #complete(bytes: Buffer): void {
    const section = this.#section
    switch (section.kind) {
      case 'header':
        return this.#takeHeader(bytes)
      case 'extension':
        return this.#takeExtension(section, bytes)
      case 'sparse-map':
        return this.#takeSparseMap(bytes)
      case 'head':
        return this.#takeHead(section.entry, bytes)
      case 'content':
        return this.#takeContent(section.entry, section.sparse, bytes)
    }
  }

  #expect(section: Section, wanted: number): void {
    this.#section = section
    this.#wanted = wanted
  }

  #expectHeader(skip: number): void {
    this.#skip = skip
    this.#expect(headerSection, tarBlockBytes)
  }

  #takeHeader(block: Buffer): void {
    if (block[0] === 0 && isZeroBlock(block)) {
      this.#zeroBlocks++
      return
    }
    if (this.#zeroBlocks > 0) throw this.#malformed('a single zero block between entries')
    this.#headers++
    const header = parseTarHeader(block)
    if (typeof header === 'string') throw this.#malformed(header)
    const extension = extensionTypes.get(header.type)
    if (extension !== undefined) this.#expectExtension(extension, header.size)
    else if (header.type === typeOf('S')) this.#takeOldSparse(header, block)
    else this.#takeEntry(header, this.#paxSparse(header))
  }

  #expectExtension(type: 'x' | 'g' | 'L' | 'K', size: number): void {
    if (size > maxExtensionBytes) throw this.#malformed('extended header larger than 1 MiB')
    const section: Section = { kind: 'extension', type, size }
    if (size === 0) this.#takeExtension(section, Buffer.alloc(0))
    else this.#expect(section, paddedBytes(size))
  }

  #takeExtension(section: Section & { readonly kind: 'extension' }, padded: Buffer): void {
    const bytes = padded.subarray(0, section.size)
    if (section.type === 'L') this.#longName = untilNul(bytes)
    else if (section.type === 'K') this.#longLink = untilNul(bytes)
    else this.#takePax(section.type, bytes)
    this.#expectHeader(0)
  }

  #takePax(type: 'x' | 'g', bytes: Buffer): void {
    const records = parsePaxRecords(bytes)
    if (records === undefined) throw this.#malformed('pax header is malformed')
    if (type === 'x') {
      this.#pax = records
      return
    }
    // The Go reader hands a global header out as an entry, and so forgets what was pending.
    this.#forgetPending()
    const { path, linkPath, size, sparse, sparsePairs } = records
    const isPlain = path === undefined && linkPath === undefined && size === undefined
    if (!isPlain || sparse.size > 0 || sparsePairs.length > 0)
      this.#visitor.refused('', 'global pax header that renames or resizes entries is not applied')
  }

  #forgetPending(): void {
    this.#pax = undefined
    this.#longName = undefined
    this.#longLink = undefined
    this.#oldSparse = undefined
  }

  #paxSparse(header: TarHeader): SparseForm | undefined {
    if (this.#pax === undefined) return undefined
    const form = sparseFormOf(this.#pax, this.#pax.size ?? header.size)
    if (typeof form === 'string') throw this.#malformed(form)
    return form
  }

  #takeOldSparse(header: TarHeader, block: Buffer): void {
    const sparse = header.isGnu ? parseOldGnuSparse(block) : undefined
    if (sparse === undefined) throw this.#malformed('sparse header is malformed')
    if (!sparse.isExtended) return this.#takeEntry(header, sparse)
    this.#oldSparse = { header, size: sparse.size, parts: sparse.parts }
    this.#expect({ kind: 'sparse-map' }, tarBlockBytes)
  }

  #takeSparseMap(block: Buffer): void {
    const pending = this.#oldSparse
    const extension = parseSparseExtension(block)
    if (pending === undefined || extension === undefined)
      throw this.#malformed('sparse map is malformed')
    pending.parts.push(...extension.parts)
    if (pending.parts.length * 24 > maxExtensionBytes)
      throw this.#malformed('sparse map larger than 1 MiB')
    // An extension without parts could go on for ever in a stream of its kind.
    if (extension.isExtended && extension.parts.length === 0)
      throw this.#malformed('sparse map has an empty extension')
    if (!extension.isExtended) this.#takeEntry(pending.header, pending)
  }

  #takeEntry(header: TarHeader, sparse: SparseForm | undefined): void {
    const name = this.#nameOf(header, sparse)
    const kind = kindOf(header.type, name)
    const linkName = this.#longLink ?? this.#pax?.linkPath ?? header.linkName
    const storedBytes = hasContent(header.type) ? (this.#pax?.size ?? header.size) : 0
    this.#forgetPending()
    const parsed = parseEntryPath(name)
    if (parsed.kind === 'refused') {
      this.#visitor.refused(name.slice(0, 256), parsed.reason)
      return this.#expectHeader(paddedBytes(storedBytes))
    }
    const entry: TarEntry = {
      kind,
      path: parsed.path,
      linkTarget: kind === 'symlink' || kind === 'hardlink' ? linkName : '',
      mode: header.mode,
      sizeBytes: sparse?.size ?? storedBytes,
      storedBytes,
    }
    this.#offer(entry, sparse)
  }

  #nameOf(header: TarHeader, sparse: SparseForm | undefined): string {
    const sparseName = sparse === undefined ? '' : (this.#pax?.sparse.get('name') ?? '')
    if (sparseName !== '') return sparseName
    return this.#longName ?? this.#pax?.path ?? header.name
  }

  #offer(entry: TarEntry, sparse: SparseForm | undefined): void {
    const { storedBytes } = entry
    const answer = this.#visitor.entry(entry)
    if (answer === 'skip') return this.#expectHeader(paddedBytes(storedBytes))
    if (storedBytes === 0) return this.#takeContent(entry, sparse, Buffer.alloc(0))
    // What is stored of a file with holes does not begin as the file does: it is read to be seen.
    if (answer === 'peek' && sparse === undefined)
      return this.#expect({ kind: 'head', entry }, Math.min(peekBytes, storedBytes))
    this.#expect({ kind: 'content', entry, sparse }, storedBytes)
  }

  #takeHead(entry: TarEntry, head: Buffer): void {
    const { storedBytes } = entry
    if (this.#visitor.head(entry, head) === 'skip')
      return this.#expectHeader(paddedBytes(storedBytes) - head.length)
    this.#expect({ kind: 'content', entry, sparse: undefined }, storedBytes)
    if (head.length === storedBytes) return this.#complete(head)
    this.#held = Buffer.allocUnsafeSlow(storedBytes)
    this.#heldBytes = head.copy(this.#held)
  }

  #takeContent(entry: TarEntry, sparse: SparseForm | undefined, stored: Buffer): void {
    const content = sparse === undefined ? stored : expandSparse(sparse, stored)
    if (content === undefined) throw this.#malformed('sparse map does not fit the file')
    this.#visitor.content(entry, content)
    this.#expectHeader(paddedBytes(entry.storedBytes) - entry.storedBytes)
  }

  #malformed(reason: string): ArchiveError {
    return new ArchiveError('malformed', `${reason}, at byte ${this.#sectionOffset} of the tar`)
  }
}

function typeOf(letter: string): number {
  return letter.charCodeAt(0)
}

const extensionTypes: ReadonlyMap<number, 'x' | 'g' | 'L' | 'K'> = new Map([
  [typeOf('x'), 'x'],
  [typeOf('g'), 'g'],
  [typeOf('L'), 'L'],
  [typeOf('K'), 'K'],
] as const)

const kinds: ReadonlyMap<number, TarEntryKind> = new Map([
  [0, 'file'],
  [typeOf('0'), 'file'],
  [typeOf('1'), 'hardlink'],
  [typeOf('2'), 'symlink'],
  [typeOf('3'), 'device'],
  [typeOf('4'), 'device'],
  [typeOf('5'), 'directory'],
  [typeOf('6'), 'fifo'],
  [typeOf('7'), 'file'],
  [typeOf('S'), 'file'],
] as const)

function kindOf(type: number, name: string): TarEntryKind {
  // v7 knows no folders but by the slash.
  if (type === 0 && name.endsWith('/')) return 'directory'
  return kinds.get(type) ?? 'other'
}

/** Links, devices, folders and pipes have none, whatever their size says (types 1 to 6). */
function hasContent(type: number): boolean {
  return type < typeOf('1') || type > typeOf('6')
}

function paddedBytes(size: number): number {
  const rest = size % tarBlockBytes
  return rest === 0 ? size : size + tarBlockBytes - rest
}

function untilNul(bytes: Buffer): string {
  const end = bytes.indexOf(0)
  return bytes.toString('latin1', 0, end < 0 ? bytes.length : end)
}
