// A push at every moment of a lifecycle run: before each statement and each transaction of it. Whatever the moment, a tag that the
// push moved onto a doomed image names that image afterwards, and it is served.
import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import type { Database } from '../../src/storage/database/database.ts'
import { getManifest } from '../../src/registry/find-manifest.ts'
import { runningPolicy } from '../../src/lifecycle/run-policy.ts'
import {
  dayMs,
  digestOfTag,
  lifecyclePlace,
  pushImage,
  pushIndex,
  putRules,
  removeImage,
  tagOf,
  type LifecyclePlace,
} from '../kit/lifecycle-place.ts'

/** The database, with something done before its nth call; calls within a transaction cannot be come between. */
function interrupted(
  database: Database,
  at: number,
  work: () => Promise<void>,
): { readonly database: Database; readonly calls: () => number } {
  let calls = 0
  const turn = async (): Promise<void> => {
    calls += 1
    if (calls === at) await work()
  }
  return {
    calls: () => calls,
    database: {
      async all(sql, parameters) {
        await turn()
        return database.all(sql, parameters)
      },
      async first(sql, parameters) {
        await turn()
        return database.first(sql, parameters)
      },
      async transaction(inner, options) {
        await turn()
        return database.transaction(inner, options)
      },
      close: () => database.close(),
    },
  }
}

/** One run with the work at the nth call; answers how many calls the run made. */
async function runWith(
  place: LifecyclePlace,
  at: number,
  work: () => Promise<void>,
): Promise<number> {
  const wrapped = interrupted(place.database, at, work)
  const deps = { ...place, database: wrapped.database }
  const { signal } = new AbortController()
  for (let isOpen = true; isOpen;) {
    isOpen = false
    const input = { repositoryId: place.repositoryId, cause: 'schedule' } as const
    for await (const run of runningPolicy(deps, input, { signal })) isOpen = run.isOpen
  }
  return wrapped.calls()
}

async function atEveryMoment(
  t: TestContext,
  prepare: (place: LifecyclePlace) => Promise<() => Promise<void>>,
  hold: (place: LifecyclePlace, moment: number) => Promise<void>,
): Promise<void> {
  let calls = Infinity
  let moments = 0
  for (let at = 1; at <= calls; at += 1) {
    const place = await lifecyclePlace(t)
    const work = await prepare(place)
    calls = Math.max(await runWith(place, at, work), 0)
    await hold(place, at)
    moments = at
  }
  assert.ok(moments > 8, `the run was interrupted at ${moments} moments only`)
  t.diagnostic(`${moments} moments`)
}

async function assertServed(place: LifecyclePlace, tag: string): Promise<void> {
  const { repository, database } = place
  const reference = { kind: 'tag', tag: tagOf(tag) } as const
  assert.equal(
    (await getManifest(database, { repository, reference })).digest,
    await digestOfTag(place, tag),
  )
}

test('a tag that a push moves onto an image that is due to be deleted is not lost', async (t) => {
  await atEveryMoment(
    t,
    async (place) => {
      const doomed = await pushImage(place, 'doomed', ['feature-1'])
      place.clock.advance(40 * dayMs)
      await pushImage(place, 'live', ['latest'])
      await putRules(place, '1 prefix:feature- pushed:30d', '2 untagged pushed:30d')
      return async () => {
        assert.equal(await pushImage(place, 'doomed', ['latest']), doomed)
      }
    },
    async (place, moment) => {
      const digest = await digestOfTag(place, 'latest')
      assert.notEqual(digest, undefined, `moment ${moment}`)
      await assertServed(place, 'latest')
      const served = await place.database.first(
        "SELECT COUNT(*) AS n FROM lifecycle_record_tags WHERE tag = 'latest'",
      )
      assert.equal(served?.['n'], 0)
    },
  )
})

test('an image that a push lists in an index meanwhile stays, and so does the index', async (t) => {
  await atEveryMoment(
    t,
    async (place) => {
      const doomed = await pushImage(place, 'doomed', [])
      place.clock.advance(40 * dayMs)
      await putRules(place, '1 untagged pushed:30d')
      return async () => {
        const there = await place.database.first('SELECT COUNT(*) AS n FROM manifests')
        if (there?.['n'] === 1) await pushIndex(place, ['v1'], [doomed])
      }
    },
    async (place) => {
      const rows = await place.database.all('SELECT child_digest FROM manifest_children')
      for (const row of rows) {
        const found = await place.database.first('SELECT digest FROM manifests WHERE digest = $1', [
          row['child_digest'] ?? null,
        ])
        assert.ok(found, 'an index lists what is gone')
      }
    },
  )
})

test('a deletion by hand meanwhile never leaves fewer images than a rule keeps', async (t) => {
  let expected = 3
  const count = async (place: LifecyclePlace): Promise<unknown> =>
    (await place.database.first('SELECT COUNT(*) AS n FROM manifests'))?.['n']
  await atEveryMoment(
    t,
    async (place) => {
      const digests = []
      for (let index = 0; index < 6; index += 1) {
        digests.push(await pushImage(place, `image ${index}`, [`v${index}`]))
        place.clock.advance(1000)
      }
      await putRules(place, '1 prefix:v count:3')
      const [youngest] = digests.slice(-1)
      expected = 3
      return async () => {
        // Whoever deletes when the run has done its work is left with fewer, and no run had a part in it.
        if ((await count(place)) === 3) expected = 2
        if (youngest !== undefined) await removeImage(place, youngest)
      }
    },
    async (place, moment) => {
      assert.equal(await count(place), expected, `moment ${moment}`)
    },
  )
})
