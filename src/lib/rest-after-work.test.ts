import assert from 'node:assert/strict'
import { test } from 'node:test'
import { withRest } from './rest-after-work.ts'

const { signal } = new AbortController()

test('gives what the work gave, and lets others have their turn before', async () => {
  for (const times of [0, 1]) {
    const order: string[] = []
    setImmediate(() => order.push('other'))
    const result = await withRest(
      () => {
        order.push('work')
        return Promise.resolve(7)
      },
      times,
      { signal },
    )
    order.push('end')
    assert.equal(result, 7)
    assert.deepEqual(order, ['work', 'other', 'end'])
  }
})

test('a failure of the work is told, and a stop ends the rest', async () => {
  await assert.rejects(
    withRest(() => Promise.reject(new Error('no')), 1, { signal }),
    /no/,
  )
  const stop = new AbortController()
  const work = async (): Promise<void> => {
    const until = performance.now() + 2
    while (performance.now() < until) await Promise.resolve()
    stop.abort()
  }
  await assert.rejects(withRest(work, 100, stop), { name: 'AbortError' })
})
