// Evidence of what this installation signs itself: while a signature is still to come, and when it is revoked.
import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import { directVerifiers } from '../test/kit/direct-verifiers.ts'
import { runJobs } from '../test/kit/jobs.ts'
import { region, testSigning, type TestSigning } from '../test/kit/signing.ts'
import { parseDigest, type Digest } from './oci/digest.ts'
import { mediaTypes } from './oci/media-type.ts'
import { imagePushedJob } from './registry/events.ts'
import { putManifest } from './registry/put-manifest.ts'
import { rootsInPem } from './signing/installation-authority.ts'
import { putProfile } from './signing/profiles.ts'
import { profileArn } from './signing/rules/profile.ts'
import { evaluationDeps, trustJobHandlers } from './trust-jobs.ts'
import { putTrustMaterial } from './trust/put-trust-material.ts'
import { putTrustPolicy } from './trust/put-trust-policy.ts'
import { readEvidence } from './trust/read-evidence.ts'
import type { ImageKey } from './trust/image-signing-store.ts'
import { signImageJob, witnessPush } from './trust/request-signings.ts'
import { signImage } from './trust/sign-image.ts'
import { putSigningConfiguration } from './trust/signing-configuration.ts'

const trust = { revocationPlaces: { hosts: [], networks: [] }, sigstoreMirror: undefined }
const config = { region, url: undefined, trust }
const options = { signal: new AbortController().signal }

interface Place extends TestSigning {
  push(name: string): Promise<Digest>
  /** Everything that waits is done: what is to be signed is signed, and evidence is as it should be. */
  settle(): Promise<void>
  /** `verified`, or `unknown pending`. */
  evidence(digest: Digest): Promise<string>
}

/** Pushes are signed by a profile whose signatures are as AWS Signer makes them, and a trust policy names it. */
async function place(t: TestContext): Promise<Place> {
  const at = await testSigning(t)
  const { registry, deps, authorize, own } = at
  const { database, clock, repository } = registry
  const arn = profileArn(region, { account: own, name: 'release' })
  await putProfile(
    deps,
    {
      account: own,
      name: 'release',
      mode: 'aws-plugin',
      validity: undefined,
      tags: undefined,
      by: 'arn',
    },
    { mode: 'aws-plugin', validity: { value: 12, type: 'MONTHS' } },
  )
  const rules = [{ profileArn: arn, filters: ['team/*'] }]
  await putSigningConfiguration(registry, { account: own, rules, by: 'arn' })
  const text = await database.transaction((tx) => rootsInPem(deps, tx))
  const reference = { kind: 'store', name: 'signingAuthority:own' } as const
  const window = { validFrom: undefined, validUntil: undefined, revokedFrom: undefined }
  await putTrustMaterial(registry, { account: own, reference, text, window, by: 'arn' })
  const policy = {
    version: 1,
    name: 'release',
    repositories: ['*'],
    accept: [{ id: 'own', notation: { stores: ['signingAuthority:own'], identities: [arn] } }],
  }
  await putTrustPolicy(registry, { account: own, text: JSON.stringify(policy), by: 'arn' })
  const evaluation = evaluationDeps(config, registry, { verifiers: directVerifiers() })
  const signing = { ...registry, ...deps, authorize }
  const ignored = async (): Promise<void> => Promise.resolve()
  const handlers = {
    ...trustJobHandlers(config, registry, { verifiers: directVerifiers() }),
    [signImageJob]: (input: unknown) => signImage(signing, imageIn(input), options),
    [imagePushedJob]: ignored,
  }
  return {
    ...at,
    async push(name) {
      const manifest = { schemaVersion: 2, mediaType: mediaTypes.ociIndex, manifests: [] }
      const { digest } = await putManifest(registry, {
        repository,
        bytes: Buffer.from(JSON.stringify({ ...manifest, annotations: { name } })),
        mediaType: mediaTypes.ociIndex,
        digest: undefined,
        tags: [],
        principal: at.admin.principalArn,
        ifPresent: 'accept',
        witness: witnessPush(region)(at.admin),
      })
      return digest
    },
    async settle() {
      await runJobs(registry, handlers)
    },
    async evidence(digest) {
      const asked = { account: own, repository: repository.name, digest, policy: 'release' }
      const from = { reader: database, place: evaluation.place }
      const { result, reason } = await readEvidence(from, asked, clock.now().getTime())
      return reason === undefined ? result : `${result} ${reason}`
    },
  }
}

function imageIn(input: unknown): ImageKey {
  const { repositoryId, digest } = input as { readonly repositoryId: number; digest: string }
  const parsed = parseDigest(digest)
  assert.ok(parsed)
  return { repositoryId, digest: parsed }
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
  const { body } = await at.call(at.admin, 'GET', '/signing-profiles/release')
  const revoked = await at.call(at.admin, 'PUT', '/signing-profiles/release/revoke', {
    profileVersion: body['profileVersion'],
    reason: 'the key was seen',
    effectiveTime: before.getTime() / 1000,
  })
  assert.equal(revoked.status, 200, JSON.stringify(revoked.body))
  assert.equal(await at.evidence(digest), 'unknown recomputing')
  await at.settle()
  assert.equal(await at.evidence(digest), 'revoked revoked')
})
