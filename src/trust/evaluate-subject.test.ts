// Evidence: what each event does to it (signing reference 5.3), in which words, and when.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { eventsOf } from '../../test/kit/jobs.ts'
import {
  addKey,
  administrator,
  evidenceOf,
  imageDigest,
  pushImage,
  pushIndex,
  pushSignature,
  pushSignatureTag,
  putPolicy,
  removeManifest,
  removeTag,
  sayEvidence,
  settle,
  trustPlace,
  type TrustPlaceKit,
} from '../../test/kit/trust-place.ts'
import { refusal } from '../../test/kit/uploads.ts'
import { findHistoryAt } from './evidence-store.ts'
import { deleteTrustPolicy } from './put-trust-policy.ts'

const hourMs = 3_600_000

async function placeWithPolicy(t: Parameters<typeof trustPlace>[0]): Promise<TrustPlaceKit> {
  const place = await trustPlace(t)
  await addKey(place, 'ci')
  await putPolicy(place, 'release', ['ci'])
  await settle(place)
  return place
}

test('without a policy, under another name, and where no policy is about the repository nothing is trusted', async (t) => {
  const place = await trustPlace(t)
  const image = await pushImage(place, 'app')
  assert.equal(await sayEvidence(place, image), 'untrusted: no-trust-policy')
  await addKey(place, 'ci')
  await putPolicy(place, 'release', ['ci'], { repositories: ['prod/*'] })
  await pushSignature(place, image, { key: 'ci' })
  await settle(place)
  assert.equal(await sayEvidence(place, image), 'untrusted: no-trust-policy')
  assert.equal(await sayEvidence(place, image, 'other'), 'untrusted: no-trust-policy')
})

test('a pushed signature is pending, then verified, and told', async (t) => {
  const place = await placeWithPolicy(t)
  const image = await pushImage(place, 'app')
  assert.equal(await sayEvidence(place, image), 'none: unsigned')
  await pushSignature(place, image, { key: 'ci', identity: 'CN=ci' })
  assert.equal(await sayEvidence(place, image), 'unknown: pending')
  await settle(place)
  const found = await evidenceOf(place, image)
  assert.deepEqual([found.result, found.identities, found.via], ['verified', ['CN=ci'], undefined])
  const [event] = await eventsOf(place.database, 'SignatureVerified')
  assert.deepEqual(event?.detail, {
    digest: image,
    policy: 'release',
    result: 'verified',
    identities: ['CN=ci'],
  })
})

test('who is not named, and what is of another image, is not trusted', async (t) => {
  const place = await placeWithPolicy(t)
  const [one, other] = [await pushImage(place, 'one'), await pushImage(place, 'other')]
  await pushSignature(place, one, { key: 'stranger' })
  await settle(place)
  assert.equal(await sayEvidence(place, one), 'untrusted: identity-mismatch')
  assert.equal(await sayEvidence(place, other), 'none: unsigned')
  assert.deepEqual(await eventsOf(place.database, 'SignatureVerified'), [])
})

test('a subject that comes after its signature is verified', async (t) => {
  const place = await placeWithPolicy(t)
  const image = imageDigest('late')
  await pushSignature(place, image, { key: 'ci' })
  await settle(place)
  assert.equal(await pushImage(place, 'late'), image)
  assert.equal(await sayEvidence(place, image), 'unknown: pending')
  await settle(place)
  assert.equal(await sayEvidence(place, image), 'verified')
})

test('junk beside a good signature changes nothing: before the job, during it, and after it', async (t) => {
  const place = await placeWithPolicy(t)
  const image = await pushImage(place, 'app')
  await pushSignature(place, image, { key: 'ci' })
  await settle(place)
  for (const result of ['invalid', 'revoked', 'unknown'] as const) {
    await pushSignature(place, image, { key: `junk ${result}`, result }, { by: administrator })
    assert.equal(await sayEvidence(place, image), 'verified')
    // The worker stands still for an hour.
    place.clock.advance(hourMs)
    assert.equal(await sayEvidence(place, image), 'verified')
    await settle(place)
    assert.equal(await sayEvidence(place, image), 'verified')
  }
  const { countByResult } = await evidenceOf(place, image)
  assert.deepEqual(countByResult, { verified: 1, invalid: 1, revoked: 1, unknown: 1 })
})

test('a deleted signature is trusted no more from the deletion on, a redundant one is not missed', async (t) => {
  const place = await placeWithPolicy(t)
  const image = await pushImage(place, 'app')
  const one = await pushSignature(place, image, { key: 'ci' })
  const two = await pushSignature(place, image, { key: 'ci', validUntil: 8e15 })
  await settle(place)
  await removeManifest(place, one)
  assert.equal(await sayEvidence(place, image), 'verified')
  await removeManifest(place, two)
  assert.equal(await sayEvidence(place, image), 'unknown: recomputing')
  await settle(place)
  assert.equal(await sayEvidence(place, image), 'none: unsigned')
  assert.equal((await eventsOf(place.database, 'SignatureTrustLost')).length, 1)
})

test('a tag of signatures: its layers count one by one, also those that another signer overwrote, for a day', async (t) => {
  const place = await placeWithPolicy(t)
  const image = await pushImage(place, 'app')
  await pushSignatureTag(place, image, [{ key: 'stranger' }, { key: 'ci' }])
  assert.equal(await sayEvidence(place, image), 'unknown: pending')
  await settle(place)
  assert.equal(await sayEvidence(place, image), 'verified')
  await pushSignatureTag(place, image, [{ key: 'stranger' }], { by: administrator })
  await settle(place)
  const found = await evidenceOf(place, image)
  assert.deepEqual(
    [found.result, found.validUntil],
    ['verified', place.clock.now().getTime() + 24 * hourMs],
  )
  place.clock.advance(24 * hourMs)
  assert.equal(await sayEvidence(place, image), 'unknown: stale')
  await place.handlers['renew-evidence']?.({}, { signal: new AbortController().signal, attempt: 1 })
  assert.equal(await sayEvidence(place, image), 'untrusted: identity-mismatch')
})

test('a tag of signatures that is deleted takes its trust along at once', async (t) => {
  const place = await placeWithPolicy(t)
  const image = await pushImage(place, 'app')
  await pushSignatureTag(place, image, [{ key: 'ci' }])
  await settle(place)
  await removeTag(place, `${image.replace(':', '-')}.sig`)
  assert.equal(await sayEvidence(place, image), 'unknown: recomputing')
  await settle(place)
  assert.equal(await sayEvidence(place, image), 'none: unsigned')
})

test('two signers of one tag at the same moment: no signature is lost', async (t) => {
  const place = await trustPlace(t)
  for (const key of ['a', 'b']) await addKey(place, key)
  await putPolicy(place, 'release', ['a', 'b'], { threshold: 2 })
  const image = await pushImage(place, 'app')
  // Both read that there is none, and write theirs alone.
  await pushSignatureTag(place, image, [{ key: 'a' }])
  await pushSignatureTag(place, image, [{ key: 'b' }])
  await settle(place)
  assert.equal(await sayEvidence(place, image), 'verified')
})

test('two signatures of one signer do not make two signers', async (t) => {
  const place = await trustPlace(t)
  for (const key of ['a', 'b']) await addKey(place, key)
  await putPolicy(place, 'release', ['a', 'b'], { threshold: 2 })
  const image = await pushImage(place, 'app')
  await pushSignature(place, image, { key: 'a' })
  await pushSignature(place, image, { key: 'a', identity: 'another name' })
  await settle(place)
  assert.equal(await sayEvidence(place, image), 'untrusted: threshold-not-met')
  await pushSignature(place, image, { key: 'b' })
  await settle(place)
  assert.equal(await sayEvidence(place, image), 'verified')
})

test('a key that is revoked takes its trust away in the same transaction, one that is added does not', async (t) => {
  const place = await placeWithPolicy(t)
  const image = await pushImage(place, 'app')
  await pushSignature(place, image, { key: 'ci' })
  await settle(place)
  await addKey(place, 'ci')
  assert.equal(await sayEvidence(place, image), 'verified')
  assert.equal((await evidenceOf(place, image)).isRecomputing, true)
  await settle(place)
  assert.equal((await evidenceOf(place, image)).isRecomputing, false)
  await addKey(place, 'ci', { revokedFrom: place.clock.now().getTime() })
  assert.equal(await sayEvidence(place, image), 'unknown: recomputing')
  await settle(place)
  assert.equal(await sayEvidence(place, image), 'revoked: revoked')
  const [event] = await eventsOf(place.database, 'SignatureTrustLost')
  assert.deepEqual(event?.detail, {
    digest: image,
    policy: 'release',
    result: 'revoked',
    reason: 'revoked',
    identities: ['ci'],
  })
})

test('a policy that asks for more counts at once; one that asks for less waits for the job', async (t) => {
  const place = await placeWithPolicy(t)
  await addKey(place, 'second')
  const image = await pushImage(place, 'app')
  await pushSignature(place, image, { key: 'ci' })
  await settle(place)
  await putPolicy(place, 'release', ['ci', 'second'])
  assert.equal(await sayEvidence(place, image), 'verified')
  await putPolicy(place, 'release', ['ci', 'second'], { threshold: 2 })
  assert.equal(await sayEvidence(place, image), 'unknown: recomputing')
  await settle(place)
  assert.equal(await sayEvidence(place, image), 'untrusted: threshold-not-met')
  const { account } = place.repository
  await deleteTrustPolicy(place, { account, name: 'release', by: administrator })
  assert.equal(await sayEvidence(place, image), 'untrusted: no-trust-policy')
  await settle(place)
  // Of one with the same name nothing of before counts.
  await putPolicy(place, 'release', ['ci'])
  assert.equal(await sayEvidence(place, image), 'unknown: recomputing')
  await settle(place)
  assert.equal(await sayEvidence(place, image), 'verified')
})

test('a policy that comes later finds what was signed before it, under tags too', async (t) => {
  const place = await trustPlace(t)
  await addKey(place, 'ci')
  const images = []
  for (const name of ['a', 'b', 'c']) {
    const image = await pushImage(place, name)
    if (name === 'c') await pushSignatureTag(place, image, [{ key: 'ci' }])
    else await pushSignature(place, image, { key: 'ci' })
    images.push(image)
  }
  await settle(place)
  await putPolicy(place, 'release', ['ci'])
  for (const image of images) assert.equal(await sayEvidence(place, image), 'unknown: recomputing')
  await settle(place)
  for (const image of images) assert.equal(await sayEvidence(place, image), 'verified')
})

test('evidence ends to the millisecond, however late the tick is, and the tick says why', async (t) => {
  const place = await placeWithPolicy(t)
  const image = await pushImage(place, 'app')
  const end = place.clock.now().getTime() + hourMs
  await pushSignature(place, image, { key: 'ci', validUntil: end })
  await settle(place)
  place.clock.advance(hourMs - 1)
  assert.equal(await sayEvidence(place, image), 'verified')
  const tick = place.handlers['renew-evidence']
  await tick?.({}, { signal: new AbortController().signal, attempt: 1 })
  assert.equal(await sayEvidence(place, image), 'verified')
  place.clock.advance(1)
  assert.equal(await sayEvidence(place, image), 'unknown: stale')
  await tick?.({}, { signal: new AbortController().signal, attempt: 1 })
  assert.equal(await sayEvidence(place, image), 'expired: signature-expired')
})

test('a signature of an index covers what it lists, unless the policy says otherwise, and never the other way round', async (t) => {
  const place = await placeWithPolicy(t)
  const child = await pushImage(place, 'child')
  const index = await pushIndex(place, [child])
  await pushSignature(place, index, { key: 'ci' })
  await settle(place)
  assert.equal(await sayEvidence(place, index), 'verified')
  const found = await evidenceOf(place, child)
  assert.deepEqual([found.result, found.via], ['verified', index])
  await putPolicy(place, 'release', ['ci'], { inheritFromIndex: false })
  await settle(place)
  assert.equal(await sayEvidence(place, child), 'none: unsigned')
  const signed = await pushImage(place, 'signed child')
  const other = await pushIndex(place, [signed])
  await pushSignature(place, signed, { key: 'ci' })
  await settle(place)
  assert.equal(await sayEvidence(place, signed), 'verified')
  assert.equal(await sayEvidence(place, other), 'none: unsigned')
})

test('what was known on a day is known later, also of what is gone', async (t) => {
  const place = await placeWithPolicy(t)
  const image = await pushImage(place, 'app')
  const signature = await pushSignature(place, image, { key: 'ci' })
  await settle(place)
  const monday = place.clock.now()
  place.clock.advance(24 * hourMs)
  await removeManifest(place, signature)
  await settle(place)
  await removeManifest(place, image)
  const { account, name } = place.repository
  const asked = { account, repository: name, digest: image, policy: 'release' }
  const at = async (ms: number): Promise<string | undefined> =>
    (await findHistoryAt(place.database, asked, new Date(monday.getTime() + ms)))?.result
  assert.deepEqual(
    [await at(-1), await at(0), await at(23 * hourMs), await at(24 * hourMs)],
    [undefined, 'verified', 'verified', 'none'],
  )
})

test('a policy for the rest loses what another names as its scope, at once', async (t) => {
  const place = await trustPlace(t)
  for (const key of ['ci', 'other']) await addKey(place, key)
  await putPolicy(place, 'rest', ['ci'], { repositories: [], scopes: ['*'] })
  const image = await pushImage(place, 'app')
  await pushSignature(place, image, { key: 'ci' })
  await settle(place)
  assert.equal(await sayEvidence(place, image, 'rest'), 'verified')
  const scopes = ['registry.example/team/app']
  await putPolicy(place, 'own', ['other'], { repositories: [], scopes })
  assert.equal(await sayEvidence(place, image, 'rest'), 'unknown: recomputing')
  await settle(place)
  assert.equal(await sayEvidence(place, image, 'rest'), 'untrusted: no-trust-policy')
  assert.equal(await sayEvidence(place, image, 'own'), 'untrusted: identity-mismatch')
})

test('a policy of one account is nothing to another one', async (t) => {
  const place = await placeWithPolicy(t)
  const image = await pushImage(place, 'app')
  await pushSignature(place, image, { key: 'ci' })
  await settle(place)
  const foreign = {
    ...place,
    repository: { ...place.repository, account: '210987654321' as typeof place.repository.account },
  }
  assert.equal(await sayEvidence(foreign, image), 'untrusted: no-trust-policy')
})

test('two hundred referrers of an image are as many as one may push; another still signs', async (t) => {
  const place = await placeWithPolicy(t)
  const image = await pushImage(place, 'app')
  const attacker = 'arn:aws:sts::123456789012:assumed-role/dev/session-'
  for (let index = 0; index < 200; index += 1)
    await pushSignature(
      place,
      image,
      { key: 'junk' },
      { by: `${attacker}${index % 7}`, note: index },
    )
  await assert.rejects(
    pushSignature(place, image, { key: 'junk' }, { by: `${attacker}new`, note: 200 }),
    refusal('REFERRERS_TOO_MANY'),
  )
  // What is there already may be pushed again.
  await pushSignature(place, image, { key: 'junk' }, { by: `${attacker}3`, note: 3 })
  await settle(place)
  assert.equal(await sayEvidence(place, image), 'unknown: too-many-signatures')
  await pushSignature(place, image, { key: 'ci' })
  await settle(place)
  assert.equal(await sayEvidence(place, image), 'verified')
})
