import assert from 'node:assert/strict'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { test } from 'node:test'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { temporaryDirectory } from '../../../test/kit/database.ts'
import { StorageFaultError, StorageFullError } from '../storage-full.ts'
import { openSqlite } from './sqlite.ts'

test('a read holds no view over a turn: another process is seen, and a checkpoint takes the whole log', async (t) => {
  const file = join(await temporaryDirectory(t), 'pratique.db')
  const database = openSqlite(file)
  t.after(() => database.close())
  await database.transaction((tx) => tx.run('CREATE TABLE t (n INTEGER)'))
  const other = new DatabaseSync(file)
  t.after(() => other.close())

  assert.deepEqual({ ...(await database.first('SELECT COUNT(*) AS n FROM t')) }, { n: 0 })
  other.exec('INSERT INTO t VALUES (1)')
  await nextTurn()
  assert.deepEqual({ ...(await database.first('SELECT COUNT(*) AS n FROM t')) }, { n: 1 })
  await nextTurn()
  const checkpoint = other.prepare('PRAGMA wal_checkpoint(TRUNCATE)').get()
  assert.deepEqual({ ...checkpoint }, { busy: 0, log: 0, checkpointed: 0 })
})

test('without room what is written says why, what had not begun is tried, and nothing refused is there', async (t) => {
  const database = openSqlite(join(await temporaryDirectory(t), 'pratique.db'))
  t.after(() => database.close())
  await database.transaction((tx) => tx.run('CREATE TABLE t (content BLOB)'))
  await database.transaction((tx) => tx.all('PRAGMA max_page_count = 10'))
  const add = async (bytes: number): Promise<number> =>
    database.transaction((tx) => tx.run('INSERT INTO t VALUES (zeroblob($1))', [bytes]))
  const [small, large, last] = await Promise.allSettled([add(10), add(1_000_000), add(20)])
  for (const full of [small, large]) {
    assert.ok(full?.status === 'rejected' && full.reason instanceof StorageFullError)
  }
  assert.equal(last?.status, 'fulfilled')
  assert.deepEqual({ ...(await database.first('SELECT COUNT(*) AS n FROM t')) }, { n: 1 })
})

test('a statement that fails leaves the next ones as they were', async (t) => {
  const database = openSqlite(join(await temporaryDirectory(t), 'pratique.db'))
  t.after(() => database.close())
  await assert.rejects(database.first('SELECT n FROM nowhere'), /no such table/)
  await assert.rejects(
    database.transaction((tx) => tx.run('INSERT INTO nowhere VALUES (1)')),
    /no such table/,
  )
  assert.deepEqual({ ...(await database.first('SELECT 1 AS one')) }, { one: 1 })
})

test('a disk without room and a disk that fails are told apart from faults of ours', async (t) => {
  const database = openSqlite(join(await temporaryDirectory(t), 'pratique.db'))
  t.after(() => database.close())
  const failing = (errcode: number) =>
    database.transaction(async () =>
      Promise.reject(Object.assign(new Error('as the module throws it'), { errcode })),
    )
  await assert.rejects(failing(13), StorageFullError)
  // SQLITE_IOERR_FSYNC: the kind of fault stands in the lowest byte.
  await assert.rejects(failing(1034), StorageFaultError)
  await assert.rejects(failing(1), /as the module throws it/)
  assert.deepEqual({ ...(await database.first('SELECT 1 AS one')) }, { one: 1 })
})
