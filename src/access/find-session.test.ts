import assert from 'node:assert/strict'
import { test } from 'node:test'
import { systemIds } from '../lib/ids.ts'
import { testPrincipals, type TestPrincipals } from '../../test/kit/principals.ts'
import { addRole, openSession, plainSession, sessionKey } from '../../test/kit/sessions.ts'
import { authenticateBasic } from './authenticate-basic.ts'
import { authenticateBearer } from './authenticate-bearer.ts'
import { makeAuthorizationToken } from './authorization-token.ts'
import { claimsOfCaller } from './carry-session.ts'
import { findSigningKey, type SigningKey } from './find-signing-key.ts'
import { issueToken } from './issue-token.ts'
import { callerOf, type Principal } from './principal.ts'
import { deriveKey } from './rules/seal.ts'
import { findSessionPolicy, upsertRevocation } from './session-store.ts'
import type { TemporaryCredentials } from './issue-session.ts'

const source = { sourceAddress: '192.0.2.7', secureTransport: true }
const bearerKey = deriveKey(Buffer.alloc(32, 1), 'bearer')
const build = { kind: 'role', id: 'AROA1', sessionName: 'build-1' } as const

async function signedBy(
  principals: TestPrincipals,
  credentials: Pick<TemporaryCredentials, 'accessKeyId'> & { readonly sessionToken?: string },
): Promise<SigningKey | undefined> {
  const deps = { ...principals, sessionKey }
  return findSigningKey(deps, credentials.accessKeyId, credentials.sessionToken)
}

async function principalOf(
  principals: TestPrincipals,
  credentials: TemporaryCredentials,
): Promise<Principal> {
  const found = await signedBy(principals, credentials)
  assert.ok(found?.kind === 'active')
  assert.equal(found.secret.reveal(), credentials.secretAccessKey)
  return found.principal
}

test('a temporary key without its token, a lasting key with one, and a token of another session open nothing', async (t) => {
  const principals = await testPrincipals(t)
  await addRole(principals, 'AROA1')
  const session = await openSession(principals, { owner: build })
  const other = await openSession(principals, { owner: build })
  assert.equal(await signedBy(principals, { accessKeyId: session.accessKeyId }), undefined)
  const { sessionToken } = session
  const { accessKeyId } = principals.key
  assert.equal((await signedBy(principals, { accessKeyId }))?.kind, 'active')
  assert.equal(await signedBy(principals, { accessKeyId, sessionToken }), undefined)
  const crossed = { accessKeyId: other.accessKeyId, sessionToken }
  assert.equal(await signedBy(principals, crossed), undefined)
})

test('a session opens nothing once its role is gone, also when one of the same name is made', async (t) => {
  const principals = await testPrincipals(t)
  await addRole(principals, 'AROA1')
  const session = await openSession(principals, { owner: build })
  assert.equal((await signedBy(principals, session))?.kind, 'active')
  await principals.database.transaction((tx) => tx.run('DELETE FROM roles'))
  assert.equal(await signedBy(principals, session), undefined)
  await addRole(principals, 'AROA2')
  assert.equal(await signedBy(principals, session), undefined)
})

test('a session opens nothing while its account is closed', async (t) => {
  const principals = await testPrincipals(t)
  await addRole(principals, 'AROA1')
  const session = await openSession(principals, { owner: build })
  await principals.database.transaction((tx) => tx.run(`UPDATE accounts SET state = 'closed'`))
  assert.equal(await signedBy(principals, session), undefined)
})

test('the end of a session is told to who has its secret', async (t) => {
  const principals = await testPrincipals(t)
  await addRole(principals, 'AROA1')
  const session = await openSession(principals, { owner: build, durationSeconds: 900 })
  principals.clock.advance(900_000)
  const found = await signedBy(principals, session)
  assert.ok(found?.kind === 'expired')
  assert.equal(found.secret.reveal(), session.secretAccessKey)
})

for (const subject of ['AROA1', 'AROA1:build-1', 'the session']) {
  test(`revoking ${subject} ends what was issued before, and nothing that is issued after`, async (t) => {
    const principals = await testPrincipals(t)
    await addRole(principals, 'AROA1')
    const session = await openSession(principals, { owner: build })
    const neighbour = await openSession(principals, {
      owner: { ...build, sessionName: 'build-2' },
    })
    principals.clock.advance(1)
    const before = principals.clock.now()
    const revoked = subject === 'the session' ? `123456789012/${session.accessKeyId}` : subject
    await principals.database.transaction((tx) => upsertRevocation(tx, revoked, before))
    assert.equal(await signedBy(principals, session), undefined)
    const isWhole = subject === 'AROA1'
    assert.equal((await signedBy(principals, neighbour)) === undefined, isWhole)
    const next = await openSession(principals, { owner: build })
    assert.equal((await signedBy(principals, next))?.kind, 'active')
  })
}

test('an earlier revocation does not undo a later one', async (t) => {
  const principals = await testPrincipals(t)
  await addRole(principals, 'AROA1')
  const session = await openSession(principals, { owner: build })
  const later = new Date(principals.clock.now().getTime() + 1)
  for (const before of [later, new Date(0)])
    await principals.database.transaction((tx) => upsertRevocation(tx, 'AROA1', before))
  assert.equal(await signedBy(principals, session), undefined)
})

test('a session whose stored policy is lost opens nothing: it would be wider than it was made', async (t) => {
  const principals = await testPrincipals(t)
  await addRole(principals, 'AROA1')
  const long = JSON.stringify({ Statement: 'x'.repeat(1500) })
  const session = await openSession(principals, { owner: build, policies: ['{}', long] })
  assert.ok(session.sessionToken.length < 2048)
  const { session: facts } = await principalOf(principals, session)
  assert.deepEqual(facts?.policies, ['{}', long])
  await principals.database.transaction((tx) => tx.run('DELETE FROM session_policies'))
  assert.equal(await signedBy(principals, session), undefined)
})

test('a stored policy goes after the last session that needs it', async (t) => {
  const principals = await testPrincipals(t)
  await addRole(principals, 'AROA1')
  const [first, second] = ['a', 'b'].map((letter) => letter.repeat(1500))
  const hashOf = async (document: string | undefined): Promise<string> => {
    const row = await principals.database.first(
      'SELECT hash FROM session_policies WHERE document = $1',
      [document ?? ''],
    )
    return String(row?.['hash'])
  }
  await openSession(principals, { owner: build, policies: [first ?? ''], durationSeconds: 900 })
  await openSession(principals, { owner: build, policies: [first ?? ''], durationSeconds: 3600 })
  const hash = await hashOf(first)
  principals.clock.advance(1_000_000)
  await openSession(principals, { owner: build, policies: [second ?? ''] })
  assert.equal(await findSessionPolicy(principals.database, hash), first)
  principals.clock.advance(3_000_000)
  await openSession(principals, { owner: build, policies: [second ?? ''] })
  assert.equal(await findSessionPolicy(principals.database, hash), undefined)
})

test('a session of a role says who calls', async (t) => {
  const principals = await testPrincipals(t)
  await addRole(principals, 'AROA1')
  const session = await openSession(principals, { owner: build, sourceIdentity: 'Ada' })
  const principal = await principalOf(principals, session)
  assert.deepEqual(
    { ...principal, session: undefined },
    {
      accountId: '123456789012',
      requester: {
        kind: 'assumed-role',
        account: '123456789012',
        roleId: 'AROA1',
        roleArn: 'arn:aws:iam::123456789012:role/build/ci',
        sessionArn: 'arn:aws:sts::123456789012:assumed-role/ci/build-1',
      },
      principalArn: 'arn:aws:sts::123456789012:assumed-role/ci/build-1',
      principalId: 'AROA1:build-1',
      principalName: 'build-1',
      accessKeyId: session.accessKeyId,
      session: undefined,
    },
  )
  assert.equal(principal.session?.sourceIdentity, 'Ada')
  assert.deepEqual(principal.session.expiresAt, session.expiresAt)
})

test('a session of a user is that user, one of root is root, and a federated one is neither', async (t) => {
  const principals = await testPrincipals(t)
  const { database } = principals
  await principals.addUser('AIDADEV', 'AKIADEV', 'secret')
  await database.transaction((tx) =>
    tx.run(
      `INSERT INTO users (id, account, name, name_key, kind, created_at)
       VALUES ('123456789012', '123456789012', 'root', ':root', 'root', 1)`,
    ),
  )
  const seen = async (owner: Parameters<typeof openSession>[1]['owner']): Promise<unknown> => {
    const principal = await principalOf(principals, await openSession(principals, { owner }))
    const { requester, principalArn, principalId } = principal
    return [requester.kind, principalArn, principalId]
  }
  assert.deepEqual(await seen({ kind: 'user', id: 'AIDADEV' }), [
    'user',
    'arn:aws:iam::123456789012:user/AIDADEV',
    'AIDADEV',
  ])
  assert.deepEqual(await seen({ kind: 'user', id: '123456789012' }), [
    'root',
    'arn:aws:iam::123456789012:root',
    '123456789012',
  ])
  assert.deepEqual(await seen({ kind: 'federated-user', id: 'AIDADEV', sessionName: 'guest' }), [
    'federated-user',
    'arn:aws:sts::123456789012:federated-user/guest',
    '123456789012:guest',
  ])
})

test('tokens made with a session carry it, end with it, and are revoked with it', async (t) => {
  const principals = await testPrincipals(t)
  await addRole(principals, 'AROA1')
  const tags = { team: 'blue' }
  const policies = ['x'.repeat(1500)]
  const session = await openSession(principals, { owner: build, tags, policies })
  const caller = callerOf(await principalOf(principals, session), 'sigv4', source)
  const claims = claimsOfCaller(caller)
  assert.ok(claims)
  const { principalId, accessKeyId = '' } = caller
  const { expiresAt } = session
  const issuedAt = principals.clock.now()
  const carried = { principalId, accessKeyId, issuedAt, expiresAt, session: claims }
  const password = makeAuthorizationToken(principals.tokenKey, systemIds.bytes(12), carried)
  const issue = { ...principals, ids: systemIds, bearerKey }
  const input = { caller, credentialEndsAt: expiresAt, grants: [], withRefreshToken: true }
  const { token, refreshToken = '' } = issueToken(issue, input)
  const deps = { ...principals, bearerKey }
  const shown = {
    'ecr-token': async () => authenticateBasic(deps, { user: 'AWS', password }, source),
    access: async () => authenticateBearer(deps, 'access', token, source),
    refresh: async () => authenticateBearer(deps, 'refresh', refreshToken, source),
  }
  for (const [kind, show] of Object.entries(shown)) {
    const result = await show()
    assert.ok(result.kind === 'authenticated', kind)
    const method = kind === 'ecr-token' ? kind : 'bearer-token'
    assert.deepEqual(result.caller, { ...caller, method }, kind)
    assert.ok((result.expiresAt?.getTime() ?? Infinity) <= expiresAt.getTime(), kind)
  }
  principals.clock.advance(1)
  const now = principals.clock.now()
  await principals.database.transaction((tx) => upsertRevocation(tx, 'AROA1', now))
  for (const [kind, show] of Object.entries(shown))
    assert.deepEqual(await show(), { kind: 'refused', reason: 'invalid' }, kind)
})

test('an access token’s grace does not reach beyond its session', async (t) => {
  const principals = await testPrincipals(t)
  await addRole(principals, 'AROA1')
  const session = await openSession(principals, { owner: build, durationSeconds: 900 })
  const caller = callerOf(await principalOf(principals, session), 'ecr-token', source)
  const issue = { ...principals, ids: systemIds, bearerKey }
  const credentialEndsAt = session.expiresAt
  const input = { caller, credentialEndsAt, grants: [], withRefreshToken: false }
  principals.clock.advance(800_000)
  const { token } = issueToken(issue, input)
  principals.clock.advance(100_000)
  const result = await authenticateBearer({ ...principals, bearerKey }, 'access', token, source)
  assert.equal(result.kind, 'refused')
})

test('a temporary key does not log in by HTTP Basic, and its owner is told why', async (t) => {
  const principals = await testPrincipals(t)
  await addRole(principals, 'AROA1')
  const session = await openSession(principals, { ...plainSession, owner: build })
  const credentials = { user: session.accessKeyId, password: session.secretAccessKey }
  const result = await authenticateBasic(principals, credentials, source)
  assert.deepEqual(result, { kind: 'refused', reason: 'temporary' })
})
