// Reports of findings: written in parts, once each, whatever happens between.
import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import { importRecords, osvRecord } from '../../test/kit/advisories.ts'
import { layerOf } from '../../test/kit/image-builder.ts'
import { npmPackage, push, runScan, scanPlace } from '../../test/kit/scanning.ts'
import { parseAccountId } from '../policy/account-id.ts'
import { openMemoryBlobs } from '../storage/blobs/memory.ts'
import { exportFindings } from './export-findings.ts'
import { findExport, type FindingExport } from './finding-export-store.ts'
import {
  cancelExport,
  expireExports,
  exportKeptMs,
  getExport,
  startExport,
} from './finding-exports.ts'
import { FlawIndexes } from './flaw-index.ts'
import { openSuppressions } from './suppressions.ts'
import { writeExport, type ExportPart, type WriteExportDeps } from './write-export.ts'

const { signal } = new AbortController()
const account = parseAccountId('123456789012')
const stranger = parseAccountId('210987654321')
assert.ok(account !== undefined && stranger !== undefined)
const owner = account

async function world(t: TestContext) {
  const place = await scanPlace(t)
  await importRecords(place, [
    osvRecord({ id: 'GHSA-1', name: 'a' }),
    osvRecord({ id: 'GHSA-2', name: 'b' }),
  ])
  for (const names of [['a'], ['a', 'b']]) {
    const layer = layerOf(
      Object.assign({}, ...names.map((name) => npmPackage(name, '1.0.0'))) as Record<
        string,
        string
      >,
    )
    const { digest } = await push(place, { layers: [layer] })
    await runScan(place, digest)
  }
  const { database, clock } = place
  const blobs = openMemoryBlobs(clock)
  const suppressions = openSuppressions({ reader: database, clock, keys: [], hosts: () => [] })
  const records = {
    reader: database,
    clock,
    suppressions,
    region: 'us-east-1',
    flawIndexes: new FlawIndexes(database),
  }
  const deps: WriteExportDeps = {
    database,
    blobs,
    clock,
    writers: {
      findings: (asked, options) => exportFindings(records, asked, options),
      sbom: () => Promise.reject(new Error('not asked for')),
    },
  }
  return { place, deps }
}

async function begin(
  { place }: Awaited<ReturnType<typeof world>>,
  format: string,
): Promise<string> {
  const asked = {
    account: owner,
    kind: 'findings',
    format,
    criteria: {},
    destination: {},
    madeBy: 'somebody',
  } as const
  return startExport(place, asked)
}

async function textOf({ database, blobs }: WriteExportDeps, id: string): Promise<string> {
  const found = await findExport(database, id)
  assert.equal(found?.state, 'SUCCEEDED', found?.failure)
  const pieces: Buffer[] = []
  for await (const piece of await blobs.read(found.storageKey)) pieces.push(piece as Buffer)
  const bytes = Buffer.concat(pieces)
  assert.equal(bytes.byteLength, found.size)
  return bytes.toString()
}

test('a report has every finding once, as a table and as JSON', async (t) => {
  const built = await world(t)
  const [table, json] = [await begin(built, 'CSV'), await begin(built, 'JSON')]
  for (const id of [table, json]) await writeExport(built.deps, id, { signal, attempt: 1 })
  assert.equal((await textOf(built.deps, table)).trim().split('\r\n').length, 4)
  const { findings } = JSON.parse(await textOf(built.deps, json)) as {
    findings: readonly { title: string }[]
  }
  assert.deepEqual(findings.map(({ title }) => title).toSorted(), [
    'GHSA-1 - a',
    'GHSA-1 - a',
    'GHSA-2 - b',
  ])
})

test('a part that was written and not booked is written again in its place', async (t) => {
  const built = await world(t)
  const id = await begin(built, 'CSV')
  const parts: readonly ExportPart[] = [
    { bytes: Buffer.from('one,'), entries: 1, next: 1 },
    { bytes: Buffer.from('two'), entries: 1, next: undefined },
  ]
  let killed = true
  const writers: WriteExportDeps['writers'] = {
    ...built.deps.writers,
    findings: (asked: FindingExport) =>
      Promise.resolve(parts[asked.size === 0 ? 0 : 1] ?? assert.fail()),
  }
  const blobs = {
    ...built.deps.blobs,
    write: built.deps.blobs.write.bind(built.deps.blobs),
    read: built.deps.blobs.read.bind(built.deps.blobs),
    async sync(key: FindingExport['storageKey']) {
      if (killed) throw new Error('killed')
      await built.deps.blobs.sync(key)
    },
  }
  const deps = { ...built.deps, writers, blobs }
  await assert.rejects(writeExport(deps, id, { signal, attempt: 1 }), /killed/)
  killed = false
  await writeExport(deps, id, { signal, attempt: 2 })
  await writeExport(deps, id, { signal, attempt: 1 })
  assert.equal(await textOf(deps, id), 'one,two')
})

test('a report that cannot be written ends as failed; one that was cancelled stays so', async (t) => {
  const built = await world(t)
  const writers = { ...built.deps.writers, findings: () => Promise.reject(new Error('broken')) }
  const failing = await begin(built, 'CSV')
  await assert.rejects(
    writeExport({ ...built.deps, writers }, failing, { signal, attempt: 1 }),
    /broken/,
  )
  await writeExport({ ...built.deps, writers }, failing, { signal, attempt: 5 })
  const failed = await findExport(built.place.database, failing)
  assert.deepEqual([failed?.state, failed?.failure], ['FAILED', 'broken'])
  const id = await begin(built, 'CSV')
  await cancelExport(built.place, { account: owner, kind: 'findings', id })
  await writeExport(built.deps, id, { signal, attempt: 1 })
  assert.equal((await findExport(built.place.database, id))?.state, 'CANCELLED')
  await assert.rejects(cancelExport(built.place, { account: owner, kind: 'findings', id }), {
    code: 'EXPORT_ENDED',
  })
})

test('a report is its account’s, a few are made at a time, and it goes after a week', async (t) => {
  const built = await world(t)
  const { database, clock } = built.place
  const id = await begin(built, 'CSV')
  const other = { account: stranger ?? owner, kind: 'findings', id } as const
  await assert.rejects(getExport(database, other), { code: 'EXPORT_UNKNOWN' })
  await assert.rejects(getExport(database, { account: owner, kind: 'sbom', id }), {
    code: 'EXPORT_UNKNOWN',
  })
  for (let more = 0; more < 4; more += 1) await begin(built, 'CSV')
  await assert.rejects(begin(built, 'CSV'), { code: 'EXPORTS_TOO_MANY' })
  await writeExport(built.deps, id, { signal, attempt: 1 })
  clock.advance(exportKeptMs)
  await expireExports(built.place, { signal })
  assert.equal((await findExport(database, id))?.id, id)
  clock.advance(1)
  // Nobody asks for another: its bytes go all the same.
  const key = (await findExport(database, id))?.storageKey
  await expireExports(built.place, { signal })
  assert.equal(await findExport(database, id), undefined)
  const queued = await database.all('SELECT storage_key FROM storage_deletions')
  assert.ok(queued.some((row) => row['storage_key'] === key))
})

test('of an account the newest fifty reports that ended are kept', async (t) => {
  const built = await world(t)
  const { database, clock } = built.place
  const ids: string[] = []
  for (let n = 0; n < 53; n += 1) {
    const id = await begin(built, 'CSV')
    ids.push(id)
    await cancelExport(built.place, { account: owner, kind: 'findings', id })
    clock.advance(1000)
  }
  const first = await Promise.all(ids.slice(0, 4).map((id) => findExport(database, id)))
  assert.deepEqual(
    first.map((found) => found?.id),
    [undefined, undefined, ids[2], ids[3]],
  )
})
