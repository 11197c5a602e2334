import assert from 'node:assert/strict'
import { readdir } from 'node:fs/promises'
import { test, type TestContext } from 'node:test'
import { osvRecord, type RecordFacts } from '../../test/kit/advisories.ts'
import { feedPlace, serveFiles, type FeedPlace } from '../../test/kit/feeds.ts'
import type { Answer } from '../../test/kit/file-server.ts'
import { zipOf } from '../../test/kit/zip.ts'
import { osvFeed } from '../feeds/osv.ts'
import { listAdvisoryCandidates } from './advisory-store.ts'
import { describeAdvisories } from './describe-advisories.ts'
import type { PartRefresh } from './refresh-part.ts'

const hour = 3_600_000

type Facts = RecordFacts | string

function archiveOf(...records: readonly Facts[]): Buffer {
  return zipOf(
    records.map((facts, index) => ({
      name: `${index}.json`,
      content: typeof facts === 'string' ? facts : JSON.stringify(osvRecord(facts), null, 2),
    })),
  )
}

/** The archive alone: the list of changes is missing. */
function whole(...records: readonly Facts[]): Answer {
  return serveFiles(new Map([['npm/all.zip', archiveOf(...records)]]))
}

async function place(
  t: TestContext,
  answer: Answer,
): Promise<FeedPlace & { update: (confirmLoss?: boolean) => Promise<PartRefresh> }> {
  const at = await feedPlace(t, answer)
  return { ...at, update: (confirmLoss) => at.refresh(osvFeed, 'npm', confirmLoss) }
}

/** Ids of the records about a package that are in force. */
async function inForce(
  { deps }: FeedPlace,
  name = { ecosystem: 'npm', name: 'left-pad' },
): Promise<readonly string[]> {
  const { revision } = await describeAdvisories(deps)
  const found = await listAdvisoryCandidates(deps.database, name, revision)
  return found.map(({ id }) => id).toSorted()
}

const many = (count: number, facts: Partial<RecordFacts> = {}): readonly RecordFacts[] =>
  Array.from({ length: count }, (_, at) => ({ id: `A-${at}`, ...facts }))

const truncated = archiveOf(...many(50))

const failures: readonly (readonly [
  name: string,
  answer: Answer,
  fault: string,
  reason: RegExp,
])[] = [
  [
    'an error of the server',
    (_, response) => void response.writeHead(500).end(),
    'unreachable',
    /answered 500/,
  ],
  [
    'a request to come later',
    (_, response) => void response.writeHead(429, { 'retry-after': '86400' }).end(),
    'unreachable',
    /answered 429 .* ask again in 86400 s/,
  ],
  [
    'a web page',
    (_, response) => void response.writeHead(200, { 'content-type': 'text/html' }).end('<p>'),
    'refused',
    /web page/,
  ],
  [
    'a redirect to another protocol',
    (_, response) => void response.writeHead(302, { location: 'ftp://127.0.0.1/' }).end(),
    'refused',
    /not followed/,
  ],
  [
    'what is no archive',
    serveFiles(new Map([['npm/all.zip', 'no archive']])),
    'malformed',
    /not a readable zip archive/,
  ],
  [
    'an archive that was cut',
    serveFiles(new Map([['npm/all.zip', truncated.subarray(0, truncated.length / 2)]])),
    'malformed',
    /not a readable zip archive/,
  ],
  ['records that are no JSON', whole('{'), 'malformed', /no advisory could be read/],
  ['an archive without records', whole(), 'malformed', /no advisory could be read/],
  [
    'a record of ten megabytes among others',
    whole(...many(100), JSON.stringify({ id: 'BIG', details: 'x'.repeat(10 * 1024 ** 2) })),
    'held',
    /1 of 101 records cannot be read, the first because it longer than 8388608 bytes/,
  ],
  [
    'records of another shape',
    whole(...many(100), '{"identifier":"A-100"}', '[]'),
    'held',
    /2 of 102 records cannot be read, the first because it has no id/,
  ],
  [
    'a large part of it missing',
    whole(...many(90)),
    'held',
    /lacks 10 of the 100 records|lacks 11/,
  ],
  [
    'a state of a clock that was set back',
    whole(...many(100, { modified: '2026-10-01T00:00:00Z' })),
    'held',
    /newest record is of 2026-10-01T00:00:00.000Z, older than 2026-11-01/,
  ],
]

for (const [name, answer, fault, reason] of failures) {
  test(`${name}: the last good state stays in force, and status says what and since when`, async (t) => {
    const good = whole(...many(101))
    const at = await place(t, good)
    await at.update()
    const before = await inForce(at)
    at.clock.advance(hour)
    const since = at.clock.now()
    at.server.answer = answer
    assert.partialDeepStrictEqual(await at.update(), { kind: 'failed', fault, isNew: true })
    at.clock.advance(hour)
    assert.partialDeepStrictEqual(await at.update(), { kind: 'failed', fault, isNew: false })
    const { revision, feeds } = await describeAdvisories(at.deps)
    assert.equal(revision, 1)
    assert.deepEqual(await inForce(at), before)
    assert.partialDeepStrictEqual(feeds, [
      { name: 'osv/npm', failure: { kind: fault, since, count: 2 } },
    ])
    assert.match(feeds[0]?.failure?.reason ?? '', reason)
    const next = feeds[0]?.nextAttemptAt ?? at.clock.now()
    assert.ok(next > at.clock.now())
    if (name.includes('come later'))
      assert.ok(next.getTime() >= at.clock.now().getTime() + 24 * hour)
    at.server.answer = good
    await at.update()
    assert.equal((await describeAdvisories(at.deps)).feeds[0]?.failure, undefined)
    assert.deepEqual(await readdir(at.directory), [])
  })
}

test('names a feed that never succeeded, and says that there is no data', async (t) => {
  const at = await place(t, (_, response) => void response.writeHead(404).end())
  assert.partialDeepStrictEqual(await at.update(), { kind: 'failed', fault: 'refused' })
  assert.partialDeepStrictEqual(await describeAdvisories(at.deps), {
    stale: true,
    updatedAt: undefined,
    sources: [],
    feeds: [{ name: 'osv/npm', checkedAt: undefined }],
  })
})

test('a range that is impossible is a claim that cannot be judged, and no failure', async (t) => {
  const events = [{ introduced: 'not a version' }, { fixed: '…' }]
  const affected = [
    { package: { ecosystem: 'npm', name: 'left-pad' }, ranges: [{ type: 'SEMVER', events }] },
  ]
  const at = await place(t, whole(JSON.stringify({ id: 'X-1', affected })))
  assert.partialDeepStrictEqual(await at.update(), { kind: 'imported', result: { added: 1 } })
  assert.deepEqual(await inForce(at), ['X-1'])
})

test('of two records with one id the later counts, and that is told', async (t) => {
  const at = await place(t, whole({ id: 'A-1', fixed: '1.0.0' }, { id: 'A-1', fixed: '2.0.0' }))
  assert.partialDeepStrictEqual(await at.update(), {
    result: { added: 1, duplicates: { count: 1, first: [{ line: 2 }] } },
  })
})

test('imports a state, and nothing when it is unchanged', async (t) => {
  const at = await place(t, whole({ id: 'A-1' }, { id: 'A-2' }))
  assert.partialDeepStrictEqual(await at.update(), {
    kind: 'imported',
    result: { added: 2, revision: 1 },
  })
  at.clock.advance(50 * hour)
  assert.equal((await describeAdvisories(at.deps)).stale, true)
  assert.deepEqual(await at.update(), { kind: 'unchanged', source: 'osv/npm' })
  assert.equal((await describeAdvisories(at.deps)).stale, false)
  assert.deepEqual(await readdir(at.directory), [])
})

test('what was held back is taken when somebody confirms it', async (t) => {
  const at = await place(t, whole(...many(100)))
  await at.update()
  at.server.answer = whole(...many(50, { modified: '2026-01-01T00:00:00Z' }), '{')
  assert.partialDeepStrictEqual(await at.update(), { fault: 'held' })
  assert.partialDeepStrictEqual(await at.update(true), {
    kind: 'imported',
    result: { changed: 50 },
  })
  assert.equal((await describeAdvisories(at.deps)).feeds[0]?.failure, undefined)
})

test('a record is gone when two whole states in a row lack it', async (t) => {
  const at = await place(t, whole({ id: 'A-1' }, { id: 'A-2' }))
  await at.update()
  at.server.answer = whole({ id: 'A-2' })
  assert.partialDeepStrictEqual(await at.update(), { result: { removed: 0, withheld: 1 } })
  assert.deepEqual(await inForce(at), ['A-1', 'A-2'])
  assert.partialDeepStrictEqual(await at.update(), { result: { removed: 1, withheld: 0 } })
  assert.deepEqual(await inForce(at), ['A-2'])
  assert.equal((await at.update()).kind, 'unchanged')
})

test('a record that comes back in between is not gone', async (t) => {
  const [both, one] = [whole({ id: 'A-1' }, { id: 'A-2' }), whole({ id: 'A-2' })]
  const at = await place(t, both)
  await at.update()
  for (const answer of [one, both, one]) {
    at.server.answer = answer
    await at.update()
  }
  assert.deepEqual(await inForce(at), ['A-1', 'A-2'])
})

test('an import that fails does not count as one that lacked a record', async (t) => {
  const at = await place(t, whole(...many(40)))
  await at.update()
  at.server.answer = whole(...many(39, { modified: '2026-01-01T00:00:00Z' }))
  assert.partialDeepStrictEqual(await at.update(), { fault: 'held' })
  at.server.answer = whole(...many(39))
  assert.partialDeepStrictEqual(await at.update(), { result: { removed: 0, withheld: 1 } })
})

test('a part that its origin has no more is frozen, and its records stay', async (t) => {
  const at = await place(t, whole({ id: 'A-1' }))
  await at.update()
  at.clock.advance(hour)
  const good = at.server.answer
  at.server.answer = (_, response) => void response.writeHead(404).end()
  assert.equal((await at.update()).kind, 'frozen')
  const frozenAt = at.clock.now()
  at.clock.advance(hour)
  await at.update()
  assert.partialDeepStrictEqual(await describeAdvisories(at.deps), {
    sources: [{ records: 1 }],
    feeds: [{ frozenAt, failure: undefined }],
  })
  assert.deepEqual(await inForce(at), ['A-1'])
  at.server.answer = good
  await at.update()
  assert.equal((await describeAdvisories(at.deps)).feeds[0]?.frozenAt, undefined)
})

const release = (id: string, ecosystem: string): RecordFacts => ({
  id,
  ecosystem,
  name: 'openssl',
})

test('a release that leaves its feed as a whole is frozen, and ends when it comes back', async (t) => {
  const old = Array.from({ length: 30 }, (_, at) => release(`O-${at}`, 'Debian:10'))
  const others = [release('N-1', 'Debian:12'), release('M-1', 'Debian:11')]
  const at = await place(t, whole(...old, ...others))
  const debian = (version: number) => ({ ecosystem: `Debian:${version}`, name: 'openssl' })
  await at.update()
  const before = await inForce(at, debian(10))
  assert.equal(before.length, 30)
  at.server.answer = whole(...others)
  for (let times = 1; times <= 3; times += 1) {
    at.clock.advance(hour)
    await at.update()
    assert.deepEqual([...new Set(await inForce(at, debian(10)))], before, `refresh ${times}`)
  }
  assert.deepEqual(await inForce(at, debian(12)), ['N-1'])
  const frozen = await describeAdvisories(at.deps)
  const frozenAt = new Date(at.clock.now().getTime() - 2 * hour)
  assert.deepEqual(frozen.frozenReleases, [{ source: 'osv/npm', ecosystem: 'Debian:10', frozenAt }])
  assert.partialDeepStrictEqual(frozen.sources, [
    { name: 'osv/npm', records: 2 },
    { name: 'osv/npm#Debian:10', records: 30 },
  ])
  at.server.answer = whole(...old.slice(5), ...others)
  await at.update()
  assert.equal((await inForce(at, debian(10))).length, 25)
  assert.deepEqual((await describeAdvisories(at.deps)).frozenReleases, [])
})

test('a release that comes back with a small part of what it had is held back, so that nothing vanishes in two steps', async (t) => {
  const old = Array.from({ length: 30 }, (_, at) => release(`O-${at}`, 'Debian:10'))
  const others = [release('N-1', 'Debian:12'), release('M-1', 'Debian:11')]
  const at = await place(t, whole(...old, ...others))
  const debian = { ecosystem: 'Debian:10', name: 'openssl' }
  await at.update()
  at.server.answer = whole(...others)
  // What was kept of it is all there is after the second time.
  for (let times = 0; times < 2; times += 1) await at.update()
  at.server.answer = whole(release('O-1', 'Debian:10'), ...others)
  const held = await at.update()
  assert.partialDeepStrictEqual(held, { kind: 'failed', fault: 'held' })
  assert.match(held.kind === 'failed' ? held.reason : '', /without 29 of the 30 records/)
  assert.equal((await inForce(at, debian)).length, 30)
  await at.update(true)
  assert.deepEqual(await inForce(at, debian), ['O-1'])
})

test('where everything else is missing, nothing is frozen and the loss is held back', async (t) => {
  const at = await place(t, whole(...many(40), release('N-1', 'Debian:12')))
  await at.update()
  at.server.answer = whole(release('P-1', 'Alpine:v3.20'))
  assert.partialDeepStrictEqual(await at.update(), { kind: 'failed', fault: 'held' })
})
