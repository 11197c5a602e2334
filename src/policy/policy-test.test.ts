import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parse } from 'yaml'
import { readTable, type ExpectationTable } from './expectations/read-table.ts'
import { testPolicies, type PolicyTestReport } from './policy-test.ts'

const seed = {
  Version: '2012-10-17',
  Statement: [
    {
      Effect: 'Allow',
      Principal: { AWS: 'arn:aws:iam::123456789012:role/CIDeploymentRole' },
      Action: ['ecr:PutImage', 'ecr:InitiateLayerUpload'],
      Resource: '*',
    },
    {
      Sid: 'OnlyCI',
      Effect: 'Deny',
      Principal: '*',
      Action: 'ecr:PutImage',
      Condition: {
        ArnNotLike: { 'aws:PrincipalArn': 'arn:aws:iam::123456789012:role/CIDeploymentRole' },
      },
    },
  ],
}

const head = `
account: '123456789012'
policies:
  repository: repository-policy.json
  full: { Version: '2012-10-17', Statement: { Effect: Allow, Action: 'ecr:*', Resource: '*' } }
  pull: { Version: '2012-10-17', Statement: { Effect: Allow, Action: 'ecr:BatchGetImage', Resource: '*' } }
principals:
  ci: arn:aws:sts::123456789012:assumed-role/CIDeploymentRole/build-42
  role: { arn: 'arn:aws:iam::123456789012:role/CIDeploymentRole', session: [pull] }
  admin: { arn: 'arn:aws:iam::123456789012:user/ops/admin', identity: [full], tags: { team: blue } }
  bound: { arn: 'arn:aws:iam::123456789012:user/bound', identity: [full], boundary: [pull] }
  stranger: { arn: 'arn:aws:iam::999988887777:user/ext', identity: [full] }
  nobody: anonymous
  root: arn:aws:iam::123456789012:root
resource-policies: [repository]
`

function tableOf(tests: string, top = head): ExpectationTable {
  const reading = readTable(parse(`${top}tests:\n${tests}`))
  assert.ok(reading.kind === 'table', JSON.stringify(reading))
  return reading.table
}

function run(tests: string, top = head): PolicyTestReport {
  const table = tableOf(tests, top)
  const texts = Object.entries(table.policies).map(
    ([name, policy]) => [name, JSON.stringify(typeof policy === 'string' ? seed : policy)] as const,
  )
  return testPolicies(table, new Map(texts))
}

function verdicts(report: PolicyTestReport): readonly string[] {
  assert.ok(report.kind === 'results', JSON.stringify(report))
  return report.results.map(({ name, decision, isMet }) => `${name}: ${decision.kind} ${isMet}`)
}

test('what is not as expected is said, with AWS’s sentence and the statement', () => {
  const report = run(
    '- { principal: admin, action: ecr:PutImage, resource: team/app, expect: allow, name: admins push }',
  )
  assert.ok(report.kind === 'results')
  const [result] = report.results
  assert.equal(result?.isMet, false)
  assert.equal(
    result.reason,
    'User: arn:aws:iam::123456789012:user/ops/admin is not authorized to perform: ecr:PutImage on resource: arn:aws:ecr:us-east-1:123456789012:repository/team/app with an explicit deny in a resource-based policy (repository/OnlyCI)',
  )
})

test('a row of several names is a test for each, and every kind of caller can be named', () => {
  assert.deepEqual(
    verdicts(
      run(`
- { principal: [ci, admin, stranger, nobody, root], action: ecr:PutImage, resource: team/app, expect: deny }
- { principal: [admin, root], action: [ecr:BatchGetImage, ecr:InitiateLayerUpload], resource: '*', expect: allow }
- { principal: [bound, role], action: ecr:InitiateLayerUpload, resource: team/app, expect: implicit-deny }
`),
    ),
    [
      'ci ecr:PutImage team/app: allow false',
      'admin ecr:PutImage team/app: explicit-deny true',
      'stranger ecr:PutImage team/app: explicit-deny true',
      'nobody ecr:PutImage team/app: explicit-deny true',
      'root ecr:PutImage team/app: explicit-deny true',
      'admin ecr:BatchGetImage *: allow true',
      'admin ecr:InitiateLayerUpload *: allow true',
      'root ecr:BatchGetImage *: allow true',
      'root ecr:InitiateLayerUpload *: allow true',
      'bound ecr:InitiateLayerUpload team/app: implicit-deny true',
      'role ecr:InitiateLayerUpload team/app: implicit-deny true',
    ],
  )
})

test('an expectation may name the statement, by policy, Sid or place', () => {
  const row = '{ principal: admin, action: ecr:PutImage, resource: team/app, expect: deny, by:'
  const report = run(
    ['repository', 'repository/OnlyCI', 'repository/1', 'repository/0', 'full']
      .map((by) => `- ${row} ${by} }`)
      .join('\n'),
  )
  assert.ok(report.kind === 'results')
  assert.deepEqual(
    report.results.map(({ isMet }) => isMet),
    [true, true, true, false, false],
  )
  const silent = run(
    '- { principal: ci, action: s3:GetObject, resource: "*", expect: deny, by: full }',
  )
  assert.deepEqual(verdicts(silent), ['ci s3:GetObject *: implicit-deny false'])
})

test('keys of the caller are known, others are given, and null takes one away', () => {
  const top = head.replace(
    "Action: 'ecr:*', Resource: '*'",
    `Action: 'ecr:*', Resource: '*', Condition: { StringEquals: { 'aws:username': admin, 'aws:PrincipalTag/team': blue, 'aws:PrincipalType': User, 'aws:PrincipalAccount': '123456789012' }, Bool: { 'aws:SecureTransport': 'true' }, NumericLessThan: { 'aws:MultiFactorAuthAge': '60' }, 'ForAllValues:StringEquals': { 'aws:TagKeys': [team] } }`,
  )
  const row = '{ principal: admin, action: ecr:TagResource, resource: x, resource-policies: [],'
  const report = run(
    `
- ${row} expect: allow, context: { 'aws:MultiFactorAuthAge': 30 } }
- ${row} expect: deny, context: { 'aws:multifactorauthage': 90 } }
- ${row} expect: deny, context: { 'aws:MultiFactorAuthAge': 30, 'AWS:securetransport': false } }
- ${row} expect: deny, context: { 'aws:MultiFactorAuthAge': 30, 'aws:username': null } }
- ${row} expect: deny, context: { 'aws:MultiFactorAuthAge': 30, 'aws:TagKeys': [team, cost] } }
`,
    top,
  )
  assert.ok(report.kind === 'results')
  assert.ok(
    report.results.every(({ isMet }) => isMet),
    JSON.stringify(report, undefined, 1),
  )
})

test('trust policies, guard rails, sessions, services and providers are tested as well', () => {
  const top = `
account: '123456789012'
region: eu-west-1
policies:
  trust: { Version: '2012-10-17', Statement: { Effect: Allow, Principal: { Federated: 'arn:aws:iam::123456789012:oidc-provider/idp.example' }, Action: sts:AssumeRoleWithWebIdentity, Condition: { StringEquals: { 'idp.example:sub': main } } } }
  registry: { Version: '2012-10-17', Statement: { Effect: Allow, Principal: { Service: replication.ecr.amazonaws.com, AWS: '999988887777' }, Action: ecr:ReplicateImage, Resource: 'arn:aws:ecr:eu-west-1:123456789012:repository/*' } }
  all: { Version: '2012-10-17', Statement: { Effect: Allow, Action: '*', Resource: '*' } }
  none: { Version: '2012-10-17', Statement: { Effect: Deny, Action: 'ecr:*', Resource: '*' } }
  org: { Version: '2012-10-17', Statement: { Effect: Allow, Principal: '*', Action: '*', Resource: '*' } }
principals:
  provider: arn:aws:iam::123456789012:oidc-provider/idp.example
  service: replication.ecr.amazonaws.com
  user: { arn: 'arn:aws:iam::123456789012:user/dev', id: AIDADEV, identity: [all], scp: [[all], [none]] }
  session: { arn: 'arn:aws:sts::123456789012:assumed-role/X/s', id: AROAX, identity: [all] }
  federated: { arn: 'arn:aws:sts::123456789012:federated-user/dev', identity: [all] }
rcp: [[org]]
context: { 'idp.example:sub': main }
`
  const report = run(
    `
- { principal: provider, action: sts:AssumeRoleWithWebIdentity, resource: 'arn:aws:iam::123456789012:role/CI', resource-policies: [trust], expect: allow, by: trust/0 }
- { principal: provider, action: sts:AssumeRoleWithWebIdentity, resource: 'arn:aws:iam::123456789012:role/CI', resource-policies: [trust], expect: implicit-deny, context: { 'idp.example:sub': other } }
- { principal: service, action: ecr:ReplicateImage, resource: x, resource-policies: [registry], expect: allow }
- { principal: service, action: ecr:PutImage, resource: x, resource-policies: [registry], expect: deny }
- { principal: user, action: ecr:PutImage, resource: x, expect: explicit-deny, by: none }
- { principal: [session, federated], action: ecr:PutImage, resource: x, expect: allow }
- { principal: federated, action: ecr:PutImage, resource: 'arn:aws:ecr:eu-west-1:999988887777:repository/x', expect: deny }
`,
    top,
  )
  assert.ok(report.kind === 'results', JSON.stringify(report))
  assert.deepEqual(
    report.results.filter(({ isMet }) => !isMet).map(({ name, reason }) => `${name}: ${reason}`),
    [],
  )
})

test('a service has no kind of principal, in a table as in the registry', () => {
  const serviceHead = `
account: '123456789012'
policies:
  typed: { Version: '2012-10-17', Statement: { Effect: Allow, Principal: '*', Action: ecr:PutImage, Resource: '*', Condition: { StringLike: { aws:PrincipalType: '*' } } } }
principals: { service: replication.ecr.amazonaws.com, user: arn:aws:iam::123456789012:user/dev }
resource-policies: [typed]
`
  const row = (who: string, expect: string): string =>
    `- { principal: ${who}, action: ecr:PutImage, resource: app, expect: ${expect}, name: ${who} }`
  const report = run(`${row('service', 'deny')}\n${row('user', 'allow')}`, serviceHead)
  assert.deepEqual(verdicts(report), ['service: implicit-deny true', 'user: allow true'])
})

test('a name that stands for nothing is a problem, and nothing is tested', () => {
  const report = run(
    `
- { principal: cii, action: ecr:PutImages, resource: x, expect: deny }
- { principal: ci, action: ecr:PutImages, resource: x, expect: deny }
- { principal: ci, action: PutImage, resource: x, expect: deny }
- { principal: ci, action: 'xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx', resource: x, expect: deny }
- { principal: who, action: ecr:PutImage, resource: x, expect: deny }
- { principal: ci, action: ecr:PutImage, resource: x, expect: deny, resource-policies: [repositry, zzzzzzzzzz] }
- { principal: ci, action: ecr:PutImage, resource: x, expect: deny, resource-policies: [full] }
`,
    head.replace('  nobody: anonymous', '  who: arn:aws:iam::123456789012:group/x'),
  )
  assert.ok(report.kind === 'problems')
  const problems = report.problems.map((problem) =>
    problem.replace(/:.*(?=principal|Principal)/, '… '),
  )
  assert.deepEqual(problems.slice(0, 7), [
    'there is no principal cii; ci is near',
    'there is no action ecr:PutImages; ecr:PutImage is near',
    'there is no action PutImage; ecr:PutImage is near',
    'there is no action xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx',
    'principals/who: arn:aws:iam::123456789012:group/x names nobody; write the ARN of a user, role or session, or anonymous',
    'there is no policy repositry; repository is near',
    'there is no policy zzzzzzzzzz',
  ])
  assert.match(report.problems.slice(7).join('\n'), /^policy full 1:\d+: /m)
})

test('a table of another form is refused with the place of each fault', () => {
  const reading = readTable(
    parse(`
account: '1234'
policies: {}
principals: { ci: { arn: x, identities: [a], zzzzzzzz: 1 } }
tests: [{ principal: ci, action: ecr:PutImage, resource: x, expected: allow }]
`),
  )
  assert.ok(reading.kind === 'malformed')
  const text = reading.problems.join('\n')
  assert.match(text, /^account: must match pattern/m)
  assert.match(text, /^principals\/ci: there is no identities; identity is near$/m)
  assert.match(text, /^principals\/ci: there is no zzzzzzzz$/m)
  assert.match(text, /^tests\/0: there is no expected; expect is near$/m)
  for (const value of [undefined, null, 1, [], {}, 'x']) {
    assert.equal(readTable(value).kind, 'malformed')
  }
})
