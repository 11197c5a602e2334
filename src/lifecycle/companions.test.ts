// What clients tie to an image by a tag made of its digest, and not by a subject: cosign's older layout, and indexes of referrers.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  dayMs,
  lifecyclePlace,
  pushImage,
  pushIndex,
  putRules,
  removeImage,
  runToEnd,
  type LifecyclePlace,
} from '../../test/kit/lifecycle-place.ts'
import { lifecycleText } from '../../test/kit/lifecycle.ts'
import type { Digest } from '../oci/digest.ts'
import { listImageEntries, firstImage } from '../registry/image-store.ts'
import { listTags } from '../registry/list-tags.ts'
import { findManifestSummary, listManifests } from '../registry/manifest-store.ts'
import { previewRepository } from './preview-repository.ts'
import { putGuards } from './put-guards.ts'

const companion = (digest: Digest, suffix = ''): string => `${digest.replace(':', '-')}${suffix}`

async function sign(place: LifecyclePlace, subject: Digest, name: string): Promise<Digest> {
  const mediaType = 'application/vnd.oci.image.manifest.v1+json'
  return pushImage(place, name, [], { subject: { mediaType, digest: subject, size: 1 } })
}

async function isThere(place: LifecyclePlace, ...digests: readonly Digest[]): Promise<string> {
  const found: boolean[] = []
  for (const digest of digests) {
    const summary = await findManifestSummary(place.database, place.repositoryId, digest)
    found.push(summary !== undefined)
  }
  return found.map((isFound) => (isFound ? 'there' : 'gone')).join(' ')
}

async function shown(place: LifecyclePlace, limit = 100): Promise<readonly (readonly string[])[]> {
  const { database: reader, repository, repositoryId } = place
  const page = { tagStatus: 'ANY', archived: 'any', limit: 100 } as const
  const { tags } = await listTags(reader, { repository, after: '', limit })
  const entries = await listImageEntries(reader, repositoryId, { ...page, after: firstImage })
  const images = await listManifests(reader, repositoryId, { ...page, after: firstImage })
  return [tags, entries.map(({ tag, digest }) => tag ?? digest), images.map(({ digest }) => digest)]
}

test('an image is not hidden by a tag that looks like that of referrers', async (t) => {
  const place = await lifecyclePlace(t)
  const image = await pushImage(place, 'image', [])
  const other = await pushImage(place, 'other', [])
  const tag = companion(image)
  const asImage = await pushImage(place, 'hidden', [tag])
  const [listed, lines, described] = await shown(place)
  assert.deepEqual(listed, [tag])
  assert.deepEqual(lines?.toSorted(), [image, other, tag].toSorted())
  assert.deepEqual(described?.toSorted(), [image, other, asImage].toSorted())
  const signature = await sign(place, other, 'signature')
  const index = await pushIndex(place, [tag], [signature, other])
  const [tags, entries, images] = await shown(place)
  assert.deepEqual(tags, [tag], 'an index that lists an image')
  assert.ok(entries?.includes(tag) === true)
  assert.ok(images?.includes(index) === true)
  const elsewhere = await pushIndex(place, [tag], [signature])
  assert.deepEqual((await shown(place))[0], [tag], 'an index of what refers to another image')
  assert.ok((await shown(place))[2]?.includes(elsewhere) === true)
})

test('the tag of referrers is in no list, however many there are, and other tags of its index are', async (t) => {
  const place = await lifecyclePlace(t)
  const image = await pushImage(place, 'image', ['v1'])
  place.clock.advance(1)
  const signature = await sign(place, image, 'signature')
  const index = await pushIndex(place, [companion(image)], [signature])
  for (const limit of [1, 2, 100]) {
    assert.deepEqual(await shown(place, limit), [['v1'], ['v1', signature], [image, signature]])
  }
  await pushIndex(place, ['a', companion(image)], [signature])
  const [tags, , images] = await shown(place)
  assert.deepEqual(tags, ['a', 'v1'])
  assert.ok(images?.includes(index) === true)
})

test('a rule counts and expires no signature apart from its image', async (t) => {
  const place = await lifecyclePlace(t)
  const image = await pushImage(place, 'image', ['v1'])
  const signature = await sign(place, image, 'signature')
  const index = await pushIndex(place, [companion(image)], [signature])
  const cosign = await pushImage(place, 'cosign', [companion(image, '.sig')])
  const attestation = await pushImage(place, 'attestation', [companion(image, '.att')])
  place.clock.advance(dayMs)
  const old = await pushImage(place, 'old', ['v0'])
  place.clock.advance(dayMs)
  await pushImage(place, 'young', ['v2'])
  await putRules(place, '1 any count:3')
  assert.equal((await runToEnd(place))?.expired, 0)
  await putRules(place, '1 pattern:sha256-* pushed:1d', '2 any count:3')
  assert.equal((await runToEnd(place))?.expired, 0)
  const all = [image, old, signature, index, cosign, attestation]
  assert.equal(await isThere(place, ...all), 'there there there there there there')
})

test('it goes with its image, as the preview says', async (t) => {
  const place = await lifecyclePlace(t)
  const image = await pushImage(place, 'image', ['v1'])
  const kept = await pushImage(place, 'kept', ['keep'])
  const signature = await sign(place, image, 'signature')
  const left = await pushIndex(place, [companion(image)], [signature])
  const second = await sign(place, image, 'second')
  const index = await pushIndex(place, [companion(image)], [signature, second])
  const cosign = await pushImage(place, 'cosign', [companion(image, '.sig')])
  const others = [
    await pushImage(place, 'other', [companion(kept, '.sig')]),
    await pushImage(place, 'named', ['mine', companion(image, '.att')]),
  ]
  place.clock.advance(2 * dayMs)
  const rules = ['1 prefix:v pushed:1d']
  await putRules(place, ...rules)
  const { signal } = new AbortController()
  const { today } = await previewRepository(
    { ...place, reader: place.database },
    { repository: place.repository, text: lifecycleText(rules), at: undefined },
    { signal },
  )
  assert.equal((await runToEnd(place))?.expired, 1)
  const gone = [image, signature, second, left, index, cosign]
  assert.equal(await isThere(place, ...gone), gone.map(() => 'gone').join(' '))
  assert.equal(await isThere(place, kept, ...others), 'there there there')
  const configs = ['image', 'signature', 'second', 'cosign'].map((name) => JSON.stringify({ name }))
  assert.equal(today.bytes, configs.join('').length)
})

test("an image under cosign's tag does not go with another one, and is kept by none", async (t) => {
  const place = await lifecyclePlace(t)
  const image = await pushImage(place, 'image', ['v1'])
  const kept = await pushImage(place, 'kept', ['keep'])
  const layer = 'the file system of an image that nodes run by its digest'
  const victim = await pushImage(place, 'victim', [companion(image, '.sig')], { layer })
  const clinging = await pushImage(place, 'clinging', [companion(kept, '.att')], { layer })
  const reference = await sign(place, image, 'signature')
  place.clock.advance(2 * dayMs)
  await putRules(place, '1 prefix:v pushed:1d')
  await runToEnd(place)
  assert.equal(await isThere(place, image, reference, victim, clinging), 'gone gone there there')
  await putRules(place, '1 pattern:sha256-* pushed:1d')
  await runToEnd(place)
  assert.equal(await isThere(place, victim, clinging, kept), 'gone gone there')
})

test('without its image it is an image like others', async (t) => {
  const place = await lifecyclePlace(t)
  const image = await pushImage(place, 'image', ['v1'])
  await removeImage(place, image)
  const cosign = await pushImage(place, 'cosign', [companion(image, '.sig')])
  place.clock.advance(2 * dayMs)
  await putRules(place, '1 pattern:sha256-* pushed:1d')
  assert.equal((await runToEnd(place))?.expired, 1)
  assert.equal(await isThere(place, cosign), 'gone')
})

test("a guard of signed images knows cosign's older layout", async (t) => {
  const place = await lifecyclePlace(t)
  const { repository } = place
  const image = await pushImage(place, 'image', ['v1'])
  await pushImage(place, 'cosign', [companion(image, '.sig')])
  place.clock.advance(2 * dayMs)
  const guards = [{ repositories: ['*'], protect: { signed: true } }]
  const text = JSON.stringify({ guards })
  await putGuards(place, { account: repository.account, text, by: 'admin' })
  await putRules(place, '1 prefix:v pushed:1d')
  assert.equal((await runToEnd(place))?.expired, 0)
})
