import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import type { EmbeddedDatabase } from '../../src/storage/database/database.ts'
import { migrate } from '../../src/storage/database/migrate.ts'
import { openSqlite, sqliteDialect } from '../../src/storage/database/sqlite.ts'

/** A directory of the test's own, removed when it ends. */
export async function temporaryDirectory(t: TestContext): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'pratique-test-'))
  // A server that is ended after it may still write a file there, between two steps of the removal.
  t.after(() => rm(directory, { recursive: true, force: true, maxRetries: 10, retryDelay: 20 }))
  return directory
}

/** A migrated database of the test's own. */
export async function temporaryDatabase(t: TestContext): Promise<EmbeddedDatabase> {
  const file = join(await temporaryDirectory(t), 'pratique.db')
  await writeFile(file, await migratedFile())
  const database = openSqlite(file)
  t.after(() => database.close())
  return database
}

let migrated: Promise<Uint8Array> | undefined

/** The file of a new database, made once for all tests of a process: each migration costs them time. */
async function migratedFile(): Promise<Uint8Array> {
  migrated ??= makeMigratedFile()
  return migrated
}

async function makeMigratedFile(): Promise<Uint8Array> {
  const directory = await mkdtemp(join(tmpdir(), 'pratique-test-'))
  try {
    const file = join(directory, 'pratique.db')
    const database = openSqlite(file)
    await migrate(database, sqliteDialect)
    await database.close()
    return await readFile(file)
  } finally {
    await rm(directory, { recursive: true, force: true })
  }
}
