import assert from 'node:assert/strict'
import { test } from 'node:test'
import { testRegistry, type TestRegistry } from '../../test/kit/registry.ts'
import { digestOf, type Digest } from '../oci/digest.ts'
import { mediaTypes } from '../oci/media-type.ts'
import { parseTag, type Tag } from '../oci/tag.ts'
import { configureTagMutability } from './configure-repository.ts'
import { deleteManifest, deleteTag } from './delete-manifest.ts'
import { isRegistryError, type RegistryErrorCode } from './errors.ts'
import { finishUpload } from './finish-upload.ts'
import { getManifest } from './find-manifest.ts'
import { listReferrers } from './list-referrers.ts'
import { listManifests } from './manifest-store.ts'
import { putManifest, type PutManifestResult } from './put-manifest.ts'
import { getRepository } from './repository-store.ts'
import { parseTagFilter } from './rules/tag-filter.ts'
import { tagMutabilityOf } from './rules/tag-mutability.ts'
import { startUpload } from './start-upload.ts'

const principal = 'arn:aws:iam::123456789012:user/admin'

function tag(text: string): Tag {
  const parsed = parseTag(text)
  if (parsed === undefined) throw new Error(text)
  return parsed
}

async function* once(bytes: Buffer): AsyncGenerator<Uint8Array> {
  yield await Promise.resolve(bytes)
}

async function pushConfig(
  registry: TestRegistry,
  text: string,
): Promise<{ digest: Digest; size: number }> {
  const { repository } = registry
  const content = Buffer.from(text)
  const principalId = 'AIDATEST'
  const { uploadId } = await startUpload(registry, { repository, principalId, algorithm: 'sha256' })
  const digest = digestOf(content)
  const body = { source: once(content), keepPartial: false }
  return finishUpload(registry, { repository, uploadId, principalId, digest, body })
}

function manifestWith(config: object, members: object = {}): Buffer {
  const mediaType = mediaTypes.ociManifest
  return Buffer.from(
    JSON.stringify({
      schemaVersion: 2,
      mediaType,
      config: { mediaType: mediaTypes.ociConfig, ...config },
      layers: [],
      ...members,
    }),
  )
}

async function put(
  registry: TestRegistry,
  bytes: Buffer,
  tags: readonly Tag[],
  ifPresent: 'accept' | 'refuse' = 'accept',
): Promise<PutManifestResult> {
  const { repository } = registry
  return putManifest(registry, {
    repository,
    bytes,
    mediaType: undefined,
    digest: undefined,
    tags,
    principal,
    ifPresent,
  })
}

function refusal(code: RegistryErrorCode): (error: unknown) => boolean {
  return (error) => isRegistryError(error) && error.code === code
}

test('refuses to move an immutable tag, by whichever door, and accepts the same push again', async (t) => {
  const registry = await testRegistry(t)
  const config = await pushConfig(registry, '{}')
  const [one, two] = [manifestWith(config), manifestWith(config, { annotations: { a: 'b' } })]
  await put(registry, one, [tag('v1')])
  await put(registry, one, [tag('v1')])
  await assert.rejects(put(registry, one, [tag('v1')], 'refuse'), refusal('IMAGE_EXISTS'))
  await assert.rejects(put(registry, two, [tag('v1')]), refusal('TAG_IMMUTABLE'))
  await assert.rejects(put(registry, two, [tag('v2'), tag('v1')]), refusal('TAG_IMMUTABLE'))
  const { repository, database } = registry
  await assert.rejects(
    getManifest(database, { repository, reference: { kind: 'tag', tag: tag('v2') } }),
    refusal('MANIFEST_UNKNOWN'),
  )
  await configureTagMutability(database, { repository, tagMutability: 'MUTABLE' })
  await put(registry, two, [tag('v1')])
})

test('of a hundred racing pushes to one immutable tag exactly one wins', async (t) => {
  const registry = await testRegistry(t)
  const config = await pushConfig(registry, '{}')
  const pushes = Array.from({ length: 100 }, (_, index) =>
    put(
      registry,
      manifestWith(config, { annotations: { n: String(index) } }),
      [tag('v1')],
      index % 2 === 0 ? 'accept' : 'refuse',
    ),
  )
  const results = await Promise.allSettled(pushes)
  const won = results.filter(({ status }) => status === 'fulfilled')
  assert.equal(won.length, 1)
  for (const result of results) {
    if (result.status === 'rejected') assert.ok(refusal('TAG_IMMUTABLE')(result.reason))
  }
})

test('refuses blobs and children that this repository does not have, and takes a subject that is not there', async (t) => {
  const registry = await testRegistry(t)
  const config = await pushConfig(registry, '{}')
  const absent = { digest: digestOf(Buffer.from('absent')), size: 6 }
  const layer = { mediaType: 'application/vnd.oci.image.layer.v1.tar', ...absent }
  await assert.rejects(
    put(registry, manifestWith(config, { layers: [layer] }), []),
    refusal('MANIFEST_BLOB_UNKNOWN'),
  )
  const foreign = { ...layer, mediaType: 'application/vnd.oci.image.layer.nondistributable.v1.tar' }
  await put(registry, manifestWith(config, { layers: [foreign] }), [])
  const index = Buffer.from(
    JSON.stringify({
      schemaVersion: 2,
      mediaType: mediaTypes.ociIndex,
      manifests: [{ mediaType: mediaTypes.ociManifest, ...absent }],
    }),
  )
  await assert.rejects(put(registry, index, []), refusal('MANIFEST_CHILD_UNKNOWN'))
  const subject = { mediaType: mediaTypes.ociManifest, ...absent }
  const referrer = await put(
    registry,
    manifestWith(config, { subject, artifactType: 'a/b', annotations: { k: 'v' } }),
    [],
  )
  const { repository, database } = registry
  const page = await listReferrers(database, {
    repository,
    subject: absent.digest,
    artifactType: 'a/b',
    before: undefined,
    limit: undefined,
  })
  assert.deepEqual(
    page.referrers.map(({ digest }) => digest),
    [referrer.digest],
  )
})

test('a manifest of any size that is taken is read, listed and deleted again', async (t) => {
  const registry = await testRegistry(t)
  const { repository, database } = registry
  const config = await pushConfig(registry, '{}')
  const elsewhere = (size: number): Buffer =>
    manifestWith(config, {
      layers: [
        {
          mediaType: 'application/vnd.oci.image.layer.nondistributable.v1.tar',
          digest: digestOf(Buffer.from('elsewhere')),
          size,
        },
      ],
    })
  const rest = Number.MAX_SAFE_INTEGER - config.size
  await assert.rejects(put(registry, elsewhere(rest + 1), []), refusal('MANIFEST_INVALID'))
  const { digest } = await put(registry, elsewhere(rest), [tag('vast')])
  const found = await getManifest(database, {
    repository,
    reference: { kind: 'tag', tag: tag('vast') },
  })
  assert.equal(found.imageSize, Number.MAX_SAFE_INTEGER)
  const { id } = await getRepository(database, repository)
  const after = { pushedAt: 0, digest: '' }
  const listed = await listManifests(database, id, {
    tagStatus: 'ANY',
    archived: 'any',
    after,
    limit: 10,
  })
  assert.deepEqual(
    listed.map((manifest) => manifest.digest),
    [digest],
  )
  await deleteManifest(registry, { repository, principal, digest, referrers: 'keep' })
})

test('deleting: a child of an index stays, the last tag of the API takes the image, referrers follow it', async (t) => {
  const registry = await testRegistry(t)
  const { repository } = registry
  const config = await pushConfig(registry, '{}')
  const bytes = manifestWith(config)
  const { digest } = await put(registry, bytes, [tag('v1')])
  const child = { mediaType: mediaTypes.ociManifest, digest, size: bytes.byteLength }
  const indexBytes = Buffer.from(
    JSON.stringify({ schemaVersion: 2, mediaType: mediaTypes.ociIndex, manifests: [child] }),
  )
  const index = await put(registry, indexBytes, [])
  const target = { repository, principal }
  await assert.rejects(
    deleteManifest(registry, { ...target, digest, referrers: 'delete' }),
    refusal('MANIFEST_REFERENCED'),
  )
  await deleteManifest(registry, { ...target, digest: index.digest, referrers: 'keep' })
  const referrer = await put(
    registry,
    manifestWith(config, { subject: child, artifactType: 'a/b' }),
    [],
  )
  await deleteTag(registry, { ...target, tag: tag('v1'), whenLast: 'delete-image' })
  for (const gone of [digest, referrer.digest]) {
    await assert.rejects(
      getManifest(registry.database, { repository, reference: { kind: 'digest', digest: gone } }),
      refusal('MANIFEST_UNKNOWN'),
    )
  }
})

test('where tags are immutable but for some, those move and the others stay, whoever races', async (t) => {
  const registry = await testRegistry(t)
  const { repository, database } = registry
  const filters = ['latest', 'dev-*'].map((text) => {
    const reading = parseTagFilter(text)
    if (reading.kind === 'refused') throw new Error(text)
    return reading.filter
  })
  const setting = tagMutabilityOf('IMMUTABLE_WITH_EXCLUSION', filters)
  assert.ok(setting !== undefined)
  await configureTagMutability(database, { repository, tagMutability: setting })
  assert.deepEqual((await getRepository(database, repository)).tagMutability, setting)
  const manifests: Buffer[] = []
  for (let image = 0; image < 8; image += 1)
    manifests.push(manifestWith(await pushConfig(registry, `{"image":${image}}`)))

  const race = async (name: Tag): Promise<readonly PromiseSettledResult<PutManifestResult>[]> =>
    Promise.allSettled(manifests.map((bytes) => put(registry, bytes, [name])))
  const excluded = await race(tag('dev-1'))
  assert.ok(excluded.every(({ status }) => status === 'fulfilled'))
  const kept = await race(tag('v1'))
  assert.equal(kept.filter(({ status }) => status === 'fulfilled').length, 1)
  for (const one of kept)
    if (one.status === 'rejected') assert.ok(refusal('TAG_IMMUTABLE')(one.reason))

  // One push with both: nothing of it is done.
  const [first, second] = manifests
  assert.ok(first !== undefined && second !== undefined)
  await put(registry, first, [tag('latest')])
  const offered = kept[0]?.status === 'fulfilled' ? second : first
  const both = put(registry, offered, [tag('latest'), tag('v1')])
  await assert.rejects(both, refusal('TAG_IMMUTABLE'))
  const latest = await getManifest(database, {
    repository,
    reference: { kind: 'tag', tag: tag('latest') },
  })
  assert.equal(latest.digest, digestOf(first, 'sha256'))
})
