// Signed statements: what a rule of a policy asks for, and that they are no signature of the image.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  addKey,
  pushImage,
  pushSignature,
  putPolicy,
  removeManifest,
  sayEvidence,
  settle,
  trustPlace,
  type TrustPlaceKit,
} from '../../test/kit/trust-place.ts'
import type { Digest } from '../oci/digest.ts'
import { readAttestations } from './read-attestations.ts'

const slsa = 'https://slsa.dev/provenance/v1'
const builder = 'https://github.com/actions/runner/hosted'
const rule = { id: 'prov', type: 'slsa', accept: ['ci'], builder: 'https://github.com/actions/*' }

async function said(place: TrustPlaceKit, digest: Digest): Promise<readonly string[]> {
  const { account, name: repository } = place.repository
  const asked = { account, repository, digest, policy: 'release' }
  const answers = await readAttestations(place.database, asked, place.clock.now().getTime())
  return answers.map(({ rule: id, result, reason }) => `${id} ${result} ${reason ?? ''}`.trim())
}

test('provenance counts by signer, kind and builder together, and is no approval of the image', async (t) => {
  const place = await trustPlace(t)
  for (const key of ['ci', 'dev']) await addKey(place, key)
  await putPolicy(place, 'release', ['ci', 'dev'], { attestations: [rule] })
  const image = await pushImage(place, 'app')
  await settle(place)
  assert.deepEqual(await said(place, image), ['prov none unsigned'])
  await pushSignature(place, image, { key: 'ci', predicateType: 'https://spdx.dev/Document' })
  await pushSignature(place, image, { key: 'dev', predicateType: slsa, builder })
  assert.deepEqual(await said(place, image), ['prov unknown pending'])
  await settle(place)
  assert.deepEqual(await said(place, image), ['prov none unsigned'])
  await pushSignature(place, image, {
    key: 'ci',
    predicateType: slsa,
    builder: 'https://github.com/evil/x',
  })
  await settle(place)
  assert.deepEqual(await said(place, image), ['prov untrusted identity-mismatch'])
  const good = await pushSignature(place, image, { key: 'ci', predicateType: slsa, builder })
  await settle(place)
  assert.deepEqual(await said(place, image), ['prov verified'])
  assert.equal(await sayEvidence(place, image), 'none: unsigned')
  await removeManifest(place, good)
  assert.deepEqual(await said(place, image), ['prov untrusted identity-mismatch'])
})

test('a statement counts as a signature only where the policy says so, and what takes trust away counts at once', async (t) => {
  const place = await trustPlace(t)
  await addKey(place, 'ci')
  const members = { attestations: [rule], acceptAttestationAsSignature: true }
  await putPolicy(place, 'release', ['ci'], members)
  const image = await pushImage(place, 'app')
  const validUntil = place.clock.now().getTime() + 1000
  await pushSignature(place, image, { key: 'ci', predicateType: slsa, builder, validUntil })
  await settle(place)
  assert.equal(await sayEvidence(place, image), 'verified')
  assert.deepEqual(await said(place, image), ['prov verified'])
  await putPolicy(place, 'release', ['ci'], { attestations: [rule] })
  assert.deepEqual(await said(place, image), ['prov unknown recomputing'])
  await settle(place)
  assert.equal(await sayEvidence(place, image), 'none: unsigned')
  assert.deepEqual(await said(place, image), ['prov verified'])
  place.clock.advance(1000)
  assert.deepEqual(await said(place, image), ['prov unknown stale'])
  const tick = place.handlers['renew-evidence']
  await tick?.({}, { signal: new AbortController().signal, attempt: 1 })
  assert.deepEqual(await said(place, image), ['prov none unsigned'])
})
