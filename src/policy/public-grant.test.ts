import assert from 'node:assert/strict'
import { test } from 'node:test'
import { documentOf } from '../../test/kit/policies.ts'
import { isPublicGrant } from './public-grant.ts'

function isPublic(statement: object): boolean {
  const [read] = documentOf({ Version: '2012-10-17', Statement: [statement] }).statements
  assert.ok(read !== undefined)
  return isPublicGrant(read)
}

const open = { Effect: 'Allow', Principal: '*', Action: 'ecr:*' }

test('an Allow for everybody is public, unless a condition holds the caller to a known value', () => {
  assert.equal(isPublic(open), true)
  const restricting: readonly object[] = [
    { StringEquals: { 'aws:PrincipalOrgID': 'o-1' } },
    { StringLike: { 'AWS:PRINCIPALACCOUNT': '1234*' } },
    { ArnLike: { 'aws:PrincipalArn': 'arn:aws:iam::123456789012:role/*' } },
    { 'ForAnyValue:StringLike': { 'aws:PrincipalOrgPaths': 'o-1/*' } },
    { IpAddress: { 'aws:SourceIp': ['203.0.113.0/24', '2001:db8::/32'] } },
    { StringEquals: { 'sts:ExternalId': 'k1' } },
    { StringEquals: { 'gitlab.example.com:sub': 'project_path:a/b' } },
  ]
  for (const Condition of restricting) assert.equal(isPublic({ ...open, Condition }), false)
  const toothless: readonly object[] = [
    {},
    { StringLike: { 'aws:PrincipalOrgID': '*' } },
    { StringNotEquals: { 'aws:PrincipalOrgID': 'o-1' } },
    { StringEqualsIfExists: { 'aws:PrincipalOrgID': 'o-1' } },
    { 'ForAllValues:StringLike': { 'aws:PrincipalOrgPaths': 'o-1/*' } },
    { Null: { 'aws:PrincipalArn': 'false' } },
    { ArnLike: { 'aws:PrincipalArn': 'arn:aws:iam::*:role/ci' } },
    { ArnLike: { 'aws:PrincipalArn': 'arn:aws' } },
    { ArnLike: { 'aws:PrincipalArn': ['arn:aws:iam::123456789012:role/x', 'arn:*:*:*:*:*'] } },
    { IpAddress: { 'aws:SourceIp': ['203.0.113.0/24', '0.0.0.0/0'] } },
    { IpAddress: { 'aws:SourceIp': '::/0' } },
    { StringEquals: { 'aws:UserAgent': 'ci' } },
    { StringEquals: { 'aws:PrincipalTag/team': 'x' } },
    { StringSoundsLike: { 'aws:PrincipalOrgID': 'o-1' } },
    { StringEquals: { 'aws:PrincipalOrgID': [] } },
    { Bool: { 'aws:SecureTransport': 'true' } },
  ]
  for (const Condition of toothless) {
    assert.equal(isPublic({ ...open, Condition }), true, JSON.stringify(Condition))
  }
})

test('a Deny, a named principal and a policy without principals are not public; NotPrincipal is', () => {
  assert.equal(isPublic({ ...open, Effect: 'Deny' }), false)
  assert.equal(isPublic({ ...open, Principal: { AWS: '123456789012' } }), false)
  assert.equal(isPublic({ Effect: 'Allow', Action: '*', Resource: '*' }), false)
  const named = { AWS: '123456789012' }
  assert.equal(isPublic({ Effect: 'Allow', NotPrincipal: named, Action: '*' }), true)
  assert.equal(isPublic({ ...open, Principal: { AWS: ['123456789012', '*'] } }), true)
})
