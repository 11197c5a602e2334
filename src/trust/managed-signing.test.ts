// What a push has signed: as who pushed it, once, and whatever is killed when.
import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import { push as pushBlob } from '../../test/kit/uploads.ts'
import { testSigning, type TestSigning } from '../../test/kit/signing.ts'
import type { Caller } from '../access/caller.ts'
import type { Digest } from '../oci/digest.ts'
import { mediaTypes } from '../oci/media-type.ts'
import { parseTag } from '../oci/tag.ts'
import { deleteManifest } from '../registry/delete-manifest.ts'
import { findManifestByDigest } from '../registry/manifest-store.ts'
import { putManifest } from '../registry/put-manifest.ts'
import { getRepository } from '../registry/repository-store.ts'
import { readPayload } from '../signatures/notation/payload.ts'
import { readEnvelope } from '../signatures/notation/read-envelope.ts'
import { cancelProfile, putProfile } from '../signing/profiles.ts'
import { profileArn } from '../signing/rules/profile.ts'
import type { Database } from '../storage/database/database.ts'
import { getBlob } from '../registry/open-blob.ts'
import { listSigningStatuses } from './list-signing-statuses.ts'
import { describeRuleOptions, putRuleOption } from './index-only.ts'
import { requestSignings, witnessPush } from './request-signings.ts'
import { signImage, type SignImageDeps } from './sign-image.ts'
import { putSigningConfiguration } from './signing-configuration.ts'

const region = 'us-east-1'
const options = { signal: new AbortController().signal }
const defaults = { mode: 'portable', validity: { value: 12, type: 'MONTHS' } } as const

interface Place extends TestSigning {
  readonly signing: SignImageDeps
  readonly repositoryId: number
  readonly arn: string
  push(caller: Caller, name: string, more?: object, tag?: string): Promise<Digest>
  sign(digest: Digest, database?: Database): Promise<void>
  /** `COMPLETE`, or `FAILED AccessDenied`. */
  statuses(digest: Digest): Promise<readonly string[]>
  signatures(digest: Digest): Promise<readonly Digest[]>
  countJobs(): Promise<number>
}

async function place(t: TestContext): Promise<Place> {
  const at = await testSigning(t)
  const { registry, deps, authorize, own } = at
  const { database, repository } = registry
  const arn = profileArn(region, { account: own, name: 'release' })
  await putRelease(at)
  const rules = [{ profileArn: arn, filters: ['team/*'] }]
  await putSigningConfiguration(registry, { account: own, rules, by: 'arn' })
  const { id: repositoryId } = await getRepository(database, repository)
  const signing = { ...registry, ...deps, authorize }
  return {
    ...at,
    signing,
    repositoryId,
    arn,
    async push(caller, name, more = {}, tag) {
      const manifest = { schemaVersion: 2, mediaType: mediaTypes.ociIndex, manifests: [] }
      const document = { ...manifest, annotations: { name }, ...more }
      const bytes = Buffer.from(JSON.stringify(document))
      const named = tag === undefined ? undefined : parseTag(tag)
      const put = await putManifest(registry, {
        repository,
        bytes,
        mediaType: document.mediaType,
        digest: undefined,
        tags: named === undefined ? [] : [named],
        principal: caller.principalArn,
        ifPresent: 'accept',
        witness: witnessPush(region)(caller),
      })
      return put.digest
    },
    sign: (digest, through = database) =>
      signImage({ ...signing, database: through }, { repositoryId, digest }, options),
    async statuses(digest) {
      const found = await listSigningStatuses(database, { repositoryId, digest })
      return found.map(({ state, failure }) =>
        failure === undefined ? state : `${state} ${failure.code}`,
      )
    },
    async signatures(digest) {
      const rows = await database.all(
        'SELECT digest FROM manifests WHERE repository_id = $1 AND subject_digest = $2',
        [repositoryId, digest],
      )
      return rows.map((row) => row['digest'] as Digest)
    },
    async countJobs() {
      return (await database.all('SELECT id FROM signing_jobs')).length
    },
  }
}

async function putRelease({ deps, own }: TestSigning): Promise<void> {
  const given = { mode: undefined, validity: undefined, tags: undefined, by: 'arn' }
  await putProfile(deps, { account: own, name: 'release', ...given }, defaults)
}

test('a push is IN_PROGRESS from its commit on, and then signed as an untagged referrer', async (t) => {
  const at = await place(t)
  const digest = await at.push(at.admin, 'one')
  assert.deepEqual(await at.statuses(digest), ['IN_PROGRESS'])
  assert.deepEqual(await at.signatures(digest), [])
  await at.sign(digest)
  assert.deepEqual(await at.statuses(digest), ['COMPLETE'])
  const [signature, ...others] = await at.signatures(digest)
  assert.ok(signature !== undefined && others.length === 0)
  const stored = await findManifestByDigest(at.registry.database, at.repositoryId, signature)
  assert.equal(stored?.artifactType, 'application/vnd.cncf.notary.signature')
  const manifest = JSON.parse(Buffer.from(stored.bytes).toString()) as {
    layers: readonly { mediaType: string; digest: Digest }[]
    annotations: Record<string, string>
  }
  const [layer] = manifest.layers
  assert.ok(layer !== undefined)
  const envelope = await envelopeAt(at, layer.digest)
  const read = readEnvelope(envelope, layer.mediaType)
  assert.ok(read.kind === 'envelope')
  const payload = readPayload(read.envelope.payload)
  assert.ok(payload.kind === 'payload')
  assert.equal(payload.target.digest, digest)
  const names = Object.keys(payload.target.annotations)
  assert.deepEqual(names.toSorted(), [
    'com.amazonaws.signer.signingJob',
    'com.amazonaws.signer.signingProfileVersion',
  ])
  const thumbprints = JSON.parse(
    manifest.annotations['io.cncf.notary.x509chain.thumbprint#S256'] ?? '',
  ) as readonly string[]
  assert.equal(thumbprints.length, 3)
})

async function envelopeAt(at: Place, digest: Digest): Promise<Buffer> {
  const { repository, database, blobs } = at.registry
  const { storageKey } = await getBlob(database, { repository, digest })
  const pieces: Uint8Array[] = []
  const stored: AsyncIterable<Uint8Array> = await blobs.read(storageKey)
  for await (const piece of stored) pieces.push(piece)
  return Buffer.concat(pieces)
}

test('nothing is signed that no rule is about, that refers to another image, or that holds signatures', async (t) => {
  const at = await place(t)
  const digest = await at.push(at.admin, 'one')
  const subject = { mediaType: mediaTypes.ociIndex, digest, size: 1 }
  const hex = digest.slice('sha256:'.length)
  const pushed = [
    await at.push(at.admin, 'referrer', { subject }),
    await at.push(at.admin, 'cosign', {}, `sha256-${hex}.sig`),
    await at.push(at.admin, 'fallback', {}, `sha256-${hex}`),
  ]
  for (const one of pushed) assert.deepEqual(await at.statuses(one), [])
  const { account } = at.registry.repository
  await putSigningConfiguration(at.registry, {
    account,
    rules: [{ profileArn: at.arn, filters: ['prod/*'] }],
    by: 'arn',
  })
  assert.deepEqual(await at.statuses(await at.push(at.admin, 'two')), [])
})

test('the same image is signed once by a version of a profile, and again by the next', async (t) => {
  const at = await place(t)
  const digest = await at.push(at.admin, 'one')
  await at.sign(digest)
  await at.push(at.admin, 'one', {}, 'v1')
  assert.deepEqual(await at.statuses(digest), ['COMPLETE'])
  await at.sign(digest)
  assert.equal((await at.signatures(digest)).length, 1)
  await putRelease(at)
  await at.push(at.admin, 'one', {}, 'v2')
  assert.deepEqual(await at.statuses(digest), ['IN_PROGRESS'])
  await at.sign(digest)
  assert.equal((await at.signatures(digest)).length, 2)
})

const upload = [
  'ecr:PutImage',
  'ecr:InitiateLayerUpload',
  'ecr:UploadLayerPart',
  'ecr:CompleteLayerUpload',
  'ecr:BatchCheckLayerAvailability',
]

test('who pushed must be allowed to sign and to push the signature, at the moment of signing', async (t) => {
  const at = await place(t)
  const allow = (actions: readonly string[], more: object = {}): object => ({
    Effect: 'Allow',
    Action: actions,
    Resource: '*',
    ...more,
  })
  const own = at.registry.repository.account
  const cases: readonly (readonly [string, readonly object[], string])[] = [
    ['nothing', [], 'FAILED AccessDenied'],
    ['push alone', [allow(upload)], 'FAILED AccessDenied'],
    ['sign alone', [allow(['signer:SignPayload'])], 'FAILED AccessDenied'],
    ['both', [allow([...upload, 'signer:SignPayload'])], 'COMPLETE'],
    ...upload.map(
      (missing) =>
        [
          `all but ${missing}`,
          [allow([...upload.filter((one) => one !== missing), 'signer:SignPayload'])],
          'FAILED AccessDenied',
        ] as const,
    ),
    [
      'another profile',
      [
        allow(upload),
        {
          ...allow(['signer:SignPayload']),
          Resource: profileArn(region, { account: own, name: 'x1' }),
        },
      ],
      'FAILED AccessDenied',
    ],
    [
      'a denial of the profile',
      [allow(['*']), { Effect: 'Deny', Action: 'signer:SignPayload', Resource: at.arn }],
      'FAILED AccessDenied',
    ],
    [
      'another version',
      [
        allow(upload),
        allow(['signer:SignPayload'], {
          Condition: { StringEquals: { 'signer:ProfileVersion': 'AAAAAAAAAA' } },
        }),
      ],
      'FAILED AccessDenied',
    ],
  ]
  for (const [name, statements, expected] of cases) {
    await at.identities.put('AIDADEV', 'rights', ...statements)
    const digest = await at.push(at.dev, name)
    await at.sign(digest)
    assert.deepEqual(await at.statuses(digest), [expected], name)
    const signatures = await at.signatures(digest)
    assert.equal(signatures.length, expected === 'COMPLETE' ? 1 : 0, name)
  }
  assert.equal(await at.countJobs(), 1)
  // What was allowed when it was pushed, and is not when it is signed, is not.
  await at.identities.put('AIDADEV', 'rights', allow(['*']))
  const digest = await at.push(at.dev, 'withdrawn')
  await at.identities.remove('AIDADEV', 'rights')
  await at.sign(digest)
  assert.deepEqual(await at.statuses(digest), ['FAILED AccessDenied'])
})

test('a profile that is gone or canceled fails with that code, and a later push tries again', async (t) => {
  const at = await place(t)
  const account = at.registry.repository.account
  const missing = profileArn(region, { account, name: 'missing' })
  const rules = [{ profileArn: missing, filters: undefined }]
  await putSigningConfiguration(at.registry, { account, rules, by: 'arn' })
  const digest = await at.push(at.admin, 'one')
  await at.sign(digest)
  assert.deepEqual(await at.statuses(digest), ['FAILED ProfileNotFound'])
  const given = { mode: undefined, validity: undefined, tags: undefined, by: 'arn' }
  await putProfile(at.deps, { account, name: 'missing', ...given }, defaults)
  await at.push(at.admin, 'one')
  assert.deepEqual(await at.statuses(digest), ['IN_PROGRESS'])
  await cancelProfile(at.deps, { account, name: 'missing' })
  await at.sign(digest)
  assert.deepEqual(await at.statuses(digest), ['FAILED ProfileNotActive'])
})

test('an image that is deleted before it is signed takes its row along', async (t) => {
  const at = await place(t)
  const digest = await at.push(at.admin, 'one')
  const { repository } = at.registry
  const principal = at.admin.principalArn
  await deleteManifest(at.registry, { repository, principal, digest, referrers: 'keep' })
  await at.sign(digest)
  assert.deepEqual(await at.statuses(digest), [])
  assert.equal(await at.countJobs(), 0)
})

test('a profile that is set to sign indexes only leaves out what no tag names, and nothing else', async (t) => {
  const at = await place(t)
  const { account } = at.registry.repository
  const put = (arn: string, indexOnly: boolean): Promise<void> =>
    putRuleOption(at.registry, { account, profileArn: arn, indexOnly, by: 'arn' })
  await assert.rejects(put(`${at.arn}x`, true), /no rule .* names/)
  await put(at.arn, true)
  assert.deepEqual(await describeRuleOptions(at.registry, account), [
    { signingProfileArn: at.arn, indexOnly: true },
  ])
  const image = {
    manifests: undefined,
    mediaType: mediaTypes.ociManifest,
    config: {
      mediaType: 'application/vnd.oci.image.config.v1+json',
      digest: await pushBlob(at.registry, Buffer.from('{}')),
      size: 2,
    },
    layers: [],
  }
  const child = await at.push(at.admin, 'child', image)
  assert.deepEqual(await at.statuses(child), [])
  const index = await at.push(at.admin, 'index')
  assert.deepEqual(await at.statuses(index), ['IN_PROGRESS'])
  const tagged = await at.push(at.admin, 'tagged', image, 'v1')
  assert.deepEqual(await at.statuses(tagged), ['IN_PROGRESS'])
  // It outlives a new configuration, which has no word for it.
  const rules = [{ profileArn: at.arn, filters: undefined }]
  await putSigningConfiguration(at.registry, { account, rules, by: 'arn' })
  assert.deepEqual(await at.statuses(await at.push(at.admin, 'again', image)), [])
  await put(at.arn, false)
  assert.deepEqual(await at.statuses(await at.push(at.admin, 'both', image)), ['IN_PROGRESS'])
})

test('what is signed already is not asked for again', async (t) => {
  const at = await place(t)
  const { database, clock, repository } = at.registry
  const stored = await getRepository(database, repository)
  const push = { repository: stored, tags: [], artifactType: undefined, subject: undefined }
  const known = await at.push(at.admin, 'one')
  const ask = async (one: Digest): Promise<number> =>
    database.transaction((tx) =>
      requestSignings(
        tx,
        { region, caller: at.admin, push: { ...push, digest: one } },
        clock.now(),
      ),
    )
  await at.sign(known)
  assert.equal(await ask(known), 0)
})

/** Ends the process, as far as a job can tell, before or after the commit of that number. */
function killedAt(database: Database, at: number, when: 'before' | 'after'): Database {
  let commits = 0
  return {
    all: (sql, parameters) => database.all(sql, parameters),
    first: (sql, parameters) => database.first(sql, parameters),
    close: () => database.close(),
    async transaction(work, survival) {
      commits += 1
      if (commits === at && when === 'before') throw new Killed()
      const result = await database.transaction(work, survival)
      if (commits >= at) throw new Killed()
      return result
    },
  }
}

class Killed extends Error {}

test('a kill between any two transactions leaves one signature', async (t) => {
  const at = await place(t)
  let kills = 0
  let done = 0
  for (const when of ['before', 'after'] as const) {
    for (let commit = 1; commit < 40; commit += 1) {
      const digest = await at.push(at.admin, `${when} ${commit}`)
      const killed = await at
        .sign(digest, killedAt(at.registry.database, commit, when))
        .then(() => false)
        .catch((error: unknown) => {
          if (error instanceof Killed) return true
          throw error
        })
      await at.sign(digest)
      await at.sign(digest)
      done += 1
      assert.deepEqual(await at.statuses(digest), ['COMPLETE'], `${when} ${commit}`)
      assert.equal((await at.signatures(digest)).length, 1, `${when} ${commit}`)
      assert.equal(await at.countJobs(), done, 'one job for each signature')
      if (!killed) break
      kills += 1
    }
  }
  assert.ok(kills >= 6, `${kills} places`)
})
