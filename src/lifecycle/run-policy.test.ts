import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  dayMs,
  digestOfTag,
  lifecyclePlace,
  pushImage,
  pushIndex,
  putRules,
  pusher,
  removeImage,
  runToEnd,
  tagOf,
} from '../../test/kit/lifecycle-place.ts'
import { findManifestSummary } from '../registry/manifest-store.ts'
import { getManifest } from '../registry/find-manifest.ts'
import { isRegistryError } from '../registry/errors.ts'
import { addReported } from '../running/cluster-sighting-store.ts'
import type { Digest } from '../oci/digest.ts'
import { findLifecyclePolicy } from './lifecycle-policy-store.ts'
import { deletePolicy } from './put-policy.ts'
import { putGuards } from './put-guards.ts'
import { runningPolicy } from './run-policy.ts'
import { showHistory } from './show-history.ts'
import { undoDeletion } from './undo-deletion.ts'

test('deletes what is due, oldest first, and tells where each tag went', async (t) => {
  const place = await lifecyclePlace(t)
  const { repository, database, clock } = place
  const old = await pushImage(place, 'old', ['feature-1', 'feature-old'])
  clock.advance(dayMs)
  await pushImage(place, 'young', ['feature-2'])
  clock.advance(30 * dayMs)
  await putRules(place, '1 prefix:feature- pushed:30d')
  const run = await runToEnd(place)
  assert.deepEqual([run?.isOpen, run?.ending, run?.expired, run?.passedOver], [false, 'done', 1, 0])
  assert.equal(await digestOfTag(place, 'feature-1'), undefined)
  assert.notEqual(await digestOfTag(place, 'feature-2'), undefined)
  assert.deepEqual(
    (await findLifecyclePolicy(database, place.repositoryId))?.evaluatedAt,
    clock.now(),
  )
  const of = { kind: 'tag', tag: tagOf('feature-old') } as const
  const history = await showHistory(database, { repository, of, before: undefined, limit: 10 })
  const [record] = history.records
  assert.ok(record)
  assert.deepEqual(
    [record.digest, record.tags, record.rule, record.action],
    [old, ['feature-1', 'feature-old'], 1, 'expire'],
  )
  assert.deepEqual(record.reason, {
    kind: 'too-old',
    basis: 'pushed',
    since: clock.now().getTime() - 31 * dayMs,
    days: 30,
  })
  assert.deepEqual(
    history.tagChanges.map(({ to, principal }) => [to, principal]),
    [
      [undefined, 'lifecycle.ecr.amazonaws.com'],
      [old, pusher],
    ],
  )
})

test('tells the outbox of each image that goes', async (t) => {
  const place = await lifecyclePlace(t)
  await pushImage(place, 'a', ['v1'])
  place.clock.advance(2 * dayMs)
  await putRules(place, '1 any pushed:1d')
  await runToEnd(place)
  const events = await place.database.all(
    'SELECT kind, detail FROM events ORDER BY id DESC LIMIT 1',
  )
  assert.equal(events[0]?.['kind'], 'ImageDeleted')
  assert.match(String(events[0]?.['detail']), /"tags":\["v1"\]/)
})

test('keeps the number that a count says, with a hundred images in many batches', async (t) => {
  const place = await lifecyclePlace(t)
  for (let index = 0; index < 40; index += 1) {
    await pushImage(place, `image ${index}`, [`v${index}`])
    place.clock.advance(1000)
  }
  await putRules(place, '1 prefix:v count:7')
  const run = await runToEnd(place)
  assert.equal(run?.expired, 33)
  assert.equal(await digestOfTag(place, 'v32'), undefined)
  assert.notEqual(await digestOfTag(place, 'v33'), undefined)
})

test('an index goes, and its children with the next run', async (t) => {
  const place = await lifecyclePlace(t)
  const child = await pushImage(place, 'child', [])
  const index = await pushIndex(place, ['v1'], [child])
  place.clock.advance(2 * dayMs)
  await putRules(place, '1 any pushed:1d')
  assert.equal((await runToEnd(place))?.expired, 1)
  const find = (digest: typeof child): Promise<unknown> =>
    findManifestSummary(place.database, place.repositoryId, digest)
  assert.equal(await find(index), undefined)
  assert.notEqual(await find(child), undefined)
  assert.equal((await runToEnd(place))?.expired, 1)
  assert.equal(await find(child), undefined)
})

test('a signature goes with its image', async (t) => {
  const place = await lifecyclePlace(t)
  const image = await pushImage(place, 'image', ['v1'])
  const mediaType = 'application/vnd.oci.image.manifest.v1+json'
  const subject = { mediaType, digest: image, size: 1 }
  const signature = await pushImage(place, 'signature', [], { subject })
  place.clock.advance(2 * dayMs)
  await putRules(place, '1 prefix:v pushed:1d')
  assert.equal((await runToEnd(place))?.expired, 1)
  assert.equal(await findManifestSummary(place.database, place.repositoryId, signature), undefined)
})

test('archives: the image is refused to pulls with the command that brings it back, and a push does', async (t) => {
  const place = await lifecyclePlace(t)
  const { repository, database } = place
  const digest = await pushImage(place, 'image', ['v1'])
  place.clock.advance(2 * dayMs)
  await putRules(place, '1 prefix:v pushed:1d archive')
  assert.equal((await runToEnd(place))?.archived, 1)
  const reference = { kind: 'tag', tag: tagOf('v1') } as const
  await assert.rejects(getManifest(database, { repository, reference }), (error) => {
    assert.ok(isRegistryError(error) && error.code === 'IMAGE_ARCHIVED')
    assert.match(error.message, /aws ecr update-image-storage-class --repository-name team\/app/)
    return true
  })
  assert.equal(await pushImage(place, 'image', ['v1']), digest)
  assert.equal((await getManifest(database, { repository, reference })).digest, digest)
})

test('a run that is killed after any batch is gone on with, and nothing is done twice', async (t) => {
  const place = await lifecyclePlace(t)
  for (let index = 0; index < 35; index += 1) {
    await pushImage(place, `image ${index}`, [`v${index}`])
    place.clock.advance(1000)
  }
  await putRules(place, '1 any count:3')
  const input = { repositoryId: place.repositoryId, cause: 'schedule' } as const
  for await (const run of runningPolicy(place, input, { signal: new AbortController().signal })) {
    if (run.expired > 0) break
  }
  const before = await place.database.first('SELECT COUNT(*) AS n FROM lifecycle_records')
  assert.equal(before?.['n'], 10)
  const run = await runToEnd(place)
  assert.equal(run?.expired, 32)
  const after = await place.database.first(
    'SELECT COUNT(*) AS n, COUNT(DISTINCT digest) AS digests FROM lifecycle_records',
  )
  assert.deepEqual([after?.['n'], after?.['digests']], [32, 32])
})

test('ends with the next batch when its policy is deleted, and when it changes', async (t) => {
  const place = await lifecyclePlace(t)
  for (let index = 0; index < 25; index += 1) await pushImage(place, `image ${index}`, [])
  place.clock.advance(2 * dayMs)
  await putRules(place, '1 any pushed:1d')
  const input = { repositoryId: place.repositoryId, cause: 'schedule' } as const
  const { signal } = new AbortController()
  let last
  for await (const run of runningPolicy(place, input, { signal })) {
    last = run
    if (run.expired === 10) await putRules(place, '1 untagged count:15')
  }
  assert.deepEqual([last?.expired, last?.ending], [10, 'policy-changed'])
  assert.equal((await runToEnd(place))?.expired, 0)
  await deletePolicy(place, place.repository)
  assert.equal(await runToEnd(place), undefined)
})

test('a count that a deletion meanwhile upsets is made anew: never fewer than it keeps', async (t) => {
  const place = await lifecyclePlace(t)
  const digests = []
  for (let index = 0; index < 30; index += 1) {
    digests.push(await pushImage(place, `image ${index}`, [`v${index}`]))
    place.clock.advance(1000)
  }
  await putRules(place, '1 prefix:v count:10')
  const input = { repositoryId: place.repositoryId, cause: 'schedule' } as const
  for await (const run of runningPolicy(place, input, { signal: new AbortController().signal })) {
    // Five of those that are kept go by hand after the first batch.
    if (run.expired === 10)
      for (const digest of digests.splice(-5)) await removeImage(place, digest)
  }
  await runToEnd(place)
  const left = await place.database.first('SELECT COUNT(*) AS n FROM manifests')
  assert.equal(left?.['n'], 10)
})

test('what a guard keeps stays, and a deletion can be undone while its bytes are there', async (t) => {
  const place = await lifecyclePlace(t)
  const { repository, clock } = place
  const running = await pushImage(place, 'running', ['v1'])
  const gone = await pushImage(place, 'gone', ['v2', 'latest'])
  clock.advance(2 * dayMs)
  const guards = [{ repositories: ['team/*'], protect: { running: [running] } }]
  const text = JSON.stringify({ guards, undoDays: 3 })
  await putGuards(place, { account: repository.account, text, by: pusher })
  await putRules(place, '1 any pushed:1d')
  assert.equal((await runToEnd(place))?.expired, 1)
  assert.equal(await digestOfTag(place, 'v1'), running)
  const other = await pushImage(place, 'other', ['latest'])
  const undone = await undoDeletion(place, { repository, digest: gone, principal: pusher })
  assert.deepEqual([undone.tags, undone.taken], [['v2'], ['latest']])
  assert.equal(await digestOfTag(place, 'v2'), gone)
  assert.equal(await digestOfTag(place, 'latest'), other)
  await assert.rejects(undoDeletion(place, { repository, digest: gone, principal: pusher }), {
    code: 'LIFECYCLE_UNDO_UNKNOWN',
  })
})

test('what clusters run stays where guards ask for that, also what began to run after the plan', async (t) => {
  const place = await lifecyclePlace(t)
  const { repository, clock, database } = place
  const { account, name } = repository
  const run = async (digest: Digest): Promise<void> => {
    const use = { namespace: '', workloadKind: '', workloadName: '', repository: name, digest }
    const cluster = { account, cluster: 'prod' }
    const places = [{ ...use, units: 1 }]
    await database.transaction((tx) => addReported(tx, cluster, places, clock.now()))
  }
  const running = await pushImage(place, 'running', ['v1'])
  // More than one batch: what is last begins to run after the first.
  const others: Digest[] = []
  for (let n = 0; n < 12; n += 1) {
    clock.advance(1000)
    others.push(await pushImage(place, `other${n}`, [`o${n}`]))
  }
  const late = others.at(-1)
  assert.ok(late !== undefined)
  await run(running)
  clock.advance(2 * dayMs)
  const guards = [{ repositories: ['team/*'], protect: { runningInClusters: true } }]
  await putGuards(place, { account, text: JSON.stringify({ guards }), by: pusher })
  await putRules(place, '1 any pushed:1d')
  const input = { repositoryId: place.repositoryId, cause: 'schedule' } as const
  for await (const state of runningPolicy(place, input, { signal: new AbortController().signal }))
    if (state.expired === 10) await run(late)
  await runToEnd(place)
  const left = await database.all('SELECT digest FROM manifests')
  assert.deepEqual(left.map(({ digest }) => String(digest)).toSorted(), [running, late].toSorted())
})

test('a deletion cannot be undone for longer than bytes are kept', async (t) => {
  const place = await lifecyclePlace(t)
  const { repository, clock, graceMs } = place
  const gone = await pushImage(place, 'gone', ['v2'])
  clock.advance(2 * dayMs)
  const text = JSON.stringify({ guards: [], undoDays: 30 })
  await putGuards(place, { account: repository.account, text, by: pusher })
  await putRules(place, '1 any pushed:1d')
  await runToEnd(place)
  clock.advance(graceMs + 1)
  await assert.rejects(undoDeletion(place, { repository, digest: gone, principal: pusher }), {
    code: 'LIFECYCLE_UNDO_UNKNOWN',
  })
})
