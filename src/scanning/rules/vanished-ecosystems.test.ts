import assert from 'node:assert/strict'
import { test } from 'node:test'
import { compareEcosystems } from './vanished-ecosystems.ts'

const live = (...names: readonly string[]) =>
  names.map((ecosystem) => ({ ecosystem, isFrozen: false }))
const frozen = (...names: readonly string[]) =>
  names.map((ecosystem) => ({ ecosystem, isFrozen: true }))

test('nothing vanishes where more than half is missing: that is another file', () => {
  const known = live('D:10', 'D:11', 'D:12')
  assert.deepEqual(compareEcosystems(known, new Set(['D:12'])).vanished, [])
  assert.deepEqual(compareEcosystems(live('npm'), new Set(['PyPI'])).vanished, [])
})

test('a release that is missing vanished once, and is gone until it is spoken of again', () => {
  const before = live('D:10', 'D:11', 'D:12')
  assert.deepEqual(compareEcosystems(before, new Set(['D:11', 'D:12'])), {
    vanished: ['D:10'],
    gone: ['D:10'],
    returned: [],
  })
  const after = [...frozen('D:10'), ...live('D:11', 'D:12')]
  assert.deepEqual(compareEcosystems(after, new Set(['D:11', 'D:12', 'D:13'])), {
    vanished: [],
    gone: ['D:10'],
    returned: [],
  })
  assert.deepEqual(compareEcosystems(after, new Set(['D:10', 'D:11', 'D:12'])), {
    vanished: [],
    gone: [],
    returned: ['D:10'],
  })
})
