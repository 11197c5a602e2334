import { createReadStream } from 'node:fs'
import { mkdtemp, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { systemClock } from '../src/lib/clock.ts'
import { systemIds } from '../src/lib/ids.ts'
import { findAdvisorySource } from '../src/scanning/advisory-source-store.ts'
import { importAdvisories, type AdvisoryImportResult } from '../src/scanning/import-advisories.ts'
import type { Database } from '../src/storage/database/database.ts'
import { migrate } from '../src/storage/database/migrate.ts'
import { openSqlite, sqliteDialect } from '../src/storage/database/sqlite.ts'

export interface ImportFigures {
  readonly source: string
  readonly records: number
  readonly ranges: number
  readonly seconds: number
  /** The same file again: nothing to write. */
  readonly againSeconds: number
  /** Of the whole process, up to now. */
  readonly peakRssMiB: number
  readonly databaseMiB: number
  /** Longest time that a push would have waited for the event loop. */
  readonly longestPauseMs: number
}

/** Imports files of advisories (`<source>.ndjson.zst`) one after another into one database. */
export async function measureAdvisoryImport(
  directory: string,
  sources: readonly string[],
): Promise<readonly ImportFigures[]> {
  const scratch = await mkdtemp(join(tmpdir(), 'pratique-bench-'))
  const file = join(scratch, 'pratique.db')
  const database = openSqlite(file)
  try {
    await migrate(database, sqliteDialect)
    const figures: ImportFigures[] = []
    for (const source of sources) {
      const measured = await measureSource(database, directory, source)
      const { size } = await stat(file)
      figures.push({ ...measured, databaseMiB: Math.round(size / 1024 ** 2) })
    }
    return figures
  } finally {
    await database.close()
    await rm(scratch, { recursive: true, force: true })
  }
}

async function measureSource(
  database: Database,
  directory: string,
  source: string,
): Promise<Omit<ImportFigures, 'databaseMiB'>> {
  const path = join(directory, `${source}.ndjson.zst`)
  const pauses = monitorEventLoopDelay({ resolution: 1 })
  pauses.enable()
  const first = await importFile(database, source, path)
  pauses.disable()
  const again = await importFile(database, source, path)
  return {
    source,
    records: first.read,
    ranges: (await findAdvisorySource(database, source))?.ranges ?? 0,
    seconds: first.durationMs / 1000,
    againSeconds: again.durationMs / 1000,
    peakRssMiB: Math.round(process.resourceUsage().maxRSS / 1024),
    longestPauseMs: Math.round(pauses.max / 1e6),
  }
}

async function importFile(
  database: Database,
  source: string,
  path: string,
): Promise<AdvisoryImportResult> {
  const deps = { database, clock: systemClock, ids: systemIds }
  const { signal } = new AbortController()
  const bytes = createReadStream(path)
  return importAdvisories(deps, { source, origin: 'import', snapshot: true, bytes }, { signal })
}
