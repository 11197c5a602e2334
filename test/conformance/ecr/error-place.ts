// A registry in which each exception of the model can be met: images of several kinds, uploads in several states.
import { createHash } from 'node:crypto'
import type { TestContext } from 'node:test'
import { ECRClient } from '@aws-sdk/client-ecr'
import { temporaryDirectory } from '../../kit/database.ts'
import { openTestServer, type TestServer } from '../../kit/server.ts'
import { valueAt } from './scenario-state.ts'
import { send } from './walk-by-sdk.ts'

export const app = { repositoryName: 'errors/app' }
export const appArn = 'arn:aws:ecr:us-east-1:123456789012:repository/errors/app'

export interface ErrorPlace extends TestServer {
  readonly directory: string
  readonly call: (operation: string, input: object) => Promise<unknown>
  /** An upload with the parts given; its id. */
  readonly upload: (...parts: readonly Buffer[]) => Promise<string>
  readonly layerDigest: string
  readonly manifest: string
  readonly imageDigest: string
}

export const digestOf = (bytes: Buffer | string): string =>
  `sha256:${createHash('sha256').update(bytes).digest('hex')}`

const manifestType = 'application/vnd.oci.image.manifest.v1+json'

/** With AWS's defaults: what is not asked for is not scanned, and a scan by hand has its quota. */
export async function openErrorPlace(t: TestContext): Promise<ErrorPlace> {
  const directory = await temporaryDirectory(t)
  const environment = { PRATIQUE_DEFAULTS: 'aws' }
  const server = await openTestServer(directory, { environment })
  t.after(() => server.close())
  const [accessKeyId = '', secretAccessKey = ''] = Buffer.from(
    server.authorization.slice('Basic '.length),
    'base64',
  )
    .toString()
    .split(':')
  // Limits are told to be retried by the SDK, as AWS's are; here the first refusal is looked at.
  const client = new ECRClient({
    endpoint: server.url,
    region: 'us-east-1',
    credentials: { accessKeyId, secretAccessKey },
    maxAttempts: 1,
  })
  t.after(() => client.destroy())
  const call = async (operation: string, input: object): Promise<unknown> =>
    send(client, operation, input)
  const upload = async (...parts: readonly Buffer[]): Promise<string> => {
    const uploadId = String(valueAt(await call('InitiateLayerUpload', app), 'uploadId'))
    let at = 0
    for (const layerPartBlob of parts) {
      const range = { partFirstByte: at, partLastByte: at + layerPartBlob.byteLength - 1 }
      await call('UploadLayerPart', { ...app, uploadId, ...range, layerPartBlob })
      at += layerPartBlob.byteLength
    }
    return uploadId
  }
  await call('CreateRepository', { ...app, imageTagMutability: 'IMMUTABLE' })
  const layer = Buffer.from(
    '{"architecture":"amd64","os":"linux","rootfs":{"type":"layers","diff_ids":[]}}',
  )
  const layerDigest = digestOf(layer)
  await call('CompleteLayerUpload', {
    ...app,
    uploadId: await upload(layer),
    layerDigests: [layerDigest],
  })
  const config = {
    mediaType: 'application/vnd.oci.image.config.v1+json',
    digest: layerDigest,
    size: layer.byteLength,
  }
  const image = {
    schemaVersion: 2,
    mediaType: manifestType,
    config,
    layers: [{ ...config, mediaType: 'application/vnd.oci.image.layer.v1.tar' }],
  }
  const manifest = JSON.stringify(image)
  const put = (imageManifest: string, imageTag: string): Promise<unknown> =>
    call('PutImage', { ...app, imageManifest, imageTag })
  await put(manifest, 'v1')
  await put(`${manifest} `, 'archived')
  await call('UpdateImageStorageClass', {
    ...app,
    imageId: { imageTag: 'archived' },
    targetStorageClass: 'ARCHIVE',
  })
  // Without a file system: with one it could run, whatever it calls itself.
  const artifactType = 'application/vnd.example.note'
  const artifact = { ...image, artifactType, layers: [{ ...config, mediaType: artifactType }] }
  await put(JSON.stringify(artifact), 'artifact')
  return {
    ...server,
    directory,
    call,
    upload,
    layerDigest,
    manifest,
    imageDigest: digestOf(manifest),
  }
}

export function indexOf(digest: string, size: number): string {
  return JSON.stringify({
    schemaVersion: 2,
    mediaType: 'application/vnd.oci.image.index.v1+json',
    manifests: [{ mediaType: manifestType, digest, size }],
  })
}
