// Trust that is withdrawn while evidence is being computed: whatever the order, nothing is verified by what is gone (T18, T24).
import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  addKey,
  administrator,
  evidenceOf,
  handlersOf,
  policyText,
  pushImage,
  pushSignature,
  putPolicy,
  removeManifest,
  sayEvidence,
  settle,
  tellingVerifier,
  trustPlace,
  type TrustPlaceKit,
} from '../../test/kit/trust-place.ts'
import { runJobs } from '../../test/kit/jobs.ts'
import type { Digest } from '../oci/digest.ts'
import { testTrustPolicy, type TestedImage, type TestSummary } from './test-trust-policy.ts'
import { deleteTrustPolicy } from './put-trust-policy.ts'
import type { SubjectContent } from './list-candidates.ts'

const { signal } = new AbortController()

/** The handlers of a place in which something happens once, while the first signature is being verified. */
function interrupted(
  place: TrustPlaceKit,
  happening: () => Promise<unknown>,
): ReturnType<typeof handlersOf> {
  let isFirst = true
  return handlersOf({
    ...place,
    async verifier(input) {
      const verdict = tellingVerifier(input)
      if (isFirst) {
        isFirst = false
        await happening()
      }
      return verdict
    },
  })
}

async function signedImage(
  place: TrustPlaceKit,
): Promise<{ readonly image: Digest; readonly signature: Digest }> {
  await addKey(place, 'ci')
  await putPolicy(place, 'release', ['ci'])
  await settle(place)
  const image = await pushImage(place, 'app')
  return { image, signature: await pushSignature(place, image, { key: 'ci' }) }
}

test('a key that is revoked while a signature is being verified: the verdict of before is not written', async (t) => {
  const place = await trustPlace(t)
  const { image } = await signedImage(place)
  const seen: string[] = []
  const handlers = interrupted(place, async () => {
    await addKey(place, 'ci', { revokedFrom: place.clock.now().getTime() })
    seen.push(await sayEvidence(place, image))
  })
  await handlers['referrers-changed']?.(
    { repositoryId: place.repositoryId, digest: image },
    { signal, attempt: 1 },
  )
  assert.deepEqual(seen, ['unknown: pending'])
  await settle(place)
  assert.equal(await sayEvidence(place, image), 'revoked: revoked')
})

test('a policy that goes, a signature that goes, and another that comes, in the middle of it', async (t) => {
  const place = await trustPlace(t)
  const { image, signature } = await signedImage(place)
  const { account } = place.repository
  const events: readonly (readonly [() => Promise<unknown>, string])[] = [
    [() => removeManifest(place, signature), 'untrusted: identity-mismatch'],
    [() => pushSignature(place, image, { key: 'ci', identity: 'late' }), 'verified'],
    [
      () => deleteTrustPolicy(place, { account, name: 'release', by: administrator }),
      'untrusted: no-trust-policy',
    ],
  ]
  for (const [happening, expected] of events) {
    await pushSignature(place, image, { key: 'junk', identity: expected })
    await runJobs(place, interrupted(place, happening))
    assert.equal(await sayEvidence(place, image), expected)
  }
})

test('two computations of one image: the one that began with less does not overwrite the other', async (t) => {
  const place = await trustPlace(t)
  const { image } = await signedImage(place)
  const key = { repositoryId: place.repositoryId, digest: image }
  const handlers = interrupted(place, async () => {
    // Another worker took the job over, and was faster.
    await place.handlers['referrers-changed']?.(key, { signal, attempt: 2 })
    assert.equal(await sayEvidence(place, image), 'verified')
  })
  await handlers['referrers-changed']?.(key, { signal, attempt: 1 })
  assert.equal(await sayEvidence(place, image), 'verified')
  const rows = await place.database.all('SELECT result FROM evidence_history ORDER BY id')
  assert.deepEqual(
    rows.map((row) => row['result']),
    ['verified'],
    'and it is told once',
  )
})

test('a layer that is not linked to the repository is missing, whoever else has it', async (t) => {
  const place = await trustPlace(t)
  const { image, signature } = await signedImage(place)
  const contentOf = (repositoryId: number): SubjectContent => ({
    ...place.contentOf(repositoryId),
    openBlob: async () => Promise.resolve(undefined),
  })
  await runJobs(place, handlersOf({ ...place, contentOf }))
  assert.equal(await sayEvidence(place, image), 'unknown: blob-missing')
  await removeManifest(place, signature)
  await settle(place)
  assert.equal(await sayEvidence(place, image), 'none: unsigned')
})

test('a verifier that fails on one signature is not in the way of the others', async (t) => {
  const place = await trustPlace(t)
  const { image } = await signedImage(place)
  await pushSignature(place, image, { key: 'bad' })
  const handlers = handlersOf({
    ...place,
    verifier(input) {
      if (Buffer.from(input.candidate.content).includes('bad')) throw new Error('stack overflow')
      return tellingVerifier(input)
    },
  })
  await runJobs(place, handlers)
  const { result, countByResult } = await evidenceOf(place, image)
  assert.deepEqual([result, countByResult], ['verified', { verified: 1, unknown: 1 }])
})

test('a signature that there was no time for is tried again by the tick', async (t) => {
  const place = await trustPlace(t)
  await addKey(place, 'ci')
  await putPolicy(place, 'release', ['ci'])
  const image = await pushImage(place, 'app')
  await pushSignature(place, image, { key: 'slow' })
  place.clock.advance(1)
  await pushSignature(place, image, { key: 'ci' })
  const handlers = handlersOf({
    ...place,
    verifier(input) {
      place.clock.advance(6000)
      return tellingVerifier(input)
    },
  })
  await runJobs(place, handlers)
  assert.equal(await sayEvidence(place, image), 'unknown: limit')
  place.clock.advance(600_000)
  await place.handlers['renew-evidence']?.({}, { signal, attempt: 1 })
  assert.equal(await sayEvidence(place, image), 'verified')
})

test('a draft is judged by what is stored, and nothing is written', async (t) => {
  const place = await trustPlace(t)
  const { image } = await signedImage(place)
  await addKey(place, 'other')
  await settle(place)
  const { account } = place.repository
  const told: (TestedImage | TestSummary)[] = []
  for await (const one of testTrustPolicy(
    place,
    { account, text: policyText('release', ['other']) },
    { signal },
  ))
    told.push(one)
  const before = { result: 'verified', reason: undefined }
  const after = { result: 'untrusted', reason: 'identity-mismatch' }
  assert.deepEqual(told, [
    { kind: 'image', repository: 'team/app', digest: image, before, after },
    { kind: 'summary', policy: 'release', images: 1, changed: 1, gained: 0, lost: 1 },
  ])
  assert.equal(await sayEvidence(place, image), 'verified')
})
