// Images in memory, hostile or not: a content to scan from, without a registry.
import { Readable } from 'node:stream'
import { gzipSync } from 'node:zlib'
import { digestOf, type Digest } from '../../src/oci/digest.ts'
import { mediaTypes } from '../../src/oci/media-type.ts'
import type { ImageContent } from '../../src/scanning/image-scan.ts'
import type { SqlWriter } from '../../src/storage/database/database.ts'
import { file, tar } from './tar-builder.ts'

export interface BuiltImage {
  readonly digest: Digest
  readonly layers: readonly Digest[]
}

export interface ImageParts {
  /** Unpacked tars, lowest first. */
  readonly layers: readonly Buffer[]
  readonly os?: string
  /** What the config says, where it is to lie. */
  readonly config?: Buffer
  readonly configMediaType?: string
  /** Bytes stored for the layer of that index, where they are to differ from the gzipped tar. */
  readonly stored?: Readonly<Record<number, Buffer>>
  readonly layerMediaType?: string
}

/** A layer of plain files. */
export function layerOf(files: Readonly<Record<string, string | Buffer>>): Buffer {
  return tar(...Object.entries(files).map(([name, content]) => file(name, content)))
}

/** Holds manifests and blobs by digest, and counts how often each blob was opened. */
export class MemoryImages {
  readonly manifests = new Map<Digest, { readonly mediaType: string; readonly bytes: Buffer }>()
  readonly blobs = new Map<Digest, Buffer>()
  readonly opened = new Map<Digest, number>()

  get content(): ImageContent {
    return {
      findManifest: (digest) => Promise.resolve(this.manifests.get(digest)),
      openBlob: (digest) => {
        const bytes = this.blobs.get(digest)
        this.opened.set(digest, (this.opened.get(digest) ?? 0) + 1)
        if (bytes === undefined) return Promise.resolve(undefined)
        return Promise.resolve({ size: bytes.length, stream: Readable.from(piecesOf(bytes)) })
      },
    }
  }

  addBlob(bytes: Buffer): Digest {
    const digest = digestOf(bytes)
    this.blobs.set(digest, bytes)
    return digest
  }

  addManifest(document: Readonly<Record<string, unknown>>, mediaType: string): Digest {
    const bytes = Buffer.from(JSON.stringify({ schemaVersion: 2, mediaType, ...document }))
    const digest = digestOf(bytes)
    this.manifests.set(digest, { mediaType, bytes })
    return digest
  }

  addImage(parts: ImageParts): BuiltImage {
    const stored = parts.layers.map((layer, at) => parts.stored?.[at] ?? gzipSync(layer))
    const layers = stored.map((bytes) => this.addBlob(bytes))
    const config = parts.config ?? imageConfig(parts.layers, parts.os)
    const layerType = parts.layerMediaType ?? 'application/vnd.oci.image.layer.v1.tar+gzip'
    const digest = this.addManifest(
      {
        config: {
          mediaType: parts.configMediaType ?? mediaTypes.ociConfig,
          digest: this.addBlob(config),
          size: config.length,
        },
        layers: stored.map((bytes) => ({
          mediaType: layerType,
          digest: digestOf(bytes),
          size: bytes.length,
        })),
      },
      mediaTypes.ociManifest,
    )
    return { digest, layers }
  }
}

/** What a config says of layers that are given unpacked. */
export function imageConfig(layers: readonly Buffer[], os = 'linux'): Buffer {
  const rootfs = { type: 'layers', diff_ids: layers.map((layer) => digestOf(layer)) }
  return Buffer.from(JSON.stringify({ os, architecture: 'amd64', rootfs }))
}

/** Rows that a scan refers to: the repository, and a manifest for each digest. */
export async function insertImages(
  tx: SqlWriter,
  repositoryId: number,
  digests: readonly Digest[],
): Promise<void> {
  await tx.run(
    `INSERT INTO accounts (id, created_at) VALUES ('123456789012', 0) ON CONFLICT (id) DO NOTHING`,
  )
  await tx.run(
    `INSERT INTO repositories (id, account, name, tag_mutability, scan_on_push, created_at)
     VALUES ($1, '123456789012', $2, 'IMMUTABLE', 1, 0) ON CONFLICT (id) DO NOTHING`,
    [repositoryId, `team/app${repositoryId}`],
  )
  for (const digest of digests) {
    await tx.run(
      `INSERT INTO manifests (repository_id, digest, media_type, image_size, pushed_at, pushed_by, size, bytes)
       VALUES ($1, $2, $3, 0, 0, 'somebody', 0, $4)`,
      [repositoryId, digest, mediaTypes.ociManifest, Buffer.alloc(0)],
    )
  }
}

function* piecesOf(bytes: Buffer): Generator<Buffer> {
  for (let at = 0; at < bytes.length; at += 64 * 1024) yield bytes.subarray(at, at + 64 * 1024)
}
