import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  dayMs,
  lifecyclePlace,
  pushImage,
  pushIndex,
  putRules,
  runToEnd,
  type LifecyclePlace,
} from '../../test/kit/lifecycle-place.ts'
import { lifecycleText } from '../../test/kit/lifecycle.ts'
import { isLifecycleError } from './errors.ts'
import { explainLifecycle, previewRepository } from './preview-repository.ts'
import { findPreview, listPreviewImages } from './preview-store.ts'
import type { PreviewDocument } from './rules/preview-document.ts'
import { scheduleRuns } from './schedule-runs.ts'
import { computePreview, startPreview } from './start-preview.ts'

const options = { signal: new AbortController().signal, attempt: 1 }

async function preview(
  place: LifecyclePlace,
  rules: readonly string[],
  at?: Date,
): Promise<PreviewDocument> {
  const { repository, database: reader } = place
  const input = { repository, text: lifecycleText(rules), at }
  return previewRepository({ ...place, reader }, input, options)
}

const layer = (sign: string, bytes: number): string => sign.repeat(bytes)
/** `{"name":"a"}` */
const configBytes = 12

test('a layer that goes with all its images is counted once, and one that another needs is not', async (t) => {
  const place = await lifecyclePlace(t)
  await pushImage(place, 'a', ['dev-1'], { layer: layer('x', 1000) })
  await pushImage(place, 'b', ['dev-2'], { layer: layer('x', 1000) })
  await pushImage(place, 'c', ['dev-3'], { layer: layer('y', 500) })
  place.clock.advance(10 * dayMs)
  await pushImage(place, 'd', ['prod-1'], { layer: layer('y', 500) })
  const { today } = await preview(place, ['1 prefix:dev pushed:5d'])
  assert.deepEqual([today.expiring, today.bytes], [3, 1000 + 3 * configBytes])
  assert.equal(today.rules[0]?.bytes, today.bytes)
})

test('a layer that goes by two rules together is freed by neither alone', async (t) => {
  const place = await lifecyclePlace(t)
  await pushImage(place, 'a', ['dev-1'], { layer: layer('x', 1000) })
  await pushImage(place, 'b', ['rc-1'], { layer: layer('x', 1000) })
  place.clock.advance(10 * dayMs)
  const { today } = await preview(place, ['1 prefix:dev pushed:5d', '2 prefix:rc pushed:5d'])
  assert.equal(today.bytes, 1000 + 2 * configBytes)
  assert.deepEqual(
    today.rules.map(({ bytes }) => bytes),
    [configBytes, configBytes],
  )
})

test('tells what goes by a later day beyond today, children of an index that goes included', async (t) => {
  const place = await lifecyclePlace(t)
  const child = await pushImage(place, 'a', [])
  await pushIndex(place, ['dev-1'], [child])
  const at = new Date(place.clock.now().getTime() + 40 * dayMs)
  const { today, later } = await preview(place, ['1 any pushed:30d'], at)
  assert.equal(today.expiring, 0)
  assert.equal(later?.expiring, 2)
  assert.equal(later?.bytes, configBytes)
})

test('the preview is what the run deletes', async (t) => {
  const place = await lifecyclePlace(t)
  for (let index = 0; index < 12; index += 1) {
    await pushImage(place, `i${index}`, index % 3 === 0 ? [] : [`v${index}`])
    place.clock.advance(dayMs)
  }
  const rules = ['1 untagged count:2', '2 prefix:v pushed:8d']
  const before = await preview(place, rules)
  const told = before.today.rules.flatMap(({ first }) => first.map(({ digest }) => digest))
  await putRules(place, ...rules)
  await runToEnd(place)
  const rows = await place.database.all('SELECT digest FROM lifecycle_records')
  assert.ok(told.length > 3)
  assert.deepEqual(rows.map((row) => String(row['digest'])).toSorted(), told.toSorted())
})

test('explains by each rule what it makes of an image', async (t) => {
  const place = await lifecyclePlace(t)
  const digest = await pushImage(place, 'a', ['v1'])
  place.clock.advance(10 * dayMs)
  const { repository, database: reader } = place
  const text = lifecycleText(['1 prefix:v count:5', '2 any pushed:5d'])
  const found = await explainLifecycle({ ...place, reader }, { repository, text, digest }, options)
  assert.ok(found)
  assert.deepEqual(
    [found.outcome, found.rule, found.rules.map(({ matches, acts }) => [matches, acts])],
    [
      'keep',
      1,
      [
        [true, false],
        [true, true],
      ],
    ],
  )
  assert.equal(
    found.why,
    '1st youngest of 5 that the rule keeps; rule 2 would take it, and rule 1 claims it',
  )
})

test('one preview at a time; killed in the middle it is computed anew; after a day it is forgotten', async (t) => {
  const place = await lifecyclePlace(t)
  const { repository, repositoryId, database, clock } = place
  await pushImage(place, 'a', ['v1'])
  clock.advance(10 * dayMs)
  const text = lifecycleText(['1 any pushed:5d'])
  await startPreview(place, { repository, text })
  await assert.rejects(
    startPreview(place, { repository, text }),
    (error) => isLifecycleError(error) && error.code === 'LIFECYCLE_PREVIEW_RUNNING',
  )
  await computePreview(place, { repositoryId }, options)
  await computePreview(place, { repositoryId }, options)
  assert.equal((await findPreview(database, repositoryId))?.state, 'complete')
  const page = { tagStatus: 'ANY', after: -1, limit: 10 } as const
  assert.equal((await listPreviewImages(database, repositoryId, page)).length, 1)
  clock.advance(dayMs + 1)
  await scheduleRuns(place, options)
  assert.equal(await findPreview(database, repositoryId), undefined)
})
