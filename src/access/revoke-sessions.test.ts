import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import { accountOf, testPrincipals, type TestPrincipals } from '../../test/kit/principals.ts'
import { addRole, openSession, sessionKey } from '../../test/kit/sessions.ts'
import { findSigningKey } from './find-signing-key.ts'
import type { TemporaryCredentials } from './issue-session.ts'
import { readPolicyEpoch } from './policy-epoch-store.ts'
import { insertAccount } from './account-store.ts'
import { revokeSessions, type Revocation, type RevokedSubject } from './revoke-sessions.ts'

const roleId = 'AROAAAAAAAAAAAAAAAAAA'
const owner = { kind: 'role', id: roleId, sessionName: 'build-1' } as const
const stranger = accountOf('210987654321')

interface World extends TestPrincipals {
  readonly session: TemporaryCredentials
  readonly isOpen: (session?: TemporaryCredentials) => Promise<boolean>
  readonly revoke: (
    kind: RevokedSubject['kind'],
    name: string,
    account?: typeof stranger,
  ) => Promise<Revocation>
}

async function world(t: TestContext): Promise<World> {
  const principals = await testPrincipals(t)
  await addRole(principals, roleId)
  await principals.database.transaction((tx) => insertAccount(tx, stranger, principals.clock.now()))
  const session = await openSession(principals, { owner })
  return {
    ...principals,
    session,
    async isOpen({ accessKeyId, sessionToken } = session) {
      const key = await findSigningKey({ ...principals, sessionKey }, accessKeyId, sessionToken)
      return key?.kind === 'active'
    },
    revoke: (kind, name, account = principals.account) =>
      revokeSessions(principals, { account, subject: { kind, name } }),
  }
}

test('nobody ends the sessions of another account', async (t) => {
  const { session, revoke, isOpen } = await world(t)
  assert.equal((await revoke('role', 'ci', stranger)).kind, 'unknown')
  assert.equal((await revoke('session', `${roleId}:build-1`, stranger)).kind, 'unknown')
  // Of a key id nobody can say whose it is; the account that it was revoked for is not its own.
  assert.equal((await revoke('session', session.accessKeyId, stranger)).kind, 'revoked')
  assert.equal(await isOpen(), true)
})

test('what is no role, user or session of the account is unknown', async (t) => {
  const { revoke, isOpen } = await world(t)
  const wrong: readonly (readonly [RevokedSubject['kind'], string])[] = [
    ['role', 'absent'],
    ['role', ''],
    ['role', roleId],
    ['user', 'ci'],
    ['user', 'root'],
    ['session', ''],
    ['session', 'ASIA'],
    ['session', 'AKIAABCDEFGHIJKLMNOP'],
    ['session', `${roleId}:x`],
    ['session', `${roleId}:build 1`],
    ['session', 'AROABBBBBBBBBBBBBBBBB:build-1'],
  ]
  for (const [kind, name] of wrong)
    assert.equal((await revoke(kind, name)).kind, 'unknown', `${kind} ${name}`)
  assert.equal(await isOpen(), true)
})

test('sessions of the very moment are over, and one made after it opens', async (t) => {
  for (const [kind, name] of [
    ['role', 'CI'],
    ['session', `${roleId}:build-1`],
  ] as const) {
    const fresh = await world(t)
    const before = await readPolicyEpoch(fresh.database)
    assert.equal((await fresh.revoke(kind, name)).kind, 'revoked')
    assert.equal(await fresh.isOpen(), false)
    assert.equal(await readPolicyEpoch(fresh.database), before + 1)
    fresh.clock.advance(1)
    assert.equal(await fresh.isOpen(await openSession(fresh, { owner })), true)
  }
})

test('one session ends and its neighbour stays', async (t) => {
  const principals = await world(t)
  const neighbour = await openSession(principals, { owner })
  await principals.revoke('session', principals.session.accessKeyId)
  assert.equal(await principals.isOpen(), false)
  assert.equal(await principals.isOpen(neighbour), true)
})

test('a user’s sessions end and their keys stay', async (t) => {
  const principals = await world(t)
  const admin = await principals.database.first('SELECT id FROM users')
  const id = String(admin?.['id'])
  const session = await openSession(principals, { owner: { kind: 'user', id } })
  assert.equal(await principals.isOpen(session), true)
  await principals.revoke('user', 'admin')
  assert.equal(await principals.isOpen(session), false)
  const deps = { ...principals, sessionKey }
  const key = await findSigningKey(deps, principals.key.accessKeyId, undefined)
  assert.equal(key?.kind, 'active')
})
