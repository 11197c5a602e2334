import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { test } from 'node:test'
import { administratorAccessArn, awsManagedPolicies, isAwsManagedArn } from './aws-policies.ts'

function base32(bytes: Uint8Array): string {
  const bits = [...bytes].map((byte) => byte.toString(2).padStart(8, '0')).join('')
  const digits = bits.match(/.{5}/g) ?? []
  return digits.map((five) => 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'.charAt(parseInt(five, 2))).join('')
}

test('an ARN that only looks like one of them is none', () => {
  const refused = [
    '',
    'arn:aws:iam::aws:policy/administratoraccess',
    'arn:aws:iam::aws:policy//AdministratorAccess',
    'arn:aws:iam::123456789012:policy/AdministratorAccess',
    'arn:aws:iam::aws:policy/service-role/AdministratorAccess',
    ' arn:aws:iam::aws:policy/AdministratorAccess',
  ]
  for (const arn of refused) assert.equal(awsManagedPolicies.get(arn), undefined, arn)
  assert.equal(isAwsManagedArn('arn:aws:iam::123456789012:policy/x'), false)
})

test('ids are made of the ARNs, so that they are the same everywhere', () => {
  for (const [arn, { id }] of awsManagedPolicies) {
    const expected = `ANPA${base32(createHash('sha256').update(arn).digest()).slice(0, 17)}`
    assert.equal(id, expected, arn)
    assert.equal(isAwsManagedArn(arn), true)
  }
})

test('only the administrator may do what is not of ECR', () => {
  assert.equal(awsManagedPolicies.has(administratorAccessArn), true)
  const wide = [...awsManagedPolicies.values()].filter(({ document }) =>
    /"Action": "\*"/.test(document),
  )
  assert.deepEqual(
    wide.map(({ arn }) => arn),
    [administratorAccessArn],
  )
})

test('who may only pull cannot push, who may push cannot delete or change policies', () => {
  const actionsOf = (name: string): string =>
    awsManagedPolicies.get(`arn:aws:iam::aws:policy/${name}`)?.document ?? ''
  assert.doesNotMatch(actionsOf('AmazonEC2ContainerRegistryPullOnly'), /Put|Upload|Delete|Check/)
  assert.doesNotMatch(actionsOf('AmazonEC2ContainerRegistryReadOnly'), /Put|Upload|Delete/)
  const push = actionsOf('AmazonEC2ContainerRegistryPowerUser')
  assert.doesNotMatch(push, /Delete|SetRepositoryPolicy|CreateRepository/)
  assert.match(push, /ecr:PutImage/)
})

test('what AWS keeps for its service-linked roles can be attached to nobody', () => {
  for (const { isAttachable, path } of awsManagedPolicies.values()) {
    assert.equal(isAttachable, path === '/')
  }
})
