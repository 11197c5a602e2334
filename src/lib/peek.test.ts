import assert from 'node:assert/strict'
import { Readable } from 'node:stream'
import { test } from 'node:test'
import fc from 'fast-check'
import { peek } from './peek.ts'
import { readAll } from './read-all.ts'

test('whoever looks ahead changes nothing of the stream', async () => {
  const pieces = fc.array(fc.uint8Array({ minLength: 1, maxLength: 20 }), { maxLength: 10 })
  await fc.assert(
    fc.asyncProperty(pieces, fc.nat(60), async (sent, bytes) => {
      const whole = Buffer.concat(sent)
      const { head, body } = await peek(Readable.from(sent.map((it) => Buffer.from(it))), bytes)
      assert.ok(head.length >= Math.min(bytes, whole.length))
      assert.deepEqual(Buffer.from(head), whole.subarray(0, head.length))
      assert.deepEqual(await readAll(body, 1000), whole)
    }),
  )
})

test('a stream that breaks breaks for its reader too', async () => {
  const broken = async function* (): AsyncGenerator<Buffer> {
    yield await Promise.resolve(Buffer.from('abc'))
    throw new Error('the client has gone')
  }
  const { body } = await peek(Readable.from(broken()), 2)
  await assert.rejects(readAll(body, 1000), /the client has gone/)
})

test('who stops reading ends the stream that was looked into', async () => {
  const source = Readable.from([Buffer.from('abc'), Buffer.from('def')])
  const { body } = await peek(source, 2)
  for await (const piece of body) {
    assert.equal(String(piece), 'abc')
    break
  }
  body.destroy()
  await new Promise((resolve) => setImmediate(resolve))
  assert.ok(source.destroyed)
})
