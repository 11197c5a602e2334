import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { fuzzRuns, fuzzSeed } from '../../test/kit/fuzz-runs.ts'
import { accountOf, documentOf, requesterOf } from '../../test/kit/policies.ts'
import { policySetOf, requestOf, writtenQuestions } from '../../test/kit/policy-arbitraries.ts'
import { compilePolicy, type PolicyType } from './compile.ts'
import { contextOf } from './context-values.ts'
import type { PolicySet } from './evaluate.ts'
import { permissionFor, type Limit } from './what-can.ts'
import { accessFor, type Candidate } from './who-can.ts'

const account = '123456789012'
const resource = `arn:aws:ecr:us-east-1:${account}:repository/team/app`
const question = { action: 'ecr:PutImage', resource, resourceAccount: accountOf(account) }
const full = { Effect: 'Allow', Action: 'ecr:*', Resource: '*' }
const reading = { ...full, Action: 'ecr:BatchGetImage' }

function compiled(type: PolicyType, ...statements: readonly object[]): PolicySet['identity'] {
  const document = documentOf({ Version: '2012-10-17', Statement: statements })
  return [compilePolicy(document, { type, id: type }, new Map())]
}

function candidate(policies: Partial<PolicySet>, arn = `arn:aws:iam::${account}:user/dev`) {
  const nothing = { identity: [], resource: [], boundary: undefined, session: undefined }
  const context = { ...contextOf({}), isFree: (key: string) => key === 'aws:sourceip' }
  const set: PolicySet = { ...nothing, scp: [], rcp: [], ...policies }
  return { name: arn, requester: requesterOf(arn), policies: set, context } satisfies Candidate
}

function limitsOf(limits: readonly Limit[]): readonly string[] {
  return limits.map((limit) =>
    limit.kind === 'deny' ? `Deny ${limit.by.type}/${limit.by.index}` : limit.kind,
  )
}

const own = compiled('identity', full)
const deny = { Effect: 'Deny', Action: 'ecr:Put*', Resource: '*' }
const inside = { Condition: { IpAddress: { 'aws:SourceIp': '10.0.0.0/8' } } }
const other = { Effect: 'Deny', Action: 'ecr:DeleteRepository', Resource: '*' }

const cases: readonly (readonly [
  what: string,
  policies: Partial<PolicySet>,
  access: string,
  limits: readonly string[],
])[] = [
  ['nothing grants', { boundary: compiled('boundary', reading) }, 'never', []],
  ['an Allow', { identity: own }, 'always', []],
  [
    'a Deny of its own',
    { identity: compiled('identity', full, deny) },
    'never',
    ['Deny identity/1'],
  ],
  ['a Deny of something else', { identity: compiled('identity', full, other) }, 'always', []],
  [
    'a Deny under a condition',
    { identity: compiled('identity', full, { ...deny, ...inside }) },
    'conditional',
    ['Deny identity/1'],
  ],
  [
    'a boundary that takes it',
    { identity: own, boundary: compiled('boundary', reading) },
    'never',
    ['boundary'],
  ],
  [
    'a boundary that lets it be',
    { identity: own, boundary: compiled('boundary', full) },
    'always',
    [],
  ],
  ['a session that has none', { identity: own, session: [] }, 'never', ['session']],
  [
    'a session policy',
    { identity: own, session: compiled('session', reading) },
    'never',
    ['session'],
  ],
  [
    'a guard rail',
    { identity: own, scp: [compiled('scp', full), compiled('scp', reading)] },
    'never',
    ['scp'],
  ],
  [
    'a Deny of a guard rail',
    { identity: own, scp: [compiled('scp', full, deny)] },
    'never',
    ['Deny scp/1'],
  ],
  [
    'a guard rail of the resource',
    {
      identity: own,
      rcp: [compiled('rcp', { ...full, Principal: '*' }, { ...deny, Principal: '*' })],
    },
    'never',
    ['Deny rcp/1'],
  ],
  [
    'a Deny of the resource',
    { identity: own, resource: compiled('resource', { ...deny, Principal: '*' }) },
    'never',
    ['Deny resource/0'],
  ],
  [
    'two of them at once',
    {
      identity: compiled('identity', full, deny),
      boundary: compiled('boundary', reading),
      resource: compiled('resource', { ...deny, Principal: '*' }),
    },
    'never',
    ['Deny identity/1', 'Deny resource/0', 'boundary'],
  ],
]

for (const [what, policies, access, limits] of cases) {
  test(`${what}: ${access}`, () => {
    const permission = permissionFor(candidate(policies), question)
    assert.equal(permission.access.kind, access)
    assert.deepEqual(limitsOf(permission.limitedBy), limits)
    assert.equal(permission.grantedBy.length > 0, what !== 'nothing grants')
  })
}

test('root is bound by guard rails, and not by the policy of a repository that it may always mend', () => {
  const root = `arn:aws:iam::${account}:root`
  const resourcePolicy = compiled('resource', { Effect: 'Deny', Principal: '*', Action: 'ecr:*' })
  const mending = { ...question, action: 'ecr:SetRepositoryPolicy' }
  const policies = { resource: resourcePolicy, scp: [compiled('scp', reading)] }
  const { access, limitedBy } = permissionFor(candidate(policies, root), mending)
  assert.equal(access.kind, 'never')
  assert.deepEqual(limitsOf(limitedBy), ['scp'])
})

test('the access is who-can’s, and what is taken away has a limit', () => {
  fc.assert(
    fc.property(writtenQuestions, (written) => {
      const request = requestOf(written.request)
      const context = { get: (key: string) => request.context.get(key), isFree: () => false }
      const { action, resource: on, resourceAccount, requester } = request
      const asked = { name: 'x', requester, policies: policySetOf(written.policies), context }
      const about = { action, resource: on, resourceAccount }
      const permission = permissionFor(asked, about)
      assert.deepEqual(permission.access, accessFor(asked, about).access)
      const isLess = permission.grantedBy.length > 0 && permission.access.kind === 'never'
      if (isLess) assert.ok(permission.limitedBy.length > 0)
    }),
    { numRuns: fuzzRuns(2000), seed: fuzzSeed() },
  )
})
