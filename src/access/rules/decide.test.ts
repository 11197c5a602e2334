import assert from 'node:assert/strict'
import { test } from 'node:test'
import { accountOf } from '../../../test/kit/principals.ts'
import { decide } from './decide.ts'

const administrator = {
  arn: 'arn:aws:iam::123456789012:user/admin',
  account: accountOf('123456789012'),
  isAdministrator: true,
}
const nobody = {
  ...administrator,
  arn: 'arn:aws:iam::123456789012:user/nobody',
  isAdministrator: false,
}
const own = 'arn:aws:ecr:us-east-1:123456789012:repository/app'
const foreign = 'arn:aws:ecr:us-east-1:210987654321:repository/app'

interface Case {
  readonly name: string
  readonly principal: typeof administrator
  readonly resources: readonly string[]
  readonly expected: 'allow' | 'deny'
}

const cases: readonly Case[] = [
  { name: 'a user', principal: nobody, resources: [own], expected: 'deny' },
  { name: 'a user, no resource', principal: nobody, resources: ['*'], expected: 'deny' },
  { name: 'another account', principal: administrator, resources: [foreign], expected: 'deny' },
  {
    name: 'one of several',
    principal: administrator,
    resources: [own, foreign],
    expected: 'deny',
  },
  {
    name: 'an ARN of no account',
    principal: administrator,
    resources: ['arn:aws:s3:::bucket'],
    expected: 'deny',
  },
  { name: 'text that is no ARN', principal: administrator, resources: ['app'], expected: 'deny' },
  {
    name: 'another partition',
    principal: administrator,
    resources: ['arn:aws-cn:ecr:cn-north-1:123456789012:repository/app'],
    expected: 'deny',
  },
  { name: 'the empty text', principal: administrator, resources: [''], expected: 'deny' },
  { name: 'no resource stated', principal: administrator, resources: [], expected: 'deny' },
  { name: 'the own account', principal: administrator, resources: [own], expected: 'allow' },
  { name: 'an action of none', principal: administrator, resources: ['*'], expected: 'allow' },
]

test('an administrator may do everything in the own account, nobody else anything', () => {
  for (const { name, principal, resources, expected } of cases) {
    const decision = decide({ principal, action: 'ecr:PutImage', resources })
    assert.equal(decision.kind, expected, name)
    assert.ok(decision.reason.length > 10, name)
  }
})

test('a refusal is told in AWS’s sentence', () => {
  const refused = decide({ principal: nobody, action: 'ecr:PutImage', resources: [own] })
  assert.ok(refused.kind === 'deny')
  assert.equal(
    refused.message,
    `User: ${nobody.arn} is not authorized to perform: ecr:PutImage on resource: ${own} because no identity-based policy allows the ecr:PutImage action`,
  )
  const abroad = decide({
    principal: administrator,
    action: 'ecr:PutImage',
    resources: [own, foreign],
  })
  assert.ok(abroad.kind === 'deny')
  assert.match(abroad.message, new RegExp(`on resource: ${foreign} because no resource-based`))
})
