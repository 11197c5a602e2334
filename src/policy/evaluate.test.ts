// What no table of AWS's speaks of: documents that could not be put, and their safe reading.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { documentOf, requesterOf, accountOf } from '../../test/kit/policies.ts'
import { compilePolicy, type PolicyType } from './compile.ts'
import { contextOf } from './context-values.ts'
import { evaluate, type AccessRequest, type PolicySet } from './evaluate.ts'
import { explain } from './explain.ts'

const request: AccessRequest = {
  requester: requesterOf('arn:aws:iam::123456789012:user/dev'),
  action: 'ecr:PutImage',
  resource: 'arn:aws:ecr:us-east-1:123456789012:repository/team/app',
  resourceAccount: accountOf('123456789012'),
  context: contextOf({}),
}

function compiled(type: PolicyType, ...statements: readonly unknown[]): PolicySet['identity'] {
  const document = documentOf({ Version: '2012-10-17', Statement: statements })
  return [compilePolicy(document, { type, id: type, version: 'v1' }, new Map())]
}

function policies(parts: Partial<PolicySet>): PolicySet {
  const none = { boundary: undefined, session: undefined, scp: [], rcp: [] }
  return { identity: [], resource: [], ...none, ...parts }
}

const all = { Effect: 'Allow', Action: '*', Resource: '*' }

test('an identity statement without Resource allows nothing and denies everything it names', () => {
  const allow = compiled('identity', { Effect: 'Allow', Action: '*' })
  const deny = compiled('identity', all, { Effect: 'Deny', Action: 'ecr:PutImage' })
  assert.equal(evaluate(request, policies({ identity: allow })).kind, 'implicit-deny')
  assert.equal(evaluate(request, policies({ identity: deny })).kind, 'explicit-deny')
  const shown = explain(request, policies({ identity: [...allow, ...deny] })).policies
  assert.deepEqual(
    shown.map(({ statements }) =>
      statements.map(({ failures }) => failures.map(({ part }) => part)),
    ),
    [[['resource']], [[], []]],
  )
})

test('a statement without a principal applies in no policy that needs one', () => {
  for (const type of ['resource', 'trust'] as const) {
    const resource = compiled(
      type,
      { Effect: 'Allow', Action: '*' },
      { Effect: 'Deny', Action: '*' },
    )
    const { decision, policies: shown } = explain(request, policies({ resource }))
    assert.equal(decision.kind, 'implicit-deny')
    const parts = shown.flatMap(({ statements }) => statements.map(({ failures }) => failures))
    assert.deepEqual(parts, [
      [
        {
          part: 'principal',
          isNegated: false,
          wanted: [],
          had: 'arn:aws:iam::123456789012:user/dev',
        },
      ],
      [
        {
          part: 'principal',
          isNegated: false,
          wanted: [],
          had: 'arn:aws:iam::123456789012:user/dev',
        },
      ],
    ])
  }
})

test('a resource whose owner nobody knows is not the requester’s', () => {
  const unowned = { ...request, resourceAccount: undefined }
  const identity = compiled('identity', all)
  const decision = evaluate(unowned, policies({ identity }))
  assert.deepEqual(decision, { kind: 'implicit-deny', missing: ['resource'] })
  const bare = evaluate({ ...unowned, resource: '*' }, policies({ identity }))
  assert.equal(bare.kind, 'allow')
})

test('a decision names policy, version, place and Sid of what decided', () => {
  const identity = compiled('identity', { ...all, Action: 's3:*' }, { ...all, Sid: 'Everything' })
  assert.deepEqual(evaluate(request, policies({ identity })), {
    kind: 'allow',
    decidedBy: [
      { type: 'identity', policy: 'identity', version: 'v1', index: 1, sid: 'Everything' },
    ],
  })
})

test('principals of a statement are explained as a policy writes them', () => {
  const names = [
    '*',
    '123456789012',
    'arn:aws:iam::123456789012:role/CI',
    'arn:aws:sts::123456789012:assumed-role/CI/s',
    'arn:aws:sts::123456789012:federated-user/dev',
    'AROAOLDOLDOLDOLDOLDOL',
  ]
  const exempting = {
    Effect: 'Deny',
    NotPrincipal: { AWS: names, Service: 'x.amazonaws.com', Federated: 'arn:aws:iam::1:saml' },
    Action: '*',
  }
  const { policies: shown } = explain(
    request,
    policies({ resource: compiled('resource', exempting) }),
  )
  const [failure] = shown.flatMap(({ statements }) =>
    statements.flatMap(({ failures }) => failures),
  )
  assert.deepEqual(failure?.part === 'principal' && [failure.isNegated, failure.wanted], [
    true,
    [...names, 'x.amazonaws.com', 'arn:aws:iam::1:saml'],
  ])
})
