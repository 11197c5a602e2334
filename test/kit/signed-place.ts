// A registry in which pushes are signed by the profile `release`, and the trust policy `release` judges what comes of it.
import assert from 'node:assert/strict'
import { isRecord } from '../../src/oci/descriptor.ts'
import { parseDigest, type Digest } from '../../src/oci/digest.ts'
import { mediaTypes } from '../../src/oci/media-type.ts'
import { imagePushedJob } from '../../src/registry/events.ts'
import { putManifest } from '../../src/registry/put-manifest.ts'
import { putProfile } from '../../src/signing/profiles.ts'
import { profileArn } from '../../src/signing/rules/profile.ts'
import { trustJobHandlers } from '../../src/trust-jobs.ts'
import { putTrustMaterial } from '../../src/trust/put-trust-material.ts'
import { putTrustPolicy } from '../../src/trust/put-trust-policy.ts'
import { readEvidence } from '../../src/trust/read-evidence.ts'
import { signImageJob, witnessPush } from '../../src/trust/request-signings.ts'
import { signImage } from '../../src/trust/sign-image.ts'
import { putSigningConfiguration } from '../../src/trust/signing-configuration.ts'
import { directVerifiers } from './direct-verifiers.ts'
import { runJobs } from './jobs.ts'
import { region, type TestSigning } from './signing.ts'

const options = { signal: new AbortController().signal }
const trust = { revocationPlaces: { hosts: [], networks: [] }, sigstoreMirror: undefined }
const window = { validFrom: undefined, validUntil: undefined, revokedFrom: undefined }

const trustConfig = { region, url: undefined, trust }

export interface SignedPlace extends TestSigning {
  push(name: string): Promise<Digest>
  /** Everything that waits is done: what is to be signed is signed, and evidence is as it should be. */
  settle(): Promise<void>
  /** `verified`, or `unknown pending`. */
  evidence(digest: Digest): Promise<string>
  /** Of the profile's version, from a moment on in milliseconds; the status of the answer. */
  revoke(from: number): Promise<number>
}

export async function signedPlace(
  at: TestSigning,
  {
    deps = at.deps,
    mode,
    stores,
    filters,
    identities,
  }: {
    readonly deps?: TestSigning['deps']
    readonly mode: 'aws-plugin' | 'portable'
    /** Roots in PEM by `type:name`; what is signed may lead to each. */
    readonly stores: Readonly<Record<string, string>>
    readonly filters: readonly string[] | undefined
    readonly identities: readonly string[]
  },
): Promise<SignedPlace> {
  const { registry, authorize, own: account } = at
  const { database, clock, repository } = registry
  const given = { account, name: 'release', mode, validity: undefined, tags: undefined, by: 'arn' }
  await putProfile(deps, given, { mode, validity: { value: 12, type: 'MONTHS' } })
  const rules = [{ profileArn: profileArn(region, given), filters }]
  await putSigningConfiguration(registry, { account, rules, by: 'arn' })
  for (const [name, text] of Object.entries(stores)) {
    const reference = { kind: 'store', name } as const
    await putTrustMaterial(registry, { account, reference, text, window, by: 'arn' })
  }
  const policy = {
    version: 1,
    name: 'release',
    repositories: ['*'],
    accept: [{ id: 'own', notation: { stores: Object.keys(stores), identities } }],
  }
  await putTrustPolicy(registry, { account, text: JSON.stringify(policy), by: 'arn' })
  const signing = { ...registry, ...deps, authorize }
  const handlers = {
    ...trustJobHandlers(trustConfig, registry, { verifiers: directVerifiers() }),
    [signImageJob]: (input: unknown) => signImage(signing, imageIn(input), options),
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
      const asked = { account, repository: repository.name, digest, policy: 'release' }
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

function imageIn(input: unknown): { readonly repositoryId: number; readonly digest: Digest } {
  assert.ok(isRecord(input) && typeof input['repositoryId'] === 'number')
  const digest = parseDigest(String(input['digest']))
  assert.ok(digest !== undefined)
  return { repositoryId: input['repositoryId'], digest }
}
