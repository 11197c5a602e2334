// Every door says which IAM action it needs, and a caller without the right is refused at each of them.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { decide } from '../src/access/rules/decide.ts'
import { controlRoutes } from '../src/edges/control/routes.ts'
import { cloudTrailOperations } from '../src/edges/aws/cloudtrail/operations.ts'
import { ecrOperations } from '../src/edges/aws/ecr/operations.ts'
import { unservedEcrOperations } from '../src/edges/aws/ecr/unserved-operations.ts'
import { iamOperationNames } from '../src/edges/aws/iam/operation-names.ts'
import { iamOperations } from '../src/edges/aws/iam/operations.ts'
import { stsOperationNames } from '../src/edges/aws/sts/operation-names.ts'
import { stsOperations } from '../src/edges/aws/sts/operations.ts'
import { ociRoutes } from '../src/edges/oci/routes.ts'
import { parseAccountId } from '../src/policy/account-id.ts'

const query = new URLSearchParams('digest=x&mount=y')
const account = parseAccountId('123456789012')
assert.ok(account !== undefined)

function actions(): readonly string[] {
  const fromOci = ociRoutes.flatMap((row) => [
    ...row.actions({ query, hasBody: true }),
    ...row.actions({ query: new URLSearchParams(), hasBody: false }),
  ])
  const fromAws = [...ecrOperations.values(), ...cloudTrailOperations.values()].map(
    ({ name, authorization }) =>
      authorization.kind === 'action' ? authorization.action : `none: ${name}`,
  )
  const fromQuery = [...iamOperations.values(), ...stsOperations.values()].flatMap(
    ({ authorization }) =>
      authorization.kind === 'authenticated-only' ? [] : [authorization.action],
  )
  return [...fromOci, ...fromAws, ...fromQuery, ...controlRoutes.map(({ action }) => action)]
}

test('every route and operation declares an IAM action', () => {
  for (const action of actions())
    assert.match(action, /^(?:ecr|iam|sts|cloudtrail|pratique):[A-Z][A-Za-z]+$/)
  assert.ok(actions().length > 40)
})

test('a caller who is no administrator is refused every one of them', () => {
  const principal = { arn: `arn:aws:iam::${account}:user/dev`, account, isAdministrator: false }
  for (const action of actions()) {
    const decision = decide({ principal, action, resources: ['*'] })
    assert.equal(decision.kind, 'deny', action)
  }
})

test('an administrator is refused what belongs to another account', () => {
  const principal = { arn: `arn:aws:iam::${account}:user/admin`, account, isAdministrator: true }
  const resources = ['arn:aws:ecr:us-east-1:999999999999:repository/app']
  const decision = decide({ principal, action: 'ecr:BatchGetImage', resources })
  assert.equal(decision.kind, 'deny')
})

test('the operations of the ECR model are served or said to be unserved, none both', () => {
  const served = [...ecrOperations.keys()]
  assert.deepEqual(
    served.filter((name) => unservedEcrOperations.has(name)),
    [],
  )
  assert.equal(served.length + unservedEcrOperations.size, 62)
})

test('only what STS lets nobody deny asks for no action', () => {
  const open = [...iamOperations.values(), ...stsOperations.values()]
    .filter(({ authorization }) => authorization.kind === 'authenticated-only')
    .map(({ name }) => name)
  assert.deepEqual(open, ['GetCallerIdentity'])
})

test('the operations of IAM and STS that are served are those of their models', () => {
  for (const name of iamOperations.keys()) assert.ok(iamOperationNames.has(name), name)
  for (const name of stsOperations.keys()) assert.ok(stsOperationNames.has(name), name)
})
