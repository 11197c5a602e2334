// Composes OCI images on disk, as an image layout that real clients read.
import { createHash } from 'node:crypto'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { gzipSync, zstdCompressSync } from 'node:zlib'
import { pack } from 'tar-stream'

export interface LayoutImage {
  readonly directory: string
  readonly manifest: Buffer
  readonly manifestDigest: string
  readonly layerDigests: readonly string[]
}

export interface LayoutIndex {
  readonly directory: string
  readonly index: Buffer
  readonly indexDigest: string
  readonly images: readonly LayoutImage[]
}

export interface LayoutOptions {
  readonly architecture?: string
  readonly compression?: 'gzip' | 'zstd'
  /** What the manifest says of the layers, where that is not what they are. */
  readonly layerMediaType?: string
  /** What the configuration says of how it is run. */
  readonly config?: object
  /** The layout's own name for what it holds. */
  readonly tag?: string
}

type Files = Readonly<Record<string, string | Buffer>>

const mediaTypes = {
  index: 'application/vnd.oci.image.index.v1+json',
  manifest: 'application/vnd.oci.image.manifest.v1+json',
  config: 'application/vnd.oci.image.config.v1+json',
  layer: 'application/vnd.oci.image.layer.v1.tar',
}

/** One compressed layer for each map of path → content. */
export async function writeImageLayout(
  directory: string,
  layers: readonly Files[],
  options: LayoutOptions = {},
): Promise<LayoutImage> {
  const tars = await Promise.all(layers.map(tarOf))
  return writeLayoutOfTars(directory, tars, options)
}

export async function writeLayoutOfTars(
  directory: string,
  tars: readonly Buffer[],
  options: LayoutOptions = {},
): Promise<LayoutImage> {
  const image = await writeImage(directory, tars, options)
  await writeEntrance(directory, descriptor(mediaTypes.manifest, image.manifest), options.tag)
  return image
}

/** An index with one image for each architecture. */
export async function writeIndexLayout(
  directory: string,
  images: Readonly<Record<string, readonly Files[]>>,
  options: { readonly tag?: string } = {},
): Promise<LayoutIndex> {
  const written: LayoutImage[] = []
  const manifests: object[] = []
  for (const [architecture, layers] of Object.entries(images)) {
    const tars = await Promise.all(layers.map(tarOf))
    const image = await writeImage(directory, tars, { architecture })
    written.push(image)
    const platform = { architecture, os: 'linux' }
    manifests.push({ ...descriptor(mediaTypes.manifest, image.manifest), platform })
  }
  const index = json({ schemaVersion: 2, mediaType: mediaTypes.index, manifests })
  await writeBlob(directory, index)
  await writeEntrance(directory, descriptor(mediaTypes.index, index), options.tag)
  return { directory, index, indexDigest: digestOf(index), images: written }
}

/** A note about the image whose manifest is given: an artifact with that subject. */
export async function writeArtifactLayout(
  directory: string,
  subject: Buffer,
): Promise<Omit<LayoutImage, 'layerDigests'>> {
  const config = Buffer.from('{}')
  const note = Buffer.from(`about ${digestOf(subject)}`)
  const manifest = json({
    schemaVersion: 2,
    mediaType: mediaTypes.manifest,
    artifactType: 'application/vnd.example.note',
    config: descriptor('application/vnd.oci.empty.v1+json', config),
    layers: [descriptor('text/plain', note)],
    subject: descriptor(mediaTypes.manifest, subject),
  })
  for (const blob of [config, note, manifest]) await writeBlob(directory, blob)
  await writeEntrance(directory, descriptor(mediaTypes.manifest, manifest), undefined)
  return { directory, manifest, manifestDigest: digestOf(manifest) }
}

export function digestOf(bytes: Buffer): string {
  return `sha256:${createHash('sha256').update(bytes).digest('hex')}`
}

export function descriptor(
  mediaType: string,
  bytes: Buffer,
): { readonly mediaType: string; readonly digest: string; readonly size: number } {
  return { mediaType, digest: digestOf(bytes), size: bytes.byteLength }
}

async function writeImage(
  directory: string,
  tars: readonly Buffer[],
  options: LayoutOptions,
): Promise<LayoutImage> {
  const compression = options.compression ?? 'gzip'
  const blobs = tars.map((tar) =>
    compression === 'gzip' ? gzipSync(tar, { level: 1 }) : zstdCompressSync(tar),
  )
  const layerType = options.layerMediaType ?? `${mediaTypes.layer}+${compression}`
  const config = json({
    architecture: options.architecture ?? 'amd64',
    os: 'linux',
    config: options.config ?? {},
    rootfs: { type: 'layers', diff_ids: tars.map(digestOf) },
  })
  const manifest = json({
    schemaVersion: 2,
    mediaType: mediaTypes.manifest,
    config: descriptor(mediaTypes.config, config),
    layers: blobs.map((blob) => descriptor(layerType, blob)),
  })
  for (const blob of [...blobs, config, manifest]) await writeBlob(directory, blob)
  return {
    directory,
    manifest,
    manifestDigest: digestOf(manifest),
    layerDigests: blobs.map(digestOf),
  }
}

/** `oci-layout` and `index.json`, the two files by which a layout is entered. */
async function writeEntrance(
  directory: string,
  described: object,
  tag: string | undefined,
): Promise<void> {
  const named =
    tag === undefined
      ? described
      : { ...described, annotations: { 'org.opencontainers.image.ref.name': tag } }
  await writeFile(join(directory, 'oci-layout'), '{"imageLayoutVersion":"1.0.0"}')
  await writeFile(join(directory, 'index.json'), json({ schemaVersion: 2, manifests: [named] }))
}

async function writeBlob(directory: string, bytes: Buffer): Promise<void> {
  await mkdir(join(directory, 'blobs', 'sha256'), { recursive: true })
  await writeFile(join(directory, 'blobs', 'sha256', digestOf(bytes).slice(7)), bytes)
}

function json(value: object): Buffer {
  return Buffer.from(JSON.stringify(value))
}

async function tarOf(files: Files): Promise<Buffer> {
  const archive = pack()
  for (const [name, content] of Object.entries(files)) {
    archive.entry(
      { name, mtime: new Date(0) },
      typeof content === 'string' ? Buffer.from(content) : content,
    )
  }
  archive.finalize()
  const pieces: Buffer[] = []
  for await (const piece of archive as AsyncIterable<Buffer>) pieces.push(piece)
  return Buffer.concat(pieces)
}
