import assert from 'node:assert/strict'
import { test } from 'node:test'
import { renamePrincipals } from './rename-principals.ts'

const names = new Map([
  ['arn:a', 'AIDA1'],
  ['arn:b', 'arn:c'],
])

test('text that is no policy, or names nobody of these, is returned as it is', () => {
  for (const text of ['{', '[]', '"arn:a"', '{"Principal":"arn:x"}', '{"Statement":"arn:a"}']) {
    assert.equal(renamePrincipals(text, names), text)
  }
  const named = '{"Statement":{"Principal":"arn:a"}}'
  assert.equal(renamePrincipals(named, new Map()), named)
})

test('only principals are renamed, wherever they stand; all else keeps its letters', () => {
  const text = `{"Id": "arn:a",\n "Statement": [ {"Principal": {"AWS": ["arn:a", "arn\\u003ab","arn:a\\""]}, "Sid":"arn:a"},\r\n{"NotPrincipal":{"AWS":"arn:b"}, "Condition": {"X": {"Y": "arn:b"}}}]}`
  assert.equal(
    renamePrincipals(text, names),
    `{"Id": "arn:a",\n "Statement": [ {"Principal": {"AWS": ["AIDA1", "arn:c","arn:a\\""]}, "Sid":"arn:a"},\r\n{"NotPrincipal":{"AWS":"arn:c"}, "Condition": {"X": {"Y": "arn:b"}}}]}`,
  )
})
