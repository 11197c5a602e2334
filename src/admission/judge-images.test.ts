// Decisions from rows: what each event does to them, and what holds while nobody can read (signing reference 7; T1, T24, T25).
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { judge, judgeDeps, putAdmission, say } from '../../test/kit/admission-place.ts'
import {
  addKey,
  administrator,
  pushDisguised,
  pushImage,
  pushIndex,
  pushSignature,
  putPolicy,
  settle,
  trustPlace,
  type TrustPlaceKit,
} from '../../test/kit/trust-place.ts'
import { deleteTrustPolicy } from '../trust/put-trust-policy.ts'
import type { SqlReader } from '../storage/database/database.ts'
import { ClusterDirectory } from './cluster-directory.ts'
import { isAdmissionError } from './errors.ts'
import { deleteAdmissionPolicy, putAdmissionPolicy } from './put-admission-policy.ts'
import { deleteCluster, registerCluster } from './register-cluster.ts'

async function placeWithPolicies(t: Parameters<typeof trustPlace>[0]): Promise<TrustPlaceKit> {
  const place = await trustPlace(t)
  await addKey(place, 'ci')
  await putPolicy(place, 'release', ['ci'])
  await putAdmission(place, { require: { signature: { trust: 'release' } } })
  await settle(place)
  return place
}

test('an image passes when it is signed, and a junk signature changes nothing', async (t) => {
  const place = await placeWithPolicies(t)
  const image = await pushImage(place, 'app', ['v1'])
  assert.equal(say(await judge(place, 'v1')), 'deny signature-required')
  await pushSignature(place, image, { key: 'ci' })
  assert.equal(say(await judge(place, 'v1')), 'deny signature-pending')
  await settle(place)
  assert.equal(say(await judge(place, 'v1')), 'allow')
  await pushSignature(place, image, { key: 'stranger' })
  assert.equal(say(await judge(place, 'v1')), 'allow')
  await settle(place)
  assert.equal(say(await judge(place, 'v1')), 'allow')
})

test('a signature ends at its time though nobody works, and trust ends when it is taken away', async (t) => {
  const place = await placeWithPolicies(t)
  const now = place.clock.now().getTime()
  const image = await pushImage(place, 'app', ['v1'])
  await pushSignature(place, image, { key: 'ci', validUntil: now + 60_000 })
  await settle(place)
  const { decision } = await judge(place, image)
  assert.deepEqual([decision.decision, decision.until], ['allow', now + 60_000])
  place.clock.advance(60_000)
  assert.equal(say(await judge(place, image)), 'deny signature-unknown')
  const other = await pushImage(place, 'other')
  await pushSignature(place, other, { key: 'ci' })
  await settle(place)
  assert.equal(say(await judge(place, other)), 'allow')
  const { account } = place.repository
  await deleteTrustPolicy(place, { account, name: 'release', by: administrator })
  assert.equal(say(await judge(place, other)), 'deny signature-untrusted')
})

test('a tag that moved names another image, and a digest what was judged', async (t) => {
  const place = await placeWithPolicies(t)
  const signed = await pushImage(place, 'app', ['v1'])
  await pushSignature(place, signed, { key: 'ci' })
  await settle(place)
  assert.equal((await judge(place, 'v1')).digest, signed)
  const other = await pushImage(place, 'other', ['v1'])
  const moved = await judge(place, 'v1')
  assert.deepEqual([say(moved), moved.digest], ['deny signature-required', other])
  assert.equal(say(await judge(place, signed)), 'allow')
})

test('a signature of an index counts for its images, and an index for the platforms that are asked for', async (t) => {
  const place = await placeWithPolicies(t)
  const child = await pushImage(place, 'child')
  const index = await pushIndex(place, [child])
  await pushSignature(place, index, { key: 'ci' })
  await settle(place)
  assert.equal(say(await judge(place, index)), 'allow')
  assert.equal(say(await judge(place, child)), 'allow')
  const context = { platforms: ['linux/riscv64'] }
  assert.equal(say(await judge(place, index, { context })), 'deny no-platform')
})

test('an image of an index is looked at though it calls itself something else', async (t) => {
  const place = await placeWithPolicies(t)
  const artifactType = 'application/vnd.example.sbom'
  const hidden = await pushDisguised(place, 'hidden', { artifactType })
  const index = await pushIndex(place, [await pushImage(place, 'decoy'), hidden])
  const { evidence } = await judge(place, index)
  assert.ok(evidence.platforms.some(({ digest }) => digest === hidden))
})

test('an image of an index is looked at in whatever spelling its platform is', async (t) => {
  const place = await placeWithPolicies(t)
  const children = [await pushImage(place, 'hidden'), await pushImage(place, 'decoy')]
  const index = await pushIndex(place, children, ['x86_64', 'amd64'])
  const { evidence } = await judge(place, index, { context: { platforms: ['linux/amd64'] } })
  assert.deepEqual(
    evidence.platforms.map(({ digest }) => digest),
    children,
  )
})

test('what is not there is told so, what nothing runs is told apart, and without a policy the asker decides', async (t) => {
  const place = await placeWithPolicies(t)
  assert.equal(say(await judge(place, 'none')), 'deny not-found')
  const image = await pushImage(place, 'app', ['v1'])
  const signature = await pushSignature(place, image, { key: 'ci' })
  assert.equal((await judge(place, signature)).kind, 'statement')
  const { account } = place.repository
  await deleteAdmissionPolicy(place, { account, name: 'base', by: administrator })
  assert.equal(say(await judge(place, 'v1')), 'deny policy-required')
  const context = { withoutPolicy: 'allow' } as const
  assert.equal(say(await judge(place, 'v1', { context })), 'allow')
})

/** Answers as long as it is told to. */
function failing(reader: SqlReader): SqlReader & { state: 'well' | 'broken' | 'hanging' } {
  const switched = {
    state: 'well' as 'well' | 'broken' | 'hanging',
    all: async (...given: Parameters<SqlReader['all']>) => {
      await stand()
      return reader.all(...given)
    },
    first: async (...given: Parameters<SqlReader['first']>) => {
      await stand()
      return reader.first(...given)
    },
  }
  async function stand(): Promise<void> {
    if (switched.state === 'broken') throw new Error('the disk is gone')
    if (switched.state === 'hanging') await new Promise(() => undefined)
  }
  return switched
}

test('while the database does not answer nothing is known, and the last policies say what that means', async (t) => {
  const place = await placeWithPolicies(t)
  const image = await pushImage(place, 'app', ['v1'])
  await pushSignature(place, image, { key: 'ci' })
  await settle(place)
  const reader = failing(place.database)
  const deps = judgeDeps(place, reader, 30)
  reader.state = 'broken'
  const blind = { context: { withoutPolicy: 'allow' as const }, deps }
  assert.equal(say(await judge(place, 'v1', blind)), 'deny policy-required')
  assert.ok(deps.faults.length > 0)
  reader.state = 'well'
  assert.equal(say(await judge(place, 'v1', { deps })), 'allow')
  for (const state of ['broken', 'hanging'] as const) {
    reader.state = state
    assert.equal(say(await judge(place, 'v1', { deps })), 'deny scan-failed signature-unknown')
  }
  reader.state = 'well'
  await putAdmission(place, { unknown: 'warn', require: { signature: { trust: 'release' } } })
  assert.equal(say(await judge(place, 'v1', { deps })), 'allow')
  reader.state = 'hanging'
  assert.equal(say(await judge(place, 'v1', { deps })), 'warn scan-failed signature-unknown')
})

function refusedWith(code: string): (error: unknown) => boolean {
  return (error) => isAdmissionError(error) && error.code === code
}

test('policies have versions, and one that a cluster is bound to stays', async (t) => {
  const place = await placeWithPolicies(t)
  const { account } = place.repository
  const by = administrator
  const text = JSON.stringify({ version: 1, name: 'base', mode: 'warn' })
  const put = await putAdmissionPolicy(place, { account, text, by })
  assert.equal(put.version, 2)
  assert.ok(put.changes.includes('- mode enforce') && put.changes.includes('+ mode warn'))
  const wrong = { account, text: 'version: 1\nname: base\nmode: off-ish\n', by }
  await assert.rejects(putAdmissionPolicy(place, wrong), refusedWith('ADMISSION_POLICY_INVALID'))
  const mistaken = { account, text, by, name: 'other' }
  await assert.rejects(putAdmissionPolicy(place, mistaken), refusedWith('ADMISSION_POLICY_INVALID'))
  const bindings = [{ namespace: 'prod-*', policies: ['base'] }]
  await registerCluster(place, { account, asked: { name: 'c1', bindings }, by })
  const gone = { account, name: 'base', by }
  await assert.rejects(deleteAdmissionPolicy(place, gone), refusedWith('ADMISSION_POLICY_NAMED'))
  const unbound = { name: 'c2', bindings: [{ namespace: 'x', policies: ['none'] }] }
  await assert.rejects(
    registerCluster(place, { account, asked: unbound, by }),
    refusedWith('ADMISSION_POLICY_UNKNOWN'),
  )
  await deleteCluster(place, { account, name: 'c1' })
  assert.equal((await deleteAdmissionPolicy(place, gone)).version, 3)
  assert.equal((await putAdmissionPolicy(place, { account, text, by })).version, 4)
})

test('a cluster is let in by its own token, also while the database is away, and not when it is deleted', async (t) => {
  const place = await placeWithPolicies(t)
  const { account } = place.repository
  const by = administrator
  const asked = { name: 'c1' }
  const { cluster, token } = await registerCluster(place, { account, asked, by })
  await assert.rejects(
    registerCluster(place, { account, asked, by }),
    refusedWith('CLUSTER_EXISTS'),
  )
  for (const described of [
    { name: 'C 1' },
    { name: 'c2', pin: 'some' },
    { name: 'c2', host: [] },
    { name: 'c2', hosts: ['a b'] },
    { name: 'c2', bindings: [{ namespace: 'x' }] },
    [],
  ])
    await assert.rejects(
      registerCluster(place, { account, asked: described, by }),
      refusedWith('CLUSTER_INVALID'),
    )
  const state = { isAway: false }
  const { database } = place
  const directory = new ClusterDirectory({
    database: {
      all: async (...given) => database.all(...given),
      first: async (...given) => {
        if (state.isAway) throw new Error('the disk is gone')
        return database.first(...given)
      },
      transaction: async (work) => database.transaction(work),
      close: async () => database.close(),
    },
    clock: place.clock,
    deadlineMs: 1000,
    onFault: () => undefined,
  })
  assert.equal(await directory.admit(cluster.id, `${token}x`), undefined)
  assert.equal(await directory.admit('0'.repeat(24), token), undefined)
  assert.equal((await directory.admit(cluster.id, token))?.name, 'c1')
  state.isAway = true
  assert.equal((await directory.admit(cluster.id, token))?.name, 'c1')
  assert.equal(await directory.admit(cluster.id, `${token}x`), undefined)
  state.isAway = false
  const putState = async (word: string): Promise<number> =>
    database.transaction((tx) => tx.run('UPDATE accounts SET state = $1', [word]))
  await putState('closed')
  assert.equal(await directory.admit(cluster.id, token), undefined)
  await putState('active')
  assert.equal((await directory.admit(cluster.id, token))?.name, 'c1')
  await deleteCluster(place, { account, name: 'c1' })
  assert.equal(await directory.admit(cluster.id, token), undefined)
  state.isAway = true
  assert.equal(await directory.admit(cluster.id, token), undefined)
})
