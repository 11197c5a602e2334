import assert from 'node:assert/strict'
import { test } from 'node:test'
import { accountOf, documentOf, requesterOf } from '../../test/kit/policies.ts'
import { compilePolicy, type PolicyType } from './compile.ts'
import { contextOf } from './context-values.ts'
import type { AccessRequest, PolicySet } from './evaluate.ts'
import { explain, type Failure } from './explain.ts'

const account = accountOf('123456789012')
const ci = 'arn:aws:iam::123456789012:role/CIDeploymentRole'
const repository = 'arn:aws:ecr:us-east-1:123456789012:repository/team/app'

const seed = {
  Version: '2012-10-17',
  Statement: [
    {
      Effect: 'Allow',
      Principal: { AWS: ci },
      Action: ['ecr:PutImage', 'ecr:InitiateLayerUpload'],
      Resource: '*',
    },
    {
      Effect: 'Deny',
      Principal: '*',
      Action: 'ecr:PutImage',
      Condition: { ArnNotLike: { 'aws:PrincipalArn': ci } },
    },
  ],
}

function compiled(type: PolicyType, policy: unknown): PolicySet['identity'] {
  return [compilePolicy(documentOf(policy), { type, id: `${type} policy` }, new Map())]
}

function policies(parts: Partial<PolicySet>): PolicySet {
  return {
    identity: [],
    resource: [],
    boundary: undefined,
    session: undefined,
    scp: [],
    rcp: [],
    ...parts,
  }
}

function requestOf(arn: string | null, context: Record<string, string> = {}): AccessRequest {
  const action = 'ecr:PutImage'
  const values = { ...(arn === null ? {} : { 'aws:PrincipalArn': arn }), ...context }
  return {
    requester: requesterOf(arn),
    action,
    resource: repository,
    resourceAccount: account,
    context: contextOf(values),
  }
}

function failuresOf(
  request: AccessRequest,
  set: PolicySet,
): readonly (readonly (readonly Failure[])[])[] {
  return explain(request, set).policies.map(({ statements }) =>
    statements.map(({ failures }) => failures),
  )
}

test('shows who a statement wanted and who came, and the statement that denied', () => {
  const dev = 'arn:aws:iam::123456789012:user/dev'
  const set = policies({ resource: compiled('resource', seed) })
  const explanation = explain(requestOf(dev), set)
  assert.deepEqual(explanation.decision, {
    kind: 'explicit-deny',
    decidedBy: [
      { type: 'resource', policy: 'resource policy', version: undefined, index: 1, sid: undefined },
    ],
  })
  assert.deepEqual(failuresOf(requestOf(dev), set), [
    [[{ part: 'principal', isNegated: false, wanted: [ci], had: dev }], []],
  ])
  assert.deepEqual(explanation.contextUsed, ['aws:principalarn'])
  assert.deepEqual(explanation.contextAbsent, [])
})

test('names every part that fails, conditions with what they wanted and what there was', () => {
  const identity = compiled('identity', {
    Version: '2012-10-17',
    Statement: {
      Effect: 'Allow',
      NotAction: 'ecr:Put*',
      Resource: 'arn:aws:ecr:us-east-1:123456789012:repository/${aws:PrincipalTag/team}/*',
      Condition: {
        StringEquals: { 'aws:ResourceTag/team': '${aws:PrincipalTag/team}' },
        Bool: { 'aws:SecureTransport': 'true' },
        IpAddress: { 'aws:SourceIp': '10.0.0.0/8' },
      },
    },
  })
  const request = requestOf('arn:aws:iam::123456789012:user/dev', {
    'aws:SecureTransport': 'true',
    'aws:SourceIp': '203.0.113.9',
    'aws:ResourceTag/team': 'blue',
  })
  assert.deepEqual(failuresOf(request, policies({ identity })), [
    [
      [
        {
          part: 'action',
          isNegated: true,
          wanted: ['ecr:Put*'],
          had: 'ecr:PutImage',
          isUnresolved: false,
        },
        {
          part: 'resource',
          isNegated: false,
          wanted: ['arn:aws:ecr:us-east-1:123456789012:repository/${aws:PrincipalTag/team}/*'],
          had: repository,
          isUnresolved: true,
        },
        {
          part: 'condition',
          operator: 'StringEquals',
          key: 'aws:ResourceTag/team',
          wanted: ['${aws:PrincipalTag/team}'],
          had: 'blue',
          variables: { 'aws:principaltag/team': undefined },
        },
        {
          part: 'condition',
          operator: 'IpAddress',
          key: 'aws:SourceIp',
          wanted: ['10.0.0.0/8'],
          had: '203.0.113.9',
          variables: {},
        },
      ],
    ],
  ])
})

test('a guard rail shows its level, and that it does not bind who belongs to no account', () => {
  const all = { Version: '2012-10-17', Statement: { Effect: 'Allow', Action: '*', Resource: '*' } }
  const set = policies({
    scp: [compiled('scp', all), compiled('scp', all)],
    resource: compiled('resource', seed),
  })
  const shown = explain(requestOf(null), set).policies.map(({ type, level, isBinding }) => ({
    type,
    level,
    isBinding,
  }))
  assert.deepEqual(shown, [
    { type: 'resource', level: undefined, isBinding: true },
    { type: 'scp', level: 0, isBinding: false },
    { type: 'scp', level: 1, isBinding: false },
  ])
})

test('each kind of requester is called by its name', () => {
  const set = policies({ resource: compiled('resource', seed) })
  const names = [
    requesterOf(null),
    requesterOf('arn:aws:iam::123456789012:root'),
    requesterOf('arn:aws:sts::123456789012:assumed-role/Other/s'),
    requesterOf('arn:aws:sts::123456789012:federated-user/dev'),
    { kind: 'service', name: 'replication.ecr.amazonaws.com' } as const,
    { kind: 'web-identity', providerArn: 'arn:aws:iam::123456789012:oidc-provider/x' } as const,
  ].map((requester) => {
    const [policy] = explain({ ...requestOf(null), requester }, set).policies
    return policy?.statements[0]?.failures.find(({ part }) => part === 'principal')
  })
  assert.deepEqual(
    names.map((failure) => failure?.part === 'principal' && failure.had),
    [
      'anonymous',
      'arn:aws:iam::123456789012:root',
      'arn:aws:sts::123456789012:assumed-role/Other/s',
      'arn:aws:sts::123456789012:federated-user/dev',
      'replication.ecr.amazonaws.com',
      'arn:aws:iam::123456789012:oidc-provider/x',
    ],
  )
})
