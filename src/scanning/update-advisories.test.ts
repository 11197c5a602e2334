import assert from 'node:assert/strict'
import { readdir } from 'node:fs/promises'
import { test, type TestContext } from 'node:test'
import { osvRecord } from '../../test/kit/advisories.ts'
import { temporaryDatabase, temporaryDirectory } from '../../test/kit/database.ts'
import { fakeClock } from '../../test/kit/fake-clock.ts'
import { fileServer, serveFile, type Answer } from '../../test/kit/file-server.ts'
import { zipOf } from '../../test/kit/zip.ts'
import { systemIds } from '../lib/ids.ts'
import { openHttpFeed } from '../storage/feeds/http.ts'
import { describeAdvisories } from './describe-advisories.ts'
import { ecosystemOfAdvisory } from '../ecosystems/table.ts'
import { defaultFeedEcosystems, updateAdvisories } from './update-advisories.ts'

const { signal } = new AbortController()

function archive(...ids: readonly string[]): Buffer {
  return zipOf(
    ids.map((id) => ({ name: `${id}.json`, content: JSON.stringify(osvRecord({ id }), null, 2) })),
  )
}

async function place(t: TestContext, answer: Answer) {
  const server = await fileServer(t, answer)
  const directory = await temporaryDirectory(t)
  const feed = openHttpFeed({ ids: systemIds, directory }, server.url)
  const deps = { database: await temporaryDatabase(t), clock: fakeClock(), ids: systemIds, feed }
  const update = () => updateAdvisories(deps, { ecosystems: ['npm'] }, { signal })
  return { deps, server, directory, update }
}

test('keeps the last good state when a feed fails, and says why', async (t) => {
  const { deps, server, directory, update } = await place(
    t,
    serveFile(archive('A-1', 'A-2'), '"1"'),
  )
  await update()
  deps.clock.advance(3_600_000)
  const failures: readonly (readonly [Answer, RegExp])[] = [
    [(_, response) => void response.writeHead(500).end(), /answered 500/],
    [serveFile(Buffer.from('no archive'), '"2"'), /not a readable zip archive/],
    [serveFile(zipOf([{ name: 'x.json', content: '{' }]), '"3"'), /no advisory could be read/],
  ]
  for (const [answer, reason] of failures) {
    server.answer = answer
    const [failed] = await update()
    assert.equal(failed?.kind, 'failed')
    assert.match(failed?.kind === 'failed' ? failed.reason : '', reason)
    const described = await describeAdvisories(deps)
    assert.equal(described.revision, 1)
    assert.partialDeepStrictEqual(described.sources[0], { records: 2, ageSeconds: 3600 })
    assert.match(described.sources[0]?.failure ?? '', reason)
  }
  assert.deepEqual(await readdir(directory), [])
})

test('names a feed that never succeeded as stale', async (t) => {
  const { deps, update } = await place(t, (_, response) => void response.writeHead(404).end())
  await update()
  const described = await describeAdvisories(deps)
  assert.partialDeepStrictEqual(described, {
    stale: true,
    updatedAt: undefined,
    sources: [{ name: 'osv/npm', records: 0 }],
  })
})

test('imports the archive of an ecosystem, and nothing when it is unchanged', async (t) => {
  const { deps, server, directory, update } = await place(
    t,
    serveFile(archive('A-1', 'A-2'), '"1"'),
  )
  assert.partialDeepStrictEqual(await update(), [
    { kind: 'imported', result: { added: 2, revision: 1 } },
  ])
  deps.clock.advance(50 * 3_600_000)
  assert.equal((await describeAdvisories(deps)).stale, true)
  assert.deepEqual(await update(), [{ kind: 'unchanged', ecosystem: 'npm' }])
  assert.equal((await describeAdvisories(deps)).stale, false)
  server.answer = serveFile(archive('A-2', 'A-3'), '"2"')
  assert.partialDeepStrictEqual(await update(), [
    { kind: 'imported', result: { added: 1, removed: 1, revision: 2 } },
  ])
  assert.deepEqual(await readdir(directory), [])
  assert.deepEqual(new Set(server.paths), new Set(['/archive/npm/all.zip']))
})

test('fetches every ecosystem of the default, also one whose name has a space', async (t) => {
  const { deps, server } = await place(t, serveFile(archive('A-1'), '"1"'))
  const updates = await updateAdvisories(deps, { ecosystems: defaultFeedEcosystems }, { signal })
  assert.deepEqual(
    updates.filter(({ kind }) => kind === 'failed'),
    [],
  )
  assert.ok(server.paths.includes('/archive/Rocky%20Linux/all.zip'), server.paths.join(' '))
})

test('every ecosystem of the default is one whose versions are compared here', () => {
  for (const name of defaultFeedEcosystems)
    assert.notEqual(ecosystemOfAdvisory(name), undefined, name)
})
