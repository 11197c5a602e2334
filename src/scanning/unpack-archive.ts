import { createHash } from 'node:crypto'
import { createReadStream, createWriteStream } from 'node:fs'
import { mkdir, readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { extract } from 'tar-stream'
import { isRecord } from '../oci/descriptor.ts'
import { digestOf, parseDigest, type Digest } from '../oci/digest.ts'
import { maxManifestBytes } from '../oci/manifest.ts'
import { mediaTypes } from '../oci/media-type.ts'
import { scanningError } from './errors.ts'
import type { ImageContent } from './image-scan.ts'

/** An image archive on disk, its files under names of our own. */
export interface UnpackedArchive {
  readonly content: ImageContent
  readonly images: readonly { readonly name?: string; readonly digest: Digest }[]
  remove(): Promise<void>
}

const maxArchiveBytes = 64 * 1024 ** 3
const maxArchiveFiles = 20_000

interface ArchiveFile {
  readonly path: string
  /** Of its bytes as they are: names in the archive prove nothing. */
  readonly digest: Digest
  readonly size: number
}

/** Writes the files of an OCI or docker archive below `directory` and finds the images in it. */
export async function unpackArchive(
  body: Readable,
  directory: string,
  { signal }: { readonly signal: AbortSignal },
): Promise<UnpackedArchive> {
  await mkdir(directory, { recursive: true, mode: 0o700 })
  const remove = (): Promise<void> => rm(directory, { recursive: true, force: true })
  try {
    const files = await writeFiles(body, directory, signal)
    const opened = await openImages(files)
    return { ...opened, remove }
  } catch (error) {
    await remove()
    throw error
  }
}

async function writeFiles(
  body: Readable,
  directory: string,
  signal: AbortSignal,
): Promise<ReadonlyMap<string, ArchiveFile>> {
  const files = new Map<string, ArchiveFile>()
  let total = 0
  let entries = 0
  const archive = extract()
  const reading = pipeline(body, archive, { signal })
  // The loop below meets the same error; without this one it would go unheard for a moment.
  reading.catch(() => undefined)
  try {
    for await (const entry of archive) {
      const { name, size, type } = entry.header
      total += size
      entries += 1
      if (total > maxArchiveBytes || entries > maxArchiveFiles)
        throw unreadable('is larger than an image archive may be')
      if (type !== 'file') {
        entry.resume()
        continue
      }
      // A name may come twice: only a number of its own keeps a file from being written over under its digest.
      const path = join(directory, String(entries))
      const hash = createHash('sha256')
      entry.on('data', (piece: unknown) => {
        if (piece instanceof Uint8Array) hash.update(piece)
      })
      await pipeline(entry, createWriteStream(path, { mode: 0o600 }))
      const digest = parseDigest(`sha256:${hash.digest('hex')}`)
      if (digest !== undefined) files.set(name.replace(/^\.\//, ''), { path, digest, size })
    }
    await reading
  } catch (error) {
    signal.throwIfAborted()
    throw error instanceof Error && error.name === 'PratiqueError'
      ? error
      : unreadable('is not a whole tar', error)
  }
  return files
}

async function openImages(
  files: ReadonlyMap<string, ArchiveFile>,
): Promise<Pick<UnpackedArchive, 'content' | 'images'>> {
  const byDigest = new Map([...files.values()].map((file) => [file.digest, file]))
  const made = new Map<Digest, { readonly mediaType: string; readonly bytes: Uint8Array }>()
  const content: ImageContent = {
    async findManifest(digest) {
      const known = made.get(digest)
      const file = byDigest.get(digest)
      if (known !== undefined || file === undefined || file.size > maxManifestBytes) return known
      const bytes = await readFile(file.path)
      return { mediaType: mediaTypeOf(bytes), bytes }
    },
    async openBlob(digest) {
      const file = byDigest.get(digest)
      if (file === undefined) return Promise.resolve(undefined)
      return Promise.resolve({
        size: file.size,
        stream: createReadStream(file.path, { highWaterMark: 256 * 1024 }),
      })
    },
  }
  const index = files.get('index.json')
  if (index !== undefined) return { content, images: imagesOfIndex(await readJson(index)) }
  const list = files.get('manifest.json')
  if (list === undefined)
    throw unreadable('has neither index.json (OCI) nor manifest.json (docker)')
  const images: { name?: string; digest: Digest }[] = []
  for (const image of dockerImages(await readJson(list), files)) {
    made.set(image.manifest.digest, image.manifest)
    images.push({ ...image.named, digest: image.manifest.digest })
  }
  return { content, images }
}

function imagesOfIndex(index: unknown): UnpackedArchive['images'] {
  const manifests = isRecord(index) ? index['manifests'] : undefined
  if (!Array.isArray(manifests)) throw unreadable('has an index.json without manifests')
  return manifests.flatMap((entry: unknown) => {
    if (!isRecord(entry)) return []
    const { digest: text, annotations } = entry
    const digest = typeof text === 'string' ? parseDigest(text) : undefined
    const name = isRecord(annotations)
      ? annotations['org.opencontainers.image.ref.name']
      : undefined
    return digest === undefined ? [] : [{ digest, ...(typeof name === 'string' ? { name } : {}) }]
  })
}

interface DockerImage {
  readonly named: { readonly name?: string }
  readonly manifest: ReturnType<typeof manifestOfDockerImage>
}

function dockerImages(
  list: unknown,
  files: ReadonlyMap<string, ArchiveFile>,
): readonly DockerImage[] {
  if (!Array.isArray(list)) throw unreadable('has a manifest.json that is not a list')
  return list.map((entry: unknown) => {
    const { Config: config, Layers: layers, RepoTags: tags } = isRecord(entry) ? entry : {}
    const configFile = files.get(String(config))
    const names: readonly unknown[] = Array.isArray(layers) ? layers : []
    const layerFiles = names.map((name) => files.get(String(name)))
    const present = layerFiles.filter((file) => file !== undefined)
    if (configFile === undefined || present.length !== layerFiles.length) {
      throw unreadable('names a config or layers that it does not hold')
    }
    const named: readonly unknown[] = Array.isArray(tags) ? tags : []
    const name = named[0]
    return {
      named: typeof name === 'string' ? { name } : {},
      manifest: manifestOfDockerImage({ config: configFile, layers: present }),
    }
  })
}

async function readJson(file: ArchiveFile): Promise<unknown> {
  if (file.size > maxManifestBytes) throw unreadable('has an overlong index')
  try {
    const parsed: unknown = JSON.parse(await readFile(file.path, 'utf8'))
    return parsed
  } catch (error) {
    throw unreadable('has an index that is not JSON', error)
  }
}

/** In a layout the type stands in the descriptor; the document says it too, or can be told by its members. */
function mediaTypeOf(bytes: Uint8Array): string {
  try {
    const parsed: unknown = JSON.parse(Buffer.from(bytes).toString())
    const stated = isRecord(parsed) ? parsed['mediaType'] : undefined
    if (typeof stated === 'string') return stated
    return isRecord(parsed) && 'manifests' in parsed ? mediaTypes.ociIndex : mediaTypes.ociManifest
  } catch {
    return mediaTypes.ociManifest
  }
}

export function unreadable(what: string, cause?: unknown): Error {
  return scanningError(
    'ARCHIVE_UNREADABLE',
    `the archive ${what}`,
    {},
    cause === undefined ? {} : { cause },
  )
}

/** A docker archive names files; the image that they make is written down as a manifest. */
function manifestOfDockerImage(files: {
  readonly config: { readonly digest: Digest; readonly size: number }
  readonly layers: readonly { readonly digest: Digest; readonly size: number }[]
}): { readonly digest: Digest; readonly bytes: Buffer; readonly mediaType: string } {
  const manifest = {
    schemaVersion: 2,
    mediaType: mediaTypes.ociManifest,
    config: {
      mediaType: mediaTypes.ociConfig,
      digest: files.config.digest,
      size: files.config.size,
    },
    layers: files.layers.map(({ digest, size }) => ({
      mediaType: 'application/vnd.oci.image.layer.v1.tar',
      digest,
      size,
    })),
  }
  const bytes = Buffer.from(JSON.stringify(manifest))
  return { digest: digestOf(bytes), bytes, mediaType: mediaTypes.ociManifest }
}
