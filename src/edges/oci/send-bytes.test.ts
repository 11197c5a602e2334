import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { createServer, request, type IncomingMessage } from 'node:http'
import { buffer } from 'node:stream/consumers'
import { test, type TestContext } from 'node:test'
import type { OpenBytes } from '../../storage/blobs/blob-store.ts'
import { BufferPool } from '../../lib/buffer-pool.ts'
import { sendBytes, type Segment } from './send-bytes.ts'

const mebibyte = 1024 * 1024

interface Held extends OpenBytes {
  readonly isClosed: () => boolean
}

/** Bytes in memory that give at most `atOnce` for a read, as a file may. */
function held(content: Buffer, atOnce = Number.MAX_SAFE_INTEGER): Held {
  let closed = false
  return {
    isClosed: () => closed,
    async read(into, position) {
      assert.equal(closed, false, 'read after close')
      const end = Math.min(position + into.byteLength, position + atOnce)
      return Promise.resolve(content.copy(into, 0, position, end))
    },
    async close() {
      closed = true
      return Promise.resolve()
    },
  }
}

/** Serves one answer made by sendBytes; resolves with how it ended. */
async function serve(
  t: TestContext,
  stored: OpenBytes,
  segments: readonly Segment[],
  buffers = new BufferPool(),
): Promise<{ readonly url: string; readonly ended: Promise<unknown> }> {
  const { promise: ended, resolve } = Promise.withResolvers<unknown>()
  const server = createServer((_, response) => {
    sendBytes(buffers, stored, segments, response).then(() => resolve(undefined), resolve)
  })
  t.after(() => server.close())
  await once(server.listen(0, '127.0.0.1'), 'listening')
  const address = server.address()
  assert.ok(typeof address === 'object' && address !== null)
  return { url: `http://127.0.0.1:${address.port}`, ended }
}

async function get(url: string): Promise<IncomingMessage> {
  const asked = request(url)
  asked.end()
  const [answer] = (await once(asked, 'response')) as [IncomingMessage]
  return answer
}

const whole = (content: Buffer): readonly Segment[] => [{ start: 0, end: content.byteLength - 1 }]

for (const [name, bytes, atOnce, largeBuffers] of [
  ['one byte', 1, undefined, 64],
  ['less than a buffer', 200_000, undefined, 64],
  ['exactly two buffers', 2 * mebibyte, undefined, 64],
  ['many buffers', 5 * mebibyte + 17, undefined, 64],
  ['many buffers with short reads', 3 * mebibyte + 5, 70_001, 64],
  ['one buffer with short reads', 300_000, 1_111, 64],
  ['small buffers only', 3 * mebibyte + 5, undefined, 0],
] as const) {
  test(`sends ${name} unchanged, and closes what it read`, async (t) => {
    const content = randomBytes(bytes)
    const stored = held(content, atOnce)
    const { url, ended } = await serve(t, stored, whole(content), new BufferPool(largeBuffers))
    assert.ok(content.equals(await buffer(await get(url))))
    assert.equal(await ended, undefined)
    assert.equal(stored.isClosed(), true)
  })
}

test('sends spans and the text between them in their order', async (t) => {
  const content = Buffer.from('0123456789')
  const segments = [Buffer.from('<'), { start: 2, end: 4 }, Buffer.from('|'), { start: 8, end: 9 }]
  const { url } = await serve(t, held(content), segments)
  assert.equal((await buffer(await get(url))).toString(), '<234|89')
})

test('stored bytes that end too soon cut the connection and are told', async (t) => {
  const stored = held(randomBytes(1000))
  const { url, ended } = await serve(t, stored, [{ start: 0, end: 1999 }])
  await assert.rejects(async () => buffer(await get(url)), /aborted|socket hang up/)
  assert.match(String(await ended), /stored bytes end at 1000, before 2000/)
  assert.equal(stored.isClosed(), true)
})

test('a client that goes stops the reading, which is no fault', async (t) => {
  const content = Buffer.alloc(64 * mebibyte)
  const stored = held(content)
  const { url, ended } = await serve(t, stored, whole(content))
  const answer = await get(url)
  answer.destroy()
  assert.equal(await ended, undefined)
  assert.equal(stored.isClosed(), true)
})

test('answers at once share the buffers and never each other’s bytes', async (t) => {
  const buffers = new BufferPool(3)
  const contents = Array.from({ length: 8 }, () => randomBytes(4 * mebibyte))
  const pulled = contents.map(async (content) => {
    const { url } = await serve(t, held(content), whole(content), buffers)
    return content.equals(await buffer(await get(url)))
  })
  assert.deepEqual([...new Set(await Promise.all(pulled))], [true])
})
