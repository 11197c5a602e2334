import type { UploadDeps } from '../../src/registry/upload-lease.ts'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { systemIds } from '../../src/lib/ids.ts'
import { parseRepositoryName } from '../../src/oci/repository-name.ts'
import { parseAccountId } from '../../src/policy/account-id.ts'
import { insertAccount } from '../../src/access/account-store.ts'
import { createRepository } from '../../src/registry/create-repository.ts'
import { LiveHashes } from '../../src/registry/live-hashes.ts'
import type { RepositoryAddress } from '../../src/registry/repository-store.ts'
import { openFilesystemBlobs } from '../../src/storage/blobs/filesystem.ts'
import type { EmbeddedDatabase } from '../../src/storage/database/database.ts'
import { temporaryDatabase, temporaryDirectory } from './database.ts'
import { fakeClock, type FakeClock } from './fake-clock.ts'

export interface TestRegistry extends UploadDeps {
  readonly database: EmbeddedDatabase
  /** Where the bytes lie, for tests that damage them. */
  readonly blobsDirectory: string
  readonly clock: FakeClock
  readonly repository: RepositoryAddress
  /** Of blobs that no manifest needs. */
  readonly graceMs: number
}

/** A registry's rooms without its doors: a database, files, and one repository with immutable tags. */
export async function testRegistry(t: TestContext): Promise<TestRegistry> {
  const database = await temporaryDatabase(t)
  const blobsDirectory = join(await temporaryDirectory(t), 'blobs')
  const blobs = openFilesystemBlobs(blobsDirectory)
  const clock = fakeClock()
  const account = parseAccountId('123456789012')
  const name = parseRepositoryName('team/app')
  if (account === undefined || name === undefined) throw new Error('unreachable')
  const repository = { account, name }
  await database.transaction((tx) => insertAccount(tx, account, clock.now()))
  const isAccount = async (id: string): Promise<boolean> => Promise.resolve(id === account)
  const made = { repository, tagMutability: 'IMMUTABLE', scanOnPush: true, tags: [] } as const
  await createRepository({ database, clock, isAccount }, made)
  return {
    database,
    blobs,
    blobsDirectory,
    clock,
    ids: systemIds,
    hashes: new LiveHashes(),
    maxOpenUploads: 1000,
    repository,
    graceMs: 24 * 3_600_000,
  }
}

/** The file that holds the bytes. */
export function fileOf(registry: TestRegistry, key: string): string {
  return join(registry.blobsDirectory, key.slice(0, 2), key.slice(2, 4), key)
}
