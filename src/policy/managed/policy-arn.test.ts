import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { parseAccountId } from '../account-id.ts'
import { managedPolicyArn, parseManagedPolicyArn } from './policy-arn.ts'

test('refuses what names no policy of an account', () => {
  const refused = [
    '',
    '*',
    'arn:aws:iam::aws:policy/AdministratorAccess',
    'arn:aws:iam::123456789012:user/x',
    'arn:aws:iam::123456789012:policy/',
    'arn:aws:iam::123456789012:policy//x',
    'arn:aws:iam::123456789012:policyx',
    'arn:aws:iam:us-east-1:123456789012:policy/x',
    'arn:aws:ecr::123456789012:policy/x',
    'arn:aws:iam:::policy/x',
    'arn:aws:iam::123456789012:policy/a b/x',
    'arn:aws:iam::123456789012:policy/x*',
    `arn:aws:iam::123456789012:policy/${'a'.repeat(129)}`,
  ]
  for (const text of refused) assert.equal(parseManagedPolicyArn(text), undefined, text)
})

test('reading is the inverse of writing', () => {
  const policies = fc.record({
    account: fc.stringMatching(/^[0-9]{12}$/).map((text) => {
      const account = parseAccountId(text)
      if (account === undefined) throw new Error(text)
      return account
    }),
    path: fc
      .array(fc.stringMatching(/^[!-.0-~]{1,10}$/), { maxLength: 3 })
      .map((steps) => ['', ...steps, ''].join('/')),
    name: fc.stringMatching(/^[A-Za-z0-9_+=,.@-]{1,128}$/),
  })
  fc.assert(
    fc.property(policies, (policy) => {
      const arn = managedPolicyArn(policy.account, policy.path, policy.name)
      assert.deepEqual(parseManagedPolicyArn(arn), { ...policy })
    }),
  )
})
