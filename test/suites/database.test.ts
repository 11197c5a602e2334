// The port at the height of SQL: what stores and operations rely on.
import assert from 'node:assert/strict'
import { open } from 'node:fs/promises'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { test } from 'node:test'
import { integer, text } from '../../src/storage/database/database.ts'
import { migrate } from '../../src/storage/database/migrate.ts'
import { openSqlite, sqliteDialect } from '../../src/storage/database/sqlite.ts'
import { temporaryDatabase, temporaryDirectory } from '../kit/database.ts'

test('a transaction that throws leaves nothing', async (t) => {
  const database = await temporaryDatabase(t)
  const work = database.transaction(async (tx) => {
    await tx.run('INSERT INTO accounts (id, created_at) VALUES ($1, $2)', ['123456789012', 1])
    throw new Error('no')
  })
  await assert.rejects(work, /no/)
  assert.equal(await database.first('SELECT id FROM accounts'), undefined)
})

test('parameters are by number, whatever their order in the text', async (t) => {
  const database = await temporaryDatabase(t)
  const row = await database.first('SELECT $2 AS second, $1 AS first, $2 AS again', ['one', 'two'])
  assert.deepEqual(
    [text(row ?? {}, 'first'), text(row ?? {}, 'second'), text(row ?? {}, 'again')],
    ['one', 'two', 'two'],
  )
})

test('transactions take turns; a reader sees the last commit', async (t) => {
  const database = await temporaryDatabase(t)
  await database.transaction((tx) =>
    tx.run('INSERT INTO accounts (id, created_at) VALUES ($1, 0)', ['a']),
  )
  const increments = Array.from({ length: 50 }, () =>
    database.transaction(async (tx) => {
      const row = await tx.first('SELECT created_at FROM accounts WHERE id = $1', ['a'])
      await new Promise((resolve) => setImmediate(resolve))
      await tx.run('UPDATE accounts SET created_at = $1 WHERE id = $2', [
        integer(row ?? {}, 'created_at') + 1,
        'a',
      ])
    }),
  )
  await Promise.all(increments)
  const row = await database.first('SELECT created_at FROM accounts')
  assert.equal(integer(row ?? {}, 'created_at'), 50)
})

test('of transactions asked for together one that throws takes back its own changes only', async (t) => {
  const database = await temporaryDatabase(t)
  const results = await Promise.allSettled(
    ['a', 'b', 'c'].map((id) =>
      database.transaction(async (tx) => {
        await tx.run('INSERT INTO accounts (id, created_at) VALUES ($1, 0)', [id])
        if (id === 'b') throw new Error(`no ${id}`)
        return id
      }),
    ),
  )
  assert.deepEqual(
    results.map((result) => (result.status === 'fulfilled' ? result.value : String(result.reason))),
    ['a', 'Error: no b', 'c'],
  )
  const rows = await database.all('SELECT id FROM accounts ORDER BY id')
  assert.deepEqual(
    rows.map((row) => text(row, 'id')),
    ['a', 'c'],
  )
})

test('a transaction asked for from within another one’s answer comes after it', async (t) => {
  const database = await temporaryDatabase(t)
  const seen: unknown[] = []
  const add = async (id: string): Promise<void> =>
    database.transaction(async (tx) => {
      seen.push((await tx.first('SELECT COUNT(*) AS n FROM accounts'))?.['n'])
      await tx.run('INSERT INTO accounts (id, created_at) VALUES ($1, 0)', [id])
    })
  await Promise.all([add('a').then(() => add('c')), add('b')])
  assert.deepEqual(seen, [0, 1, 2])
})

test('a statement that comes after its transaction is refused', async (t) => {
  const database = await temporaryDatabase(t)
  const kept = await database.transaction(async (tx) => Promise.resolve(tx))
  const late = kept.run('INSERT INTO accounts (id, created_at) VALUES ($1, 0)', ['a'])
  await assert.rejects(late, /after its transaction had ended/)
  await database.transaction(async (tx) => {
    await assert.rejects(kept.run('DELETE FROM accounts'), /after its transaction had ended/)
    await tx.all('SELECT id FROM accounts')
  })
})

test('a commit that need not outlive the power is seen like any other', async (t) => {
  const database = await temporaryDatabase(t)
  const insert = async (id: string, survives: 'power' | 'process'): Promise<number> =>
    database.transaction(
      (tx) => tx.run('INSERT INTO accounts (id, created_at) VALUES ($1, 0)', [id]),
      { survives },
    )
  await insert('a', 'process')
  await Promise.all([insert('b', 'power'), insert('c', 'process')])
  assert.equal(integer((await database.first('SELECT COUNT(*) AS n FROM accounts')) ?? {}, 'n'), 3)
})

test('a read sees what was committed just before it, in the same turn of the event loop', async (t) => {
  const database = await temporaryDatabase(t)
  const count = async (): Promise<unknown> =>
    (await database.first('SELECT COUNT(*) AS n FROM accounts'))?.['n']
  const seen: unknown[] = [await count()]
  for (const id of ['a', 'b', 'c']) {
    const committed = database.transaction((tx) =>
      tx.run('INSERT INTO accounts (id, created_at) VALUES ($1, 0)', [id]),
    )
    // Asked before the commit, so that a view is held when it comes.
    const [, before] = await Promise.all([committed, count()])
    seen.push(before, await count())
  }
  await database.transaction((tx) => tx.run('DELETE FROM accounts'))
  assert.deepEqual([...seen.filter((_, index) => index % 2 === 0), await count()], [0, 1, 2, 3, 0])
})

test('a parameter that stands in quotes is text', async (t) => {
  const database = await temporaryDatabase(t)
  const row = await database.first(`SELECT '$1' AS quoted, 'it''s $2' AS escaped, $1 AS given`, [7])
  assert.deepEqual({ ...row }, { quoted: '$1', escaped: "it's $2", given: 7 })
})

test('a copy is of one moment, whatever is written meanwhile, and a sound database of its own', async (t) => {
  const directory = await temporaryDirectory(t)
  const database = openSqlite(join(directory, 'source.db'))
  t.after(() => database.close())
  await migrate(database, sqliteDialect)
  const { signal } = new AbortController()
  const insert = (id: string): Promise<unknown> =>
    database.transaction((tx) =>
      tx.run('INSERT INTO accounts (id, created_at) VALUES ($1, 0)', [id]),
    )
  await database.transaction(async (tx) => {
    for (let n = 0; n < 20_000; n += 1)
      await tx.run('INSERT INTO accounts (id, created_at) VALUES ($1, 0)', [`before ${n}`])
  })
  const copying = database.copyTo(join(directory, 'copy.db'), { signal })
  for (let n = 0; n < 50; n += 1) await insert(`meanwhile ${n}`)
  await copying
  const copy = openSqlite(join(directory, 'copy.db'))
  t.after(() => copy.close())
  assert.deepEqual(await copy.findFaults({ signal }), [])
  const counted = await copy.first('SELECT COUNT(*) AS n FROM accounts')
  assert.equal(counted?.['n'], 20_000)
})

test('a copy that nobody wants any more ends', async (t) => {
  const directory = await temporaryDirectory(t)
  const database = openSqlite(join(directory, 'source.db'))
  t.after(() => database.close())
  await migrate(database, sqliteDialect)
  const controller = new AbortController()
  controller.abort(new Error('gone'))
  await assert.rejects(database.copyTo(join(directory, 'copy.db'), controller), /gone/)
  await assert.rejects(database.readAside('SELECT 1 AS one', [], controller), /gone/)
})

test('a statement read aside takes parameters and sees what was committed; its mistakes are told', async (t) => {
  const database = await temporaryDatabase(t)
  const { signal } = new AbortController()
  await database.transaction((tx) =>
    tx.run('INSERT INTO accounts (id, created_at) VALUES ($1, 7)', ['a']),
  )
  const sql = 'SELECT created_at FROM accounts WHERE id = $1'
  assert.deepEqual(await database.readAside(sql, ['a'], { signal }), [{ created_at: 7 }])
  await assert.rejects(database.readAside('SELECT n FROM nowhere', [], { signal }), /no such table/)
})

test('faults of the engine are found: a reference that leads nowhere, a damaged page', async (t) => {
  const directory = await temporaryDirectory(t)
  const file = join(directory, 'pratique.db')
  const database = openSqlite(file)
  await migrate(database, sqliteDialect)
  await database.close()
  const raw = new DatabaseSync(file, { enableForeignKeyConstraints: false })
  raw.exec(`INSERT INTO users (id, account, name, created_at) VALUES ('u', 'nobody', 'admin', 0)`)
  raw.exec('PRAGMA wal_checkpoint(TRUNCATE)')
  const page = raw
    .prepare(`SELECT rootpage FROM sqlite_schema WHERE name = 'uploads_touched'`)
    .get()
  raw.close()
  const again = openSqlite(file)
  const { signal } = new AbortController()
  const [reference] = await again.findFaults({ signal })
  assert.deepEqual(reference, { kind: 'reference', table: 'users', to: 'accounts', rows: 1 })
  await again.close()
  const handle = await open(file, 'r+')
  await handle.write(Buffer.alloc(4096, 0x5a), 0, 4096, (Number(page?.['rootpage']) - 1) * 4096)
  await handle.close()
  const damaged = openSqlite(file)
  t.after(() => damaged.close())
  const faults = await damaged.findFaults({ signal })
  assert.ok(faults.some(({ kind }) => kind === 'damage'))
})
