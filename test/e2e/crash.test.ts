// The process is killed in the middle of a push; what was acknowledged is there, nothing else is.
import assert from 'node:assert/strict'
import { createHash, randomBytes } from 'node:crypto'
import { connect } from 'node:net'
import { test } from 'node:test'
import { CreateRepositoryCommand } from '@aws-sdk/client-ecr'
import { temporaryDirectory } from '../kit/database.ts'
import { startServer, type ServerProcess } from '../kit/server-process.ts'

const mebibyte = 1024 * 1024

function basic(server: ServerProcess): Record<string, string> {
  const pair = `${server.accessKeyId}:${server.secretAccessKey}`
  return { authorization: `Basic ${Buffer.from(pair).toString('base64')}` }
}

async function pushBlob(server: ServerProcess, content: Buffer): Promise<string> {
  const digest = `sha256:${createHash('sha256').update(content).digest('hex')}`
  const path = `/v2/app/blobs/uploads/?digest=${digest}`
  const pushed = await fetch(server.url + path, {
    method: 'POST',
    headers: basic(server),
    body: new Uint8Array(content),
  })
  assert.equal(pushed.status, 201)
  return digest
}

test('kill -9 in the middle of a push: nothing partial is visible, what was acknowledged stays, and the push can be repeated', async (t) => {
  const directory = await temporaryDirectory(t)
  const first = await startServer(t, { directory })
  await first.ecr.send(new CreateRepositoryCommand({ repositoryName: 'app' }))
  const kept = randomBytes(mebibyte)
  const keptDigest = await pushBlob(first, kept)
  const content = randomBytes(8 * mebibyte)
  const digest = `sha256:${createHash('sha256').update(content).digest('hex')}`
  await sendHalfAndKill(first, content)

  const second = await startServer(t, { directory })
  const head = await fetch(`${second.url}/v2/app/blobs/${digest}`, {
    method: 'HEAD',
    headers: basic(second),
  })
  assert.equal(head.status, 404)
  const acknowledged = await fetch(`${second.url}/v2/app/blobs/${keptDigest}`, {
    headers: basic(second),
  })
  assert.ok(kept.equals(Buffer.from(await acknowledged.arrayBuffer())))
  assert.equal(await pushBlob(second, content), digest)
  const pulled = await fetch(`${second.url}/v2/app/blobs/${digest}`, { headers: basic(second) })
  assert.ok(content.equals(Buffer.from(await pulled.arrayBuffer())))
})

/** Sends half of an upload's body, and kills the server while the rest is awaited. */
async function sendHalfAndKill(server: ServerProcess, content: Buffer): Promise<void> {
  const opened = await fetch(`${server.url}/v2/app/blobs/uploads/`, {
    method: 'POST',
    headers: basic(server),
  })
  const { hostname, port } = new URL(server.url)
  const socket = connect(Number(port), hostname)
  socket.on('error', () => undefined)
  const lines = [
    `PATCH ${opened.headers.get('location') ?? ''} HTTP/1.1`,
    `Host: ${server.host}`,
    `Authorization: ${basic(server)['authorization'] ?? ''}`,
    `Content-Length: ${content.byteLength}`,
  ]
  await new Promise<void>((resolve) => {
    socket.write(`${lines.join('\r\n')}\r\n\r\n`)
    socket.write(content.subarray(0, content.byteLength / 2), () => resolve())
  })
  await server.stop('SIGKILL')
  socket.destroy()
}

test('an upload that was interrupted by a restart goes on where it stood', async (t) => {
  const directory = await temporaryDirectory(t)
  const first = await startServer(t, { directory })
  await first.ecr.send(new CreateRepositoryCommand({ repositoryName: 'app' }))
  const content = randomBytes(2 * mebibyte)
  const opened = await fetch(`${first.url}/v2/app/blobs/uploads/`, {
    method: 'POST',
    headers: basic(first),
  })
  const location = opened.headers.get('location') ?? ''
  const half = new Uint8Array(content.subarray(0, mebibyte))
  const patched = await fetch(first.url + location, {
    method: 'PATCH',
    headers: basic(first),
    body: half,
  })
  assert.equal(patched.status, 202)
  await first.stop('SIGKILL')
  const second = await startServer(t, { directory })
  const status = await fetch(second.url + location, { headers: basic(second) })
  assert.equal(status.headers.get('range'), `0-${mebibyte - 1}`)
  const digest = `sha256:${createHash('sha256').update(content).digest('hex')}`
  const rest = new Uint8Array(content.subarray(mebibyte))
  const closed = await fetch(`${second.url}${location}?digest=${digest}`, {
    method: 'PUT',
    headers: basic(second),
    body: rest,
  })
  assert.equal(closed.status, 201)
})

test('a second server on the same directory is refused with a reason', async (t) => {
  const directory = await temporaryDirectory(t)
  const first = await startServer(t, { directory })
  await assert.rejects(startServer(t, { directory }), /ended \(1\) before it was ready/)
  const answer = await fetch(`${first.url}/readyz`)
  assert.equal(answer.status, 200)
})
