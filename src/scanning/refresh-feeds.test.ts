import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import { osvRecord } from '../../test/kit/advisories.ts'
import { feedPlace, serveFiles } from '../../test/kit/feeds.ts'
import type { ChosenFeed } from '../feeds/choice.ts'
import type { Feed } from '../feeds/feed.ts'
import { getText } from '../feeds/origin.ts'
import { kevFeed } from '../feeds/kev.ts'
import { readWholeFile } from '../feeds/parts.ts'
import { osvFeed } from '../feeds/osv.ts'
import { claimJob } from '../jobs/queue.ts'
import { openSpooledFile } from '../storage/feeds/spooled-file.ts'
import { recordLimits } from '../storage/feeds/record-limits.ts'
import { readRecordTexts } from '../storage/feeds/record-texts.ts'
import { FeedError } from '../storage/feeds/transport.ts'
import { describeAdvisories } from './describe-advisories.ts'
import {
  refreshFeed,
  refreshNow,
  refreshPartOf,
  scheduleFeeds,
  type FeedJobDeps,
} from './refresh-feeds.ts'

const { signal } = new AbortController()
const hour = 3_600_000

/** A feed whose index names its parts, one a line. */
const listed: Feed = {
  name: 'listed',
  says: 'a feed of a test',
  home: 'https://listed.invalid',
  licence: 'none',
  isDefault: false,
  ecosystems: ['npm'],
  parts: {
    kind: 'listed',
    async list(origin, options) {
      const index = await getText(origin, 'index.txt', { maxBytes: 1000 }, options)
      if (index.kind !== 'text') throw new FeedError('refused', 'there is no index')
      return index.text.split('\n').filter((line) => line !== '')
    },
  },
  readPart: (origin, { part, cursor }, options) =>
    readWholeFile(
      origin,
      {
        path: `${part}.json`,
        cursor,
        records: (path) => readRecordTexts(openSpooledFile(path), recordLimits),
      },
      options,
    ),
}

const record = (id: string): string => JSON.stringify(osvRecord({ id }))

async function place(
  t: TestContext,
  chosen: readonly ChosenFeed[],
  files: readonly (readonly [string, string])[],
) {
  const at = await feedPlace(t, serveFiles(new Map(files)))
  const deps: FeedJobDeps = { ...at.deps, chosen }
  return { ...at, deps, clock: at.clock }
}

/** Runs the jobs that wait, and those that they ask for; which they were. */
async function runJobs({ deps }: { readonly deps: FeedJobDeps }): Promise<readonly string[]> {
  const done: string[] = []
  for (;;) {
    const claim = { owner: 't', now: deps.clock.now(), leaseMs: 1000 }
    const job = await deps.database.transaction(async (tx) => {
      const claimed = await claimJob(tx, claim)
      if (claimed !== undefined) await tx.run('DELETE FROM jobs WHERE id = $1', [claimed.id])
      return claimed
    })
    if (job === undefined) return done
    if (job.kind === 'reevaluate-packages') continue
    done.push(job.key)
    const run = job.kind === 'refresh-feed' ? refreshFeed : refreshPartOf
    await run(deps, job.input, { signal })
  }
}

test('each part has a job of its own, when it is due', async (t) => {
  const chosen = [
    { feed: osvFeed, parts: ['npm', 'PyPI'] },
    { feed: kevFeed, parts: undefined },
  ]
  const at = await place(t, chosen, [])
  await scheduleFeeds(at.deps)
  assert.deepEqual(await runJobs(at), ['osv/npm', 'osv/PyPI', 'kev'])
  await scheduleFeeds(at.deps)
  assert.deepEqual(await runJobs(at), [], 'failed just now: not due')
  at.clock.advance(20 * 60_000)
  await scheduleFeeds(at.deps)
  assert.deepEqual(await runJobs(at), ['osv/npm', 'osv/PyPI', 'kev'])
})

test('a feed that lists its parts is asked for the list first, then for each', async (t) => {
  const at = await place(
    t,
    [{ feed: listed, parts: undefined }],
    [
      ['index.txt', 'v1/main\nv2/main\n'],
      ['v1/main.json', record('A-1')],
      ['v2/main.json', record('A-2')],
    ],
  )
  await scheduleFeeds(at.deps)
  assert.deepEqual(await runJobs(at), ['listed', 'listed/v1/main', 'listed/v2/main'])
  at.clock.advance(3 * hour)
  at.server.answer = serveFiles(
    new Map([
      ['index.txt', 'v2/main\n'],
      ['v2/main.json', record('A-2')],
    ]),
  )
  await scheduleFeeds(at.deps)
  assert.deepEqual(await runJobs(at), ['listed', 'listed/v2/main'])
  assert.partialDeepStrictEqual(await describeAdvisories(at.deps), {
    sources: [{ name: 'listed/v1/main', records: 1 }, { name: 'listed/v2/main' }],
    feeds: [
      { name: 'listed/*', failure: undefined },
      { name: 'listed/v1/main', frozenAt: at.clock.now() },
      { name: 'listed/v2/main', frozenAt: undefined },
    ],
  })
})

test('while the index of a feed fails, its parts are refreshed as far as they are known', async (t) => {
  const files: readonly (readonly [string, string])[] = [
    ['index.txt', 'v1\n'],
    ['v1.json', record('A-1')],
  ]
  const at = await place(t, [{ feed: listed, parts: undefined }], files)
  await scheduleFeeds(at.deps)
  await runJobs(at)
  at.clock.advance(3 * hour)
  at.server.answer = serveFiles(new Map(files.slice(1)))
  for (const expected of [['listed'], ['listed/v1']]) {
    await scheduleFeeds(at.deps)
    assert.deepEqual(await runJobs(at), expected)
  }
  assert.partialDeepStrictEqual(await describeAdvisories(at.deps), {
    feeds: [
      { name: 'listed/*', failure: { kind: 'refused' } },
      { name: 'listed/v1', frozenAt: undefined },
    ],
  })
})

test('a job of a feed that the settings do not name any more does nothing', async (t) => {
  const at = await place(t, [{ feed: kevFeed, parts: undefined }], [])
  await refreshPartOf(at.deps, { feed: 'osv', part: 'npm' }, { signal })
  await refreshFeed(at.deps, { feed: 'gone' }, { signal })
  assert.deepEqual(at.server.paths, [])
})

test('a failure of a feed that the settings do not name any more is not told for ever', async (t) => {
  const at = await place(t, [{ feed: kevFeed, parts: undefined }], [])
  await at.refresh(osvFeed, 'npm')
  await at.refresh(kevFeed, '')
  await scheduleFeeds(at.deps)
  assert.deepEqual(
    (await describeAdvisories(at.deps)).feeds.map(({ name }) => name),
    ['kev'],
  )
})

test('on request every part is asked for, due or not, and each says how it ended', async (t) => {
  const at = await place(
    t,
    [],
    [
      ['index.txt', 'v1\nv2\n'],
      ['v1.json', record('A-1')],
    ],
  )
  const input = { chosen: [{ feed: listed, parts: undefined }], confirmLoss: false }
  const steps: unknown[] = []
  for await (const { kind, source } of refreshNow(at.deps, input, { signal }))
    steps.push([kind, source])
  assert.deepEqual(steps, [
    ['progress', 'listed/v1'],
    ['imported', 'listed/v1'],
    ['progress', 'listed/v2'],
    ['failed', 'listed/v2'],
  ])
})
