import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { PolicyType } from './compile.ts'
import { denialSentence } from './denial.ts'
import type { Decision } from './evaluate.ts'

const dev = 'arn:aws:iam::123456789012:user/dev'
const repository = 'arn:aws:ecr:us-east-1:123456789012:repository/team/app'
const foreign = 'arn:aws:ecr:us-east-1:999988887777:repository/team/app'
const start = `User: ${dev} is not authorized to perform: ecr:PutImage on resource: ${repository}`

function silent(...missing: readonly PolicyType[]): Exclude<Decision, { kind: 'allow' }> {
  return { kind: 'implicit-deny', missing }
}

function explicit(...types: readonly PolicyType[]): Exclude<Decision, { kind: 'allow' }> {
  const decidedBy = types.map((type) => ({
    type,
    policy: 'p',
    version: undefined,
    index: 0,
    sid: undefined,
  }))
  return { kind: 'explicit-deny', decidedBy }
}

test('says in AWS’s words which type of policy refuses', () => {
  const put = { principalArn: dev, action: 'ecr:PutImage', resource: repository }
  const sentences: readonly (readonly [Exclude<Decision, { kind: 'allow' }>, string])[] = [
    [silent('identity'), ' because no identity-based policy allows the ecr:PutImage action'],
    [silent('resource'), ' because no resource-based policy allows the ecr:PutImage action'],
    [silent('boundary'), ' because no permissions boundary allows the ecr:PutImage action'],
    [silent('session'), ' because no session policy allows the ecr:PutImage action'],
    [silent('scp'), ' because no service control policy allows the ecr:PutImage action'],
    [silent('rcp'), ' because no resource control policy allows the ecr:PutImage action'],
    [explicit('identity'), ' with an explicit deny in an identity-based policy'],
    [explicit('resource'), ' with an explicit deny in a resource-based policy'],
    [explicit('boundary'), ' with an explicit deny in a permissions boundary'],
    [explicit('session'), ' with an explicit deny in a session policy'],
    [explicit('scp'), ' with an explicit deny in a service control policy'],
    [explicit('rcp'), ' with an explicit deny in a resource control policy'],
    [explicit('trust'), ' with an explicit deny in the role trust policy'],
  ]
  for (const [decision, reason] of sentences) {
    assert.equal(denialSentence(put, decision), `${start}${reason}`)
  }
})

test('names one type where several are silent: guard rails first, within the account identity before resource', () => {
  const put = { principalArn: dev, action: 'ecr:PutImage', resource: repository }
  const abroad = { ...put, resource: foreign }
  const reasons: readonly (readonly [typeof put, readonly PolicyType[], string])[] = [
    [put, ['identity', 'resource'], 'no identity-based policy'],
    [abroad, ['identity', 'resource'], 'no resource-based policy'],
    [abroad, ['identity'], 'no identity-based policy'],
    [put, ['identity', 'resource', 'boundary', 'session'], 'no identity-based policy'],
    [put, ['identity', 'resource', 'scp'], 'no service control policy'],
    [put, ['identity', 'rcp'], 'no resource control policy'],
    [put, ['boundary', 'session'], 'no permissions boundary'],
  ]
  for (const [request, missing, words] of reasons) {
    assert.ok(denialSentence(request, silent(...missing)).includes(words), missing.join())
  }
})

test('a role that trusts nobody is refused by its trust policy', () => {
  const resource = 'arn:aws:iam::123456789012:role/CIDeploymentRole'
  const enter = { principalArn: dev, action: 'sts:AssumeRole', resource }
  assert.equal(
    denialSentence(enter, silent('identity', 'trust')),
    `User: ${dev} is not authorized to perform: sts:AssumeRole on resource: ${resource} because no role trust policy allows the sts:AssumeRole action`,
  )
})

test('an action without a resource is refused on a star', () => {
  const token = { principalArn: dev, action: 'ecr:GetAuthorizationToken', resource: '*' }
  assert.equal(
    denialSentence(token, silent('identity', 'resource')),
    `User: ${dev} is not authorized to perform: ecr:GetAuthorizationToken on resource: * because no identity-based policy allows the ecr:GetAuthorizationToken action`,
  )
})

test('a denial without a known reason gives none', () => {
  const put = { principalArn: dev, action: 'ecr:PutImage', resource: repository }
  assert.equal(denialSentence(put, silent()), start)
  assert.equal(denialSentence(put, explicit()), start)
})
