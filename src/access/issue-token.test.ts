import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import { systemIds } from '../lib/ids.ts'
import { testPrincipals, type TestPrincipals } from '../../test/kit/principals.ts'
import { authenticateBasic } from './authenticate-basic.ts'
import { authenticateBearer } from './authenticate-bearer.ts'
import { makeAuthorizationToken } from './authorization-token.ts'
import { accessGraceMs, accessLifetimeMs, refreshLifetimeMs } from './bearer-token.ts'
import type { Caller } from './caller.ts'
import { issueToken, type IssuedToken } from './issue-token.ts'
import { deriveKey, type SealKeys } from './rules/seal.ts'

const source = { sourceAddress: '192.0.2.7', secureTransport: true }
const bearerKey = deriveKey(Buffer.alloc(32, 1), 'bearer')
const grants = [{ resource: 'arn', actions: ['pull'] }] as const

interface World extends TestPrincipals {
  readonly bearerKey: SealKeys
  readonly caller: Caller
  issue(credentialEndsAt?: Date): IssuedToken & { readonly refreshToken: string }
}

async function world(t: TestContext): Promise<World> {
  const principals = await testPrincipals(t)
  const { accessKeyId: user, secretAccessKey: password } = principals.key
  const result = await authenticateBasic(principals, { user, password }, source)
  assert.ok(result.kind === 'authenticated')
  const { caller } = result
  const issue: World['issue'] = (credentialEndsAt) => {
    const input = { caller, credentialEndsAt, grants, withRefreshToken: true }
    const issued = issueToken({ ...principals, ids: systemIds, bearerKey }, input)
    return { ...issued, refreshToken: issued.refreshToken ?? '' }
  }
  return { ...principals, bearerKey, caller, issue }
}

test('a token lets its owner in, within what it was asked for', async (t) => {
  const principals = await world(t)
  const { token, expiresInSeconds } = principals.issue()
  const result = await authenticateBearer(principals, 'access', token, source)
  assert.ok(result.kind === 'authenticated')
  assert.deepEqual(result.limits, grants)
  assert.deepEqual(result.caller, { ...principals.caller, method: 'bearer-token' })
  assert.equal(expiresInSeconds * 1000, accessLifetimeMs)
})

test('a token is believed a while longer than is said, then it is over', async (t) => {
  const principals = await world(t)
  const { token } = principals.issue()
  principals.clock.advance(accessLifetimeMs + accessGraceMs - 1)
  const last = await authenticateBearer(principals, 'access', token, source)
  assert.equal(last.kind, 'authenticated')
  principals.clock.advance(1)
  const over = await authenticateBearer(principals, 'access', token, source)
  assert.deepEqual(over, { kind: 'refused', reason: 'expired' })
})

test('a refresh token is no access token, and lets nobody in on its own', async (t) => {
  const principals = await world(t)
  const { token, refreshToken } = principals.issue()
  const invalid = { kind: 'refused', reason: 'invalid' }
  assert.deepEqual(await authenticateBearer(principals, 'access', refreshToken, source), invalid)
  assert.deepEqual(await authenticateBearer(principals, 'refresh', token, source), invalid)
  const refreshed = await authenticateBearer(principals, 'refresh', refreshToken, source)
  assert.equal(refreshed.kind, 'authenticated')
  principals.clock.advance(refreshLifetimeMs)
  const over = await authenticateBearer(principals, 'refresh', refreshToken, source)
  assert.deepEqual(over, { kind: 'refused', reason: 'expired' })
})

test('tokens of every kind end when their access key is made inactive', async (t) => {
  const principals = await world(t)
  const { token, refreshToken } = principals.issue()
  const { principalId, accessKeyId = '' } = principals.caller
  const expiresAt = new Date(principals.clock.now().getTime() + 1000)
  const issuedAt = principals.clock.now()
  const claims = { principalId, accessKeyId, issuedAt, expiresAt, session: undefined }
  const password = makeAuthorizationToken(principals.tokenKey, systemIds.bytes(12), claims)
  const all = async (): Promise<readonly string[]> => [
    (await authenticateBearer(principals, 'access', token, source)).kind,
    (await authenticateBearer(principals, 'refresh', refreshToken, source)).kind,
    (await authenticateBasic(principals, { user: 'AWS', password }, source)).kind,
  ]
  assert.deepEqual(new Set(await all()), new Set(['authenticated']))
  await principals.database.transaction((tx) =>
    tx.run(`UPDATE access_keys SET status = 'Inactive'`, []),
  )
  assert.deepEqual(new Set(await all()), new Set(['refused']))
})

test('no token outlives the password that it was made from', async (t) => {
  const principals = await world(t)
  const end = new Date(principals.clock.now().getTime() + 90_000)
  const { token, refreshToken, expiresInSeconds } = principals.issue(end)
  assert.equal(expiresInSeconds, 90)
  principals.clock.advance(90_000)
  const refreshed = await authenticateBearer(principals, 'refresh', refreshToken, source)
  assert.deepEqual(refreshed, { kind: 'refused', reason: 'expired' })
  principals.clock.advance(accessGraceMs)
  const over = await authenticateBearer(principals, 'access', token, source)
  assert.deepEqual(over, { kind: 'refused', reason: 'expired' })
})

test('a key that was given to another user opens nothing for the first', async (t) => {
  const principals = await world(t)
  const { token } = principals.issue()
  await principals.addUser('AIDAOTHER', 'AKIAOTHER', 'secret')
  await principals.database.transaction((tx) =>
    tx.run(`UPDATE access_keys SET user_id = 'AIDAOTHER'`, []),
  )
  const result = await authenticateBearer(principals, 'access', token, source)
  assert.deepEqual(result, { kind: 'refused', reason: 'invalid' })
})
