import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { accountOf } from '../../test/kit/principals.ts'
import type { Caller, SessionFacts } from '../access/caller.ts'
import { RecordRenderer, type AuditedRequest } from './render-record.ts'

const account = accountOf('123456789012')
const other = accountOf('210987654321')
const at = new Date('2026-11-24T12:00:00.750Z')
const renderer = new RecordRenderer({ region: 'us-east-1', account })

const user: Caller = {
  accountId: account,
  requester: { kind: 'user', account, id: 'AIDAEXAMPLE', arn: `arn:aws:iam::${account}:user/dev` },
  principalArn: `arn:aws:iam::${account}:user/dev`,
  principalId: 'AIDAEXAMPLE',
  principalName: 'dev',
  accessKeyId: 'AKIAIOSFODNN7EXAMPLE',
  method: 'ecr-token',
  session: undefined,
  sourceAddress: '192.0.2.7',
  secureTransport: false,
}

const session: SessionFacts = {
  issuedAt: new Date('2026-11-24T11:30:00Z'),
  expiresAt: new Date('2026-11-24T12:30:00Z'),
  policies: ['{"secret":"policy"}'],
  policyArns: [],
  tags: { team: 'a' },
  transitiveTagKeys: [],
  sourceIdentity: 'ada',
  federatedProvider: undefined,
  claims: {},
}

const roleArn = `arn:aws:iam::${account}:role/ci/CIDeploymentRole`
const role: Caller = {
  ...user,
  requester: {
    kind: 'assumed-role',
    account,
    roleId: 'AROAEXAMPLE',
    roleArn,
    sessionArn: `arn:aws:sts::${account}:assumed-role/CIDeploymentRole/build-7`,
  },
  principalArn: `arn:aws:sts::${account}:assumed-role/CIDeploymentRole/build-7`,
  principalId: 'AROAEXAMPLE:build-7',
  principalName: 'build-7',
  accessKeyId: 'ASIAIOSFODNN7EXAMPLE',
  session,
}

const pull: AuditedRequest = {
  requestId: 'request-1',
  door: 'oci',
  operation: 'GET manifest',
  action: 'ecr:BatchGetImage',
  resource: `arn:aws:ecr:us-east-1:${account}:repository/team/app`,
  decision: 'allow',
  decidedBy: undefined,
  policyEpoch: undefined,
  caller: user,
  hasCredentials: true,
  claimedKeyId: undefined,
  tokenHash: 'abcdef012345',
  sourceAddress: '192.0.2.7',
  isSecure: false,
  host: 'registry.example',
  userAgent: 'docker/27.0',
  status: 200,
  errorCode: undefined,
  errorMessage: undefined,
  parameters: { repositoryName: 'team/app', imageTag: 'v1' },
  responseElements: undefined,
}

function recordOf(change: Partial<AuditedRequest> = {}): Readonly<Record<string, unknown>> {
  const text = renderer.render({ ...pull, ...change }, at, 'event-1')
  const parsed: unknown = JSON.parse(text)
  assert.ok(typeof parsed === 'object' && parsed !== null)
  // The chain is hung to the end of the last member.
  assert.match(text, /,"pratique":\{[^{}]*(?:\{[^{}]*\}[^{}]*)*\}\}$/)
  return { ...parsed }
}

test('a pull is the ECR operation that its route stands for', () => {
  assert.deepEqual(recordOf(), {
    eventVersion: '1.11',
    eventTime: '2026-11-24T12:00:00Z',
    userIdentity: {
      type: 'IAMUser',
      principalId: 'AIDAEXAMPLE',
      arn: `arn:aws:iam::${account}:user/dev`,
      accountId: account,
      accessKeyId: 'AKIAIOSFODNN7EXAMPLE',
      userName: 'dev',
    },
    sourceIPAddress: '192.0.2.7',
    userAgent: 'docker/27.0',
    eventSource: 'ecr.amazonaws.com',
    eventName: 'BatchGetImage',
    awsRegion: 'us-east-1',
    requestParameters: { repositoryName: 'team/app', imageTag: 'v1' },
    responseElements: null,
    requestID: 'request-1',
    eventID: 'event-1',
    readOnly: true,
    resources: [{ ARN: pull.resource, accountId: account, type: 'AWS::ECR::Repository' }],
    eventType: 'AwsApiCall',
    managementEvent: false,
    recipientAccountId: account,
    eventCategory: 'Data',
    pratique: {
      decision: 'allow',
      action: 'ecr:BatchGetImage',
      authMethod: 'ecr-token',
      tokenHash: 'abcdef012345',
      door: 'oci',
      route: 'GET manifest',
      status: 200,
    },
  })
})

const identities: readonly (readonly [string, Partial<AuditedRequest>, unknown])[] = [
  [
    'root',
    {
      caller: {
        ...user,
        requester: { kind: 'root', account },
        principalArn: `arn:aws:iam::${account}:root`,
        principalId: account,
        principalName: 'root',
      },
    },
    {
      type: 'Root',
      principalId: account,
      arn: `arn:aws:iam::${account}:root`,
      accountId: account,
      accessKeyId: 'AKIAIOSFODNN7EXAMPLE',
    },
  ],
  [
    'a role session, with who stands behind it',
    { caller: role },
    {
      type: 'AssumedRole',
      principalId: 'AROAEXAMPLE:build-7',
      arn: role.principalArn,
      accountId: account,
      accessKeyId: 'ASIAIOSFODNN7EXAMPLE',
      sessionContext: {
        sessionIssuer: {
          type: 'Role',
          principalId: 'AROAEXAMPLE',
          arn: roleArn,
          accountId: account,
          userName: 'CIDeploymentRole',
        },
        attributes: { creationDate: '2026-11-24T11:30:00Z', mfaAuthenticated: 'false' },
        sourceIdentity: 'ada',
      },
    },
  ],
  [
    'a session that a web identity was exchanged for',
    {
      caller: {
        ...role,
        session: {
          ...session,
          sourceIdentity: undefined,
          federatedProvider: `arn:aws:iam::${account}:oidc-provider/token.example`,
          claims: { 'token.example:sub': 'repo:team/app' },
        },
      },
    },
    {
      type: 'AssumedRole',
      principalId: 'AROAEXAMPLE:build-7',
      arn: role.principalArn,
      accountId: account,
      accessKeyId: 'ASIAIOSFODNN7EXAMPLE',
      sessionContext: {
        sessionIssuer: {
          type: 'Role',
          principalId: 'AROAEXAMPLE',
          arn: roleArn,
          accountId: account,
          userName: 'CIDeploymentRole',
        },
        webIdFederationData: {
          federatedProvider: `arn:aws:iam::${account}:oidc-provider/token.example`,
          attributes: { 'token.example:sub': 'repo:team/app' },
        },
        attributes: { creationDate: '2026-11-24T11:30:00Z', mfaAuthenticated: 'false' },
      },
    },
  ],
  [
    'a federated user',
    {
      caller: {
        ...user,
        requester: {
          kind: 'federated-user',
          account,
          sessionArn: `arn:aws:sts::${account}:federated-user/bob`,
          userId: 'AIDAEXAMPLE',
          userArn: user.principalArn,
        },
        principalArn: `arn:aws:sts::${account}:federated-user/bob`,
        principalId: `${account}:bob`,
        session: { ...session, sourceIdentity: undefined },
      },
    },
    {
      type: 'FederatedUser',
      principalId: `${account}:bob`,
      arn: `arn:aws:sts::${account}:federated-user/bob`,
      accountId: account,
      accessKeyId: 'AKIAIOSFODNN7EXAMPLE',
      sessionContext: {
        sessionIssuer: {
          type: 'IAMUser',
          principalId: 'AIDAEXAMPLE',
          arn: user.principalArn,
          accountId: account,
          userName: 'dev',
        },
        attributes: { creationDate: '2026-11-24T11:30:00Z', mfaAuthenticated: 'false' },
      },
    },
  ],
  [
    'a web identity',
    {
      caller: {
        ...user,
        requester: { kind: 'web-identity', providerArn: 'arn:aws:iam::1:oidc-provider/t' },
        principalId: 'arn:aws:iam::1:oidc-provider/t:aud:sub',
        principalName: 'sub',
      },
    },
    {
      type: 'WebIdentityUser',
      principalId: 'arn:aws:iam::1:oidc-provider/t:aud:sub',
      userName: 'sub',
      identityProvider: 'arn:aws:iam::1:oidc-provider/t',
    },
  ],
  [
    'a service',
    { caller: { ...user, requester: { kind: 'service', name: 'replication.ecr.amazonaws.com' } } },
    { type: 'AWSService', invokedBy: 'replication.ecr.amazonaws.com' },
  ],
  [
    'nobody',
    { caller: { ...user, requester: { kind: 'anonymous' } } },
    { type: 'AWSAccount', principalId: '', accountId: 'ANONYMOUS_PRINCIPAL' },
  ],
  [
    'nobody that could be established',
    { caller: undefined, decision: undefined, hasCredentials: false },
    { type: 'AWSAccount', principalId: '', accountId: 'ANONYMOUS_PRINCIPAL' },
  ],
  [
    'refused credentials',
    { caller: undefined, decision: undefined, claimedKeyId: 'AKIAIOSFODNN7EXAMPLE' },
    { type: 'Unknown', accessKeyId: 'AKIAIOSFODNN7EXAMPLE' },
  ],
  [
    'refused credentials of nothing that has a name',
    { caller: undefined, decision: undefined },
    { type: 'Unknown' },
  ],
]

for (const [name, change, identity] of identities) {
  test(`says who it was: ${name}`, () => {
    assert.deepEqual(recordOf(change)['userIdentity'], identity)
  })
}

test('a caller who comes from elsewhere, or with another key, is not told as before', () => {
  recordOf()
  const moved = recordOf({ sourceAddress: '198.51.100.9', userAgent: 'curl' })
  assert.equal(moved['sourceIPAddress'], '198.51.100.9')
  assert.equal(moved['userAgent'], 'curl')
  const rotated = recordOf({ caller: { ...user, accessKeyId: 'AKIAOTHEREXAMPLE0000' } })
  assert.match(JSON.stringify(rotated['userIdentity']), /AKIAOTHEREXAMPLE0000/)
})

test('a request across accounts is found by both, and says so', () => {
  const resource = `arn:aws:ecr:us-east-1:${other}:repository/team/app`
  const record = recordOf({ resource })
  assert.equal(record['recipientAccountId'], other)
  assert.equal(record['sharedEventID'], 'event-1')
  assert.equal(recordOf()['sharedEventID'], undefined)
})

test('a denial names the action, the statements that settled it, and what the caller was told', () => {
  const decidedBy = [
    { type: 'resource', policy: 'repository policy', version: undefined, index: 1, sid: 'OnlyCi' },
  ]
  const record = recordOf({
    operation: 'POST uploads',
    action: 'ecr:InitiateLayerUpload',
    decision: 'deny',
    decidedBy,
    policyEpoch: 41,
    status: 403,
    errorCode: 'DENIED',
    errorMessage: 'User: dev is not authorized',
  })
  assert.equal(record['eventName'], 'InitiateLayerUpload')
  assert.equal(record['errorCode'], 'DENIED')
  assert.equal(record['errorMessage'], 'User: dev is not authorized')
  const own = JSON.stringify(record['pratique'])
  for (const part of ['"policyEpoch":41', '"sid":"OnlyCi"', '"decision":"deny"']) {
    assert.ok(own.includes(part), part)
  }
})

test('an upload that was whole at its start is told as its completion', () => {
  const upload = { operation: 'POST uploads', action: 'ecr:CompleteLayerUpload' }
  assert.equal(recordOf({ ...upload, status: 201 })['eventName'], 'CompleteLayerUpload')
  assert.equal(recordOf({ ...upload, status: 202 })['eventName'], 'InitiateLayerUpload')
})

test('what is not known of an operation counts as a change that is waited for', () => {
  const made = { door: 'control', operation: 'pratique:Reticulate', action: 'pratique:Reticulate' }
  const event = renderer.eventOf({ ...pull, ...made })
  assert.deepEqual([event.isReadOnly, event.isDurable, event.isData], [false, true, false])
  const record = recordOf({ ...made, resource: '*' })
  assert.equal(record['eventSource'], 'pratique')
  assert.equal(record['resources'], undefined)
})

test('what hands out credentials is waited for, and its answer says which key it was', () => {
  const assume = {
    door: 'aws',
    operation: 'sts:AssumeRole',
    action: 'sts:AssumeRole',
    resource: roleArn,
    parameters: { RoleArn: roleArn, RoleSessionName: 'build-7', ExternalId: 'canary-external' },
    responseElements: {
      Credentials: {
        AccessKeyId: 'ASIAIOSFODNN7EXAMPLE',
        SecretAccessKey: 'canary-secret',
        SessionToken: 'canary-token',
      },
      AssumedRoleUser: { Arn: role.principalArn, AssumedRoleId: 'AROAEXAMPLE:build-7' },
    },
  }
  assert.equal(renderer.eventOf({ ...pull, ...assume }).isDurable, true)
  const record = recordOf(assume)
  assert.deepEqual(record['requestParameters'], { roleArn, roleSessionName: 'build-7' })
  assert.deepEqual(record['responseElements'], {
    credentials: { accessKeyId: 'ASIAIOSFODNN7EXAMPLE' },
    assumedRoleUser: { arn: role.principalArn, assumedRoleId: 'AROAEXAMPLE:build-7' },
  })
  assert.doesNotMatch(JSON.stringify(record), /canary/)
})

test('a role that was entered is the resource, whoever judged it; a refusal by its trust is a denial', () => {
  const assume = {
    door: 'aws',
    operation: 'sts:AssumeRole',
    action: undefined,
    resource: undefined,
    decision: undefined,
    parameters: { RoleArn: roleArn },
  }
  const entered = recordOf(assume)
  assert.deepEqual(entered['resources'], [
    { ARN: roleArn, accountId: account, type: 'AWS::IAM::Role' },
  ])
  assert.match(JSON.stringify(entered['pratique']), /"decision":"allow"/)
  const refused = recordOf({ ...assume, status: 403, errorCode: 'AccessDenied' })
  assert.match(JSON.stringify(refused['pratique']), /"decision":"deny"/)
})

test('who brought an ID token is told from what the token was', () => {
  const record = recordOf({
    door: 'aws',
    operation: 'sts:AssumeRoleWithWebIdentity',
    action: undefined,
    resource: undefined,
    decision: undefined,
    caller: undefined,
    hasCredentials: false,
    parameters: { RoleArn: roleArn, WebIdentityToken: 'canary' },
    responseElements: {
      Provider: 'arn:aws:iam::123456789012:oidc-provider/token.example',
      Audience: 'registry',
      SubjectFromWebIdentityToken: 'repo:team/app',
    },
  })
  assert.deepEqual(record['userIdentity'], {
    type: 'WebIdentityUser',
    principalId: 'arn:aws:iam::123456789012:oidc-provider/token.example:registry:repo:team/app',
    userName: 'repo:team/app',
    identityProvider: 'arn:aws:iam::123456789012:oidc-provider/token.example',
  })
  assert.equal(record['recipientAccountId'], account)
  assert.doesNotMatch(JSON.stringify(record), /canary/)
})

test('of documents there is the hash, of lists the beginning, of what is not listed by name nothing', () => {
  const record = recordOf({
    door: 'aws',
    parameters: {
      repositoryName: 'team/app',
      policyText: '{"canary":1}',
      imageIds: Array.from({ length: 30 }, (_, index) => ({ imageTag: `v${index}`, canary: 1 })),
      layerPartBlob: 'canary',
      webIdentityToken: 'canary',
      constructor: 'canary',
      nested: { imageTag: 'canary' },
      'max-bytes': '10',
      force: true,
      limit: null,
      imageTag: 'x'.repeat(1000),
    },
  })
  const text = JSON.stringify(record['requestParameters'])
  assert.doesNotMatch(text, /canary/)
  assert.match(text, /"policyText":\{"sha256":"[0-9a-f]{64}","characters":12\}/)
  assert.match(text, /"and 10 more"/)
  assert.match(text, /"maxBytes":"10"/)
  assert.match(text, /"imageTag":"x{256}…"/)
})

test('no text of a client ends a line, moves a cursor, or pretends to be another member', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 600 }), (hostile) => {
      const text = renderer.render(
        {
          ...pull,
          userAgent: hostile,
          errorMessage: hostile,
          host: hostile,
          isSecure: true,
          parameters: { repositoryName: hostile, imageTag: `"},"pratique":{${hostile}` },
        },
        at,
        'event-1',
      )
      assert.match(text, /^[\u0020-\u007e]+$/)
      const parsed: unknown = JSON.parse(text)
      assert.ok(typeof parsed === 'object' && parsed !== null && 'userAgent' in parsed)
      assert.ok(String(parsed.userAgent).length <= 257)
      assert.ok(text.length < 16 * 1024)
    }),
  )
})
