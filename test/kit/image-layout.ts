// Composes OCI images on disk, as an image layout that real clients read.
import { createHash } from 'node:crypto'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { pack } from 'tar-stream'

export interface LayoutImage {
  readonly directory: string
  readonly manifest: Buffer
  readonly manifestDigest: string
  readonly layerDigests: readonly string[]
}

const mediaTypes = {
  manifest: 'application/vnd.oci.image.manifest.v1+json',
  config: 'application/vnd.oci.image.config.v1+json',
  layer: 'application/vnd.oci.image.layer.v1.tar+gzip',
}

/** One gzipped layer for each map of path → content. */
export async function writeImageLayout(
  directory: string,
  layers: readonly Readonly<Record<string, string | Buffer>>[],
): Promise<LayoutImage> {
  const tars = await Promise.all(layers.map(tarOf))
  return writeLayoutOfTars(directory, tars)
}

export async function writeLayoutOfTars(
  directory: string,
  tars: readonly Buffer[],
): Promise<LayoutImage> {
  await mkdir(join(directory, 'blobs', 'sha256'), { recursive: true })
  const blobs = tars.map((tar) => gzipSync(tar, { level: 1 }))
  const config = Buffer.from(
    JSON.stringify({
      architecture: 'amd64',
      os: 'linux',
      config: {},
      rootfs: { type: 'layers', diff_ids: tars.map(digestOf) },
    }),
  )
  const manifest = Buffer.from(
    JSON.stringify({
      schemaVersion: 2,
      mediaType: mediaTypes.manifest,
      config: descriptor(mediaTypes.config, config),
      layers: blobs.map((blob) => descriptor(mediaTypes.layer, blob)),
    }),
  )
  for (const blob of [...blobs, config, manifest]) {
    await writeFile(join(directory, 'blobs', 'sha256', digestOf(blob).slice(7)), blob)
  }
  await writeFile(join(directory, 'oci-layout'), '{"imageLayoutVersion":"1.0.0"}')
  const index = { schemaVersion: 2, manifests: [descriptor(mediaTypes.manifest, manifest)] }
  await writeFile(join(directory, 'index.json'), JSON.stringify(index))
  return {
    directory,
    manifest,
    manifestDigest: digestOf(manifest),
    layerDigests: blobs.map(digestOf),
  }
}

export function digestOf(bytes: Buffer): string {
  return `sha256:${createHash('sha256').update(bytes).digest('hex')}`
}

function descriptor(mediaType: string, bytes: Buffer): object {
  return { mediaType, digest: digestOf(bytes), size: bytes.byteLength }
}

async function tarOf(files: Readonly<Record<string, string | Buffer>>): Promise<Buffer> {
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
