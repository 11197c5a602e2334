import assert from 'node:assert/strict'
import { test } from 'node:test'
import { systemIds } from '../lib/ids.ts'
import { testPrincipals, type TestPrincipals } from '../../test/kit/principals.ts'
import { authenticateBasic, type BasicResult } from './authenticate-basic.ts'
import { makeAuthorizationToken, tokenLifetimeMs } from './authorization-token.ts'
import { deriveKey } from './rules/seal.ts'

const source = { sourceAddress: '192.0.2.7', secureTransport: true }
const invalid = { kind: 'refused', reason: 'invalid' }

async function present(
  principals: TestPrincipals,
  user: string,
  password: string,
): Promise<BasicResult> {
  return authenticateBasic(principals, { user, password }, source)
}

test('refuses unknown ids, wrong secrets and inactive keys alike', async (t) => {
  const principals = await testPrincipals(t)
  const { accessKeyId, secretAccessKey } = principals.key
  const cases: readonly (readonly [string, string])[] = [
    ['', ''],
    ['', secretAccessKey],
    ['AKIAUNKNOWN', secretAccessKey],
    ['AKIAUNKNOWN', 'no such access key'],
    [accessKeyId, ''],
    [accessKeyId, 'no such access key'],
    [accessKeyId, `${secretAccessKey} `],
    [accessKeyId, secretAccessKey.slice(1)],
    [accessKeyId, 'x'.repeat(secretAccessKey.length)],
    [accessKeyId, 'ä'.repeat(secretAccessKey.length / 2)],
    [accessKeyId.toLowerCase(), secretAccessKey],
    ['admin', secretAccessKey],
    ['aws', secretAccessKey],
  ]
  for (const [user, password] of cases) {
    assert.deepEqual(await present(principals, user, password), invalid, `${user}:${password}`)
  }
  await principals.database.transaction((tx) =>
    tx.run(`UPDATE access_keys SET status = 'Inactive'`, []),
  )
  assert.deepEqual(await present(principals, accessKeyId, secretAccessKey), invalid)
})

test('a key sealed under another master key opens nothing', async (t) => {
  const principals = await testPrincipals(t)
  const { accessKeyId, secretAccessKey } = principals.key
  const elsewhere = { ...principals, accessKeyKey: deriveKey(Buffer.alloc(32, 2), 'access-key') }
  assert.deepEqual(await present(elsewhere, accessKeyId, secretAccessKey), invalid)
})

test('an access key with its secret says who calls, and from where', async (t) => {
  const principals = await testPrincipals(t)
  const { accessKeyId, secretAccessKey } = principals.key
  const result = await present(principals, accessKeyId, secretAccessKey)
  assert.ok(result.kind === 'authenticated')
  const { principalId, ...caller } = result.caller
  assert.match(principalId, /^AIDA[A-Z2-7]{17}$/)
  assert.deepEqual(caller, {
    accountId: '123456789012',
    requester: {
      kind: 'user',
      account: '123456789012',
      id: principalId,
      arn: 'arn:aws:iam::123456789012:user/admin',
    },
    principalArn: 'arn:aws:iam::123456789012:user/admin',
    principalName: 'admin',
    accessKeyId,
    method: 'access-key-basic',
    session: undefined,
    ...source,
  })
})

test('user AWS shows a token: until its time is over, while its user exists', async (t) => {
  const principals = await testPrincipals(t)
  const { accessKeyId, secretAccessKey } = principals.key
  const known = await present(principals, accessKeyId, secretAccessKey)
  assert.ok(known.kind === 'authenticated')
  const { principalId } = known.caller
  const expiresAt = new Date(principals.clock.now().getTime() + tokenLifetimeMs)
  const tokenFor = (id: string): string =>
    makeAuthorizationToken(principals.tokenKey, systemIds.bytes(12), {
      principalId: id,
      accessKeyId,
      issuedAt: principals.clock.now(),
      expiresAt,
      session: undefined,
    })
  assert.deepEqual(await present(principals, 'AWS', secretAccessKey), invalid)
  assert.deepEqual(await present(principals, 'AWS', ''), invalid)
  assert.deepEqual(await present(principals, 'AWS', tokenFor('AIDAGONE')), invalid)
  assert.deepEqual(await present(principals, accessKeyId, tokenFor(principalId)), invalid)
  const token = tokenFor(principalId)
  const result = await present(principals, 'AWS', token)
  assert.ok(result.kind === 'authenticated')
  assert.equal(result.caller.method, 'ecr-token')
  assert.equal(result.caller.principalName, 'admin')
  principals.clock.advance(tokenLifetimeMs)
  const expired = { kind: 'refused', reason: 'expired' }
  assert.deepEqual(await present(principals, 'AWS', token), expired)
})
