// Every door says which IAM action it needs, and a caller without the right is refused at each of them.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { controlRoutes } from '../src/edges/control/routes.ts'
import { cloudTrailOperations } from '../src/edges/aws/cloudtrail/operations.ts'
import { ecrOperations } from '../src/edges/aws/ecr/operations.ts'
import { iamOperationNames } from '../src/edges/aws/iam/operation-names.ts'
import { iamOperations } from '../src/edges/aws/iam/operations.ts'
import {
  inspectorOperations,
  unservedInspectorOperations,
} from '../src/edges/aws/inspector2/operations.ts'
import { inspectorPaths } from '../src/edges/aws/inspector2/operation-paths.ts'
import { signerPaths } from '../src/edges/aws/signer/operation-paths.ts'
import { signerOperations } from '../src/edges/aws/signer/operations.ts'
import { stsOperationNames } from '../src/edges/aws/sts/operation-names.ts'
import { stsOperations } from '../src/edges/aws/sts/operations.ts'
import { ociRoutes } from '../src/edges/oci/routes.ts'
import { findAction } from '../src/policy/actions.ts'
import { evaluate } from '../src/policy/evaluate.ts'
import { requesterOf } from './kit/policies.ts'

const query = new URLSearchParams('digest=x&mount=y')
const account = '123456789012'

function actions(): readonly string[] {
  const fromOci = ociRoutes.flatMap((row) => [
    ...row.actions({ query, hasBody: true }),
    ...row.actions({ query: new URLSearchParams(), hasBody: false }),
  ])
  const fromAws = [
    ...ecrOperations.values(),
    ...cloudTrailOperations.values(),
    ...inspectorOperations.values(),
    ...signerOperations.values(),
  ].map(({ name, authorization }) =>
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
    assert.match(action, /^(?:ecr|iam|sts|cloudtrail|inspector2|signer|pratique):[A-Z][A-Za-z]+$/)
  assert.ok(actions().length > 40)
})

test('a caller without a policy is refused every one of them', () => {
  const requester = requesterOf(`arn:aws:iam::${account}:user/dev`)
  const context = { get: () => undefined }
  const none = {
    identity: [],
    resource: [],
    boundary: undefined,
    session: undefined,
    scp: [],
    rcp: [],
  }
  for (const action of actions()) {
    const asked = { requester, action, resource: '*', resourceAccount: undefined, context }
    assert.equal(evaluate(asked, none).kind, 'implicit-deny', action)
  }
})

test('the operations of the Inspector model are served or said to be unserved, none both', () => {
  assert.equal(inspectorOperations.size + unservedInspectorOperations.size, 84)
  assert.equal(inspectorPaths.size, 84)
  for (const name of inspectorOperations.keys()) {
    assert.ok(inspectorPaths.has(name), name)
    assert.ok(findAction(`inspector2:${name}`) !== undefined, name)
  }
})

test('all operations of the Signer model are served, each with an action of its name', () => {
  assert.equal(signerOperations.size, 19)
  assert.deepEqual([...signerPaths.keys()].toSorted(), [...signerOperations.keys()].toSorted())
  for (const name of signerOperations.keys())
    assert.ok(findAction(`signer:${name}`) !== undefined, name)
})

test('only what STS lets nobody deny asks for no action', () => {
  const open = [...iamOperations.values(), ...stsOperations.values()]
    .filter(({ authorization }) => authorization.kind === 'authenticated-only')
    .map(({ name }) => name)
  assert.deepEqual(open, ['GetCallerIdentity', 'GetSessionToken'])
})

test('the operations of IAM and STS that are served are those of their models', () => {
  for (const name of iamOperations.keys()) assert.ok(iamOperationNames.has(name), name)
  for (const name of stsOperations.keys()) assert.ok(stsOperationNames.has(name), name)
})
