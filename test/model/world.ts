// One real database for many schedules, emptied between them, and a second look at it that no code of the product is part of.
import assert from 'node:assert/strict'
import { existsSync, mkdirSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync, type StatementSync } from 'node:sqlite'
import { openFilesystemBlobs } from '../../src/storage/blobs/filesystem.ts'
import { openMemoryBlobs } from '../../src/storage/blobs/memory.ts'
import type { BlobStore } from '../../src/storage/blobs/blob-store.ts'
import type { Clock } from '../../src/lib/clock.ts'
import type { Database } from '../../src/storage/database/database.ts'
import { migrate } from '../../src/storage/database/migrate.ts'
import { openSqlite, sqliteDialect } from '../../src/storage/database/sqlite.ts'

/** Emptied in this order: what refers goes before what it refers to. */
const tables = [
  'events',
  'jobs',
  'collections',
  'orphan_sightings',
  'storage_deletions',
  'uploads',
  'tag_history',
  'tags',
  'manifest_children',
  'manifest_blobs',
  'manifests',
  'blob_links',
  'blobs',
  'repositories',
  'accounts',
  'sqlite_sequence',
]

const filling = `
  UPDATE orphan_sweep SET next_shard = 0;
  INSERT INTO accounts (id, created_at) VALUES ('123456789012', 0), ('210987654321', 0);
  INSERT INTO repositories (account, name, tag_mutability, scan_on_push, created_at) VALUES
    ('123456789012', 'team/app', 'IMMUTABLE', 0, 0), ('123456789012', 'team/lib', 'MUTABLE', 0, 0),
    ('210987654321', 'other/app', 'MUTABLE', 0, 0);`

export type Row = Readonly<Record<string, unknown>>

export class World {
  readonly database: Database
  readonly #inspector: DatabaseSync
  readonly #statements = new Map<string, StatementSync>()
  readonly #directory: string
  #stores = 0

  private constructor(directory: string, file: string) {
    this.#directory = directory
    this.database = openSqlite(file)
    this.#inspector = new DatabaseSync(file, { timeout: 5_000 })
  }

  /** In memory where the system has files there: the driver is as it is served, with every sync, which then costs nothing. */
  static async open(): Promise<World> {
    const home = existsSync('/dev/shm') ? '/dev/shm' : tmpdir()
    const directory = await mkdtemp(join(home, 'pratique-model-'))
    const world = new World(directory, join(directory, 'pratique.db'))
    await migrate(world.database, sqliteDialect)
    return world
  }

  async close(): Promise<void> {
    await this.database.close()
    this.#inspector.close()
    await rm(this.#directory, { recursive: true, force: true })
  }

  /** After a failure, which left a transaction open that nobody will end. */
  async abandon(): Promise<void> {
    await rm(this.#directory, { recursive: true, force: true })
  }

  /** Nothing of a former schedule is left; three repositories in two accounts, the first with immutable tags; a store of its own. */
  reset(clock: Clock, driver: 'memory' | 'filesystem'): BlobStore {
    const emptying = tables.map((table) => `DELETE FROM ${table};`).join('')
    this.#inspector.exec(`BEGIN; ${emptying} ${filling} COMMIT`)
    if (driver === 'memory') return openMemoryBlobs(clock)
    this.#stores += 1
    const root = join(this.#directory, `blobs-${this.#stores}`)
    mkdirSync(root)
    return dated(openFilesystemBlobs(root), clock)
  }

  /** As the last commit left it. */
  rows(sql: string, ...values: readonly (string | number)[]): readonly Row[] {
    let statement = this.#statements.get(sql)
    if (statement === undefined) {
      statement = this.#inspector.prepare(sql)
      this.#statements.set(sql, statement)
    }
    return statement.all(...values)
  }

  texts(sql: string, ...values: readonly (string | number)[]): readonly string[] {
    return this.rows(sql, ...values).map((row) => {
      const [text] = Object.values(row)
      assert.ok(typeof text === 'string', sql)
      return text
    })
  }
}

/** Files have the system's time; in a schedule time is the model's. */
function dated(blobs: BlobStore, clock: Clock): BlobStore {
  const written = new Map<string, Date>()
  return {
    ...blobs,
    async write(key, offset, source) {
      written.set(key, clock.now())
      const size = await blobs.write(key, offset, source)
      written.set(key, clock.now())
      return size
    },
    async *list() {
      for await (const { key } of blobs.list()) {
        yield { key, writtenAt: written.get(key) ?? clock.now() }
      }
    },
  }
}
