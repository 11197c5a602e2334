import assert from 'node:assert/strict'
import { test } from 'node:test'
import { home, policyOf, testSts } from '../../test/kit/sts.ts'
import { getFederationToken, getSessionToken } from './own-session.ts'

const everything = { Effect: 'Allow', Action: '*', Resource: '*' }
const asked = { name: 'guest', durationSeconds: undefined, tags: [], policies: [], policyArns: [] }

test('a session makes no longer one of itself', async (t) => {
  const sts = await testSts(t)
  const dev = await sts.putUser('dev', [])
  const session = await sts.callerOf(await getSessionToken(sts.deps, { durationSeconds: 900 }, dev))
  const denied = { code: 'SESSION_DENIED', message: /with session credentials/ }
  await assert.rejects(getSessionToken(sts.deps, { durationSeconds: 900 }, session), denied)
  await assert.rejects(getFederationToken(sts.deps, asked, session), denied)
})

test('a user’s session is the user, for half a day unless something else is said', async (t) => {
  const sts = await testSts(t)
  const dev = await sts.putUser('dev', [])
  const made = await getSessionToken(sts.deps, { durationSeconds: undefined }, dev)
  const { requester, principalArn, session } = await sts.callerOf(made)
  assert.deepEqual(requester, dev.requester)
  assert.equal(principalArn, dev.principalArn)
  assert.ok(session)
  const hours = (session.expiresAt.getTime() - session.issuedAt.getTime()) / 3_600_000
  assert.ok(hours > 11.99 && hours <= 12)
})

test('root’s session lasts an hour at most', async (t) => {
  const sts = await testSts(t)
  await sts.principals.database.transaction((tx) =>
    tx.run(
      `INSERT INTO users (id, account, kind, name, name_key, created_at) VALUES ($1, $1, 'root', 'root', ':root', 1)`,
      [home],
    ),
  )
  const made = await getSessionToken(sts.deps, { durationSeconds: 43_200 }, sts.root)
  const { requester, session } = await sts.callerOf(made)
  assert.equal(requester.kind, 'root')
  assert.ok(session)
  assert.ok(session.expiresAt.getTime() - session.issuedAt.getTime() <= 3_600_000)
})

test('a federated user has a name, tags and limits, and is not its user', async (t) => {
  const sts = await testSts(t)
  const dev = await sts.putUser('dev', [everything])
  const policies = [policyOf([everything])]
  const tags = [{ key: 'team', value: 'blue' }]
  const made = await getFederationToken(sts.deps, { ...asked, policies, tags }, dev)
  assert.equal(made.arn, `arn:aws:sts::${home}:federated-user/guest`)
  assert.equal(made.id, `${home}:guest`)
  const { requester, principalId, session } = await sts.callerOf(made.credentials)
  assert.equal(requester.kind, 'federated-user')
  assert.equal(principalId, `${home}:guest`)
  assert.deepEqual({ ...session?.tags }, { team: 'blue' })
  assert.deepEqual(session?.policies, policies)
})

test('what a federated session cannot be is refused', async (t) => {
  const sts = await testSts(t)
  const dev = await sts.putUser('dev', [everything])
  const twice = [
    { key: 'a', value: '1' },
    { key: 'A', value: '2' },
  ]
  await assert.rejects(getFederationToken(sts.deps, { ...asked, tags: twice }, dev), {
    code: 'TAGS_INVALID',
  })
  await assert.rejects(getFederationToken(sts.deps, { ...asked, policies: ['{'] }, dev), {
    code: 'POLICY_MALFORMED',
  })
})
