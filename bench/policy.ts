// Decisions per second on one core: a push and a pull against ten statements with conditions, allowed and denied.
import { contextOf } from '../src/policy/context-values.ts'
import type { PolicyDocument } from '../src/policy/document.ts'
import { compilePolicy, type CompiledPolicy, type PolicyType } from '../src/policy/compile.ts'
import { evaluate, type AccessRequest, type PolicySet } from '../src/policy/evaluate.ts'
import { parsePolicy } from '../src/policy/parse-policy.ts'
import { accountOf, requesterOf } from '../test/kit/policies.ts'

const account = '123456789012'
const role = `arn:aws:iam::${account}:role/CIDeploymentRole`
const repositories = `arn:aws:ecr:us-east-1:${account}:repository`

const identity = [
  {
    Effect: 'Allow',
    Action: 'ecr:GetAuthorizationToken',
    Resource: '*',
    Condition: { Bool: { 'aws:SecureTransport': 'true' } },
  },
  {
    Effect: 'Allow',
    Action: ['ecr:BatchGetImage', 'ecr:GetDownloadUrlForLayer', 'ecr:BatchCheckLayerAvailability'],
    Resource: `${repositories}/*`,
    Condition: { StringEquals: { 'aws:ResourceTag/team': '${aws:PrincipalTag/team}' } },
  },
  {
    Effect: 'Allow',
    Action: ['ecr:PutImage', 'ecr:InitiateLayerUpload', 'ecr:UploadLayerPart'],
    Resource: `${repositories}/team/*`,
    Condition: { IpAddress: { 'aws:SourceIp': ['203.0.113.0/24', '198.51.100.0/24'] } },
  },
  {
    Effect: 'Allow',
    Action: 'ecr:Describe*',
    Resource: '*',
    Condition: { DateLessThan: { 'aws:CurrentTime': '2030-01-01T00:00:00Z' } },
  },
  {
    Effect: 'Deny',
    Action: 'ecr:Delete*',
    Resource: '*',
    Condition: { BoolIfExists: { 'aws:MultiFactorAuthPresent': 'false' } },
  },
  {
    Effect: 'Deny',
    NotAction: ['ecr:Get*', 'ecr:Batch*'],
    NotResource: [`${repositories}/team/*`, `${repositories}/shared/*`],
    Condition: { StringNotLike: { 'aws:PrincipalTag/team': 'platform-*' } },
  },
]

const resource = [
  {
    Effect: 'Allow',
    Principal: { AWS: role },
    Action: ['ecr:PutImage', 'ecr:InitiateLayerUpload', 'ecr:CompleteLayerUpload'],
    Condition: { StringLike: { 'aws:userid': '*:build-*' } },
  },
  {
    Effect: 'Deny',
    Principal: '*',
    Action: 'ecr:PutImage',
    Condition: { ArnNotLike: { 'aws:PrincipalArn': role } },
  },
  {
    Effect: 'Allow',
    Principal: { AWS: ['999988887777', account] },
    Action: ['ecr:BatchGetImage', 'ecr:GetDownloadUrlForLayer'],
    Condition: { StringEquals: { 'aws:PrincipalOrgID': 'o-a1b2c3d4e5' } },
  },
  {
    Effect: 'Deny',
    Principal: '*',
    Action: 'ecr:*',
    Condition: { Bool: { 'aws:SecureTransport': 'false' } },
  },
]

const context = contextOf({
  'aws:SecureTransport': 'true',
  'aws:SourceIp': '203.0.113.10',
  'aws:CurrentTime': '2026-11-24T03:00:00Z',
  'aws:PrincipalArn': role,
  'aws:PrincipalOrgID': 'o-a1b2c3d4e5',
  'aws:userid': 'AROACIDEPLOYMENTROLEX:build-42',
  'aws:PrincipalTag/team': 'blue',
  'aws:ResourceTag/team': 'blue',
})

/**
 * Prints, for each of a few requests, how many decisions a second of processor time makes, so that other work on the machine
 * does not count: the median of rounds, least and most.
 */
export function benchPolicy(print: (line: string) => void): void {
  const policies: PolicySet = {
    identity: [compiled('identity', identity)],
    resource: [compiled('resource', resource)],
    boundary: undefined,
    session: undefined,
    scp: [],
    rcp: [],
  }
  const session = `arn:aws:sts::${account}:assumed-role/CIDeploymentRole/build-42`
  const other = `arn:aws:iam::${account}:user/dev`
  for (const [name, arn, action] of [
    ['push by the role', session, 'ecr:PutImage'],
    ['pull by the role', session, 'ecr:BatchGetImage'],
    ['pull by a user', other, 'ecr:BatchGetImage'],
    ['delete by a user, denied', other, 'ecr:DeleteRepository'],
    ['an action nobody allows', other, 'ecr:TagResource'],
  ] as const) {
    const request: AccessRequest = {
      requester: requesterOf(arn),
      action,
      resource: `${repositories}/team/app`,
      resourceAccount: accountOf(account),
      context,
    }
    const { kind } = evaluate(request, policies)
    const rates = Array.from({ length: 7 }, () => measure(request, policies)).toSorted(
      (left, right) => left - right,
    )
    const [least, median, most] = [rates[0], rates[3], rates[6]].map((rate) =>
      Math.round(rate ?? 0).toLocaleString('en'),
    )
    print(`policy, ten statements, ${name} (${kind}): ${median} /s (${least} to ${most})`)
  }
}

function compiled(type: PolicyType, statements: readonly unknown[]): CompiledPolicy {
  return compilePolicy(documentOf(type, statements), { type, id: type }, new Map())
}

function documentOf(type: PolicyType, statements: readonly unknown[]): PolicyDocument {
  const text = JSON.stringify({ Version: '2012-10-17', Statement: statements })
  const reading = parsePolicy(text, type === 'identity' ? 'identity' : 'repository')
  if (reading.kind === 'malformed') throw new Error(reading.faults[0].reason)
  return reading.document
}

function measure(request: AccessRequest, policies: PolicySet): number {
  const decisions = 200_000
  const before = process.cpuUsage()
  for (let index = 0; index < decisions; index++) evaluate(request, policies)
  const { user, system } = process.cpuUsage(before)
  return decisions / ((user + system) / 1e6)
}
