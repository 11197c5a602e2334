import { readdir, readFile } from 'node:fs/promises'
import { integer, type Database, type SqlWriter } from './database.ts'

/** The database was written by a newer program; nothing was changed. */
export class SchemaTooNewError extends Error {}

const directory = new URL('./migrations/', import.meta.url)

/**
 * Brings the schema to the newest version, or to `last` where that is asked for. Each migration is a transaction of its own; a new
 * database, which has nothing to carry over, is made in one. A database newer than this program is refused: an older program would write rows it does not understand.
 */
export async function migrate(
  database: Database,
  dialect: { readonly identity: string },
  last = Number.MAX_SAFE_INTEGER,
): Promise<{ readonly version: number }> {
  const files = await migrationFiles()
  const version = await currentVersion(database)
  if (version > files.length) {
    throw new SchemaTooNewError(
      `the database has schema version ${version}, this program knows ${files.length}: start the newer program again, or restore a backup made before the upgrade`,
    )
  }
  const target = Math.max(version, Math.min(files.length, last))
  const missing = await Promise.all(
    files.slice(version, target).map((name) => readFile(new URL(name, directory), 'utf8')),
  )
  const steps = missing.map((script, index) => async (tx: SqlWriter): Promise<void> => {
    const statements = script.replaceAll('{{identity}}', dialect.identity).split(/;\s*$/m)
    for (const statement of statements) if (hasSql(statement)) await tx.run(statement)
    await tx.run('UPDATE schema_version SET version = $1', [version + index + 1])
  })
  const parts = version === 0 ? [steps] : steps.map((step) => [step])
  for (const part of parts) {
    await database.transaction(async (tx) => {
      for (const step of part) await step(tx)
    })
  }
  return { version: target }
}

/** The newest schema version that this program knows. */
export async function knownSchemaVersion(): Promise<number> {
  return (await migrationFiles()).length
}

async function migrationFiles(): Promise<readonly string[]> {
  return (await readdir(directory)).filter((name) => name.endsWith('.sql')).toSorted()
}

async function currentVersion(database: Database): Promise<number> {
  return database.transaction(async (tx) => {
    await tx.run('CREATE TABLE IF NOT EXISTS schema_version (version INTEGER NOT NULL)')
    const row = await tx.first('SELECT version FROM schema_version')
    if (row !== undefined) return integer(row, 'version')
    await tx.run('INSERT INTO schema_version (version) VALUES (0)')
    return 0
  })
}

/** What is left of a script after its last statement may be comments only. */
function hasSql(statement: string): boolean {
  return statement.split('\n').some((line) => line.trim() !== '' && !line.trim().startsWith('--'))
}
