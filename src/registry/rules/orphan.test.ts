import assert from 'node:assert/strict'
import { test } from 'node:test'
import { judgeOrphan, shardCount, shardName, type OrphanVerdict } from './orphan.ts'

const hour = 3_600_000
const now = new Date('2026-11-24T12:00:00Z')
const ago = (hours: number): Date => new Date(now.getTime() - hours * hour)

const cases: readonly (readonly [string, number, number | undefined, OrphanVerdict])[] = [
  ['young bytes stay', 47, undefined, 'leave'],
  ['young bytes stay though they were seen', 1, 100, 'leave'],
  ['old bytes are marked first', 49, undefined, 'mark'],
  ['and stay until a day has passed', 72, 23, 'leave'],
  ['then they go', 72, 24, 'remove'],
  ['a time ahead is no age', -1000, undefined, 'leave'],
  ['nor is a sighting ahead', 72, -5, 'leave'],
]

for (const [name, writtenHours, seenHours, expected] of cases) {
  test(name, () => {
    const seenAt = seenHours === undefined ? undefined : ago(seenHours)
    assert.equal(judgeOrphan({ writtenAt: ago(writtenHours), seenAt }, now), expected)
  })
}

test('the parts of the store are all beginnings of keys, once each', () => {
  const names = Array.from({ length: shardCount }, (_, shard) => shardName(shard))
  assert.equal(new Set(names).size, 256)
  assert.deepEqual([names[0], names[10], names[255]], ['00', '0a', 'ff'])
})
