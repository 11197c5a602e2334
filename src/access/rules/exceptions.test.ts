import assert from 'node:assert/strict'
import { test } from 'node:test'
import { requesterOf } from '../../../test/kit/policies.ts'
import { anonymousActions, passesGuardRails } from './exceptions.ts'
import { tagValues } from './tag-values.ts'

test('guard rails bind everybody, but for root who mends them', () => {
  const root = requesterOf('arn:aws:iam::123456789012:root')
  const user = requesterOf('arn:aws:iam::123456789012:user/admin')
  const bound = [
    [user, 'pratique:PutGuardRail'],
    [root, 'ecr:PutImage'],
    [root, 'pratique:RevokeSessions'],
    [requesterOf(null), 'pratique:DeleteGuardRail'],
  ] as const
  for (const [requester, action] of bound) {
    assert.equal(passesGuardRails({ requester, action }), false, action)
  }
  for (const action of [
    'pratique:PutGuardRail',
    'pratique:deleteGuardRail',
    'pratique:ListGuardRails',
  ]) {
    assert.equal(passesGuardRails({ requester: root, action }), true, action)
  }
})

test('what anybody may be allowed reads, and nothing else', () => {
  for (const action of anonymousActions)
    assert.match(action, /^ecr:(?:batchget|getdownload|batchcheck|list)/)
  assert.equal(anonymousActions.size, 4)
})

test('of two tags whose keys differ only in case neither is believed', () => {
  const values = tagValues([
    ['Team', 'blue'],
    ['Stage', 'test'],
    ['TEAM', 'red'],
  ])
  assert.deepEqual([...values], [['stage', 'test']])
})
