// Clients that mean harm, on raw sockets, and the honest one that must not notice them.
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { request } from 'node:http'
import { connect, type Socket } from 'node:net'
import { buffer } from 'node:stream/consumers'
import type { TestContext } from 'node:test'
import { CreateRepositoryCommand } from '@aws-sdk/client-ecr'
import { digestOf } from '../../src/oci/digest.ts'
import { startServer, type ServerProcess } from './server-process.ts'

export interface Target extends ServerProcess {
  readonly authorization: string
}

/** A server of its own process with the mutable repositories `app` and `honest`. */
export async function startTarget(
  t: TestContext,
  environment: Readonly<Record<string, string>> = {},
): Promise<Target> {
  const server = await startServer(t, { environment })
  for (const repositoryName of ['app', 'honest']) {
    const input = { repositoryName, imageTagMutability: 'MUTABLE' } as const
    await server.ecr.send(new CreateRepositoryCommand(input))
  }
  const basic = Buffer.from(`${server.accessKeyId}:${server.secretAccessKey}`).toString('base64')
  return { ...server, authorization: `Basic ${basic}` }
}

export interface Sent {
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: Uint8Array
  /** Another address of this machine to come from. */
  readonly from?: string
}

export interface Answer {
  readonly status: number
  readonly headers: Readonly<Record<string, unknown>>
  readonly body: Buffer
}

/** One request with credentials on a connection of its own. */
export async function send(
  target: Target,
  method: string,
  path: string,
  { headers, body, from }: Sent = {},
): Promise<Answer> {
  const options = {
    method,
    path,
    agent: false,
    headers: {
      authorization: target.authorization,
      'content-length': String(body?.byteLength ?? 0),
      ...headers,
    },
    ...(from === undefined ? {} : { localAddress: from }),
  }
  return new Promise((resolve, reject) => {
    const outgoing = request(target.url, options, (incoming) => {
      const { statusCode: status = 0, headers: received } = incoming
      buffer(incoming).then((all) => resolve({ status, headers: received, body: all }), reject)
    })
    outgoing.on('error', reject)
    outgoing.end(body)
  })
}

/** Status and code of a refusal in the distribution API's form. */
export function refusalOf({ status, body }: Pick<Answer, 'status' | 'body'>): string {
  const { errors } = JSON.parse(body.toString()) as {
    readonly errors: readonly { readonly code: string; readonly message: string }[]
  }
  assert.equal(errors.length, 1)
  assert.ok((errors[0]?.message.length ?? 0) > 10)
  return `${status} ${errors[0]?.code}`
}

/** A socket on which every byte is said, and what came back. */
export interface RawConnection {
  readonly socket: Socket
  received(): string
  /** Statuses of all answers so far. */
  statuses(): readonly number[]
  /** Resolves when the server has closed; rejects when it has not after so long. */
  closed(withinMs?: number): Promise<string>
}

export function openRaw(target: Pick<Target, 'url'>, from?: string): RawConnection {
  const { hostname, port } = new URL(target.url)
  const socket = connect({
    host: hostname,
    port: Number(port),
    ...(from === undefined ? {} : { localAddress: from }),
  })
  let text = ''
  let failure = ''
  socket.on('data', (piece) => (text += piece.toString('latin1')))
  socket.on('error', (error) => (failure = error.message))
  const ended = new Promise<void>((resolve) => socket.once('close', () => resolve()))
  const received = (): string => text
  return {
    socket,
    received,
    statuses: () =>
      [...text.matchAll(/HTTP\/1\.1 ([0-9]{3}) /g)].map(([, status]) => Number(status)),
    async closed(withinMs = 10_000) {
      const late = setTimeout(() => {
        failure = `open after ${withinMs} ms`
        socket.destroy()
      }, withinMs)
      await ended
      clearTimeout(late)
      assert.ok(!failure.startsWith('open after'), `${failure}; received ${text.slice(0, 300)}`)
      return text
    },
  }
}

/** Sends the bytes as they are written here, one byte for each character, and waits for the close. */
export async function exchangeRaw(target: Pick<Target, 'url'>, bytes: string): Promise<string> {
  const raw = openRaw(target)
  raw.socket.write(Buffer.from(bytes, 'latin1'))
  return raw.closed()
}

/** The head of a request with credentials; lines end with CRLF. */
export function headOf(target: Target, requestLine: string, ...headers: readonly string[]): string {
  const lines = [
    `${requestLine} HTTP/1.1`,
    `Host: ${target.host}`,
    `Authorization: ${target.authorization}`,
    ...headers,
  ]
  return `${lines.join('\r\n')}\r\n\r\n`
}

/** Pushes and pulls images one after another while `attack` runs; each must succeed, and some must. */
export async function besideHonestClient<T>(
  target: Target,
  attack: () => Promise<T>,
  from?: string,
): Promise<T> {
  const attacked = { isOver: false }
  let rounds = 0
  // Attacks run beside one another, each with a client of its own: none moves the tag of another.
  const name = randomBytes(4).toString('hex')
  const honest = async (): Promise<void> => {
    while (!attacked.isOver || rounds === 0) {
      await pushAndPull(target, `${name}-${rounds}`, from)
      rounds += 1
    }
  }
  const ending = attack().finally(() => (attacked.isOver = true))
  const [result] = await Promise.all([ending, honest()])
  return result
}

export async function pushAndPull(target: Target, tag: string, from?: string): Promise<void> {
  const via = from === undefined ? {} : { from }
  const layer = randomBytes(300_000)
  const config = Buffer.from('{}')
  for (const body of [layer, config]) {
    const path = `/v2/honest/blobs/uploads/?digest=${digestOf(body)}`
    assert.equal((await send(target, 'POST', path, { body, ...via })).status, 201)
  }
  const body = Buffer.from(JSON.stringify(imageOf(config, layer)))
  const headers = { 'content-type': 'application/vnd.oci.image.manifest.v1+json' }
  const put = await send(target, 'PUT', `/v2/honest/manifests/${tag}`, { headers, body, ...via })
  assert.equal(put.status, 201, put.body.toString())
  const manifest = await send(target, 'GET', `/v2/honest/manifests/${tag}`, via)
  assert.ok(manifest.body.equals(body))
  const pulled = await send(target, 'GET', `/v2/honest/blobs/${digestOf(layer)}`, via)
  assert.ok(pulled.body.equals(layer))
}

export function imageOf(
  config: Buffer,
  layer: Buffer,
  members: Readonly<Record<string, unknown>> = {},
): Readonly<Record<string, unknown>> {
  return {
    schemaVersion: 2,
    mediaType: 'application/vnd.oci.image.manifest.v1+json',
    config: descriptorOf('application/vnd.oci.image.config.v1+json', config),
    layers: [descriptorOf('application/vnd.oci.image.layer.v1.tar', layer)],
    ...members,
  }
}

export function descriptorOf(
  mediaType: string,
  content: Buffer,
): { readonly mediaType: string; readonly digest: string; readonly size: number } {
  return { mediaType, digest: digestOf(content), size: content.byteLength }
}

/** What the process holds in memory now, in MiB; Linux tells it. */
export async function residentMiB({ pid }: Pick<ServerProcess, 'pid'>): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8')
  return Number(/^VmRSS:\s+([0-9]+) kB$/m.exec(status)?.[1]) / 1024
}

export async function pause(ms: number): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, ms))
}
