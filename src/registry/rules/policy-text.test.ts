import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { renamePrincipals } from './policy-text.ts'

const role = 'arn:aws:iam::123456789012:role/ci'
const names = new Map([[role, 'AROADEAD']])

test('only principals are renamed; conditions, resources and everything between stay', () => {
  const before = `{ "Version":"2012-10-17",
  "Id": "${role}",
  "Statement" : [ {"Sid":"a","Effect":"Allow","Principal":{"AWS":["${role}",  "arn:aws:iam::123456789012:role/other"]},
     "Action":"ecr:*","Condition":{"ArnLike":{"aws:PrincipalArn":"${role}"}}},
   {"Effect":"Deny","NotPrincipal":{"AWS":"${role}"},"Action":"*","Resource":"${role}"} ] }`
  const after = renamePrincipals(before, names)
  assert.equal(after.split('AROADEAD').length, 3)
  assert.equal(after.replaceAll('AROADEAD', role), before)
  assert.match(after, /"NotPrincipal":\{"AWS":"AROADEAD"\}/)
  assert.match(after, /"aws:PrincipalArn":"arn/)
})

test('an ARN that is written with escapes is the same ARN', () => {
  const escaped = role.replace('role/ci', String.raw`role\/\u0063i`)
  const text = `{"Statement":{"Principal":{"AWS":"${escaped}"},"Effect":"Allow"}}`
  assert.equal(renamePrincipals(text, names), text.replace(escaped, 'AROADEAD'))
})

test('text that is no policy, and text without such a principal, stays as it is', () => {
  const texts = ['', '{', '[]', '"x"', '{"Principal":"*"}', `{"Statement":"${role}"}`]
  for (const text of texts) assert.equal(renamePrincipals(text, names), text)
  assert.equal(renamePrincipals('{', new Map()), '{')
  fc.assert(
    fc.property(fc.json(), (text) => {
      assert.equal(renamePrincipals(text, names), text)
    }),
  )
})
