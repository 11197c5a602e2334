// Takes the entries of one layer and keeps those that can carry, hide or move packages.
import type { Distribution, Extraction, Extractor, Package } from '../ecosystems/ecosystem.ts'
import { isReleaseFilePath } from '../ecosystems/release-files.ts'
import { displayPath, parseEntryPath } from '../lib/archive/entry-path.ts'
import { peekBytes, type TarEntry, type TarVisitor } from '../lib/archive/tar-entries.ts'
import { unreachable } from '../lib/errors.ts'
import type { LayerLimits } from './layer-limits.ts'
import {
  isOsReleasePath,
  osReleaseReader,
  type FileExtraction,
  type InventoriedFile,
  type LayerContents,
  type LayerProblem,
  type Removal,
  type TreeEntry,
} from './rules/layer-contents.ts'
import { databaseKindOf } from './rules/package-databases.ts'
import { leadsToPackages, mayBeFolderLink, parseWhiteout } from './rules/recorded-entries.ts'

export interface LayerParsers {
  readonly extractors: readonly Extractor[]
  readonly parseOsRelease: (bytes: Uint8Array, path: string) => Distribution | undefined
  /** Random bytes for each layer; where it is absent nobody looks for secrets. */
  readonly secretSalt?: () => Uint8Array
}

type RecordedContents = Pick<
  LayerContents,
  'ignoredEntries' | 'removals' | 'tree' | 'files' | 'problems' | 'extractors'
>

const maxReleaseFileBytes = 64 * 1024
/** Above this the packages are copied, lest their substrings keep the whole text of the file alive. */
const copiedAboveBytes = 256 * 1024
/** Bookkeeping of a record in memory, beside its text. */
const recordBytes = 64
const maxLinkTargetBytes = 4096

export class LayerRecorder implements TarVisitor {
  readonly #parsers: LayerParsers
  readonly #byPath: readonly Extractor[]
  readonly #byContent: readonly ContentExtractor[]
  readonly #limits: LayerLimits
  /** Those that took the file whose head was shown last. */
  #recognisedBy: readonly ContentExtractor[] = []
  readonly #removals: Removal[] = []
  readonly #tree: TreeEntry[] = []
  readonly #files: InventoriedFile[] = []
  readonly #problems: LayerProblem[] = []
  /** Folders of this layer not yet in the tree: they enter it with the first record below them. */
  readonly #folders = new Set<string>()
  #ignoredEntries = 0
  #inventoryBytes = 0
  #readBytes = 0
  #droppedProblems = 0
  #isFull = false

  constructor(parsers: LayerParsers, limits: LayerLimits) {
    this.#parsers = parsers
    this.#byContent = parsers.extractors.filter(isByContent)
    this.#byPath = parsers.extractors.filter((extractor) => !isByContent(extractor))
    this.#limits = limits
  }

  contents(): RecordedContents {
    const dropped: LayerProblem[] =
      this.#droppedProblems === 0
        ? []
        : [limitHit('', `${this.#droppedProblems} more problems are not listed`)]
    return {
      ignoredEntries: this.#ignoredEntries,
      removals: this.#removals,
      tree: this.#tree,
      files: this.#files,
      problems: [...this.#problems, ...dropped],
      extractors: this.#parsers.extractors.map(({ id, revision }) => ({ id, revision })),
    }
  }

  refused(name: string, reason: string): void {
    this.#report({ code: 'UNREADABLE', path: displayPath(name), reason })
  }

  entry(entry: TarEntry): 'read' | 'peek' | 'skip' {
    this.#recognisedBy = []
    const whiteout = parseWhiteout(entry.path)
    if (whiteout !== undefined) {
      if (whiteout.kind === 'refused') this.refused(entry.path, whiteout.reason)
      else if (whiteout.kind !== 'ignored') this.#recordRemoval(whiteout)
      return 'skip'
    }
    if (entry.path === '') return 'skip'
    switch (entry.kind) {
      case 'file':
        return this.#offerFile(entry)
      case 'directory':
        this.#recordFolder(entry.path)
        return 'skip'
      case 'symlink':
      case 'hardlink':
        this.#recordLink(entry, entry.kind)
        return 'skip'
      case 'device':
      case 'fifo':
      case 'other':
        this.#ignoredEntries++
        this.#recordPlain(entry.path, this.#isRecorded(entry.path))
        return 'skip'
      default:
        throw unreachable(entry.kind satisfies never)
    }
  }

  head(entry: TarEntry, bytes: Buffer): 'read' | 'skip' {
    const recognisedBy = this.#mayBeReadBy(entry.path).filter((it) => it.recognises(bytes))
    if (recognisedBy.length === 0) {
      this.#recordPlain(entry.path, true)
      return 'skip'
    }
    this.#recognisedBy = recognisedBy
    return this.#readIfAllowed(entry, recognisedBy)
  }

  content(entry: TarEntry, bytes: Buffer): void {
    const readable = displayPath(entry.path)
    const wanted = this.#wantedBy(entry.path)
    // A file with holes was not shown before; one that another extractor reads by its path is looked at all the same.
    const recognised =
      this.#recognisedBy.length > 0
        ? this.#recognisedBy
        : this.#mayBeReadBy(entry.path).filter((it) => it.recognises(bytes.subarray(0, peekBytes)))
    const extractions = [...wanted, ...recognised].map((extractor) =>
      entry.sizeBytes > extractor.maxBytes
        ? tooLarge(extractor, readable, entry.sizeBytes, extractor.maxBytes)
        : this.#extractWith(extractor, readable, bytes),
    )
    const isReleaseFile = isReleaseFilePath(entry.path) && entry.sizeBytes <= maxReleaseFileBytes
    this.#recordFile(
      entry,
      extractions,
      isReleaseFile ? this.#parsers.parseOsRelease(bytes, entry.path) : undefined,
    )
  }

  #offerFile(entry: TarEntry): 'read' | 'peek' | 'skip' {
    const wanted = this.#wantedBy(entry.path)
    if (wanted.length > 0 || isReleaseFilePath(entry.path))
      return this.#readIfAllowed(entry, wanted)
    if (this.#mayBeReadBy(entry.path).length > 0) {
      if (entry.sizeBytes > 0) return 'peek'
      this.#recordPlain(entry.path, true)
    } else if (databaseKindOf(entry.path) !== undefined) {
      this.#recordFile(entry, [], undefined)
    } else {
      this.#recordPlain(entry.path, mayMatter(entry.path))
    }
    return 'skip'
  }

  #readIfAllowed(entry: TarEntry, wanted: readonly Extractor[]): 'read' | 'skip' {
    const isReleaseFile = isReleaseFilePath(entry.path)
    const largest = Math.max(
      isReleaseFile ? maxReleaseFileBytes : 0,
      ...wanted.map((w) => w.maxBytes),
    )
    const size = Math.max(entry.sizeBytes, entry.storedBytes)
    const room = this.#limits.totalFileBytes - this.#readBytes
    const allowed = Math.min(largest, this.#limits.fileBytes, room)
    if (size <= allowed) {
      this.#readBytes += size
      return 'read'
    }
    const readable = displayPath(entry.path)
    const readers = wanted.length > 0 ? wanted : [{ id: osReleaseReader }]
    this.#recordFile(
      entry,
      readers.map((reader) => tooLarge(reader, readable, size, allowed)),
      undefined,
    )
    return 'skip'
  }

  #wantedBy(path: string): readonly Extractor[] {
    const readable = displayPath(path)
    return this.#byPath.filter((extractor) => extractor.wants(readable))
  }

  /** Who would read a file of this path if its content were of its kind. */
  #mayBeReadBy(path: string): readonly ContentExtractor[] {
    const readable = displayPath(path)
    return this.#byContent.filter((extractor) => extractor.wants(readable))
  }

  #extractWith(extractor: Extractor, path: string, bytes: Buffer): FileExtraction {
    const { owned, ...extraction } = extractWith(extractor, path, bytes)
    if (owned === undefined) return extraction
    // A system has a hundred thousand files, of which few can hold packages of their own.
    const telling = owned.flatMap(({ owner, paths }) => {
      const kept = paths.filter((at) => this.#mayHoldPackages(at))
      return kept.length === 0 ? [] : [{ owner, paths: kept }]
    })
    return telling.length === 0 ? extraction : { ...extraction, owned: telling }
  }

  #mayHoldPackages(readable: string): boolean {
    return this.#parsers.extractors.some((extractor) => extractor.wants(readable))
  }

  /** Also for entries that are no files: they replace one of a lower layer. */
  #isRecorded(path: string): boolean {
    return mayMatter(path) || this.#wantedBy(path).length > 0 || this.#mayBeReadBy(path).length > 0
  }

  #recordRemoval(removal: Removal): void {
    if (this.#hasRoom(removal.path.length)) this.#removals.push(removal)
  }

  #recordFolder(path: string): void {
    if (this.#isRecorded(path)) this.#push({ kind: 'directory', path }, path.length)
    else if (this.#hasRoom(path.length)) this.#folders.add(path)
  }

  /** An entry without a content of interest, which still replaces what lower layers have there. */
  #recordPlain(path: string, isRecorded: boolean): void {
    if (isRecorded) this.#push({ kind: 'file', path }, path.length)
    else this.#folders.delete(path)
  }

  #recordLink(entry: TarEntry, kind: 'symlink' | 'hardlink'): void {
    const { path } = entry
    const target = kind === 'symlink' ? entry.linkTarget : hardlinkTarget(entry.linkTarget)
    if (target === undefined || target.length > maxLinkTargetBytes || target.includes('\0'))
      return this.refused(path, 'target of the link is no path below the root')
    const wantedBy = this.#wantedBy(path).map(({ id }) => id)
    if (isOsReleasePath(path)) wantedBy.push(osReleaseReader)
    const isRecorded = this.#isRecorded(path) || (kind === 'symlink' && mayBeFolderLink(target))
    if (!isRecorded) this.#folders.delete(path)
    else this.#push({ kind, path, target, wantedBy }, path.length + target.length)
  }

  #recordFile(
    entry: TarEntry,
    extractions: readonly FileExtraction[],
    distribution: Distribution | undefined,
  ): void {
    const { path, sizeBytes } = entry
    const database = databaseKindOf(path)
    const file: InventoriedFile = {
      path,
      sizeBytes,
      extractions: isReleaseFilePath(path) ? withOsRelease(extractions) : extractions,
      ...(distribution !== undefined && { distribution }),
      ...(database !== undefined && { database }),
    }
    if (this.#push({ kind: 'file', path, file: this.#files.length }, textBytes(extractions)))
      this.#files.push(file)
  }

  #push(entry: TreeEntry, bytes: number): boolean {
    this.#pushFoldersAbove(entry.path)
    this.#folders.delete(entry.path)
    if (!this.#hasRoom(entry.path.length + bytes)) return false
    this.#tree.push(entry)
    return true
  }

  /** A folder may replace a lower layer's link, and then what is below it lies elsewhere. */
  #pushFoldersAbove(path: string): void {
    for (let at = path.indexOf('/'); at >= 0; at = path.indexOf('/', at + 1)) {
      const folder = path.slice(0, at)
      if (this.#folders.delete(folder)) this.#tree.push({ kind: 'directory', path: folder })
    }
  }

  #hasRoom(bytes: number): boolean {
    this.#inventoryBytes += bytes + recordBytes
    if (this.#inventoryBytes <= this.#limits.inventoryBytes) return true
    if (!this.#isFull)
      this.#report(
        limitHit('', `inventory of the layer exceeds ${this.#limits.inventoryBytes} bytes`),
      )
    this.#isFull = true
    return false
  }

  #report(problem: LayerProblem): void {
    if (this.#problems.length < this.#limits.problems) this.#problems.push(problem)
    else this.#droppedProblems++
  }
}

function mayMatter(path: string): boolean {
  return leadsToPackages(path) || databaseKindOf(path) !== undefined || isReleaseFilePath(path)
}

function limitHit(path: string, reason: string): LayerProblem {
  return { code: 'LIMIT_HIT', path, reason }
}

type ContentExtractor = Extractor & Required<Pick<Extractor, 'recognises'>>

function isByContent(extractor: Extractor): extractor is ContentExtractor {
  return extractor.recognises !== undefined
}

function identify(extractor: {
  readonly id: string
  readonly recognises?: unknown
}): Pick<FileExtraction, 'extractorId' | 'isByContent'> {
  const { id: extractorId, recognises } = extractor
  return recognises === undefined ? { extractorId } : { extractorId, isByContent: true }
}

function tooLarge(
  extractor: { readonly id: string },
  path: string,
  sizeBytes: number,
  allowed: number,
): FileExtraction {
  const reason = `${sizeBytes} bytes are more than the ${allowed} that are read of such a file`
  return { ...identify(extractor), instances: [], problems: [limitHit(path, reason)] }
}

function extractWith(extractor: Extractor, path: string, bytes: Buffer): FileExtraction {
  const extraction = extractionOf(extractor, path, bytes)
  const { problems, instances, ...found } =
    bytes.length > copiedAboveBytes ? structuredClone(extraction) : extraction
  const named = instances.filter((instance) => isOfReason(instance.package))
  const unnamed = instances.length - named.length
  return {
    ...identify(extractor),
    ...found,
    instances: named,
    problems: [
      ...problems.map((problem): LayerProblem => ({ code: 'UNREADABLE', ...problem })),
      ...(unnamed === 0 ? [] : [limitHit(path, `${unnamed} packages have ${overlong}`)]),
    ],
  }
}

/** What is kept is compared by patterns outside of the worker, where nothing ends one that takes too long. */
const maxPackageText = 4096
const overlong = `a name, version or builder of more than ${maxPackageText} characters`

function isOfReason({ source, ...found }: Package): boolean {
  return [...Object.values(found), source?.name, source?.version].every(
    (text) => text === undefined || text.length <= maxPackageText,
  )
}

function extractionOf(extractor: Extractor, path: string, bytes: Buffer): Extraction {
  try {
    return extractor.extract(path, bytes)
  } catch (error) {
    // Against its contract, but one hostile file must not cost the rest of the layer.
    const reason = `extractor failed: ${error instanceof Error ? error.message : String(error)}`
    return { instances: [], problems: [{ path, reason: reason.slice(0, 1000) }] }
  }
}

function withOsRelease(extractions: readonly FileExtraction[]): readonly FileExtraction[] {
  return extractions.some(({ extractorId }) => extractorId === osReleaseReader)
    ? extractions
    : [...extractions, { extractorId: osReleaseReader, instances: [], problems: [] }]
}

/** Undefined when it leaves the root. */
function hardlinkTarget(name: string): string | undefined {
  const parsed = parseEntryPath(name)
  return parsed.kind === 'path' ? parsed.path : undefined
}

function textBytes(extractions: readonly FileExtraction[]): number {
  let bytes = 0
  for (const { instances, problems, owned = [] } of extractions) {
    for (const { owner, paths } of owned)
      bytes += paths.reduce((sum, path) => sum + path.length, recordBytes + owner.length)
    for (const { package: found, path, licenses = [], dependsOn = [] } of instances) {
      bytes += recordBytes + path.length + lengthOf(found)
      for (const text of [...licenses, ...dependsOn]) bytes += text.length
    }
    for (const { path, reason } of problems) bytes += recordBytes + path.length + reason.length
  }
  return bytes
}

function lengthOf({ name, version, source, ...rest }: Package): number {
  const { namespace = '', architecture = '', module = '', vendor = '' } = rest
  const sourceText = source === undefined ? '' : source.name + source.version
  return (name + version + namespace + architecture + module + vendor + sourceText).length
}
