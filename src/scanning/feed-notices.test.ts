import assert from 'node:assert/strict'
import { test } from 'node:test'
import { FeedNotices, type FeedNotice } from './feed-notices.ts'
import type { PartRefresh } from './refresh-part.ts'

const nextAttemptAt = new Date('2026-01-01T00:00:00Z')
const failed = (
  source: string,
  fault: Extract<PartRefresh, { kind: 'failed' }>['fault'],
  isNew = true,
): PartRefresh => ({ kind: 'failed', source, fault, reason: 'why', nextAttemptAt, isNew })
const unchanged: PartRefresh = { kind: 'unchanged', source: 'osv/npm' }

function wordsOf({ event, source }: FeedNotice['line']): string {
  return [event, source].filter((word) => typeof word === 'string').join(' ')
}

function told(refreshes: readonly PartRefresh[]): readonly unknown[] {
  const notices = new FeedNotices()
  return refreshes.map((refresh) => {
    const notice = notices.about(refresh)
    return notice === undefined ? undefined : wordsOf(notice.line)
  })
}

test('a machine without network says so once, however many feeds it asks', () => {
  const first = ['a', 'b', 'c'].map((name) => failed(name, 'unreachable'))
  const again = ['a', 'b', 'c'].map((name) => failed(name, 'unreachable', false))
  assert.deepEqual(told([...first, ...again, ...again]), [
    'feed.unreachable a',
    ...Array.from({ length: 8 }, () => undefined),
  ])
})

test('when something was reached in between, the next failure is told again', () => {
  const lines = told([failed('a', 'unreachable'), unchanged, failed('b', 'unreachable')])
  assert.deepEqual(lines, ['feed.unreachable a', undefined, 'feed.unreachable b'])
})

test('other failures are told once for each part, and what is frozen', () => {
  const lines = told([
    failed('a', 'held'),
    failed('a', 'held', false),
    failed('b', 'malformed'),
    { kind: 'frozen', source: 'c', isNew: true },
    { kind: 'frozen', source: 'c', isNew: false },
    unchanged,
  ])
  assert.deepEqual(lines, [
    'feed.failed a',
    undefined,
    'feed.failed b',
    'feed.frozen c',
    undefined,
    undefined,
  ])
})
