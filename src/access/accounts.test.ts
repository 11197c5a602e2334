import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import { accountOf, testPrincipals } from '../../test/kit/principals.ts'
import { systemIds } from '../lib/ids.ts'
import { parseRepositoryName } from '../oci/repository-name.ts'
import { createRepository } from '../registry/create-repository.ts'
import { isFirstSegment } from '../registry/repository-store.ts'
import { accountExists, listAccounts } from './account-store.ts'
import { closeAccount, createAccount, createRootKey, deleteAlias, putAlias } from './accounts.ts'
import { authenticateBasic } from './authenticate-basic.ts'

const other = accountOf('210987654321')
const source = { sourceAddress: '127.0.0.1', secureTransport: false }

async function world(t: TestContext) {
  const principals = await testPrincipals(t)
  const deps = { ...principals, ids: systemIds, isFirstSegment }
  const opens = async (key: { readonly accessKeyId: string; readonly secretAccessKey: string }) => {
    const credentials = { user: key.accessKeyId, password: key.secretAccessKey }
    return authenticateBasic(deps, credentials, source)
  }
  const addRepository = async (text: string): Promise<void> => {
    const name = parseRepositoryName(text)
    assert.ok(name !== undefined)
    const isAccount = async (id: string) => accountExists(deps.database, id)
    await createRepository(
      { ...deps, isAccount },
      {
        repository: { account: deps.account, name },
        tagMutability: 'IMMUTABLE',
        scanOnPush: false,
        tags: [],
      },
    )
  }
  return { deps, opens, addRepository }
}

test('refuses an id that is taken, or that a repository’s name begins with', async (t) => {
  const { deps, addRepository } = await world(t)
  const refused = async (id: string) =>
    assert.rejects(createAccount(deps, { id: accountOf(id), alias: undefined }), {
      code: 'ENTITY_EXISTS',
    })
  await refused('123456789012')
  await addRepository('210987654321/app')
  await addRepository('310987654321')
  await refused('210987654321')
  await refused('310987654321')
  await addRepository('team/410987654321')
  await addRepository('4109876543210/app')
  await createAccount(deps, { id: accountOf('410987654321'), alias: undefined })
  await assert.rejects(addRepository('410987654321/app'), { code: 'REPOSITORY_NAME_RESERVED' })
})

test('a new account has an administrator whose key opens it', async (t) => {
  const { deps, opens } = await world(t)
  const made = await createAccount(deps, { id: other, alias: 'second' })
  assert.equal(made.userName, 'admin')
  const result = await opens(made.key)
  assert.ok(result.kind === 'authenticated')
  assert.equal(result.caller.principalArn, 'arn:aws:iam::210987654321:user/admin')
  const listed = (await listAccounts(deps.database)).map(({ id, alias }) => ({ id, alias }))
  assert.deepEqual(listed, [
    { id: deps.account, alias: undefined },
    { id: other, alias: 'second' },
  ])
  const drawn = await createAccount(deps, { id: undefined, alias: undefined })
  assert.match(drawn.account.id, /^[1-9][0-9]{11}$/)
})

test('an alias is one account’s', async (t) => {
  const { deps } = await world(t)
  const id = deps.account
  await putAlias(deps, { id, alias: 'home' })
  const taken = createAccount(deps, { id: other, alias: 'home' })
  await assert.rejects(taken, { code: 'ENTITY_EXISTS' })
  assert.equal(await accountExists(deps.database, other), false)
  await createAccount(deps, { id: other, alias: undefined })
  await assert.rejects(putAlias(deps, { id: other, alias: 'home' }), { code: 'ENTITY_EXISTS' })
  await assert.rejects(deleteAlias(deps, { id: other, alias: 'home' }), { code: 'ENTITY_UNKNOWN' })
  await putAlias(deps, { id, alias: 'home' })
  await deleteAlias(deps, { id, alias: 'home' })
  await putAlias(deps, { id: other, alias: 'home' })
  const missing = accountOf('999999999999')
  await assert.rejects(putAlias(deps, { id: missing, alias: 'x-y' }), { code: 'ENTITY_UNKNOWN' })
})

test('the caller’s own account is not closed, nor the last one that is open', async (t) => {
  const { deps, opens } = await world(t)
  const own = { id: deps.account, ownAccount: deps.account }
  await assert.rejects(closeAccount(deps, own), { code: 'ENTITY_IN_USE' })
  await assert.rejects(closeAccount(deps, { id: deps.account, ownAccount: other }), {
    code: 'ENTITY_IN_USE',
  })
  assert.equal((await opens(deps.key)).kind, 'authenticated')
})

test('credentials of a closed account open nothing, and its id stays its own', async (t) => {
  const { deps, opens, addRepository } = await world(t)
  const made = await createAccount(deps, { id: other, alias: undefined })
  const root = await createRootKey(deps, { id: other })
  assert.equal((await opens(root)).kind, 'authenticated')
  const closed = await closeAccount(deps, { id: other, ownAccount: deps.account })
  assert.equal(closed.state, 'closed')
  assert.equal((await opens(made.key)).kind, 'refused')
  assert.equal((await opens(root)).kind, 'refused')
  await closeAccount(deps, { id: other, ownAccount: deps.account })
  await assert.rejects(addRepository('210987654321/app'), { code: 'REPOSITORY_NAME_RESERVED' })
})

test('root’s key is root’s, and there are two at most', async (t) => {
  const { deps, opens } = await world(t)
  const key = await createRootKey(deps, { id: deps.account })
  const result = await opens(key)
  assert.ok(result.kind === 'authenticated')
  const { requester, principalArn, principalId } = result.caller
  assert.deepEqual(requester, { kind: 'root', account: deps.account })
  assert.equal(principalArn, 'arn:aws:iam::123456789012:root')
  assert.equal(principalId, deps.account)
  await createRootKey(deps, { id: deps.account })
  await assert.rejects(createRootKey(deps, { id: deps.account }), { code: 'ENTITY_LIMIT' })
  await assert.rejects(createRootKey(deps, { id: other }), { code: 'ENTITY_UNKNOWN' })
})
