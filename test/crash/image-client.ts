// The requests that clients make of pushes and deletes, each with its effect on the model.
import { randomBytes } from 'node:crypto'
import {
  BatchDeleteImageCommand,
  CompleteLayerUploadCommand,
  CreateRepositoryCommand,
  DeleteRepositoryCommand,
  InitiateLayerUploadCommand,
  PutImageCommand,
  UploadLayerPartCommand,
  type ImageTagMutability,
} from '@aws-sdk/client-ecr'
import { Refused, type Client } from './client.ts'
import {
  digestOf,
  emptyRepository,
  inState,
  type Digest,
  type ManifestFacts,
  type State,
} from './model.ts'

export interface Content {
  readonly bytes: Buffer
  readonly digest: Digest
}

export function contentOf(size: number): Content {
  const bytes = randomBytes(size)
  return { bytes, digest: digestOf(bytes) }
}

export interface Manifest extends ManifestFacts {
  readonly digest: Digest
}

const types = {
  manifest: 'application/vnd.oci.image.manifest.v1+json',
  index: 'application/vnd.oci.image.index.v1+json',
  config: 'application/vnd.oci.image.config.v1+json',
  layer: 'application/vnd.oci.image.layer.v1.tar',
}

export function imageOf(config: Content, layers: readonly Content[], subject?: Manifest): Manifest {
  const describe = (mediaType: string, { digest, bytes }: Content): unknown => ({
    mediaType,
    digest,
    size: bytes.length,
  })
  return manifestOf({
    schemaVersion: 2,
    mediaType: types.manifest,
    config: describe(types.config, config),
    layers: layers.map((layer) => describe(types.layer, layer)),
    ...(subject === undefined ? {} : { subject: describe(subject.mediaType, subject) }),
  })(types.manifest, {
    blobs: [config, ...layers].map(({ digest }) => digest),
    children: [],
    subject: subject?.digest,
  })
}

export function indexOf(images: readonly Manifest[]): Manifest {
  return manifestOf({
    schemaVersion: 2,
    mediaType: types.index,
    manifests: images.map(({ mediaType, digest, bytes }) => ({
      mediaType,
      digest,
      size: bytes.length,
    })),
  })(types.index, {
    blobs: [],
    children: images.map(({ digest }) => digest),
    subject: undefined,
  })
}

function manifestOf(document: unknown) {
  const bytes = Buffer.from(JSON.stringify(document))
  return (
    mediaType: string,
    facts: Pick<ManifestFacts, 'blobs' | 'children' | 'subject'>,
  ): Manifest => ({ bytes, mediaType, digest: digestOf(bytes), ...facts })
}

const uploadType = { 'content-type': 'application/octet-stream' }

/** In one request. */
export async function pushBlob(client: Client, repository: string, blob: Content): Promise<void> {
  const path = `/v2/${repository}/blobs/uploads/?digest=${blob.digest}`
  await client.change(
    { method: 'POST', path, headers: uploadType, body: blob.bytes },
    [201],
    (state) => hasBlob(state, repository, blob),
  )
}

function hasBlob(state: State, repository: string, { digest }: Content): void {
  const { blobs, damaged } = inState(state, repository)
  blobs.add(digest)
  damaged.delete(digest)
}

/** The path of a new upload. */
export async function openUpload(client: Client, repository: string): Promise<string> {
  const path = `/v2/${repository}/blobs/uploads/`
  const answer = await client.change({ method: 'POST', path }, [202], (state, answered) => {
    const location = answered?.headers.get('location')
    // One that was opened without an answer has no name that the client knows.
    if (location !== undefined && location !== null)
      inState(state, repository).uploads.set(location, 0)
  })
  return answer.headers.get('location') ?? ''
}

/** A numbered chunk; the bytes up to its end are acknowledged by the answer. */
export async function sendChunk(
  client: Client,
  repository: string,
  upload: string,
  bytes: Buffer,
  span: { readonly start: number; readonly end: number },
): Promise<void> {
  const headers = { ...uploadType, 'content-range': `${span.start}-${span.end - 1}` }
  const body = bytes.subarray(span.start, span.end)
  await client.change({ method: 'PATCH', path: upload, headers, body }, [202], (state) => {
    inState(state, repository).uploads.set(upload, span.end)
  })
}

/** A stream, which goes behind what is there. */
export async function sendStream(
  client: Client,
  repository: string,
  upload: string,
  bytes: Buffer,
  span: { readonly start: number; readonly end: number },
): Promise<void> {
  const body = bytes.subarray(span.start, span.end)
  await client.change(
    { method: 'PATCH', path: upload, headers: uploadType, body },
    [202],
    (state) => {
      inState(state, repository).uploads.set(upload, span.end)
    },
  )
}

export async function closeUpload(
  client: Client,
  repository: string,
  upload: string,
  blob: Content,
  last?: Buffer,
): Promise<void> {
  const path = `${upload}?digest=${blob.digest}`
  const call = last === undefined ? {} : { headers: uploadType, body: last }
  await client.change({ method: 'PUT', path, ...call }, [201], (state) => {
    inState(state, repository).uploads.delete(upload)
    hasBlob(state, repository, blob)
  })
}

export async function closeWrongly(
  client: Client,
  repository: string,
  upload: string,
): Promise<void> {
  const path = `${upload}?digest=${digestOf(randomBytes(8))}`
  await client.change({ method: 'PUT', path }, [400], (state) => {
    inState(state, repository).uploads.delete(upload)
  })
}

export async function cancelUpload(
  client: Client,
  repository: string,
  upload: string,
  isRetry: boolean,
): Promise<void> {
  const statuses = isRetry ? [204, 404] : [204]
  await client.change({ method: 'DELETE', path: upload }, statuses, (state) => {
    inState(state, repository).uploads.delete(upload)
  })
}

/** Acknowledged bytes of an upload that the client knows; undefined when it has ended. */
export async function uploadSize(client: Client, upload: string): Promise<number | undefined> {
  const { status, headers } = await client.ask({ method: 'GET', path: upload })
  if (status !== 204) return undefined
  const end = Number(headers.get('range')?.split('-')[1])
  return end === 0 ? 0 : end + 1
}

export async function mount(
  client: Client,
  repository: string,
  from: string,
  blob: Content,
): Promise<void> {
  const path = `/v2/${repository}/blobs/uploads/?mount=${blob.digest}&from=${from}`
  await client.change({ method: 'POST', path }, [201], (state) => hasBlob(state, repository, blob))
}

export async function putByTag(
  client: Client,
  repository: string,
  tag: string,
  manifest: Manifest,
): Promise<void> {
  await put(client, repository, tag, manifest, [tag])
}

export async function putByDigest(
  client: Client,
  repository: string,
  manifest: Manifest,
  tags: readonly string[] = [],
): Promise<void> {
  const query = tags.map((tag) => `tag=${tag}`).join('&')
  await put(
    client,
    repository,
    `${manifest.digest}${query === '' ? '' : `?${query}`}`,
    manifest,
    tags,
  )
}

async function put(
  client: Client,
  repository: string,
  reference: string,
  manifest: Manifest,
  tags: readonly string[],
): Promise<void> {
  const path = `/v2/${repository}/manifests/${reference}`
  const headers = { 'content-type': manifest.mediaType }
  await client.change({ method: 'PUT', path, headers, body: manifest.bytes }, [201], (state) => {
    const kept = inState(state, repository)
    kept.manifests.set(manifest.digest, manifest)
    for (const tag of tags) kept.tags.set(tag, manifest.digest)
  })
}

export async function deleteTag(
  client: Client,
  repository: string,
  tag: string,
  isRetry: boolean,
): Promise<void> {
  const path = `/v2/${repository}/manifests/${tag}`
  await client.change({ method: 'DELETE', path }, isRetry ? [202, 404] : [202], (state) => {
    inState(state, repository).tags.delete(tag)
  })
}

export async function deleteManifest(
  client: Client,
  repository: string,
  { digest }: Manifest,
  isRetry: boolean,
): Promise<void> {
  const path = `/v2/${repository}/manifests/${digest}`
  await client.change({ method: 'DELETE', path }, isRetry ? [202, 404] : [202], (state) =>
    dropManifest(state, repository, digest),
  )
}

function dropManifest(state: State, repository: string, digest: Digest): void {
  const { manifests, tags } = inState(state, repository)
  manifests.delete(digest)
  for (const [tag, to] of tags) if (to === digest) tags.delete(tag)
}

export async function deleteBlob(
  client: Client,
  repository: string,
  { digest }: Content,
  isRetry: boolean,
): Promise<void> {
  const path = `/v2/${repository}/blobs/${digest}`
  await client.change({ method: 'DELETE', path }, isRetry ? [202, 404] : [202], (state) => {
    inState(state, repository).blobs.delete(digest)
  })
}

export async function createRepository(
  client: Client,
  repositoryName: string,
  imageTagMutability: ImageTagMutability,
): Promise<void> {
  if (client.state.has(repositoryName)) return
  const imageScanningConfiguration = { scanOnPush: false }
  const input = { repositoryName, imageTagMutability, imageScanningConfiguration }
  await client.operation(
    (state) => state.set(repositoryName, emptyRepository()),
    (ecr) => ecr.send(new CreateRepositoryCommand(input)),
  )
}

export async function deleteRepository(client: Client, repositoryName: string): Promise<void> {
  await client.operation(
    (state) => state.delete(repositoryName),
    (ecr) =>
      unless(
        'RepositoryNotFoundException',
        ecr.send(new DeleteRepositoryCommand({ repositoryName, force: true })),
      ),
  )
}

/** The API's way: a layer in parts, each acknowledged, then the image. */
export async function pushByApi(
  client: Client,
  repositoryName: string,
  tag: string,
  image: Manifest,
  layer: Content,
): Promise<void> {
  const repository = { repositoryName }
  const nothing = (): void => undefined
  const { uploadId } = await client.operation(nothing, (ecr) =>
    ecr.send(new InitiateLayerUploadCommand(repository)),
  )
  await client.operation(nothing, (ecr) =>
    ecr.send(
      new UploadLayerPartCommand({
        ...repository,
        uploadId,
        partFirstByte: 0,
        partLastByte: layer.bytes.length - 1,
        layerPartBlob: layer.bytes,
      }),
    ),
  )
  const layerDigests = [layer.digest]
  await client.operation(
    (state) => hasBlob(state, repositoryName, layer),
    (ecr) =>
      unless(
        'LayerAlreadyExistsException',
        ecr.send(new CompleteLayerUploadCommand({ ...repository, uploadId, layerDigests })),
      ),
  )
  const imageManifest = image.bytes.toString()
  await client.operation(
    (state) => {
      const kept = inState(state, repositoryName)
      kept.manifests.set(image.digest, image)
      kept.tags.set(tag, image.digest)
    },
    (ecr) =>
      unless(
        'ImageAlreadyExistsException',
        ecr.send(new PutImageCommand({ ...repository, imageManifest, imageTag: tag })),
      ),
  )
}

/** The API deletes what refers to an image with it. */
export async function deleteByApi(
  client: Client,
  repositoryName: string,
  image: Manifest,
  referrers: readonly Manifest[],
): Promise<void> {
  const imageIds = [{ imageDigest: image.digest }]
  await client.operation(
    (state) => {
      for (const { digest } of [image, ...referrers]) dropManifest(state, repositoryName, digest)
    },
    async (ecr) => {
      const { failures = [] } = await ecr.send(
        new BatchDeleteImageCommand({ repositoryName, imageIds }),
      )
      const [failure] = failures.filter(({ failureCode }) => failureCode !== 'ImageNotFound')
      if (failure !== undefined) throw new Error(failure.failureReason)
    },
  )
}

async function unless<T>(name: string, sent: Promise<T>): Promise<T | undefined> {
  try {
    return await sent
  } catch (error) {
    if (error instanceof Error && error.name === name) return undefined
    throw error
  }
}

export function isMissing(error: unknown): boolean {
  return error instanceof Refused && error.answer.status === 404
}
