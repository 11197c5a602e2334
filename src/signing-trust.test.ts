// Evidence of portable signatures made here: what a revoked key takes back, and what a timestamp keeps.
import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import { directVerifiers } from '../test/kit/direct-verifiers.ts'
import { runJobs } from '../test/kit/jobs.ts'
import { ownTimestamps, region, testSigning, type TestSigning } from '../test/kit/signing.ts'
import { isRecord } from './oci/descriptor.ts'
import { parseDigest, type Digest } from './oci/digest.ts'
import { mediaTypes } from './oci/media-type.ts'
import { imagePushedJob } from './registry/events.ts'
import { putManifest } from './registry/put-manifest.ts'
import { listStoredJobs } from './signing/job-store.ts'
import { rootsInPem } from './signing/installation-authority.ts'
import { putProfile } from './signing/profiles.ts'
import { profileArn } from './signing/rules/profile.ts'
import { timestampRootsInPem } from './signing/timestamp-authority.ts'
import { trustJobHandlers } from './trust-jobs.ts'
import { putTrustMaterial } from './trust/put-trust-material.ts'
import { putTrustPolicy } from './trust/put-trust-policy.ts'
import { readEvidence } from './trust/read-evidence.ts'
import { signImageJob, witnessPush } from './trust/request-signings.ts'
import { signImage } from './trust/sign-image.ts'
import { putSigningConfiguration } from './trust/signing-configuration.ts'

const options = { signal: new AbortController().signal }
const hour = 3_600_000
const noTrust = { revocationPlaces: { hosts: [], networks: [] }, sigstoreMirror: undefined }

interface Place extends TestSigning {
  push(name: string): Promise<Digest>
  settle(): Promise<void>
  evidence(digest: Digest): Promise<string>
  revoke(from: number): Promise<number>
}

async function place(t: TestContext, isStamped: boolean): Promise<Place> {
  const at = await testSigning(t)
  const { registry, authorize, own } = at
  const { database, clock, repository } = registry
  const deps = isStamped ? { ...at.deps, timestamps: ownTimestamps(at.deps) } : at.deps
  const arn = profileArn(region, { account: own, name: 'release' })
  const validity = { value: 12, type: 'MONTHS' } as const
  const given = { mode: undefined, validity: undefined, tags: undefined, by: 'arn' }
  await putProfile(
    deps,
    { account: own, name: 'release', ...given },
    { mode: 'portable', validity },
  )
  await putSigningConfiguration(registry, {
    account: own,
    rules: [{ profileArn: arn, filters: undefined }],
    by: 'arn',
  })
  const window = { validFrom: undefined, validUntil: undefined, revokedFrom: undefined }
  const pems = {
    'ca:own': await database.transaction((tx) => rootsInPem(deps, tx)),
    'tsa:own': await timestampRootsInPem({ ...deps, database }),
  }
  for (const [name, text] of Object.entries(pems)) {
    const reference = { kind: 'store', name } as const
    await putTrustMaterial(registry, { account: own, reference, text, window, by: 'arn' })
  }
  const stores = isStamped ? ['ca:own', 'tsa:own'] : ['ca:own']
  const policy = {
    version: 1,
    name: 'release',
    repositories: ['*'],
    accept: [{ id: 'own', notation: { stores, identities: ['*'] } }],
  }
  await putTrustPolicy(registry, { account: own, text: JSON.stringify(policy), by: 'arn' })
  const signing = { ...registry, ...deps, authorize }
  const setting = { region, url: undefined, trust: noTrust }
  const handlers = {
    ...trustJobHandlers(setting, registry, { verifiers: directVerifiers() }),
    [signImageJob]: async (input: unknown) => {
      assert.ok(isRecord(input) && typeof input['repositoryId'] === 'number')
      const digest = parseDigest(String(input['digest']))
      assert.ok(digest !== undefined)
      await signImage(signing, { repositoryId: input['repositoryId'], digest }, options)
    },
    [imagePushedJob]: async (): Promise<void> => Promise.resolve(),
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
      const from = { reader: database, place: { region, hostsOf: () => [] } }
      const { result, reason } = await readEvidence(from, asked, clock.now().getTime())
      return reason === undefined ? result : `${result} ${reason}`
    },
    async revoke(from) {
      const { body } = await at.call(at.admin, 'GET', '/signing-profiles/release')
      const { status } = await at.call(at.admin, 'PUT', '/signing-profiles/release/revoke', {
        profileVersion: body['profileVersion'],
        reason: 'the key was seen',
        effectiveTime: from / 1000,
      })
      return status
    },
  }
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
