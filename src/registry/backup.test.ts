// A backup is taken in the middle of everything, and what is read back is what was there at its moment.
import assert from 'node:assert/strict'
import { readdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { buffer } from 'node:stream/consumers'
import { test, type TestContext } from 'node:test'
import { temporaryDirectory } from '../../test/kit/database.ts'
import { fileOf, testRegistry, type TestRegistry } from '../../test/kit/registry.ts'
import { begin, pieces, push } from '../../test/kit/uploads.ts'
import { file, symlink, tar } from '../../test/kit/tar-builder.ts'
import { plainTarHeader, readPlainTar, tarEnd, tarPadding } from '../lib/archive/plain-tar.ts'
import { digestOf } from '../oci/digest.ts'
import type { BlobStore } from '../storage/blobs/blob-store.ts'
import { openFilesystemBlobs } from '../storage/blobs/filesystem.ts'
import { writeStreamPrivately } from '../storage/data-directory.ts'
import type { Database } from '../storage/database/database.ts'
import { knownSchemaVersion } from '../storage/database/migrate.ts'
import { openSqlite } from '../storage/database/sqlite.ts'
import { appendUpload } from './append-upload.ts'
import { countLiveBlobs } from './backup-store.ts'
import { collectStorage } from './collect-storage.ts'
import { deleteBlob } from './delete-blob.ts'
import { isDeletionPaused } from './deletion-pause-store.ts'
import { findLiveBlob } from './linked-blob-store.ts'
import { BackupRefused, unpackBackup, type BackupPlace } from './read-backup.ts'
import { writingBackup, type BackupDeps } from './write-backup.ts'

const hours = 3_600_000
const { signal } = new AbortController()

async function depsOf(t: TestContext, registry: TestRegistry): Promise<BackupDeps> {
  return {
    ...registry,
    openDatabase: openSqlite,
    temporaryDirectory: await temporaryDirectory(t),
    programVersion: '1.2.3',
    readKeys: async () => Promise.resolve({ masterKey: 'bWs=\n', credentials: '[default]\n' }),
  }
}

async function backup(deps: BackupDeps, withKeys = true): Promise<Buffer> {
  return buffer(writingBackup(deps, { withKeys }, { signal }))
}

interface Restored {
  readonly database: Database
  readonly blobs: BlobStore
  readonly damaged: ReadonlySet<string>
  readonly written: readonly string[]
}

async function restore(t: TestContext, archive: Uint8Array): Promise<Restored> {
  const directory = await temporaryDirectory(t)
  const written: string[] = []
  const blobs = openFilesystemBlobs(join(directory, 'blobs'))
  const opened: { database?: Database } = {}
  const place: BackupPlace = {
    writeDatabase: (bytes) => writeStreamPrivately(join(directory, 'pratique.db'), bytes),
    writeMasterKey: async (content) => Promise.resolve(void written.push(content)),
    writeCredentials: async (content) => Promise.resolve(void written.push(content)),
    async open() {
      const database = openSqlite(join(directory, 'pratique.db'))
      t.after(() => database.close())
      opened.database = database
      return Promise.resolve({ database, blobs })
    },
  }
  const knownSchema = await knownSchemaVersion()
  const unpacking = unpackBackup({ source: pieces(archive), place, knownSchema }, { signal })
  for (;;) {
    const step = await unpacking.next()
    if (step.done !== true) continue
    assert.ok(opened.database !== undefined)
    return { database: opened.database, blobs, damaged: step.value, written }
  }
}

async function contentIn(restored: Restored, content: string): Promise<string | undefined> {
  const row = await findLiveBlob(restored.database, digestOf(Buffer.from(content)))
  if (row === undefined) return undefined
  return (await buffer(await restored.blobs.read(row.storageKey))).toString()
}

test('what is restored is what was there: blobs, keys, and nothing of the moment', async (t) => {
  const registry = await testRegistry(t)
  await push(registry, Buffer.from('{"a":1}'))
  await push(registry, Buffer.alloc(0))
  const upload = await begin(registry)
  const body = { source: pieces(Buffer.from('half')), keepPartial: true }
  await appendUpload(registry, { ...upload, body })
  const restored = await restore(t, await backup(await depsOf(t, registry)))
  assert.equal(await contentIn(restored, '{"a":1}'), '{"a":1}')
  assert.equal(await contentIn(restored, ''), '')
  assert.deepEqual(restored.written, ['bWs=\n', '[default]\n'])
  assert.equal(restored.damaged.size, 0)
  for (const table of ['uploads', 'deletion_pauses', 'storage_deletions']) {
    const row = await restored.database.first(`SELECT COUNT(*) AS n FROM ${table}`)
    assert.equal(row?.['n'], 0, table)
  }
})

test('without keys there are none in it', async (t) => {
  const registry = await testRegistry(t)
  const archive = await backup(await depsOf(t, registry), false)
  assert.ok(!archive.includes('bWs='))
  assert.deepEqual((await restore(t, archive)).written, [])
})

test('what is deleted and collected while the backup runs is in it, what is pushed is not', async (t) => {
  const registry = await testRegistry(t)
  const { repository, database, clock } = registry
  const digest = await push(registry, Buffer.from('{"deleted":1}'))
  const archive: Uint8Array[] = []
  const writing = writingBackup(await depsOf(t, registry), { withKeys: true }, { signal })
  const first = await writing.next()
  assert.ok(first.done !== true)
  archive.push(Buffer.from(first.value))
  await deleteBlob(registry, { repository, digest })
  await push(registry, Buffer.from('{"late":1}'))
  clock.advance(hours - 1)
  await collectStorage(registry, { askedBy: 'schedule' }, { signal })
  for await (const piece of writing) archive.push(Buffer.from(piece))
  const restored = await restore(t, Buffer.concat(archive))
  assert.equal(await contentIn(restored, '{"deleted":1}'), '{"deleted":1}')
  assert.equal(await contentIn(restored, '{"late":1}'), undefined)
  assert.equal(await isDeletionPaused(database, clock.now()), false)
  clock.advance(hours)
  const { counts } = await collectStorage(registry, { askedBy: 'schedule' }, { signal })
  assert.equal(counts.removedKeys, 1, 'afterwards bytes go again')
})

test('one that is broken off leaves no copy and no pause; one that was killed pauses for an hour', async (t) => {
  const registry = await testRegistry(t)
  const { database, clock } = registry
  await push(registry, Buffer.from('{"a":1}'))
  const deps = await depsOf(t, registry)
  const writing = writingBackup(deps, { withKeys: true }, { signal })
  await writing.next()
  assert.equal(await isDeletionPaused(database, clock.now()), true)
  await writing.return()
  assert.equal(await isDeletionPaused(database, clock.now()), false)
  assert.deepEqual(await readdir(deps.temporaryDirectory), [])
  const killed = writingBackup(deps, { withKeys: true }, { signal })
  await killed.next()
  clock.advance(hours + 1)
  assert.equal(await isDeletionPaused(database, clock.now()), false)
  await assert.rejects(async () => {
    for await (const piece of killed) assert.ok(piece.byteLength >= 0)
  }, /bytes may have gone/)
})

test('a damaged blob does not cost the backup of the others: it is named', async (t) => {
  const registry = await testRegistry(t)
  const { database } = registry
  const [lost, wrong] = [
    await push(registry, Buffer.from('{"lost":1}')),
    await push(registry, Buffer.from('{"wrong":1}')),
  ]
  await push(registry, Buffer.from('{"sound":1}'))
  await rm(fileOf(registry, (await findLiveBlob(database, lost))?.storageKey ?? ''))
  const key = (await findLiveBlob(database, wrong))?.storageKey ?? ''
  await writeFile(fileOf(registry, key), '{"WRONG":1}')
  const restored = await restore(t, await backup(await depsOf(t, registry)))
  assert.deepEqual([...restored.damaged].toSorted(), [lost, wrong].toSorted())
  assert.equal(await contentIn(restored, '{"sound":1}'), '{"sound":1}')
})

interface Entry {
  readonly name: string
  readonly content: Buffer
}

async function entriesOf(archive: Buffer): Promise<Entry[]> {
  const entries: Entry[] = []
  for await (const { name, bytes } of readPlainTar(pieces(archive)))
    entries.push({ name, content: await buffer(bytes) })
  return entries
}

function archiveOf(entries: readonly Entry[]): Buffer {
  const parts = entries.flatMap(({ name, content }) => [
    plainTarHeader(name, content.length),
    content,
    tarPadding(content.length),
  ])
  return Buffer.concat([...parts, tarEnd()])
}

const flipped = (content: Buffer): Buffer => {
  const other = Buffer.from(content)
  other.writeUInt8(other.readUInt8(0) ^ 0xff, 0)
  return other
}
const changed =
  (name: RegExp, change: (content: Buffer) => Buffer) =>
  (entries: Entry[]): Entry[] =>
    entries.map((entry) =>
      name.test(entry.name) ? { ...entry, content: change(entry.content) } : entry,
    )
const json = (change: (document: Record<string, unknown>) => object) => (content: Buffer) =>
  Buffer.from(JSON.stringify(change(JSON.parse(content.toString()) as Record<string, unknown>)))

const hostile: readonly (readonly [string, RegExp, (entries: Entry[]) => Entry[]])[] = [
  [
    'a byte of a blob is another',
    /its bytes of blob sha256:\w+ are damaged/,
    changed(/^blobs/, flipped),
  ],
  ['a blob is cut', /knows no 6 bytes under/, changed(/^blobs/, (content) => content.subarray(1))],
  [
    'a blob is left out',
    /it says that it has 1 blobs, and has 0/,
    (all) => all.filter(({ name }) => !name.startsWith('blobs')),
  ],
  [
    'a blob comes twice',
    /it has \w+ twice/,
    (all) => all.flatMap((entry) => (entry.name.startsWith('blobs') ? [entry, entry] : [entry])),
  ],
  [
    'a blob that the database does not know',
    /knows no 1 bytes under/,
    (all) => all.toSpliced(-2, 0, { name: `blobs/${'0'.repeat(32)}`, content: Buffer.from('x') }),
  ],
  [
    'a path instead of a key',
    /"blobs\/..\/..\/etc\/passwd" is no name of a blob/,
    (all) => all.toSpliced(-2, 0, { name: 'blobs/../../etc/passwd', content: Buffer.from('x') }),
  ],
  ['the head is missing', /where backup.json should be/, (all) => all.slice(1)],
  [
    'a file of another name',
    /it has "..\/x" where damaged.json should be/,
    (all) => all.toSpliced(-2, 0, { name: '../x', content: Buffer.from('x') }),
  ],
  [
    'something behind the end',
    /behind its end/,
    (all) => [...all, { name: 'more', content: Buffer.from('x') }],
  ],
  ['the end is missing', /it has nothing where end.json should be/, (all) => all.slice(0, -1)],
  [
    'a newer schema',
    /restore it with the newer program/,
    changed(
      /^backup/,
      json((head) => ({ ...head, schemaVersion: 999 })),
    ),
  ],
  [
    'another format',
    /its format is "other"/,
    changed(
      /^backup/,
      json((head) => ({ ...head, format: 'other' })),
    ),
  ],
  [
    'a database of another length',
    /another length than it says/,
    changed(
      /^backup/,
      json((head) => ({ ...head, databaseBytes: 1 })),
    ),
  ],
  [
    'another hash of the database',
    /its database is damaged/,
    changed(
      /^end/,
      json((end) => ({ ...end, databaseSha256: 'x' })),
    ),
  ],
  [
    'a head that is endless',
    /larger than 65536 bytes/,
    changed(/^backup/, () => Buffer.alloc(70_000, ' ')),
  ],
  [
    'a head that is no JSON',
    /its backup.json is no JSON/,
    changed(/^backup/, () => Buffer.from('{')),
  ],
]

for (const [what, expected, change] of hostile) {
  test(`refused: ${what}`, async (t) => {
    const registry = await testRegistry(t)
    await push(registry, Buffer.from('{"a":1}'))
    assert.equal((await countLiveBlobs(registry.database)).blobs, 1)
    const archive = archiveOf(change(await entriesOf(await backup(await depsOf(t, registry)))))
    await assert.rejects(
      restore(t, archive),
      (error: unknown) => error instanceof BackupRefused && expected.test(error.message),
    )
  })
}

test('refused: an archive cut anywhere, a link, and what is no archive', async (t) => {
  const registry = await testRegistry(t)
  await push(registry, Buffer.from('{"a":1}'))
  const archive = await backup(await depsOf(t, registry))
  for (const share of [0, 0.1, 0.5, 0.9, 0.999]) {
    const cut = archive.subarray(0, Math.floor((archive.length - 1024) * share))
    await assert.rejects(restore(t, cut), BackupRefused)
  }
  await assert.rejects(restore(t, tar(symlink('backup.json', '/etc/passwd'))), BackupRefused)
  await assert.rejects(restore(t, tar(file('backup.json', '[]'))), BackupRefused)
  await assert.rejects(restore(t, Buffer.from('nothing of the kind'.repeat(100))), BackupRefused)
})
