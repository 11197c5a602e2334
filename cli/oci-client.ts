// Purpose:  push and pull one artifact of one layer, as a stream, from any registry.
// Spec:     OCI distribution-spec "Push", "Pull"; image-spec manifest.md, "Guidelines for Artifact Usage"; Docker's token protocol.
// Input:    answers of a registry that a person named; manifests and challenges are held to small sizes.
// Deviates: redirects of blobs are followed by the platform's fetch, which drops credentials on the way to another host.
// Unknowns: whatever is not one whole artifact of the type asked for, with the digest that its manifest states → a failure.
import { createHash } from 'node:crypto'
import { authorize, type RegistryAccess } from './oci-authorize.ts'
import { failure, parsed, recordIn, refusalOf, request, smallBody } from './oci-http.ts'

export interface OciPlace extends RegistryAccess {
  /** A tag or a digest. */
  readonly reference: string
}

export interface Artifact {
  readonly artifactType: string
  readonly layerType: string
  /** Under which a client writes the layer down. */
  readonly fileName: string
  readonly createdAt: string
  readonly annotations: Readonly<Record<string, string>>
}

const manifestType = 'application/vnd.oci.image.manifest.v1+json'
const empty = { type: 'application/vnd.oci.empty.v1+json', bytes: Buffer.from('{}') }

/** Sends the pieces as they come; `describe` is asked when all were sent. The digest of the manifest. */
export async function pushArtifact(
  place: OciPlace,
  pieces: AsyncIterable<Uint8Array>,
  describe: () => Artifact,
): Promise<string> {
  const registry = await openRegistry(place, 'pull,push')
  // An upload must not stand still for as long as the first piece takes to be made.
  const all = await begun(pieces)
  await pushBytes(registry, empty.bytes)
  const hash = createHash('sha256')
  let size = 0
  const counted = async function* (): AsyncGenerator<Uint8Array> {
    for await (const piece of all) {
      hash.update(piece)
      size += piece.byteLength
      yield piece
    }
  }
  const upload = await startUpload(registry)
  const body = ReadableStream.from(counted())
  const sent = await registry.send('PATCH', upload, {
    type: 'application/octet-stream',
    body,
    expected: [202],
  })
  const digest = `sha256:${hash.digest('hex')}`
  await finishUpload(registry, locationOf(sent, upload), digest)
  const { artifactType, layerType, fileName, createdAt, annotations } = describe()
  const manifest = Buffer.from(
    JSON.stringify({
      schemaVersion: 2,
      mediaType: manifestType,
      artifactType,
      config: { mediaType: empty.type, digest: digestOf(empty.bytes), size: empty.bytes.length },
      layers: [
        {
          mediaType: layerType,
          digest,
          size,
          annotations: { 'org.opencontainers.image.title': fileName },
        },
      ],
      annotations: { 'org.opencontainers.image.created': createdAt, ...annotations },
    }),
  )
  const at = registry.address(`manifests/${place.reference}`)
  await registry.send('PUT', at, { type: manifestType, body: manifest, expected: [201] })
  return digestOf(manifest)
}

/** The one layer of an artifact, its digest verified as it passes: a wrong one ends the stream with a failure. */
export async function pullArtifact(
  place: OciPlace,
  types: { readonly artifactType: string; readonly layerType: string },
): Promise<AsyncIterable<Uint8Array>> {
  const registry = await openRegistry(place, 'pull')
  const at = registry.address(`manifests/${place.reference}`)
  const answer = await registry.send('GET', at, { accept: manifestType, expected: [200] })
  const bytes = await smallBody(answer)
  const layer = layerOf(bytes, place, types)
  const blob = await registry.send('GET', registry.address(`blobs/${layer.digest}`), {
    expected: [200],
  })
  if (blob.body === null) throw failure(`${place.repository} has no content`)
  return verified(blob.body, layer)
}

interface Layer {
  readonly digest: string
  readonly size: number
}

async function* verified(
  pieces: AsyncIterable<Uint8Array>,
  { digest, size }: Layer,
): AsyncGenerator<Uint8Array> {
  const hash = createHash('sha256')
  let read = 0
  for await (const piece of pieces) {
    read += piece.byteLength
    if (read > size) throw failure(`the registry sent more than the ${size} bytes of ${digest}`)
    hash.update(piece)
    yield piece
  }
  if (`sha256:${hash.digest('hex')}` !== digest)
    throw failure(`the registry sent bytes that are not ${digest}`)
}

function layerOf(
  bytes: Buffer,
  { repository, reference }: OciPlace,
  types: { readonly artifactType: string; readonly layerType: string },
): Layer {
  if (reference.startsWith('sha256:') && digestOf(bytes) !== reference)
    throw failure(`the registry sent a manifest that is not ${reference}`)
  const manifest = recordIn(parsed(bytes))
  if (manifest['artifactType'] !== types.artifactType)
    throw failure(`${repository}:${reference} is no bundle of vulnerability data`)
  const layers: readonly unknown[] = Array.isArray(manifest['layers']) ? manifest['layers'] : []
  const { mediaType, digest, size } = recordIn(layers[0])
  const isOurs = layers.length === 1 && mediaType === types.layerType
  if (!isOurs || typeof digest !== 'string' || typeof size !== 'number')
    throw failure(`${repository}:${reference} has not the one layer that a bundle has`)
  if (!/^sha256:[0-9a-f]{64}$/.test(digest)) throw failure('its layer has a digest of another kind')
  return { digest, size }
}

/** The first piece is there; the rest comes as it is asked for. */
async function begun(pieces: AsyncIterable<Uint8Array>): Promise<AsyncIterable<Uint8Array>> {
  const iterator = pieces[Symbol.asyncIterator]()
  const first = await iterator.next()
  return (async function* (): AsyncGenerator<Uint8Array> {
    for (let step = first; step.done !== true; step = await iterator.next()) yield step.value
  })()
}

interface Sending {
  readonly type?: string
  readonly accept?: string
  readonly body?: ReadableStream | Uint8Array
  readonly expected: readonly number[]
}

interface Registry {
  address(path: string): string
  send(method: string, url: string, sending: Sending): Promise<Response>
}

async function pushBytes(registry: Registry, bytes: Uint8Array): Promise<void> {
  const upload = await startUpload(registry)
  const url = withDigest(upload, digestOf(bytes))
  const type = 'application/octet-stream'
  await registry.send('PUT', url, { type, body: bytes, expected: [201] })
}

async function startUpload(registry: Registry): Promise<string> {
  const url = registry.address('blobs/uploads/')
  return locationOf(await registry.send('POST', url, { expected: [202] }), url)
}

async function finishUpload(registry: Registry, upload: string, digest: string): Promise<void> {
  await registry.send('PUT', withDigest(upload, digest), { expected: [201] })
}

function withDigest(upload: string, digest: string): string {
  const url = new URL(upload)
  url.searchParams.set('digest', digest)
  return url.href
}

function locationOf(answer: Response, url: string): string {
  return new URL(answer.headers.get('location') ?? url, url).href
}

async function openRegistry(place: OciPlace, scope: string): Promise<Registry> {
  const { base, repository } = place
  const authorization = await authorize(place, scope)
  return {
    address: (path) => `${base}/v2/${repository}/${path}`,
    async send(method, url, { type, accept, body, expected }) {
      // An upload may lead to another host, which gets no credentials of this one.
      const isOwn = new URL(url).origin === new URL(base).origin
      const headers = {
        ...(isOwn && authorization !== undefined && { authorization }),
        ...(type !== undefined && { 'content-type': type }),
        ...(accept !== undefined && { accept }),
      }
      const answer = await request(url, {
        method,
        headers,
        ...(body === undefined ? {} : { body: bodyOf(body), duplex: 'half' as const }),
      })
      if (expected.includes(answer.status)) return answer
      throw await refusalOf(answer, `${new URL(base).host}/${repository}`)
    },
  }
}

function bodyOf(body: ReadableStream | Uint8Array): ReadableStream | Blob {
  return body instanceof Uint8Array ? new Blob([new Uint8Array(body)]) : body
}

function digestOf(bytes: Uint8Array): string {
  return `sha256:${createHash('sha256').update(bytes).digest('hex')}`
}
