import assert from 'node:assert/strict'
import { PassThrough } from 'node:stream'
import { test } from 'node:test'
import fc from 'fast-check'
import { BufferPool } from '../../lib/buffer-pool.ts'
import { yieldToEventLoop } from '../../lib/yield-to-event-loop.ts'
import { gatherBody } from './gather-body.ts'

/** Copies: a piece is good until the next one only. */
async function collect(pieces: AsyncIterable<Uint8Array>): Promise<readonly Buffer[]> {
  const collected: Buffer[] = []
  for await (const piece of pieces) {
    collected.push(Buffer.from(piece))
    await yieldToEventLoop()
  }
  return collected
}

test('however a body is cut, its bytes arrive in order', async () => {
  const sizes = fc.array(fc.integer({ min: 1, max: 300_000 }), { maxLength: 20 })
  await fc.assert(
    fc.asyncProperty(sizes, fc.boolean(), async (lengths, isAnnounced) => {
      const sent = lengths.map((length, index) => Buffer.alloc(length, index + 1))
      const whole = Buffer.concat(sent)
      const source = new PassThrough()
      const pieces = gatherBody(source, new BufferPool(2), isAnnounced ? whole.length : undefined)
      const collected = collect(pieces)
      for (const piece of sent) {
        if (!source.write(Buffer.from(piece))) await new Promise((go) => source.once('drain', go))
      }
      source.end()
      assert.ok(Buffer.concat(await collected).equals(whole))
    }),
    { numRuns: 50 },
  )
})

test('what comes in one turn is one piece, and a slow client’s byte is not held back', async () => {
  const source = new PassThrough()
  const pieces = gatherBody(source, new BufferPool(), undefined)
  const first = pieces.next()
  source.write('a')
  source.write('b')
  assert.equal(Buffer.from((await first).value ?? []).toString(), 'ab')
  const second = pieces.next()
  source.write('c')
  assert.equal(Buffer.from((await second).value ?? []).toString(), 'c')
  source.end()
  assert.equal((await pieces.next()).done, true)
})

test('of a body that breaks off what came is given first', async () => {
  const source = new PassThrough()
  const pieces = gatherBody(source, new BufferPool(), undefined)
  const first = pieces.next()
  source.write('kept')
  await yieldToEventLoop()
  source.destroy(new Error('reset'))
  assert.equal(Buffer.from((await first).value ?? []).toString(), 'kept')
  await assert.rejects(pieces.next(), /reset/)
})

test('a body whose connection closes without an end is broken off', async () => {
  const source = new PassThrough()
  const pieces = gatherBody(source, new BufferPool(), undefined)
  const first = pieces.next()
  source.destroy()
  await assert.rejects(first, /closed/)
})

test('so is one that was closed before it was asked for', async () => {
  const source = new PassThrough()
  source.destroy()
  await new Promise((resolve) => source.once('close', resolve))
  await assert.rejects(gatherBody(source, new BufferPool(), undefined).next(), /closed/)
})

test('a client that is faster than the store is stopped; nothing more is read for a consumer that has had enough', async () => {
  const source = new PassThrough({ highWaterMark: 16 * 1024 * 1024 })
  const pieces = gatherBody(source, new BufferPool(), undefined)
  const first = pieces.next()
  for (let index = 0; index < 8; index += 1) source.write(Buffer.alloc(1024 * 1024))
  await first
  await yieldToEventLoop()
  assert.ok(source.isPaused())
  await pieces.return(undefined)
  await yieldToEventLoop()
  assert.ok(source.isPaused())
  assert.ok(source.readableLength > 0)
})
