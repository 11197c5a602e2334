import assert from 'node:assert/strict'
import { createReadStream } from 'node:fs'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { test, type TestContext } from 'node:test'
import { gzipSync, zstdCompressSync } from 'node:zlib'
import { importRecords, ndjson, osvRecord } from '../../test/kit/advisories.ts'
import { temporaryDatabase, temporaryDirectory } from '../../test/kit/database.ts'
import { fakeClock, type FakeClock } from '../../test/kit/fake-clock.ts'
import { sharedData } from '../../test/kit/shared-data.ts'
import { systemIds } from '../lib/ids.ts'
import type { Database } from '../storage/database/database.ts'
import { migrate } from '../storage/database/migrate.ts'
import { openSqlite, sqliteDialect } from '../storage/database/sqlite.ts'
import { listAdvisorySources } from './advisory-source-store.ts'
import { readAdvisoryState } from './advisory-state-store.ts'
import { findAdvisoryDocument, listAdvisoryCandidates } from './advisory-store.ts'
import { discardUnfinishedImport } from './discard-unfinished-import.ts'
import { importAdvisories } from './import-advisories.ts'
import { takeImportLease } from './import-lease.ts'

interface Place {
  readonly database: Database
  readonly clock: FakeClock
  readonly ids: typeof systemIds
}

async function place(t: TestContext): Promise<Place> {
  return { database: await temporaryDatabase(t), clock: fakeClock(), ids: systemIds }
}

const { signal } = new AbortController()

function many(count: number, prefix = 'GHSA'): readonly Readonly<Record<string, unknown>>[] {
  return Array.from({ length: count }, (_, index) =>
    osvRecord({ id: `${prefix}-${String(index).padStart(5, '0')}`, name: `package-${index % 97}` }),
  )
}

async function visibleIds({ database }: Place, name = 'left-pad'): Promise<readonly string[]> {
  const { revision } = await readAdvisoryState(database)
  const said = await listAdvisoryCandidates(database, { ecosystem: 'npm', name }, revision)
  return said.map(({ id }) => id)
}

async function rows(
  { database }: Place,
  table: 'advisories' | 'advisory_changes' | 'advisory_import_keys',
): Promise<unknown> {
  const row = await database.first(`SELECT COUNT(*) AS n FROM ${table}`)
  return row?.['n']
}

test('rejects a record without an id by its line, and takes the others', async (t) => {
  const at = await place(t)
  const { id: _id, ...nameless } = osvRecord({ id: 'X' })
  const result = await importRecords(at, [
    osvRecord({ id: 'A-1' }),
    nameless,
    osvRecord({ id: 'A-2' }),
  ])
  assert.deepEqual(result.rejected, { count: 1, first: [{ line: 2, reason: 'has no id' }] })
  assert.deepEqual([result.read, result.added], [3, 2])
  assert.deepEqual(await visibleIds(at), ['A-1', 'A-2'])
})

test('rejects a line that is not JSON by its line, and takes the others', async (t) => {
  const at = await place(t)
  const good = JSON.stringify(osvRecord({ id: 'A-1' }))
  const result = await importRecords(at, `{"id": "A-0", \n${good}\n`)
  assert.equal(result.rejected.count, 1)
  assert.equal(result.rejected.first[0]?.line, 1)
  assert.match(result.rejected.first[0]?.reason ?? '', /is not JSON/)
  assert.equal(result.added, 1)
})

test('keeps the first hundred rejections and counts all of them', async (t) => {
  const result = await importRecords(await place(t), [
    ...Array.from({ length: 250 }, () => ({})),
    osvRecord({ id: 'A-1' }),
  ])
  assert.equal(result.rejected.count, 250)
  assert.equal(result.rejected.first.length, 100)
})

test('refuses a line of 100 MB without holding it, and takes the lines around it', async (t) => {
  const at = await place(t)
  const filler = Buffer.alloc(1024 * 1024, 'x')
  const source = function* (): Generator<Buffer> {
    yield Buffer.from(`${JSON.stringify(osvRecord({ id: 'A-1' }))}\n{"id":"`)
    for (let piece = 0; piece < 100; piece += 1) yield filler
    yield Buffer.from(`"}\n${JSON.stringify(osvRecord({ id: 'A-2' }))}\n`)
  }
  const input = { source: 'test', origin: 'import', bytes: Readable.from(source()), snapshot: true }
  const result = await importAdvisories(at, { ...input, origin: 'import' }, { signal })
  assert.deepEqual(result.rejected, {
    count: 1,
    first: [{ line: 2, reason: 'longer than 8388608 bytes' }],
  })
  assert.deepEqual(await visibleIds(at), ['A-1', 'A-2'])
})

test('refuses the name of the set that ships with the product', async (t) => {
  const at = await place(t)
  const bytes = Readable.from([ndjson([osvRecord({ id: 'A-1' })])])
  const input = { source: 'starter', origin: 'import', bytes, snapshot: true } as const
  await assert.rejects(importAdvisories(at, input, { signal }), {
    code: 'ADVISORY_SOURCE_RESERVED',
  })
})

test('refuses a file that holds no readable record, and keeps what was there', async (t) => {
  const at = await place(t)
  await importRecords(at, [osvRecord({ id: 'A-1' })])
  for (const text of ['', 'no advisories here\n', '[]']) {
    await assert.rejects(importRecords(at, text), { code: 'ADVISORIES_UNREADABLE' })
  }
  assert.deepEqual(await visibleIds(at), ['A-1'])
})

test('refuses a truncated archive and leaves nothing of it', async (t) => {
  const at = await place(t)
  const whole = zstdCompressSync(ndjson(many(2000)))
  const bytes = Readable.from([whole.subarray(0, whole.length - 20)])
  const input = { source: 'test', origin: 'import', bytes, snapshot: true } as const
  await assert.rejects(importAdvisories(at, input, { signal }), { code: 'ADVISORIES_UNREADABLE' })
  assert.equal(await rows(at, 'advisories'), 0)
  assert.equal((await readAdvisoryState(at.database)).pending, undefined)
})

test('refuses a second import while one is running, and takes over from a dead one', async (t) => {
  const at = await place(t)
  await takeImportLease(at, { takeOver: false })
  await assert.rejects(importRecords(at, many(3)), { code: 'ADVISORIES_BUSY' })
  at.clock.advance(61_000)
  assert.equal((await importRecords(at, many(3))).added, 3)
})

test('stops an import that was taken over, and leaves the other one alone', async (t) => {
  const at = await place(t)
  const source = async function* (): AsyncGenerator<Buffer> {
    yield Buffer.from(ndjson(many(700)))
    await discardUnfinishedImport(at)
    await takeImportLease(at, { takeOver: true })
    yield Buffer.from(ndjson(many(700, 'LATE')))
  }
  const input = {
    source: 'test',
    origin: 'import',
    bytes: Readable.from(source()),
    snapshot: true,
  } as const
  await assert.rejects(importAdvisories(at, input, { signal }), { code: 'ADVISORIES_INTERRUPTED' })
  assert.notEqual((await readAdvisoryState(at.database)).pending, undefined)
  assert.equal(await rows(at, 'advisories'), 0)
})

test('takes the same file twice without a new revision', async (t) => {
  const at = await place(t)
  const first = await importRecords(at, many(500))
  const again = await importRecords(at, many(500))
  assert.deepEqual([first.added, first.revision], [500, 1])
  assert.deepEqual([again.added, again.changed, again.unchanged, again.removed], [0, 0, 500, 0])
  assert.equal(again.revision, 1)
  assert.equal(await rows(at, 'advisories'), 500)
  assert.equal(await rows(at, 'advisory_import_keys'), 0)
})

test('counts the last of several records with one id, and says which came twice', async (t) => {
  const at = await place(t)
  const old = osvRecord({ id: 'A-1', fixed: '1.0.0' })
  await importRecords(at, [old, osvRecord({ id: 'A-2' })])
  const back = await importRecords(at, [
    osvRecord({ id: 'A-1', fixed: '2.0.0' }),
    osvRecord({ id: 'A-2' }),
    old,
  ])
  assert.deepEqual([back.unchanged, back.changed, back.duplicates.count], [2, 0, 1])
  assert.equal(back.revision, 1)
  const forth = await importRecords(at, [
    old,
    osvRecord({ id: 'A-1', fixed: '2.0.0' }),
    osvRecord({ id: 'A-2' }),
  ])
  assert.deepEqual([forth.unchanged, forth.changed, forth.added, forth.revision], [1, 1, 0, 2])
  assert.deepEqual(forth.duplicates.first[0]?.line, 2)
})

test('ends the records that a snapshot lacks, and keeps them for what was known before', async (t) => {
  const at = await place(t)
  await importRecords(at, [osvRecord({ id: 'A-1' }), osvRecord({ id: 'A-2' })])
  const result = await importRecords(at, [osvRecord({ id: 'A-2' })])
  assert.deepEqual([result.removed, result.unchanged, result.revision], [1, 1, 2])
  assert.deepEqual(await visibleIds(at), ['A-2'])
  const then = await listAdvisoryCandidates(at.database, { ecosystem: 'npm', name: 'left-pad' }, 1)
  assert.deepEqual(
    then.map(({ id }) => id),
    ['A-1', 'A-2'],
  )
})

test('ends nothing when a record of the snapshot could not be read: it may be the absent one', async (t) => {
  const at = await place(t)
  await importRecords(at, [osvRecord({ id: 'A-1' }), osvRecord({ id: 'A-2' })])
  const result = await importRecords(at, `{"id":"A-1",\n${ndjson([osvRecord({ id: 'A-2' })])}`)
  assert.deepEqual([result.removed, result.withheld], [0, 1])
  assert.deepEqual(await visibleIds(at), ['A-1', 'A-2'])
})

test('refuses a snapshot that lost more than a twentieth, unless the loss is confirmed', async (t) => {
  const at = await place(t)
  await importRecords(at, many(200))
  await assert.rejects(importRecords(at, many(188)), { code: 'ADVISORIES_LOST' })
  assert.equal((await readAdvisoryState(at.database)).revision, 1)
  assert.equal(await rows(at, 'advisories'), 200)
  const confirmed = await importRecords(at, many(188), { confirmLoss: true })
  assert.deepEqual([confirmed.removed, confirmed.revision], [12, 2])
})

test('adds to a source when the file is not its whole state, and does not go back in time', async (t) => {
  const at = await place(t)
  await importRecords(at, [
    osvRecord({ id: 'A-1', modified: '2026-06-01T00:00:00Z', fixed: '2.0.0' }),
  ])
  const older = osvRecord({ id: 'A-1', modified: '2026-05-01T00:00:00Z', fixed: '1.0.0' })
  const result = await importRecords(at, [older, osvRecord({ id: 'A-2' })], { snapshot: false })
  assert.deepEqual(
    [result.added, result.changed, result.removed, result.rejected.count],
    [1, 0, 0, 1],
  )
  assert.match(result.rejected.first[0]?.reason ?? '', /older/)
  assert.deepEqual(await visibleIds(at), ['A-1', 'A-2'])
})

test('leaves nothing visible when it is aborted between two batches', async (t) => {
  const at = await place(t)
  await importRecords(at, [osvRecord({ id: 'A-1' })])
  const stop = new AbortController()
  const bytes = Readable.from([Buffer.from(ndjson(many(5000)))])
  const input = { source: 'other', origin: 'import', bytes, snapshot: true } as const
  const onProgress = ({ read }: { read: number }): void => {
    if (read > 1000) stop.abort(new Error('stopped'))
  }
  await assert.rejects(importAdvisories(at, input, { signal: stop.signal, onProgress }))
  assert.equal((await readAdvisoryState(at.database)).revision, 1)
  assert.equal(await rows(at, 'advisories'), 1)
  assert.equal((await importRecords(at, many(5000), { source: 'other' })).added, 5000)
})

test('shows nothing of a killed import after a restart, and removes its rows', async (t) => {
  const file = join(await temporaryDirectory(t), 'pratique.db')
  const clock = fakeClock()
  const killed = openSqlite(file)
  await migrate(killed, sqliteDialect)
  const before = { database: killed, clock, ids: systemIds }
  await importRecords(before, many(300))
  const source = async function* (): AsyncGenerator<Buffer> {
    yield Buffer.from(ndjson(many(700, 'NEW')))
    // The process ends here: no statement after this one reaches the file.
    await killed.close()
    yield Buffer.from(ndjson(many(700, 'LATE')))
  }
  const input = {
    source: 'test',
    origin: 'import',
    bytes: Readable.from(source()),
    snapshot: true,
  } as const
  await assert.rejects(importAdvisories(before, input, { signal }))

  const database = openSqlite(file)
  t.after(() => database.close())
  const after = { database, clock, ids: systemIds }
  assert.equal((await readAdvisoryState(database)).revision, 1)
  assert.equal(
    (await visibleIds(after, 'package-1')).some((id) => id.startsWith('NEW')),
    false,
  )
  await discardUnfinishedImport(after)
  assert.equal(await rows(after, 'advisories'), 300)
  assert.equal((await readAdvisoryState(database)).pending, undefined)
  assert.equal((await importRecords(after, many(300))).unchanged, 300)
})

test('lets other transactions through while it runs', async (t) => {
  const at = await place(t)
  const ended = new AbortController()
  let turns = 0
  const push = async (): Promise<void> => {
    while (!ended.signal.aborted) {
      await at.database.transaction(async (tx) => {
        await tx.run('INSERT INTO accounts (id, created_at) VALUES ($1, 0)', [String(turns)])
      })
      turns += 1
      await new Promise((resolve) => setImmediate(resolve))
    }
  }
  const pushing = push()
  const result = await importRecords(at, many(5000))
  ended.abort()
  await pushing
  assert.equal(result.added, 5000)
  // 5,000 records are 33 batches: at the least every second gap let a push through.
  assert.ok(turns > 16, `${turns} pushes`)
})

for (const [form, encode] of [
  ['plain lines', (text: string) => Buffer.from(text)],
  ['gzip', (text: string) => gzipSync(text)],
  [
    'several gzip members',
    (text: string) => Buffer.concat([gzipSync(text), gzipSync(ndjson([osvRecord({ id: 'B-1' })]))]),
  ],
  [
    'several zstd frames',
    (text: string) =>
      Buffer.concat([zstdCompressSync(text), zstdCompressSync(ndjson([osvRecord({ id: 'B-1' })]))]),
  ],
  ['a list', (text: string) => Buffer.from(`[${text.trim().split('\n').join(',\n')}]`)],
  ['one document', () => Buffer.from(JSON.stringify(osvRecord({ id: 'A-1' }), null, 2))],
] as const) {
  test(`reads ${form}`, async (t) => {
    const at = await place(t)
    const encoded = encode(ndjson([osvRecord({ id: 'A-1' })]))
    const bytes = Readable.from([encoded.subarray(0, 7), encoded.subarray(7)])
    const result = await importAdvisories(
      at,
      { source: 'test', origin: 'import', bytes, snapshot: true },
      { signal },
    )
    assert.deepEqual(result.rejected, { count: 0, first: [] })
    assert.deepEqual(await visibleIds(at), form.startsWith('several') ? ['A-1', 'B-1'] : ['A-1'])
  })
}

test('keeps the normalised record for the explanation of a finding', async (t) => {
  const at = await place(t)
  await importRecords(at, [osvRecord({ id: 'A-1', fixed: '1.2.3' })])
  const [said] = await listAdvisoryCandidates(
    at.database,
    { ecosystem: 'npm', name: 'left-pad' },
    1,
  )
  const document = await findAdvisoryDocument(at.database, said?.row ?? 0)
  assert.partialDeepStrictEqual(document, { id: 'A-1', affected: [{ name: 'left-pad' }] })
})

// The records of the files themselves; the alpine file has 2,478 lines.
for (const [source, records, packages] of [
  ['debian-dsa', 8940, 4402],
  ['pypa', 2661, 664],
  ['alpine', 2478, 1651],
] as const) {
  const path = sharedData('advisories', `${source}.ndjson.zst`)
  const skip = path === undefined ? 'shared data is absent' : false
  test(`imports every record of ${source}`, { skip }, async (t) => {
    const at = await place(t)
    const bytes = createReadStream(path ?? '')
    const result = await importAdvisories(
      at,
      { source, origin: 'import', bytes, snapshot: true },
      { signal },
    )
    assert.deepEqual([result.read, result.added, result.rejected.count], [records, records, 0])
    const names = await at.database.first(
      'SELECT COUNT(*) AS n FROM (SELECT DISTINCT ecosystem, name FROM advisory_packages) AS names',
    )
    assert.equal(names?.['n'], packages)
    assert.equal((await listAdvisorySources(at.database))[0]?.records, records)
  })
}
