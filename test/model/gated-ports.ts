// The ports as one task has them: the real drivers behind the gate.
import type { BlobStore, OpenBytes, StorageKey } from '../../src/storage/blobs/blob-store.ts'
import type { Database, SqlWriter } from '../../src/storage/database/database.ts'
import type { Gate, Task } from './gate.ts'

/** What the model looks at, at the moment at which it happens. */
export interface Watch {
  /** Before a transaction's first statement; what it returns is called when it has committed. */
  readonly begun: (task: Task) => () => void
  readonly written: (task: Task, key: StorageKey) => void
  readonly deleting: (task: Task, key: StorageKey) => void
}

export interface GatedOptions {
  readonly gate: Gate
  readonly task: Task
  readonly watch: Watch
  /** Whether every statement of a transaction is a step of its own. */
  readonly isFine: boolean
  readonly transactions: { isOpen: boolean }
}

export function gatedDatabase(database: Database, options: GatedOptions): Database {
  const { gate, task, watch, isFine, transactions } = options
  return {
    async all(sql, parameters) {
      await gate.pass(task, 'read')
      return database.all(sql, parameters)
    },
    async first(sql, parameters) {
      await gate.pass(task, 'read')
      return database.first(sql, parameters)
    },
    async transaction(work) {
      await gate.pass(task, 'begin', () => !transactions.isOpen)
      transactions.isOpen = true
      task.inTransaction = true
      let committed = (): void => undefined
      try {
        const result = await database.transaction((tx) => {
          committed = watch.begun(task)
          return work(isFine ? gatedWriter(tx, gate, task) : tx)
        })
        committed()
        return result
      } finally {
        transactions.isOpen = false
        task.inTransaction = false
        if (!task.isAbandoned) await gate.pass(task, 'ended')
      }
    },
    close: () => database.close(),
  }
}

function gatedWriter(tx: SqlWriter, gate: Gate, task: Task): SqlWriter {
  const step = async <T>(work: () => Promise<T>): Promise<T> => {
    await gate.pass(task, 'statement')
    return work()
  }
  return {
    all: (sql, parameters) => step(() => tx.all(sql, parameters)),
    first: (sql, parameters) => step(() => tx.first(sql, parameters)),
    run: (sql, parameters) => step(() => tx.run(sql, parameters)),
  }
}

export function gatedBlobs(blobs: BlobStore, { gate, task, watch }: GatedOptions): BlobStore {
  const step = async <T>(place: string, work: () => Promise<T>): Promise<T> => {
    await gate.pass(task, place)
    return work()
  }
  return {
    async write(key, offset, source) {
      await gate.pass(task, 'write')
      task.isWriting = true
      try {
        return await blobs.write(key, offset, source)
      } finally {
        task.isWriting = false
        watch.written(task, key)
      }
    },
    sync: (key) => step('sync', () => blobs.sync(key)),
    size: (key) => step('size', () => blobs.size(key)),
    read: (key, range) => step('read bytes', () => blobs.read(key, range)),
    open: (key) => step('open', async () => gatedBytes(await blobs.open(key), gate, task)),
    async delete(key) {
      await gate.pass(task, 'delete')
      watch.deleting(task, key)
      await blobs.delete(key)
    },
    async *list(prefix) {
      await gate.pass(task, 'list')
      const listed: { readonly key: StorageKey; readonly writtenAt: Date }[] = []
      for await (const entry of blobs.list(prefix)) listed.push(entry)
      yield* listed.toSorted((a, b) => (a.key < b.key ? -1 : 1))
    },
    space: () => step('space', () => blobs.space()),
    probe: () => step('probe', () => blobs.probe()),
  }
}

function gatedBytes(bytes: OpenBytes, gate: Gate, task: Task): OpenBytes {
  return {
    async read(into, position) {
      await gate.pass(task, 'read piece')
      return bytes.read(into, position)
    },
    async close() {
      await gate.pass(task, 'close')
      await bytes.close()
    },
  }
}
