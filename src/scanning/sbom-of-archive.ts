import type { Readable } from 'node:stream'
import type { SbomSubject } from '../sbom/inventory.ts'
import { judgeSquashed, readImage } from './examine-image.ts'
import type { ImageContent } from './image-scan.ts'
import { readLayer } from './read-layer.ts'
import { squash, type SquashedImage } from './rules/squash.ts'
import { visitImages, type ArchiveDeps, type ArchiveEntry } from './scan-archive.ts'
import { writeSbom, type SbomDeps, type SbomFormat } from './write-sbom.ts'

export interface ArchiveSbomInput {
  readonly kind: 'rootfs' | 'archive'
  readonly body: Readable
  /** What the document calls the directory or the archive. */
  readonly name: string
  readonly format: SbomFormat
  readonly withFindings: boolean
}

/** The document of one image, or why there is none. */
export interface ArchiveSbom extends Partial<ArchiveEntry> {
  readonly document?: string
  readonly reason?: string
}

type SbomArchiveDeps = ArchiveDeps & Pick<SbomDeps, 'tool' | 'inForce'>

interface Options {
  readonly signal: AbortSignal
}

/** Bills of materials of what is not in the registry: a root file system as one tar, or an image archive. */
export async function sbomsOfArchive(
  deps: SbomArchiveDeps,
  input: ArchiveSbomInput,
  options: Options,
): Promise<readonly ArchiveSbom[]> {
  if (input.kind === 'rootfs') return [await sbomOfRootFileSystem(deps, input, options)]
  return visitImages(deps, input.body, options, (content, entry) =>
    sbomOfImage(deps, input, { content, entry }, options),
  )
}

async function sbomOfRootFileSystem(
  deps: SbomArchiveDeps,
  input: ArchiveSbomInput,
  options: Options,
): Promise<ArchiveSbom> {
  const reading = await readLayer(deps.layers, { stream: input.body }, options)
  if (reading.kind === 'unreadable') return { reason: reading.message }
  const { inventory } = reading
  const image = squash([{ digest: inventory.diffId, inventory }])
  return { document: await write(deps, input, { image, subject: { name: input.name } }, options) }
}

async function sbomOfImage(
  deps: SbomArchiveDeps,
  input: ArchiveSbomInput,
  { content, entry }: { readonly content: ImageContent; readonly entry: ArchiveEntry },
  options: Options,
): Promise<ArchiveSbom> {
  const { digest } = entry
  const read = await readImage(deps, content, digest, options)
  if ('status' in read) return { ...entry, reason: read.reason ?? 'no reason is known' }
  const subject = {
    name: entry.name ?? input.name,
    digest,
    architecture: read.config.architecture,
    ...(entry.platform === undefined ? {} : { platform: entry.platform }),
  }
  const image = squash(read.layers)
  return { ...entry, document: await write(deps, input, { image, subject }, options) }
}

async function write(
  deps: SbomArchiveDeps,
  { format, withFindings }: ArchiveSbomInput,
  { image, subject }: { readonly image: SquashedImage; readonly subject: SbomSubject },
  options: Options,
): Promise<string> {
  const described = { image, subject, scannedAt: deps.clock.now(), format }
  const { tool, inForce } = deps
  const known = { reader: deps.database, tool }
  const target = inForce === undefined ? known : { ...known, inForce }
  if (!withFindings) return writeSbom(target, described)
  const outcome = await judgeSquashed(deps, image, options)
  const { instances, notes, reason } = outcome
  return writeSbom(target, {
    ...described,
    findings: { instances, gaps: [reason ?? [], notes].flat() },
  })
}
