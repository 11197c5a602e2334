import assert from 'node:assert/strict'
import { readdir } from 'node:fs/promises'
import { test, type TestContext } from 'node:test'
import { osvRecord } from '../../test/kit/advisories.ts'
import { temporaryDatabase, temporaryDirectory } from '../../test/kit/database.ts'
import { fakeClock } from '../../test/kit/fake-clock.ts'
import { fileServer, serveFile, type Answer } from '../../test/kit/file-server.ts'
import { zipOf } from '../../test/kit/zip.ts'
import { openOrigin } from '../feeds/origin.ts'
import { osvFeed } from '../feeds/osv.ts'
import { systemIds } from '../lib/ids.ts'
import { defaultHttpLimits, openHttpTransport } from '../storage/feeds/http.ts'
import { describeAdvisories } from './describe-advisories.ts'
import { refreshPart, type PartRefresh } from './refresh-part.ts'

const { signal } = new AbortController()
const hour = 3_600_000

function archive(...ids: readonly string[]): Buffer {
  return zipOf(
    ids.map((id) => ({ name: `${id}.json`, content: JSON.stringify(osvRecord({ id }), null, 2) })),
  )
}

/** The archive alone: the list of changes is missing. */
function onlyArchive(answer: Answer): Answer {
  return (request, response) => {
    if (request.url?.endsWith('all.zip') === true) answer(request, response)
    else response.writeHead(404).end()
  }
}

async function place(t: TestContext, answer: Answer) {
  const server = await fileServer(t, answer)
  const directory = await temporaryDirectory(t)
  const clock = fakeClock()
  const proxy = { httpProxy: undefined, httpsProxy: undefined, noProxy: undefined }
  const rest = (): Promise<void> => Promise.resolve()
  const http = { ids: systemIds, clock, rest, directory, proxy }
  const transport = openHttpTransport(http, { ...defaultHttpLimits, timeoutMs: 5000 })
  const deps = {
    database: await temporaryDatabase(t),
    clock,
    ids: systemIds,
    rest,
    originOf: () => openOrigin(transport, server.url),
    everyMs: 2 * hour,
  }
  const refresh = (confirmLoss = false): Promise<PartRefresh> =>
    refreshPart(deps, { feed: osvFeed, part: 'npm', confirmLoss }, { signal })
  return { deps, server, directory, refresh, clock }
}

test('keeps the last good state when a feed fails, and says why and since when', async (t) => {
  const good = onlyArchive(serveFile(archive('A-1', 'A-2'), '"1"'))
  const { deps, server, directory, refresh, clock } = await place(t, good)
  await refresh()
  const failures: readonly (readonly [Answer, string, RegExp])[] = [
    [(_, response) => void response.writeHead(500).end(), 'unreachable', /answered 500/],
    [
      onlyArchive(serveFile(Buffer.from('no archive'), '"2"')),
      'malformed',
      /not a readable zip archive/,
    ],
    [
      onlyArchive(serveFile(zipOf([{ name: 'x.json', content: '{' }]), '"3"')),
      'malformed',
      /no advisory could be read/,
    ],
  ]
  for (const [answer, fault, reason] of failures) {
    clock.advance(hour)
    server.answer = answer
    const failed = await refresh()
    assert.equal(failed.kind, 'failed')
    const { revision, sources, feeds } = await describeAdvisories(deps)
    assert.equal(revision, 1)
    assert.partialDeepStrictEqual(sources, [{ name: 'osv/npm', records: 2 }])
    assert.equal(feeds[0]?.failure?.kind, fault)
    assert.match(feeds[0]?.failure?.reason ?? '', reason)
    assert.ok((feeds[0]?.nextAttemptAt ?? 0) > clock.now())
  }
  const { feeds } = await describeAdvisories(deps)
  const since = new Date(clock.now().getTime() - 2 * hour)
  assert.partialDeepStrictEqual(feeds, [{ failure: { count: 3, since } }])
  server.answer = good
  await refresh()
  assert.equal((await describeAdvisories(deps)).feeds[0]?.failure, undefined)
  assert.deepEqual(await readdir(directory), [])
})

test('names a feed that never succeeded, and says that there is no data', async (t) => {
  const { deps, refresh } = await place(t, (_, response) => void response.writeHead(404).end())
  assert.partialDeepStrictEqual(await refresh(), { kind: 'failed', fault: 'refused', isNew: true })
  assert.partialDeepStrictEqual(await refresh(), { kind: 'failed', isNew: false })
  assert.partialDeepStrictEqual(await describeAdvisories(deps), {
    stale: true,
    updatedAt: undefined,
    sources: [],
    feeds: [{ name: 'osv/npm', checkedAt: undefined }],
  })
})

test('imports a state, and nothing when it is unchanged', async (t) => {
  const { deps, directory, refresh, clock } = await place(
    t,
    onlyArchive(serveFile(archive('A-1', 'A-2'), '"1"')),
  )
  assert.partialDeepStrictEqual(await refresh(), {
    kind: 'imported',
    result: { added: 2, revision: 1 },
  })
  clock.advance(50 * hour)
  assert.equal((await describeAdvisories(deps)).stale, true)
  assert.deepEqual(await refresh(), { kind: 'unchanged', source: 'osv/npm' })
  assert.equal((await describeAdvisories(deps)).stale, false)
  assert.deepEqual(await readdir(directory), [])
})

test('a part that its origin has no more is frozen, and its records stay', async (t) => {
  const { deps, server, refresh, clock } = await place(
    t,
    onlyArchive(serveFile(archive('A-1'), '"1"')),
  )
  await refresh()
  clock.advance(hour)
  const good = server.answer
  server.answer = (_, response) => void response.writeHead(404).end()
  assert.equal((await refresh()).kind, 'frozen')
  const frozenAt = clock.now()
  clock.advance(hour)
  await refresh()
  assert.partialDeepStrictEqual(await describeAdvisories(deps), {
    sources: [{ records: 1 }],
    feeds: [{ frozenAt, failure: undefined }],
  })
  server.answer = good
  await refresh()
  assert.equal((await describeAdvisories(deps)).feeds[0]?.frozenAt, undefined)
})
