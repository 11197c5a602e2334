import assert from 'node:assert/strict'
import { test } from 'node:test'
import { pagesOf } from './pages.ts'

/** A list of so many numbers, and after which of them it was asked for a page. */
async function walk(rows: number, limit: number): Promise<readonly (number | undefined)[][]> {
  const asked: (number | undefined)[] = []
  const found: number[] = []
  const pages = pagesOf<number>(limit, async (last) => {
    asked.push(last)
    const from = (last ?? 0) + 1
    const length = Math.min(limit, rows - from + 1)
    return Promise.resolve(Array.from({ length }, (_, index) => from + index))
  })
  for await (const page of pages) found.push(...page)
  return [found, asked]
}

test('every row comes once, and the list is not asked for more than it has', async () => {
  assert.deepEqual(await walk(5, 2), [
    [1, 2, 3, 4, 5],
    [undefined, 2, 4],
  ])
  assert.deepEqual(await walk(1, 2), [[1], [undefined]])
})

test('a list that ends with a full page, or has no row at all, has no empty page', async () => {
  assert.deepEqual(await walk(4, 2), [
    [1, 2, 3, 4],
    [undefined, 2, 4],
  ])
  assert.deepEqual(await walk(0, 2), [[], [undefined]])
})
