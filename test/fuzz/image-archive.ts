import { gzipSync } from 'node:zlib'
import { digestOf } from '../../src/oci/digest.ts'
import { mediaTypes } from '../../src/oci/media-type.ts'
import { imageConfig } from '../kit/image-builder.ts'
import { file, tar } from '../kit/tar-builder.ts'

/** One image of one layer, as an OCI archive and as docker saves it. */
export function imageArchive(layer: Buffer): readonly [oci: Buffer, docker: Buffer] {
  const config = imageConfig([layer])
  const packed = gzipSync(layer)
  const describe = (mediaType: string, bytes: Buffer): object => ({
    mediaType,
    digest: digestOf(bytes),
    size: bytes.length,
  })
  const manifest = Buffer.from(
    JSON.stringify({
      schemaVersion: 2,
      mediaType: mediaTypes.ociManifest,
      config: describe(mediaTypes.ociConfig, config),
      layers: [describe('application/vnd.oci.image.layer.v1.tar+gzip', packed)],
    }),
  )
  const index = { schemaVersion: 2, manifests: [describe(mediaTypes.ociManifest, manifest)] }
  const name = (bytes: Buffer): string => `blobs/sha256/${digestOf(bytes).slice(7)}`
  const oci = tar(
    file('oci-layout', '{"imageLayoutVersion":"1.0.0"}'),
    file('index.json', JSON.stringify(index)),
    ...[config, packed, manifest].map((bytes) => file(name(bytes), bytes)),
  )
  const saved = [{ Config: 'config.json', RepoTags: ['team/app:v1'], Layers: ['layer.tar'] }]
  const docker = tar(
    file('manifest.json', JSON.stringify(saved)),
    file('config.json', config),
    file('layer.tar', layer),
  )
  return [oci, docker]
}
