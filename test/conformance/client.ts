// A client that sends exactly what a check says: no retries, no redirects, no headers of its own but the necessary ones.
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { request, type IncomingHttpHeaders } from 'node:http'
import { buffer } from 'node:stream/consumers'
import { digestOf, type Digest, type DigestAlgorithm } from '../../src/oci/digest.ts'
import { mediaTypes } from '../../src/oci/media-type.ts'
import type { TestServer } from '../kit/server.ts'

export interface Sent {
  readonly headers?: Readonly<Record<string, string | readonly string[]>>
  readonly body?: Buffer
  /** Sent with `Transfer-Encoding: chunked` and without a length. */
  readonly pieces?: readonly Buffer[]
}

export interface Answer {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly body: Buffer
}

/** One row of the table: the sentence that is checked, and how. */
export interface Check {
  readonly sentence: string
  readonly run: (client: Client) => Promise<void>
}

/** Two repositories of one check's own, in a server that all checks share. */
export interface Client {
  readonly repository: string
  readonly other: string
  readonly server: TestServer
  send(method: string, path: string, sent?: Sent): Promise<Answer>
  /** Below `/v2/<repository>/`. */
  at(method: string, path: string, sent?: Sent): Promise<Answer>
}

export async function openClient(server: TestServer, repository: string): Promise<Client> {
  const other = `${repository}-other`
  await server.createRepository(repository, 'MUTABLE')
  await server.createRepository(other)
  const authorization = { authorization: server.authorization }
  const send: Client['send'] = async (method, path, sent = {}) =>
    exchange(server.url, method, path, {
      ...sent,
      headers: { ...authorization, ...sent.headers },
    })
  const at: Client['at'] = async (method, path, sent) =>
    send(method, `/v2/${repository}/${path}`, sent)
  return { repository, other, server, send, at }
}

/** The path goes out as it is written: a URL would take dot segments away. */
export async function exchange(
  origin: string,
  method: string,
  path: string,
  sent: Sent,
): Promise<Answer> {
  const length =
    sent.pieces === undefined && (sent.body !== undefined || method !== 'GET')
      ? { 'content-length': String(sent.body?.byteLength ?? 0) }
      : {}
  const headers = { ...(method === 'HEAD' ? {} : length), ...sent.headers }
  return new Promise((resolve, reject) => {
    const outgoing = request(origin, { method, path, headers, agent: false }, (incoming) => {
      const { statusCode: status = 0 } = incoming
      buffer(incoming).then((body) => resolve({ status, headers: incoming.headers, body }), reject)
    })
    outgoing.on('error', reject)
    if (sent.body !== undefined) outgoing.write(sent.body)
    for (const piece of sent.pieces ?? []) outgoing.write(piece)
    outgoing.end()
  })
}

/** One value of a header that is sent once. */
export function header(answer: Answer, name: string): string {
  const value = answer.headers[name]
  return typeof value === 'string' ? value : ''
}

export function expectStatus(answer: Answer, status: number): Answer {
  assert.equal(answer.status, status, answer.body.toString().slice(0, 500))
  return answer
}

/** The shape of a refusal: `{"errors":[{"code","message","detail"?}]}`. */
export function expectRefusal(answer: Answer, status: number, code: string): Answer {
  expectStatus(answer, status)
  assert.equal(answer.headers['content-type'], 'application/json')
  const body: unknown = JSON.parse(answer.body.toString())
  const { errors, ...rest } = body as {
    readonly errors: readonly Readonly<Record<string, unknown>>[]
  }
  assert.deepEqual(rest, {})
  const [error = {}, ...more] = errors
  assert.deepEqual(more, [])
  assert.equal(error['code'], code)
  assert.match(code, /^[A-Z_]+$/)
  assert.ok(typeof error['message'] === 'string' && error['message'].length > 10)
  for (const key of Object.keys(error)) assert.ok(['code', 'message', 'detail'].includes(key), key)
  return answer
}

export function jsonOf(answer: Answer): Readonly<Record<string, unknown>> {
  const value: unknown = JSON.parse(answer.body.toString())
  assert.ok(typeof value === 'object' && value !== null)
  return value as Readonly<Record<string, unknown>>
}

export function randomBlob(
  size = 512,
  algorithm: DigestAlgorithm = 'sha256',
): { readonly bytes: Buffer; readonly digest: Digest } {
  const bytes = randomBytes(size)
  return { bytes, digest: digestOf(bytes, algorithm) }
}

/** The Location of an answer with one more parameter, as clients join it. */
export function withQuery(location: string, query: string): string {
  return `${location}${location.includes('?') ? '&' : '?'}${query}`
}

export async function openUpload(client: Client): Promise<string> {
  const opened = expectStatus(await client.at('POST', 'blobs/uploads/'), 202)
  return header(opened, 'location')
}

export async function pushBlob(client: Client, bytes: Buffer): Promise<Digest> {
  const digest = digestOf(bytes)
  expectStatus(await client.at('POST', `blobs/uploads/?digest=${digest}`, { body: bytes }), 201)
  return digest
}

export interface PushedManifest {
  readonly digest: Digest
  readonly size: number
  readonly bytes: Buffer
  readonly mediaType: string
  readonly answer: Answer
}

/** Pushes under a tag, or by digest where none is given. */
export async function pushManifest(
  client: Client,
  document: Readonly<Record<string, unknown>>,
  tag?: string,
): Promise<PushedManifest> {
  const bytes = Buffer.from(JSON.stringify(document))
  const digest = digestOf(bytes)
  const mediaType = String(document['mediaType'])
  const sent = { headers: { 'content-type': mediaType }, body: bytes }
  const answer = expectStatus(await client.at('PUT', `manifests/${tag ?? digest}`, sent), 201)
  return { digest, size: bytes.byteLength, bytes, mediaType, answer }
}

/** An image whose config and one layer are pushed. */
export async function imageOf(
  client: Client,
  members: Readonly<Record<string, unknown>> = {},
): Promise<Readonly<Record<string, unknown>>> {
  const config = Buffer.from('{}')
  const layer = randomBytes(64)
  await pushBlob(client, config)
  await pushBlob(client, layer)
  return {
    schemaVersion: 2,
    mediaType: mediaTypes.ociManifest,
    config: { mediaType: mediaTypes.ociConfig, digest: digestOf(config), size: 2 },
    layers: [
      {
        mediaType: 'application/vnd.oci.image.layer.v1.tar',
        digest: digestOf(layer),
        size: layer.byteLength,
      },
    ],
    ...members,
  }
}

export function indexOf(
  children: readonly Pick<PushedManifest, 'mediaType' | 'digest' | 'size'>[],
  members: Readonly<Record<string, unknown>> = {},
): Readonly<Record<string, unknown>> {
  const manifests = children.map(({ mediaType, digest, size }) => ({ mediaType, digest, size }))
  return { schemaVersion: 2, mediaType: mediaTypes.ociIndex, manifests, ...members }
}

/** The content is there, by HEAD and by GET, with its exact length and digest. */
export async function expectBlob(client: Client, digest: Digest, bytes: Buffer): Promise<void> {
  const head = expectStatus(await client.at('HEAD', `blobs/${digest}`), 200)
  const got = expectStatus(await client.at('GET', `blobs/${digest}`), 200)
  assert.equal(head.body.byteLength, 0)
  assert.ok(got.body.equals(bytes))
  for (const answer of [head, got]) {
    assert.equal(header(answer, 'content-length'), String(bytes.byteLength))
    assert.equal(header(answer, 'docker-content-digest'), digest)
    assert.equal(header(answer, 'content-type'), 'application/octet-stream')
    assert.equal(header(answer, 'etag'), `"${digest}"`)
    assert.equal(header(answer, 'accept-ranges'), 'bytes')
  }
}

export async function expectManifest(
  client: Client,
  reference: string,
  pushed: Pick<PushedManifest, 'bytes' | 'mediaType' | 'digest'>,
): Promise<void> {
  const accept = [mediaTypes.ociManifest, mediaTypes.ociIndex]
  const sent = { headers: { accept } }
  const head = expectStatus(await client.at('HEAD', `manifests/${reference}`, sent), 200)
  const got = expectStatus(await client.at('GET', `manifests/${reference}`, sent), 200)
  assert.equal(head.body.byteLength, 0)
  assert.ok(got.body.equals(pushed.bytes))
  for (const answer of [head, got]) {
    assert.equal(header(answer, 'content-length'), String(pushed.bytes.byteLength))
    assert.equal(header(answer, 'docker-content-digest'), pushed.digest)
    assert.equal(header(answer, 'content-type'), pushed.mediaType)
    assert.equal(header(answer, 'etag'), `"${pushed.digest}"`)
  }
}
