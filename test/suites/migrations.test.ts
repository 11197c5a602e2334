// From each schema version that there was, with rows in every table, to the newest one.
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { listWrongUsage } from '../../src/registry/usage-store.ts'
import {
  text,
  type Database,
  type EmbeddedDatabase,
  type SqlRow,
} from '../../src/storage/database/database.ts'
import {
  knownSchemaVersion,
  migrate,
  SchemaTooNewError,
} from '../../src/storage/database/migrate.ts'
import { openSqlite, sqliteDialect } from '../../src/storage/database/sqlite.ts'
import { temporaryDatabase, temporaryDirectory } from '../kit/database.ts'
import { insertRowsOf } from '../kit/database-rows.ts'

const newest = await knownSchemaVersion()
const versions = Array.from({ length: newest }, (_, index) => index + 1)
const { signal } = new AbortController()

test('each migration has the number that it leads to, and no other has it', async () => {
  const directory = new URL('../../src/storage/database/migrations/', import.meta.url)
  const numbers = (await readdir(directory)).toSorted().map((name) => Number(name.slice(0, 4)))
  assert.deepEqual(numbers, versions)
})

async function schemaOf(database: Database): Promise<readonly SqlRow[]> {
  return database.all('SELECT type, name, tbl_name, sql FROM sqlite_schema ORDER BY type, name')
}

async function tablesOf(database: Database): Promise<readonly string[]> {
  const rows = await database.all(
    `SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%' ORDER BY name`,
  )
  return rows.map((row) => text(row, 'name')).filter((name) => name !== 'schema_version')
}

type Content = ReadonlyMap<string, readonly SqlRow[]>

async function contentOf(database: Database): Promise<Content> {
  const content = new Map<string, readonly SqlRow[]>()
  for (const table of await tablesOf(database))
    content.set(table, await database.all(`SELECT * FROM ${table} ORDER BY rowid`))
  return content
}

async function versionOf(database: Database): Promise<unknown> {
  return (await database.first('SELECT version FROM schema_version'))?.['version']
}

/** A filled database of that schema version, in a file. */
async function fill(file: string, version: number): Promise<EmbeddedDatabase> {
  const database = openSqlite(file)
  await migrate(database, sqliteDialect, version)
  await database.transaction((tx) => insertRowsOf(tx, version))
  return database
}

for (const version of versions) {
  test(`schema ${version} is brought to ${newest}: no row is lost or changed, and the schema is that of a new database`, async (t) => {
    const database = await fill(join(await temporaryDirectory(t), 'pratique.db'), version)
    t.after(() => database.close())
    assert.equal(await versionOf(database), version)
    const before = await contentOf(database)
    const empty = [...before].filter(([, rows]) => rows.length === 0).map(([table]) => table)
    assert.deepEqual(empty, [], 'give each table a row in test/kit/database-rows.ts')
    assert.deepEqual(await migrate(database, sqliteDialect), { version: newest })
    const after = await contentOf(database)
    for (const [table, rows] of before) {
      const columns = Object.keys(rows[0] ?? {}).filter((name) => !isMoved(table, name))
      if (columns.length === 0) continue
      const carried = (after.get(table) ?? []).slice(0, rows.length)
      assert.deepEqual(carried.map(only(columns)), rows.map(only(columns)), table)
    }
    assert.deepEqual(await schemaOf(database), await schemaOf(await temporaryDatabase(t)))
    assert.deepEqual(await database.findFaults({ signal }), [])
    // Up to 3 there were no counters: the migration counted.
    if (version < 4) assert.deepEqual(await listWrongUsage(database, 10, { signal }), [])
    assert.deepEqual(
      await migrate(database, sqliteDialect),
      { version: newest },
      'again is nothing',
    )
  })
}

/** Columns whose content another table holds now; a test of its own says how it came there. */
function isMoved(table: string, column: string): boolean {
  // Sets of packages are made anew by a job, from what each scan listed (hold-older-scans.test.ts).
  if (/^package_sets$|^package_set_members$/.test(table)) return true
  return moved.has(`${table}.${column}`)
}

const moved: ReadonlySet<string> = new Set([
  'users.is_administrator',
  'image_scans.package_set_id',
  'holdings.counts',
  'holdings.applied',
  'advisory_sources.attempted_at',
  'advisory_sources.failure',
])

function only(columns: readonly string[]): (row: SqlRow) => Readonly<Record<string, unknown>> {
  return (row) => Object.fromEntries(columns.map((column) => [column, row[column]]))
}

test('who was an administrator by a flag has the policy AdministratorAccess attached', async (t) => {
  const database = await fill(join(await temporaryDirectory(t), 'pratique.db'), 7)
  t.after(() => database.close())
  await migrate(database, sqliteDialect)
  const rows = await database.all('SELECT owner_id, policy_arn FROM attached_policies')
  const attached = { owner_id: 'AIDA1', policy_arn: 'arn:aws:iam::aws:policy/AdministratorAccess' }
  assert.deepEqual(rows.map(only(['owner_id', 'policy_arn'])), [attached])
})

test('counts of holdings, and what sets include of them, are carried to where they lie together', async (t) => {
  const database = await fill(join(await temporaryDirectory(t), 'pratique.db'), 24)
  t.after(() => database.close())
  await database.transaction((tx) =>
    // Of a package without a match, which nothing was counted of; of one whose match ended, which is still to be taken off.
    tx.run(
      `INSERT INTO holdings (id, package_id, owners, counts, applied) VALUES (2, 2, '', x'00', x'00'), (3, 3, '', x'00', x'01')`,
    ),
  )
  await migrate(database, sqliteDialect)
  const rows = await database.all('SELECT * FROM holding_counts ORDER BY holding_id')
  assert.deepEqual(rows.map(only(['holding_id', 'counts', 'applied'])), [
    { holding_id: 1, counts: Uint8Array.of(1), applied: Uint8Array.of(1) },
    { holding_id: 3, counts: Uint8Array.of(0), applied: Uint8Array.of(1) },
  ])
  const job = await database.first("SELECT COUNT(*) AS n FROM jobs WHERE kind = 'count-findings'")
  assert.deepEqual(only(['n'])(job ?? {}), { n: 1 })
})

const child = `
import { migrate } from './src/storage/database/migrate.ts'
import { openSqlite, sqliteDialect } from './src/storage/database/sqlite.ts'
const [file, statements] = process.argv.slice(1)
const database = openSqlite(file)
const isLast = statements === 'last'
let left = Number(statements)
await migrate({ ...database, transaction: (work) => database.transaction((tx) => work({
  ...tx,
  async run(...parts) {
    const changed = await tx.run(...parts)
    if (/CREATE TABLE IF NOT EXISTS schema_version/.test(parts[0])) return changed
    left -= 1
    if (isLast ? parts[0].startsWith('UPDATE schema_version') : left === 0) process.kill(process.pid, 'SIGKILL')
    return changed
  },
})) }, sqliteDialect)
`

for (const version of versions.slice(0, -1)) {
  test(`a kill in the middle of the step from schema ${version} leaves schema ${version}, and the next start goes on`, async (t) => {
    const file = join(await temporaryDirectory(t), 'pratique.db')
    const database = await fill(file, version)
    const [schema, content] = [await schemaOf(database), await contentOf(database)]
    await database.close()
    for (const statements of ['1', '2', 'last']) {
      const killed = spawn(
        process.execPath,
        ['--input-type=module', '-e', child, file, statements],
        { cwd: fileURLToPath(new URL('../../', import.meta.url)), stdio: 'inherit' },
      )
      assert.deepEqual(await once(killed, 'exit'), [null, 'SIGKILL'])
      const found = openSqlite(file)
      assert.equal(await versionOf(found), version)
      assert.deepEqual(await schemaOf(found), schema)
      assert.deepEqual(await contentOf(found), content)
      await found.close()
    }
    const again = openSqlite(file)
    t.after(() => again.close())
    assert.deepEqual(await migrate(again, sqliteDialect), { version: newest })
    assert.deepEqual(await again.findFaults({ signal }), [])
  })
}

test('a database that is newer than the program is refused with what to do, and stays as it is', async (t) => {
  const database = await temporaryDatabase(t)
  await database.transaction((tx) => tx.run('UPDATE schema_version SET version = $1', [newest + 1]))
  const before = await schemaOf(database)
  await assert.rejects(migrate(database, sqliteDialect), (error: unknown) => {
    assert.ok(error instanceof SchemaTooNewError)
    const sentence = `the database has schema version ${newest + 1}, this program knows ${newest}: start the newer program again, or restore a backup made before the upgrade`
    assert.equal(error.message, sentence)
    return true
  })
  assert.equal(await versionOf(database), newest + 1)
  assert.deepEqual(await schemaOf(database), before)
})
