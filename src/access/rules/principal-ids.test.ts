import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readPrincipalIds, writePrincipalIds } from './principal-ids.ts'

test('refuses what it did not write', () => {
  for (const column of ['', '7', 'null', '{"arn":1}', '{"arn":{}}'])
    assert.throws(() => readPrincipalIds(column), Error, column)
})

test('reading is the inverse of writing', () => {
  const ids = new Map([
    ['arn:aws:iam::123456789012:user/dev', 'AIDA1'],
    ['__proto__', 'AROA1'],
  ])
  assert.deepEqual(readPrincipalIds(writePrincipalIds(ids)), ids)
  assert.deepEqual(readPrincipalIds('{}'), new Map())
})
