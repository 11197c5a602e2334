import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ecosystemOfAdvisory } from '../ecosystems/table.ts'
import { chooseFeeds } from './choice.ts'
import { sourceOf } from './feed.ts'
import { feeds } from './table.ts'

const chosen = (...words: readonly string[]): unknown => {
  const choice = chooseFeeds(words)
  if (choice.kind === 'refused') return choice.reason
  return choice.feeds.map(({ feed, parts }) => [feed.name, parts])
}

test('a name that no feed has is refused with the nearest one, a part with those that there are', () => {
  assert.match(String(chosen('gihub')), /"gihub" is no feed: did you mean github\?/)
  assert.match(String(chosen('something-else')), /there are default, none, debian, /)
  assert.match(String(chosen('kev/x')), /kev has no part "x"/)
  assert.match(String(chosen('osv/../etc')), /no feed|no part/)
  assert.match(String(chosen('')), /is no feed/)
})

test('a feed is read as a whole, or the parts that are named, or not at all', () => {
  assert.deepEqual(chosen('none'), [])
  assert.deepEqual(chosen('kev', 'osv/npm', 'osv/Red Hat'), [
    ['kev', undefined],
    ['osv', ['npm', 'Red Hat']],
  ])
  assert.deepEqual(chosen('osv/npm', 'osv'), [['osv', undefined]])
  assert.deepEqual(chosen('osv', 'osv/npm'), [['osv', undefined]])
})

test('the default set is what the table says', () => {
  const names = feeds.filter(({ isDefault }) => isDefault).map(({ name }) => [name, undefined])
  assert.deepEqual(chosen('default'), names)
  assert.ok(names.length > 2)
})

test('every row of the table is complete, with ecosystems whose versions are compared here', () => {
  assert.equal(new Set(feeds.map(({ name }) => name)).size, feeds.length)
  for (const { name, says, home, licence, ecosystems, parts } of feeds) {
    assert.match(name, /^[a-z][a-z0-9-]{0,31}$/)
    assert.ok(says !== '' && !says.endsWith('.') && licence !== '', name)
    assert.equal(new URL(home).protocol, 'https:', name)
    for (const one of ecosystems)
      assert.notEqual(ecosystemOfAdvisory(one), undefined, `${name}: ${one}`)
    const names = parts.kind === 'fixed' ? parts.names : []
    assert.equal(new Set(names.map((part) => sourceOf(name, part))).size, names.length)
  }
})
