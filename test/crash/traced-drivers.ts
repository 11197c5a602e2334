// The server's own drivers, with a step before and after each thing that they change.
import { appendFileSync } from 'node:fs'
import type { BlobStore } from '../../src/storage/blobs/blob-store.ts'
import type { EmbeddedDatabase, SqlWriter } from '../../src/storage/database/database.ts'
import type { MasterKeySource } from '../../src/storage/master-key/master-key-source.ts'
import type { SegmentAppender, SegmentStore } from '../../src/storage/segments/segment-store.ts'
import type { Tracer } from './tracer.ts'

export function tracedBlobs(blobs: BlobStore, tracer: Tracer): BlobStore {
  const traced = async <T>(name: string, work: () => Promise<T>): Promise<T> => {
    const request = tracer.current
    tracer.reach(request, `${name} / before`)
    const result = await work()
    tracer.reach(request, `${name} / after`)
    return result
  }
  return {
    ...blobs,
    write: (key, offset, source) => {
      const request = tracer.current
      return traced('blobs.write', () =>
        blobs.write(
          key,
          offset,
          steppingSource(source, (place) => tracer.reach(request, place)),
        ),
      )
    },
    sync: (key) => traced('blobs.sync', () => blobs.sync(key)),
    delete: (key) => traced('blobs.delete', () => blobs.delete(key)),
  }
}

export function tracedKeyFile(source: MasterKeySource, tracer: Tracer): MasterKeySource {
  return {
    ...source,
    async write(text) {
      const request = tracer.current
      tracer.reach(request, 'master key / before')
      await source.write?.(text)
      tracer.reach(request, 'master key / after')
    },
  }
}

/** Between the first piece and the second, and when all pieces are given but not yet written to their end. */
async function* steppingSource(
  source: AsyncIterable<Uint8Array>,
  reach: (place: string) => void,
): AsyncGenerator<Uint8Array> {
  let given = 0
  for await (const piece of source) {
    yield piece
    given += 1
    if (given === 1) reach('blobs.write / first piece')
  }
  if (given > 0) reach('blobs.write / last piece')
}

/** The audit log writes for many requests at once; its own tests let its disk fail. */
export function segmentsAside(store: SegmentStore, tracer: Tracer): SegmentStore {
  const appenderAside = (appender: SegmentAppender): SegmentAppender => ({
    name: appender.name,
    get bytes() {
      return appender.bytes
    },
    append: (bytes) => tracer.aside(() => appender.append(bytes)),
    sync: () => tracer.aside(() => appender.sync()),
    truncate: (bytes) => tracer.aside(() => appender.truncate(bytes)),
    close: () => tracer.aside(() => appender.close()),
  })
  return {
    ...store,
    create: (name) => tracer.aside(async () => appenderAside(await store.create(name))),
    open: (name) => tracer.aside(async () => appenderAside(await store.open(name))),
    remove: (name) => tracer.aside(() => store.remove(name)),
  }
}

export function tracedDatabase(database: EmbeddedDatabase, tracer: Tracer): EmbeddedDatabase {
  return {
    ...database,
    transaction: async (work, options) => {
      const request = tracer.current
      let commit = ''
      const result = await database.transaction(async (tx) => {
        const changes: string[] = []
        const value = await work(tracedWriter(tx, request, changes, tracer))
        commit = `commit (${[...new Set(changes)].join(', ')})`
        if (changes.length === 0) return value
        tracer.reach(request, `${commit} / before`)
        const faults = options?.survives === 'process' ? noteFaults : commitFaults
        for (const [kind, message, code] of faults) {
          if (tracer.failsNow(kind, request)) throw sqliteError(message, code)
        }
        return value
      }, options)
      if (commit !== 'commit ()') tracer.reach(request, `${commit} / after`)
      return result
    },
  }
}

/** A transaction is a step at each change that it makes, so that a kill comes between any two of them. */
function tracedWriter(
  tx: SqlWriter,
  request: string,
  changes: string[],
  tracer: Tracer,
): SqlWriter {
  const note = (sql: string): void => {
    const change = changeOf(sql)
    if (change === undefined) return
    changes.push(change)
    tracer.reach(request, `in a transaction / ${change}`)
  }
  return {
    ...tx,
    run: async (sql, parameters) => {
      const rows = await tx.run(sql, parameters)
      note(sql)
      return rows
    },
    first: async (sql, parameters) => {
      const row = await tx.first(sql, parameters)
      note(sql)
      return row
    },
  }
}

function changeOf(sql: string): string | undefined {
  const match = /^\s*(INSERT INTO|UPDATE|DELETE FROM)\s+(\w+)/.exec(sql)
  const verb = match?.[1]?.split(' ')[0]?.toLowerCase()
  return verb === undefined ? undefined : `${verb} ${match?.[2] ?? ''}`
}

/** SQLITE_FULL, and SQLITE_IOERR_FSYNC. */
const commitFaults = [
  ['commit SQLITE_FULL', 'database or disk is full', 13],
  ['commit SQLITE_IOERR', 'disk I/O error', 1034],
] as const

/** The same where nobody was promised anything: who has the lease of an upload, when an image was pulled. */
const noteFaults = [
  ['note SQLITE_FULL', 'database or disk is full', 13],
  ['note SQLITE_IOERR', 'disk I/O error', 1034],
] as const

/** As the embedded driver's own module throws it. */
function sqliteError(message: string, errcode: number): Error {
  return Object.assign(new Error(message), { code: 'ERR_SQLITE_ERROR', errcode })
}

/**
 * Notes, in a file beside the data, how much of each key a power loss would leave: what was synced, less what was cut since.
 * The harness reads it after a kill and takes away the rest.
 */
export function withDurabilityNotes(blobs: BlobStore, file: string): BlobStore {
  const note = (key: string, bytes: number): void => appendFileSync(file, `${key} ${bytes}\n`)
  return {
    ...blobs,
    write: (key, offset, source) => {
      note(key, -offset)
      return blobs.write(key, offset, source)
    },
    async sync(key) {
      // What is written while the sync is under way may not be in it.
      const size = (await blobs.size(key)) ?? 0
      await blobs.sync(key)
      note(key, size)
    },
  }
}
