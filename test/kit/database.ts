import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import type { EmbeddedDatabase } from '../../src/storage/database/database.ts'
import { migrate } from '../../src/storage/database/migrate.ts'
import { openSqlite, sqliteDialect } from '../../src/storage/database/sqlite.ts'

/** A directory of the test's own, removed when it ends. */
export async function temporaryDirectory(t: TestContext): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'pratique-test-'))
  t.after(() => rm(directory, { recursive: true, force: true }))
  return directory
}

/** A migrated database of the test's own. */
export async function temporaryDatabase(t: TestContext): Promise<EmbeddedDatabase> {
  const database = openSqlite(join(await temporaryDirectory(t), 'pratique.db'))
  t.after(() => database.close())
  await migrate(database, sqliteDialect)
  return database
}
