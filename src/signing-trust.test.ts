// Evidence of portable signatures made here: what a revoked key takes back, and what a timestamp keeps.
import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import { signedPlace, type SignedPlace } from '../test/kit/signed-place.ts'
import { ownTimestamps, testSigning } from '../test/kit/signing.ts'
import { isRecord } from './oci/descriptor.ts'
import { listStoredJobs } from './signing/job-store.ts'
import { rootsInPem } from './signing/installation-authority.ts'
import { timestampRootsInPem } from './signing/timestamp-authority.ts'

const hour = 3_600_000

async function place(t: TestContext, isStamped: boolean): Promise<SignedPlace> {
  const at = await testSigning(t)
  const { database } = at.registry
  const deps = isStamped ? { ...at.deps, timestamps: ownTimestamps(at.deps) } : at.deps
  const ca = await database.transaction((tx) => rootsInPem(deps, tx))
  const stamps = isStamped ? { 'tsa:own': await timestampRootsInPem({ ...deps, database }) } : {}
  const stores = { 'ca:own': ca, ...stamps }
  return signedPlace(at, { deps, mode: 'portable', stores, filters: undefined, identities: ['*'] })
}

test('a portable signature without a timestamp is revoked with its key, whenever it says that it was made', async (t) => {
  const at = await place(t, false)
  const digest = await at.push('one')
  await at.settle()
  assert.equal(await at.evidence(digest), 'verified')
  at.registry.clock.advance(2 * hour)
  assert.equal(await at.revoke(at.registry.clock.now().getTime() - hour), 200)
  assert.equal(await at.evidence(digest), 'unknown recomputing', 'nothing old counts on')
  await at.settle()
  assert.equal(await at.evidence(digest), 'revoked revoked')
})

test('one whose timestamp proves that it was made before stays good, and not for an earlier revocation', async (t) => {
  const at = await place(t, true)
  const digest = await at.push('one')
  await at.settle()
  assert.equal(await at.evidence(digest), 'verified')
  const signed = at.registry.clock.now().getTime()
  at.registry.clock.advance(2 * hour)
  assert.equal(await at.revoke(signed + hour), 200)
  assert.equal(await at.evidence(digest), 'unknown recomputing')
  await at.settle()
  assert.equal(await at.evidence(digest), 'verified')
  assert.equal(await at.revoke(signed - hour), 200)
  await at.settle()
  assert.equal(await at.evidence(digest), 'revoked revoked')
})

test('a portable signature that is revoked by its job counts no more, and others of its key do', async (t) => {
  const at = await place(t, true)
  const digests = [await at.push('one'), await at.push('two')]
  await at.settle()
  const jobs = await listStoredJobs(at.registry.database, at.own, { before: undefined, limit: 2 })
  const revoked = jobs.find(({ digest }) => digest === digests[0])
  const path = `/signing-jobs/${revoked?.id}/revoke`
  const { status } = await at.call(at.admin, 'PUT', path, { reason: 'the wrong image' })
  assert.equal(status, 200)
  await at.settle()
  const told = await Promise.all(digests.map((digest) => at.evidence(digest)))
  assert.deepEqual(told, ['revoked revoked', 'verified'])
})

test('each signature and each change of evidence waits to be told to the audit log', async (t) => {
  const at = await place(t, true)
  const digest = await at.push('one')
  await at.settle()
  await at.revoke(at.registry.clock.now().getTime() - hour)
  await at.settle()
  const rows = await at.registry.database.all('SELECT detail FROM audit_outbox ORDER BY id')
  const told = rows.map(({ detail }) => JSON.parse(String(detail)) as Record<string, unknown>)
  assert.deepEqual(
    told.map(({ name, outcome }) => [name, outcome]),
    [
      ['pratique:SignatureMade', { isStamped: true }],
      ['pratique:EvidenceChanged', told[1]?.['outcome']],
      ['pratique:EvidenceChanged', told[2]?.['outcome']],
    ],
  )
  const results = told.slice(1).map(({ outcome }) => (isRecord(outcome) ? outcome['result'] : ''))
  assert.deepEqual(results, ['verified', 'revoked'])
  const [first] = told
  assert.ok(first !== undefined && isRecord(first['parameters']))
  const { digest: what, principalArn, repositoryName } = first['parameters']
  assert.deepEqual(
    [what, principalArn, repositoryName],
    [digest, at.admin.principalArn, at.registry.repository.name],
  )
})
