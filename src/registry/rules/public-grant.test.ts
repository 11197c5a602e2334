import assert from 'node:assert/strict'
import { test } from 'node:test'
import { documentOf } from '../../../test/kit/policies.ts'
import { grantsToEverybody } from './public-grant.ts'

const everybody = { Effect: 'Allow', Principal: '*', Action: 'ecr:BatchGetImage' }

function isPublic(members: object): boolean {
  return grantsToEverybody(
    documentOf({ Version: '2012-10-17', Statement: [{ ...everybody, ...members }] }),
  )
}

test('an Allow for everybody is public, whatever does not keep it to some', () => {
  const wide = [
    {},
    { Principal: { AWS: '*' } },
    { Principal: { AWS: ['123456789012', '*'] } },
    { Principal: undefined, NotPrincipal: { AWS: '123456789012' } },
    { Condition: { Bool: { 'aws:SecureTransport': 'true' } } },
    { Condition: { StringLike: { 'aws:UserAgent': 'docker*' } } },
    { Condition: { StringLike: { 'aws:PrincipalArn': '*' } } },
    { Condition: { StringNotEquals: { 'aws:PrincipalAccount': '123456789012' } } },
    { Condition: { ArnLikeIfExists: { 'aws:PrincipalArn': 'arn:aws:iam::123456789012:role/x' } } },
    { Condition: { 'ForAllValues:StringEquals': { 'aws:PrincipalOrgPaths': 'o-1/' } } },
    { Condition: { Null: { 'aws:PrincipalArn': 'true' } } },
    { Condition: { NotIpAddress: { 'aws:SourceIp': '192.0.2.0/24' } } },
  ]
  for (const members of wide) assert.equal(isPublic(members), true, JSON.stringify(members))
})

test('what names somebody, denies, or is kept to some by a condition is not', () => {
  const narrow = [
    { Effect: 'Deny' },
    { Principal: { AWS: '123456789012' } },
    { Principal: { Service: 'replication.ecr.amazonaws.com' } },
    { Condition: { StringEquals: { 'aws:PrincipalAccount': '123456789012' } } },
    { Condition: { ArnLike: { 'AWS:principalarn': 'arn:aws:iam::123456789012:role/*' } } },
    { Condition: { IpAddress: { 'aws:SourceIp': '192.0.2.0/24' } } },
    { Condition: { StringEquals: { 'aws:PrincipalTag/team': 'blue' } } },
    {
      Condition: {
        Bool: { 'aws:SecureTransport': 'true' },
        StringEquals: { 'aws:PrincipalOrgID': 'o-1' },
      },
    },
  ]
  for (const members of narrow) assert.equal(isPublic(members), false, JSON.stringify(members))
})
