// A cluster says itself what it runs: that takes the place of what was known, and nothing is claimed that nobody said.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { judge } from '../../test/kit/admission-place.ts'
import { decided, keyOf, report, runningPlace } from '../../test/kit/running-place.ts'
import { turnsDuring } from '../../test/kit/turns.ts'
import { imageDigest, pushImage, pushIndex } from '../../test/kit/trust-place.ts'
import { configureTagMutability } from '../registry/configure-repository.ts'
import {
  findImageUse,
  isRunning,
  listUsesOfImage,
  listRunningDigests,
} from '../running/cluster-image-store.ts'
import { trimPlaces } from '../running/cluster-sighting-store.ts'
import { isAdmissionError } from './errors.ts'
import { readClusterReport, type ReportedImage } from './rules/cluster-report.ts'
import { sweepRunning } from './sweep-running.ts'

const dayMs = 86_400_000

test('what is no report is refused with its place', async (t) => {
  const place = await runningPlace(t)
  const refused: readonly (readonly [unknown, RegExp])[] = [
    [null, /a list of images/],
    [{ images: [], since: 1 }, /"since" is not known/],
    [{ images: ['app'] }, /images\[0\] is no object/],
    [{ images: [{ image: 'a' }, { image: '' }] }, /images\[1\] has no image/],
    [{ images: [{ image: 'a', pod: 'b' }] }, /images\[0\] has "pod"/],
    [{ images: [{ image: 'a', units: 0.5 }] }, /images\[0\] has units/],
    [{ images: [{ image: 'a', namespace: 'a\u001b[2J' }] }, /printable/],
    [{ images: Array.from({ length: 20_001 }, () => ({ image: 'a' })) }, /at most 20000/],
  ]
  for (const [value, problem] of refused) {
    const reading = readClusterReport(value)
    assert.ok(reading.kind === 'refused')
    assert.match(reading.problem, problem)
  }
  const has = (code: string) => (error: unknown) => isAdmissionError(error) && error.code === code
  await assert.rejects(report(place, [{ image: 'a', units: -1 }]), has('CLUSTER_REPORT_INVALID'))
  await assert.rejects(report(place, [], 'other'), has('CLUSTER_UNKNOWN'))
})

test('of a tag that may have moved nobody knows what runs', async (t) => {
  const place = await runningPlace(t)
  const { database, repository } = place
  const image = await pushImage(place, 'app', ['v1'])
  const named = ['team/app:v1', 'team/app:none', 'other/none:v1', 'UPPER', { image: 'nginx' }]
  const taken = await report(place, named)
  assert.deepEqual([taken.images, taken.foreignUnits, taken.unclearUnits], [0, 1, 4])
  assert.match(taken.unclear[0]?.why ?? '', /may have moved/)
  assert.equal((await findImageUse(database, keyOf(place, image)))?.places, 0)
  await configureTagMutability(database, { repository, tagMutability: 'IMMUTABLE' })
  const again = await report(place, ['team/app:v1', 'team/app:none'])
  assert.deepEqual([again.images, again.unclearUnits], [1, 1])
  assert.equal((await findImageUse(database, keyOf(place, image)))?.places, 1)
})

test('a report takes the place of the one before, and of what was let run long before it', async (t) => {
  const place = await runningPlace(t, ['prod', 'lab'])
  const { database, clock, recorder } = place
  const [a, b, c] = [
    await pushImage(place, 'a'),
    await pushImage(place, 'b'),
    await pushImage(place, 'c'),
  ]
  const at = (digest: string, more: Partial<ReportedImage> = {}): Partial<ReportedImage> => ({
    image: `registry.example/team/app@${digest}`,
    namespace: 'web',
    kind: 'Deployment',
    name: 'app',
    ...more,
  })
  const letRun = async (digest: string): Promise<void> => {
    const judgement = await judge(place, digest, { context: { withoutPolicy: 'allow' } })
    recorder.record([decided(place, judgement)])
    await recorder.flush()
  }
  await letRun(c)
  await report(place, [at(a)], 'lab')
  clock.advance(3_600_000)
  await letRun(b)
  clock.advance(60_000)
  const first = await report(place, [at(a, { units: 2 }), at(a), at(a, { namespace: 'x' })])
  // b was let run a minute ago: the list may be older.
  assert.deepEqual([first.images, first.units, first.ended], [2, 4, 1])
  const use = async (digest: typeof a): Promise<unknown> => {
    const { places, clusters, units } = (await findImageUse(database, keyOf(place, digest))) ?? {}
    return [places, clusters, units]
  }
  assert.deepEqual(await use(a), [3, 2, 5])
  assert.deepEqual(await use(b), [1, 1, 1])
  assert.deepEqual(await use(c), [0, 0, 0])
  clock.advance(3_600_000)
  const second = await report(place, [])
  assert.equal(second.ended, 3)
  assert.deepEqual(await use(a), [1, 1, 1])
  const [running, ended] = await listUsesOfImage(database, keyOf(place, a), 10)
  assert.deepEqual(
    [running?.cluster, running?.seenBy, running?.endedAt],
    ['lab', 'report', undefined],
  )
  assert.deepEqual([ended?.cluster, ended?.endedAt], ['prod', second.at])
  // It runs again, and nobody counted how often.
  await letRun(b)
  assert.deepEqual(await use(b), [1, 1, 1])
})

test('a tag of which nobody knows what it names ends nothing of its repository there', async (t) => {
  const place = await runningPlace(t)
  const { database, clock, recorder } = place
  const image = await pushImage(place, 'app', ['v1'])
  const other = await pushImage(place, 'other')
  const letRun = async (digest: string, namespace: string): Promise<void> => {
    const judgement = await judge(place, digest, { context: { withoutPolicy: 'allow' } })
    recorder.record([decided(place, judgement, { namespace })])
    await recorder.flush()
  }
  await letRun(image, 'web')
  await letRun(other, 'elsewhere')
  clock.advance(3_600_000)
  const unclear = { image: 'registry.example/team/app:v1', namespace: 'web' }
  const taken = await report(place, [unclear])
  assert.deepEqual([taken.unclearUnits, taken.ended], [1, 1])
  assert.equal(await isRunning(database, keyOf(place, image)), true)
  assert.equal(await isRunning(database, keyOf(place, other)), false)
  clock.advance(3_600_000)
  await report(place, [])
  assert.equal(await isRunning(database, keyOf(place, image)), false)
})

test('others have their turn while tags are looked up', async (t) => {
  const place = await runningPlace(t)
  await pushImage(place, 'app', ['v1'])
  const images = Array.from({ length: 1000 }, (_, at) => `team/app:t${at}`)
  assert.ok((await turnsDuring(() => report(place, images))) > 5)
})

test('an index that runs counts for its images, also one that is not stored here', async (t) => {
  const place = await runningPlace(t)
  const { database, repository } = place
  const child = await pushImage(place, 'child')
  const other = await pushImage(place, 'other')
  const index = await pushIndex(place, [child])
  const gone = imageDigest('gone')
  await report(place, [`team/app@${index}`, `123456789012/team/app@${gone}`])
  assert.equal((await findImageUse(database, keyOf(place, child)))?.places, 1)
  assert.equal((await findImageUse(database, keyOf(place, other)))?.places, 0)
  const digests = await listRunningDigests(database, {
    account: repository.account,
    repository: repository.name,
  })
  assert.deepEqual(digests, [index, gone].toSorted())
  await report(place, [`team/app@${child}`])
  assert.equal(await isRunning(database, keyOf(place, index)), true)
  assert.equal(await isRunning(database, keyOf(place, other)), false)
})

test('what nobody tells of any more ends, and is forgotten later', async (t) => {
  const place = await runningPlace(t)
  const { database, clock } = place
  const image = await pushImage(place, 'app')
  const reported = await report(place, [`team/app@${image}`])
  const setting = { inUseDays: 30, decisionDays: 90 }
  const sweep = async (days: number): Promise<unknown> => {
    clock.advance(days * dayMs)
    await sweepRunning(place, setting, { signal: new AbortController().signal })
    return findImageUse(database, keyOf(place, image))
  }
  const { at } = reported
  assert.deepEqual(await sweep(30), { places: 1, clusters: 1, units: 1, lastSeenAt: at })
  assert.deepEqual(await sweep(1), { places: 0, clusters: 0, units: 0, lastSeenAt: at })
  const [use] = await listUsesOfImage(database, keyOf(place, image), 1)
  assert.equal(use?.endedAt?.getTime(), at.getTime() + 30 * dayMs)
  // That the cluster told once is known; when the image ran last is not any more.
  assert.deepEqual(await sweep(60), { places: 0, clusters: 0, units: 0, lastSeenAt: undefined })
})

test('a cluster keeps no more places than it may, what runs the longest', async (t) => {
  const place = await runningPlace(t)
  const { database, clock, repository } = place
  const image = await pushImage(place, 'app')
  const named = (name: string): Partial<ReportedImage> => ({
    image: `registry.example/team/app@${image}`,
    name,
  })
  await report(place, [named('a'), named('b')])
  clock.advance(1000)
  await report(place, [named('b'), named('c')])
  const { account } = repository
  const trim = async (most: number): Promise<readonly string[]> => {
    await database.transaction((tx) => trimPlaces(tx, { account, cluster: 'prod' }, most))
    const uses = await listUsesOfImage(database, keyOf(place, image), 10)
    return uses.map(({ workloadName }) => workloadName)
  }
  assert.deepEqual(await trim(3), ['b', 'c', 'a'])
  assert.deepEqual(await trim(2), ['b', 'c'])
  assert.equal((await trim(1)).length, 1)
})
