import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  administratorAccess,
  identitiesIn,
  policyText,
  userCaller,
} from '../../test/kit/identities.ts'
import { accountOf } from '../../test/kit/principals.ts'
import { testRegistry } from '../../test/kit/registry.ts'
import type { SqlReader } from '../storage/database/database.ts'
import { PolicySnapshots } from './policy-snapshot.ts'

const own = accountOf('123456789012')
const repository = `arn:aws:ecr:us-east-1:${own}:repository/team/app`
const dev = userCaller(own, 'AIDADEV', '/dev')

/** Counts statements, and lets something happen before one of them. */
function watched(reader: SqlReader, before: (sql: string) => Promise<void>) {
  const seen: string[] = []
  const watch = async (sql: string): Promise<void> => {
    await before(sql)
    seen.push(sql)
  }
  const watching: SqlReader = {
    async all(sql, parameters) {
      await watch(sql)
      return reader.all(sql, parameters)
    },
    async first(sql, parameters) {
      await watch(sql)
      return reader.first(sql, parameters)
    },
  }
  return { reader: watching, seen }
}

test('what is known is not read again: one look at the epoch is all that a decision costs', async (t) => {
  const { database } = await testRegistry(t)
  const identities = identitiesIn(database)
  await identities.addUser(own, 'AIDADEV', 'dev')
  const { reader, seen } = watched(database, () => Promise.resolve())
  const snapshots = new PolicySnapshots({ reader, region: 'us-east-1' })
  await snapshots.gather(dev, 'ecr:PutImage', [repository])
  const first = seen.splice(0).length
  await snapshots.gather(dev, 'ecr:BatchGetImage', [repository])
  assert.deepEqual(seen.splice(0), ['SELECT epoch FROM policy_epoch'])
  await identities.tag('AIDADEV', 'a', 'b')
  await snapshots.gather(dev, 'ecr:BatchGetImage', [repository])
  assert.equal(seen.length, first)
})

test('policies that change while they are read are read again: no answer is made of two moments', async (t) => {
  const { database } = await testRegistry(t)
  const identities = identitiesIn(database)
  await identities.addUser(own, 'AIDADEV', 'dev')
  await identities.attach('AIDADEV', administratorAccess)
  const deny = { Effect: 'Deny', Action: '*', Resource: '*' }
  let changes = 0
  // In one transaction the right goes and a Deny comes: half of it would be an Allow that never was.
  const { reader } = watched(database, async (sql) => {
    if (!sql.includes('attached_policies') || changes > 0) return
    changes += 1
    await identities.change(async (tx) => {
      await tx.run(`INSERT INTO inline_policies VALUES ('AIDADEV', 'no', 'no', $1)`, [
        policyText(deny),
      ])
      await tx.run('DELETE FROM attached_policies')
    })
  })
  const snapshots = new PolicySnapshots({ reader, region: 'us-east-1' })
  const { principal } = await snapshots.gather(dev, 'ecr:PutImage', [repository])
  assert.equal(changes, 1)
  assert.deepEqual(
    principal.identity.map(({ name }) => name.id),
    ['inline:no'],
  )
})

test('policies that never stand still are a fault, not an answer', async (t) => {
  const { database } = await testRegistry(t)
  const identities = identitiesIn(database)
  await identities.addUser(own, 'AIDADEV', 'dev')
  const { reader } = watched(database, async (sql) => {
    if (sql.includes('inline_policies')) await identities.change(() => Promise.resolve())
  })
  const snapshots = new PolicySnapshots({ reader, region: 'us-east-1' })
  await assert.rejects(snapshots.gather(dev, 'ecr:PutImage', [repository]), /changed faster/)
})

test('a page of repositories is read in two statements, and each is judged without one more', async (t) => {
  const { database } = await testRegistry(t)
  const identities = identitiesIn(database)
  await identities.addUser(own, 'AIDADEV', 'dev')
  const { reader, seen } = watched(database, () => Promise.resolve())
  const snapshots = new PolicySnapshots({ reader, region: 'us-east-1' })
  assert.deepEqual(await snapshots.prepare(own, { after: '', limit: 10 }), ['team/app'])
  assert.equal(seen.filter((sql) => sql.includes('repositor')).length, 2)
  assert.deepEqual(await snapshots.prepare(own, { after: 'team/app', limit: 10 }), [])
  seen.splice(0)
  const { resources } = await snapshots.gather(dev, 'ecr:ListImages', [repository])
  assert.equal(seen.filter((sql) => sql.includes('repositories')).length, 0)
  assert.equal(resources[0]?.account, own)
})
