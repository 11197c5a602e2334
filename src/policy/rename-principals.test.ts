import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
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

const role = 'arn:aws:iam::123456789012:role/ci'
const renamed = new Map([[role, 'AROADEAD']])

test('only principals are renamed; conditions, resources and everything between stay', () => {
  const before = `{ "Version":"2012-10-17",
  "Id": "${role}",
  "Statement" : [ {"Sid":"a","Effect":"Allow","Principal":{"AWS":["${role}",  "arn:aws:iam::123456789012:role/other"]},
     "Action":"ecr:*","Condition":{"ArnLike":{"aws:PrincipalArn":"${role}"}}},
   {"Effect":"Deny","NotPrincipal":{"AWS":"${role}"},"Action":"*","Resource":"${role}"} ] }`
  const after = renamePrincipals(before, renamed)
  assert.equal(after.split('AROADEAD').length, 3)
  assert.equal(after.replaceAll('AROADEAD', role), before)
  assert.match(after, /"NotPrincipal":\{"AWS":"AROADEAD"\}/)
  assert.match(after, /"aws:PrincipalArn":"arn/)
})

test('an ARN that is written with escapes is the same ARN', () => {
  const escaped = role.replace('role/ci', String.raw`role\/\u0063i`)
  const text = `{"Statement":{"Principal":{"AWS":"${escaped}"},"Effect":"Allow"}}`
  assert.equal(renamePrincipals(text, renamed), text.replace(escaped, 'AROADEAD'))
})

test('text that is no policy, and text without such a principal, stays as it is', () => {
  const texts = ['', '{', '[]', '"x"', '{"Principal":"*"}', `{"Statement":"${role}"}`]
  for (const text of texts) assert.equal(renamePrincipals(text, renamed), text)
  assert.equal(renamePrincipals('{', new Map()), '{')
  fc.assert(
    fc.property(fc.json(), (text) => {
      assert.equal(renamePrincipals(text, renamed), text)
    }),
  )
})
