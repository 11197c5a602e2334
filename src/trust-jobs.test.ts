// Evidence of what this installation signs itself: while a signature is still to come, and when it is revoked.
import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import { signedPlace, type SignedPlace } from '../test/kit/signed-place.ts'
import { region, testSigning } from '../test/kit/signing.ts'
import { rootsInPem } from './signing/installation-authority.ts'
import { profileArn } from './signing/rules/profile.ts'

/** Pushes are signed by a profile whose signatures are as AWS Signer makes them, and a trust policy names it. */
async function place(t: TestContext): Promise<SignedPlace> {
  const at = await testSigning(t)
  const { registry, deps, own: account } = at
  const roots = await registry.database.transaction((tx) => rootsInPem(deps, tx))
  const stores = { 'signingAuthority:own': roots }
  const identities = [profileArn(region, { account, name: 'release' })]
  return signedPlace(at, { mode: 'aws-plugin', stores, filters: ['team/*'], identities })
}

test('an image whose signature is still to come is not unsigned, and none that passes', async (t) => {
  const at = await place(t)
  const digest = await at.push('one')
  assert.equal(await at.evidence(digest), 'unknown pending')
  await at.settle()
  assert.equal(await at.evidence(digest), 'verified')
})

test('a revoked signature counts no more from the revocation on, and the other goes on', async (t) => {
  const at = await place(t)
  const [one, two] = [await at.push('one'), await at.push('two')]
  await at.settle()
  for (const digest of [one, two]) {
    assert.equal(await at.evidence(digest), 'verified')
  }
  const jobs = await at.registry.database.all(
    'SELECT job_id FROM image_signings WHERE digest = $1',
    [one],
  )
  const id = String(jobs[0]?.['job_id'])
  const revoked = await at.call(at.admin, 'PUT', `/signing-jobs/${id}/revoke`, { reason: 'stolen' })
  assert.equal(revoked.status, 200, JSON.stringify(revoked.body))
  for (const digest of [one, two])
    assert.equal(await at.evidence(digest), 'unknown recomputing', 'nothing old counts on')
  await at.settle()
  assert.equal(await at.evidence(one), 'revoked revoked')
  assert.equal(await at.evidence(two), 'verified')
})

test('a revoked version of a profile takes back what it signed from that moment on', async (t) => {
  const at = await place(t)
  const digest = await at.push('one')
  const before = new Date(at.registry.clock.now().getTime() - 1000)
  await at.settle()
  assert.equal(await at.revoke(before.getTime()), 200)
  assert.equal(await at.evidence(digest), 'unknown recomputing')
  await at.settle()
  assert.equal(await at.evidence(digest), 'revoked revoked')
})
