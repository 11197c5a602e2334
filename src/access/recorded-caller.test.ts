import assert from 'node:assert/strict'
import { test } from 'node:test'
import { testCaller } from '../../test/kit/principals.ts'
import { readCaller, writeCaller } from './recorded-caller.ts'

test('a caller comes back as it was, a session with its moments', () => {
  const user = testCaller()
  assert.deepEqual(readCaller(writeCaller(user)), user)
  const session = {
    issuedAt: new Date(1000),
    expiresAt: new Date(2000),
    policies: ['{}'],
    policyArns: ['arn'],
    tags: { team: 'a' },
    transitiveTagKeys: [],
    sourceIdentity: undefined,
    federatedProvider: undefined,
    claims: {},
  }
  const read = readCaller(writeCaller({ ...user, session }))
  assert.deepEqual(read.session?.issuedAt, session.issuedAt)
  assert.deepEqual([read.session?.policies, read.session?.tags], [['{}'], { team: 'a' }])
})

test('what is no caller is nobody', () => {
  assert.throws(() => readCaller('{}'), /no caller is recorded/)
})
