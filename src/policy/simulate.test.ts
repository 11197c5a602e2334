import assert from 'node:assert/strict'
import { test } from 'node:test'
import { accountOf } from '../../test/kit/policies.ts'
import { compilePolicy, type CompiledPolicy, type PolicyType } from './compile.ts'
import { contextOf } from './context-values.ts'
import type { AccessRequest, PolicySet } from './evaluate.ts'
import { namedContextKeys } from './named-context-keys.ts'
import { parsePolicy } from './parse-policy.ts'
import { mostRestrictive, simulate } from './simulate.ts'
import { endOfObject } from './statement-end.ts'

const account = accountOf('123456789012')
const repository = 'arn:aws:ecr:us-east-1:123456789012:repository/team/app'

function policyOf(type: PolicyType, ...statements: readonly object[]): CompiledPolicy {
  const text = JSON.stringify({ Version: '2012-10-17', Statement: statements })
  const reading = parsePolicy(text, type === 'resource' ? 'repository' : 'identity')
  if (reading.kind === 'malformed') throw new Error(reading.faults[0].reason)
  return compilePolicy(reading.document, { type, id: type }, new Map())
}

const allowPull = { Effect: 'Allow', Action: 'ecr:BatchGetImage', Resource: '*' }
const denyPull = { Effect: 'Deny', Action: 'ecr:BatchGetImage', Resource: '*' }
const grant = { Effect: 'Allow', Principal: '*', Action: 'ecr:BatchGetImage' }

function requestOf(changed: Partial<AccessRequest> = {}): AccessRequest {
  return {
    requester: { kind: 'user', account, id: 'AIDA1', arn: `arn:aws:iam::${account}:user/dev` },
    action: 'ecr:BatchGetImage',
    resource: repository,
    resourceAccount: account,
    context: contextOf({}),
    ...changed,
  }
}

function policiesOf(changed: Partial<PolicySet> = {}): PolicySet {
  return {
    identity: [],
    resource: [],
    boundary: undefined,
    session: undefined,
    scp: [],
    rcp: [],
    ...changed,
  }
}

test('of a deny the denying statements are told and no other, wherever they are', () => {
  const policies = policiesOf({
    identity: [policyOf('identity', allowPull, denyPull)],
    resource: [policyOf('resource', grant)],
    boundary: [policyOf('boundary', allowPull, denyPull)],
    session: [policyOf('session', allowPull)],
    scp: [[policyOf('scp', allowPull), policyOf('scp', denyPull)]],
  })
  const { decision, matched, isAllowedByBoundary, isAllowedByOrganizations, sides } = simulate(
    requestOf(),
    policies,
  )
  assert.equal(decision, 'explicitDeny')
  assert.deepEqual(
    matched.map(({ policy, written }) => [policy.type, written.index]),
    [
      ['identity', 1],
      ['boundary', 1],
      ['scp', 0],
    ],
  )
  assert.deepEqual(
    [isAllowedByBoundary, isAllowedByOrganizations, sides],
    [false, false, undefined],
  )
})

test('of an implicit deny nothing is told but what is missing', () => {
  const conditional = {
    ...allowPull,
    Condition: { StringEquals: { 'aws:PrincipalTag/team': '${aws:username}' } },
  }
  const policies = policiesOf({ identity: [policyOf('identity', conditional)] })
  const result = simulate(requestOf(), policies)
  assert.deepEqual(
    [result.decision, result.matched, result.missingContext],
    ['implicitDeny', [], ['aws:principaltag/team', 'aws:username']],
  )
  assert.equal(result.isAllowedByBoundary, undefined)
  assert.equal(result.isAllowedByOrganizations, undefined)
})

test('of an allow every statement that allows is told', () => {
  const policies = policiesOf({
    identity: [policyOf('identity', allowPull, { ...allowPull, Action: 'ecr:*' })],
    resource: [policyOf('resource', grant)],
    boundary: [policyOf('boundary', allowPull)],
    scp: [[policyOf('scp', allowPull)], [policyOf('scp', allowPull)]],
  })
  const result = simulate(requestOf(), policies)
  assert.equal(result.decision, 'allowed')
  assert.deepEqual(
    result.matched.map(({ policy, written }) => [policy.type, written.index]),
    [
      ['identity', 0],
      ['identity', 1],
      ['resource', 0],
    ],
  )
  assert.deepEqual([result.isAllowedByBoundary, result.isAllowedByOrganizations], [true, true])
})

test('across accounts it is told what each side says by itself', () => {
  const foreign = { resourceAccount: accountOf('999988887777') }
  const onlyMine = policiesOf({ identity: [policyOf('identity', allowPull)] })
  const mine = simulate(requestOf(foreign), onlyMine)
  assert.equal(mine.decision, 'implicitDeny')
  assert.deepEqual(mine.sides, { identity: 'allowed', resource: 'implicitDeny' })
  const denied = policiesOf({
    identity: [policyOf('identity', denyPull)],
    resource: [policyOf('resource', grant)],
  })
  assert.deepEqual(simulate(requestOf(foreign), denied).sides, {
    identity: 'explicitDeny',
    resource: 'allowed',
  })
  const anonymous = { requester: { kind: 'anonymous' } } as const
  assert.equal(simulate(requestOf(anonymous), onlyMine).sides?.identity, 'allowed')
})

test('what cannot be evaluated is no decision', () => {
  const context = {
    get: () => {
      throw new Error('no context')
    },
  }
  const conditional = { ...allowPull, Condition: { StringEquals: { 'aws:username': 'x' } } }
  const policies = policiesOf({ identity: [policyOf('identity', conditional)] })
  assert.throws(() => simulate(requestOf({ context }), policies), /could not be evaluated/)
})

test('of several decisions the hardest counts', () => {
  assert.equal(mostRestrictive([]), 'allowed')
  assert.equal(mostRestrictive(['allowed', 'allowed']), 'allowed')
  assert.equal(mostRestrictive(['allowed', 'implicitDeny']), 'implicitDeny')
  assert.equal(mostRestrictive(['implicitDeny', 'explicitDeny', 'allowed']), 'explicitDeny')
})

test('names each context key once, those of conditions and of variables', () => {
  const policy = policyOf(
    'identity',
    {
      ...allowPull,
      Resource: 'arn:aws:ecr:*:*:repository/${aws:PrincipalTag/team}/*',
      Condition: {
        StringEquals: { 'aws:RequestTag/owner': ['${aws:username}', 'x'] },
        Bool: { 'AWS:SecureTransport': 'true' },
      },
    },
    { ...denyPull, Condition: { Bool: { 'aws:securetransport': 'false' } } },
  )
  const resource = policyOf('resource', grant)
  assert.deepEqual(namedContextKeys([policy, resource]), [
    'aws:principaltag/team',
    'aws:RequestTag/owner',
    'aws:username',
    'AWS:SecureTransport',
  ])
})

test('a statement ends behind its brace, whatever stands in its texts', () => {
  const cases = [
    ['{}', 1, 1, 1, 3],
    ['{"a":"}"}', 1, 1, 1, 10],
    ['{"a":"\\"}{"}', 1, 1, 1, 13],
    ['[{},\n {"b":{\n}} ]', 2, 2, 3, 3],
    ['{"a":', 1, 1, 1, 6],
    ['{}', 7, 1, 7, 1],
  ] as const
  for (const [text, line, column, endLine, endColumn] of cases) {
    assert.deepEqual(
      endOfObject(text, { line, column }),
      { line: endLine, column: endColumn },
      text,
    )
  }
})
