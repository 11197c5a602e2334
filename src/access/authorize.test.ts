import assert from 'node:assert/strict'
import { test } from 'node:test'
import { testPrincipals, type TestPrincipals } from '../../test/kit/principals.ts'
import { authenticateBasic } from './authenticate-basic.ts'
import { authorize } from './authorize.ts'
import type { Caller } from './caller.ts'

const source = { sourceAddress: '127.0.0.1', secureTransport: false }
const resources = ['arn:aws:ecr:us-east-1:123456789012:repository/app']
const request = { action: 'ecr:PutImage', resources }

async function callerWith(
  principals: TestPrincipals,
  user: string,
  password: string,
): Promise<Caller> {
  const result = await authenticateBasic(principals, { user, password }, source)
  if (result.kind === 'refused') throw new Error(result.reason)
  return result.caller
}

test('a user without rights is refused, the administrator is not', async (t) => {
  const principals = await testPrincipals(t)
  await principals.addUser('AIDAUSER', 'AKIAUSER', 'secret')
  const user = await callerWith(principals, 'AKIAUSER', 'secret')
  assert.equal((await authorize(principals, user, request)).kind, 'deny')
  const { accessKeyId, secretAccessKey } = principals.key
  const administrator = await callerWith(principals, accessKeyId, secretAccessKey)
  assert.equal((await authorize(principals, administrator, request)).kind, 'allow')
})

test('rights are those of now: an administrator that is gone or demoted is refused', async (t) => {
  const principals = await testPrincipals(t)
  const { accessKeyId, secretAccessKey } = principals.key
  const caller = await callerWith(principals, accessKeyId, secretAccessKey)
  await principals.database.transaction((tx) =>
    tx.run('DELETE FROM attached_policies WHERE owner_id = $1', [caller.principalId]),
  )
  assert.equal((await authorize(principals, caller, request)).kind, 'deny')
  const unknown = { ...caller, principalId: 'AIDAGONE' }
  assert.equal((await authorize(principals, unknown, request)).kind, 'deny')
})
