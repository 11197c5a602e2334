import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import { advisoryLines } from '../../test/kit/advisory-data.ts'
import { feedPlace, serveFiles, zipFiles, type FeedPlace } from '../../test/kit/feeds.ts'
import { describeAdvisories } from '../scanning/describe-advisories.ts'
import { readModifiedIds } from './modified-ids.ts'
import { osvFeed } from './osv.ts'

const day = 86_400_000

interface Line {
  readonly id: string
  readonly modified: string
  readonly text: string
}

function lineOf(text: string): Line {
  return { text, ...(JSON.parse(text) as { readonly id: string; readonly modified: string }) }
}

/** An ecosystem as the archive has it: the whole, the list of changes, and each record. */
function archiveOf(lines: readonly Line[]): ReadonlyMap<string, Buffer | string> {
  const sorted = lines.toSorted((a, b) => Date.parse(b.modified) - Date.parse(a.modified))
  return new Map<string, Buffer | string>([
    ['PyPI/all.zip', zipFiles(lines.map(({ id, text }) => [`${id}.json`, text]))],
    ['PyPI/modified_id.csv', sorted.map(({ id, modified }) => `${modified},${id}\n`).join('')],
    ...lines.map(({ id, text }) => [`PyPI/${id}.json`, text] as const),
  ])
}

async function place(
  t: TestContext,
): Promise<{ readonly at: FeedPlace; readonly lines: readonly Line[] } | undefined> {
  const texts = await advisoryLines(t, 'pypa')
  if (texts === undefined) return undefined
  const lines = texts.slice(0, 500).map(lineOf)
  return { lines, at: await feedPlace(t, serveFiles(archiveOf(lines))) }
}

/** As if it had been edited at the origin at that time. */
function edited(line: Line, modified: string): Line {
  const record = JSON.parse(line.text) as Record<string, unknown>
  return lineOf(JSON.stringify({ ...record, modified, summary: 'edited' }))
}

test('is had as a whole once, then by the records that changed', async (t) => {
  const found = await place(t)
  if (found === undefined) return
  const { at, lines } = found
  assert.partialDeepStrictEqual(await at.refresh(osvFeed, 'PyPI'), {
    kind: 'imported',
    result: { added: 500, revision: 1 },
  })
  assert.equal((await at.refresh(osvFeed, 'PyPI')).kind, 'unchanged')
  const asked = at.server.paths.length
  const newer = lines.map((line, index) =>
    index < 3 ? edited(line, `2027-01-01T00:00:0${index}Z`) : line,
  )
  at.server.answer = serveFiles(archiveOf(newer))
  assert.partialDeepStrictEqual(await at.refresh(osvFeed, 'PyPI'), {
    kind: 'imported',
    result: { changed: 3, removed: 0, revision: 2 },
  })
  const paths = at.server.paths.slice(asked)
  const changed = newer.slice(0, 3).toReversed()
  assert.deepEqual(paths.slice(0, 4), [
    '/archive/PyPI/modified_id.csv',
    ...changed.map(({ id }) => `/archive/PyPI/${id}.json`),
  ])
  // What changed shortly before the whole was made may not have been in it.
  assert.ok(paths.length < 10)
  assert.equal((await at.refresh(osvFeed, 'PyPI')).kind, 'unchanged')
})

test('is had as a whole when much changed, when days have passed, or when the clock was set back', async (t) => {
  const found = await place(t)
  if (found === undefined) return
  const { at, lines } = found
  await at.refresh(osvFeed, 'PyPI')
  const wholes = (): number => at.server.paths.filter((path) => path.endsWith('all.zip')).length
  const newer = lines.map((line) => edited(line, '2027-01-01T00:00:00Z'))
  at.server.answer = serveFiles(archiveOf(newer))
  assert.partialDeepStrictEqual(await at.refresh(osvFeed, 'PyPI'), { result: { changed: 500 } })
  assert.equal(wholes(), 2)
  at.clock.advance(4 * day)
  assert.equal((await at.refresh(osvFeed, 'PyPI')).kind, 'unchanged')
  assert.equal(wholes(), 3)
  at.clock.advance(-30 * day)
  assert.equal((await at.refresh(osvFeed, 'PyPI')).kind, 'unchanged')
  assert.equal(wholes(), 4)
})

test('a single record that cannot be read is held back, and the whole is had next', async (t) => {
  const found = await place(t)
  if (found === undefined) return
  const { at, lines } = found
  await at.refresh(osvFeed, 'PyPI')
  const [first, ...others] = lines
  if (first === undefined) throw new Error('there are no records')
  const broken = { ...first, modified: '2027-01-01T00:00:00Z', text: '{"id":' }
  at.server.answer = serveFiles(archiveOf([broken, ...others]))
  assert.partialDeepStrictEqual(await at.refresh(osvFeed, 'PyPI'), { kind: 'failed' })
  assert.partialDeepStrictEqual(await at.refresh(osvFeed, 'PyPI'), { fault: 'held' })
  assert.partialDeepStrictEqual(await describeAdvisories(at.deps), {
    revision: 1,
    sources: [{ records: 500 }],
  })
  assert.equal(at.server.paths.at(-1), '/archive/PyPI/all.zip')
})

const list = '2026-01-03T00:00:00Z,C-3\n2026-01-02T00:00:00Z,B-2\r\n\n2026-01-01T00:00:00Z,A-1\n'
const since = Date.parse('2026-01-01T00:00:00Z')

test('the list of changes is read from its newest line to what is known', () => {
  const newest = Date.parse('2026-01-03T00:00:00Z')
  assert.deepEqual(readModifiedIds(list, { since, limit: 2 }), {
    kind: 'changed',
    ids: ['C-3', 'B-2'],
    newest,
  })
  assert.deepEqual(readModifiedIds(list, { since, limit: 1 }), { kind: 'many', newest })
})

for (const text of [
  '',
  '<html>',
  '2026-01-01T00:00:00Z,../x',
  'yesterday,A-1',
  `${list}2026-02-01T00:00:00Z,X-1`,
])
  test(`a list such as ${JSON.stringify(text.slice(0, 30))} is not believed`, () => {
    assert.deepEqual(readModifiedIds(text, { since: 0, limit: 9 }), { kind: 'unreadable' })
  })
