import assert from 'node:assert/strict'
import { test } from 'node:test'
import { noticeIdOf } from './notice-id.ts'

test('the same parts give the same UUID, others another, however they are cut', () => {
  const id = noticeIdOf(['123456789012', 7, 0])
  assert.match(id, /^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/)
  assert.equal(noticeIdOf(['123456789012', 7, 0]), id)
  const others = [
    ['123456789012', 70],
    ['123456789012', 7, 1],
    ['12345678901', '27', 0],
  ] as const
  for (const other of others) assert.notEqual(noticeIdOf(other), id)
})
