import assert from 'node:assert/strict'
import { test } from 'node:test'
import { defaultStaleAfterMs, judgeDataAge, type DatedSource } from './data-age.ts'

const now = new Date('2026-11-24T12:00:00Z')
const when = { now, staleAfterMs: defaultStaleAfterMs }

function source(origin: DatedSource['origin'], hoursAgo: number | undefined): DatedSource {
  const importedAt =
    hoursAgo === undefined ? undefined : new Date(now.getTime() - hoursAgo * 3_600_000)
  return { name: origin, origin, importedAt }
}

test('calls data stale when there is none, or when nothing was ever imported', () => {
  assert.partialDeepStrictEqual(judgeDataAge([], when), { stale: true, updatedAt: undefined })
  assert.partialDeepStrictEqual(judgeDataAge([source('feed', undefined)], when), {
    stale: true,
    updatedAt: undefined,
  })
})

test('calls the starter set stale however new it is', () => {
  const age = judgeDataAge([source('starter', 0), source('feed', undefined)], when)
  assert.partialDeepStrictEqual(age, { stale: true, ageSeconds: 0 })
  assert.match(age.stale ? age.reason : '', /starter/)
})

test('calls data stale when nothing was imported for longer than the limit', () => {
  assert.partialDeepStrictEqual(judgeDataAge([source('feed', 49), source('starter', 1)], when), {
    stale: true,
    ageSeconds: 49 * 3600,
  })
})

test('calls data fresh up to the limit, by the newest source', () => {
  assert.partialDeepStrictEqual(judgeDataAge([source('feed', 48), source('import', 90)], when), {
    stale: false,
    ageSeconds: 48 * 3600,
  })
})
