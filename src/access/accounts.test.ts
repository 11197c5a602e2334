import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import { accountOf, testPrincipals } from '../../test/kit/principals.ts'
import { openSession, sessionKey } from '../../test/kit/sessions.ts'
import { systemIds } from '../lib/ids.ts'
import { parseRepositoryName } from '../oci/repository-name.ts'
import { createRepository } from '../registry/create-repository.ts'
import { isFirstSegment } from '../registry/repository-store.ts'
import { accountExists, listAccounts } from './account-store.ts'
import {
  closeAccount,
  createAccount,
  createRootKey,
  deleteAlias,
  deleteRootKey,
  openAccount,
  putAlias,
} from './accounts.ts'
import { authenticateBasic } from './authenticate-basic.ts'
import { authenticateBearer } from './authenticate-bearer.ts'
import { makeAuthorizationToken } from './authorization-token.ts'
import { findSigningKey } from './find-signing-key.ts'
import { issueToken } from './issue-token.ts'
import { deriveKey, seal } from './rules/seal.ts'

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

type Key = { readonly accessKeyId: string; readonly secretAccessKey: string }
type World = Awaited<ReturnType<typeof world>>

/** Everything that a key is made into: a session, a password of /v2, an access token and a refresh token; do they open anything? */
async function credentialsOf(
  deps: World['deps'],
  opens: World['opens'],
  key: Key,
): Promise<() => Promise<readonly string[]>> {
  const result = await opens(key)
  assert.ok(result.kind === 'authenticated')
  const { caller } = result
  const { principalId, accessKeyId = '' } = caller
  const issuedAt = deps.clock.now()
  const expiresAt = new Date(issuedAt.getTime() + 3_600_000)
  const owner = { kind: 'user', id: principalId } as const
  const session = await openSession(deps, { owner })
  const claims = { principalId, accessKeyId, issuedAt, expiresAt, session: undefined }
  const password = makeAuthorizationToken(deps.tokenKey, systemIds.bytes(12), claims)
  const bearerKey = deriveKey(Buffer.alloc(32, 1), 'bearer')
  const { token, refreshToken = '' } = issueToken(
    { ...deps, bearerKey },
    { caller, credentialEndsAt: undefined, grants: [], withRefreshToken: true },
  )
  const bearing = { ...deps, bearerKey }
  return async () => {
    const signing = await findSigningKey(
      { ...deps, sessionKey },
      session.accessKeyId,
      session.sessionToken,
    )
    const kinds = [
      signing?.kind,
      (await authenticateBasic(deps, { user: 'AWS', password }, source)).kind,
      (await authenticateBearer(bearing, 'access', token, source)).kind,
      (await authenticateBearer(bearing, 'refresh', refreshToken, source)).kind,
    ]
    return kinds.map((kind) => (kind === 'active' || kind === 'authenticated' ? 'open' : 'shut'))
  }
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

test('an account that is opened again takes its keys, and no session or token from before', async (t) => {
  const { deps, opens } = await world(t)
  await assert.rejects(openAccount(deps, { id: other }), { code: 'ENTITY_UNKNOWN' })
  const { key } = await createAccount(deps, { id: other, alias: undefined })
  const made = await credentialsOf(deps, opens, key)
  assert.deepEqual(await made(), ['open', 'open', 'open', 'open'])
  const untouched = await openAccount(deps, { id: other })
  assert.equal(untouched.state, 'active')
  assert.deepEqual(
    await made(),
    ['open', 'open', 'open', 'open'],
    'one that is open stays as it is',
  )

  await closeAccount(deps, { id: other, ownAccount: deps.account })
  deps.clock.advance(1000)
  assert.equal((await openAccount(deps, { id: other })).state, 'active')
  assert.equal((await opens(key)).kind, 'authenticated')
  assert.deepEqual(await made(), ['shut', 'shut', 'shut', 'shut'])
  deps.clock.advance(1000)
  const anew = await credentialsOf(deps, opens, key)
  assert.deepEqual(await anew(), ['open', 'open', 'open', 'open'])
  // Another account’s tokens are none of it.
  const own = await credentialsOf(deps, opens, deps.key)
  assert.deepEqual(await own(), ['open', 'open', 'open', 'open'])
})

test('a token that does not say when it was made is from before', async (t) => {
  const { deps, opens } = await world(t)
  const { key } = await createAccount(deps, { id: other, alias: undefined })
  const result = await opens(key)
  assert.ok(result.kind === 'authenticated')
  const plain = [result.caller.principalId, key.accessKeyId, deps.clock.now().getTime() + 60_000]
  const sealed = seal(
    deps.tokenKey,
    systemIds.bytes(12),
    Buffer.from(JSON.stringify(plain)),
    'ecr-token/1',
  )
  const ask = async () =>
    authenticateBasic(deps, { user: 'AWS', password: sealed.toString('base64url') }, source)
  assert.equal((await ask()).kind, 'authenticated')
  await closeAccount(deps, { id: other, ownAccount: deps.account })
  await openAccount(deps, { id: other })
  assert.equal((await ask()).kind, 'refused')
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

test('root’s keys are replaced when they are lost, and what was made is taken back', async (t) => {
  const { deps, opens } = await world(t)
  const { account: id } = deps
  const lost = [await createRootKey(deps, { id }), await createRootKey(deps, { id })]
  const key = await createRootKey(deps, { id, replacesAll: true })
  assert.equal((await opens(key)).kind, 'authenticated')
  for (const one of lost) assert.equal((await opens(one)).kind, 'refused')
  await deleteRootKey(deps, { id, accessKeyId: key.accessKeyId })
  assert.equal((await opens(key)).kind, 'refused')
  assert.equal((await opens(deps.key)).kind, 'authenticated', 'other users’ keys stay')
})
