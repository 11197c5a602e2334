// Entry of a thread that runs one reading statement; see sqlite.ts.
import { DatabaseSync } from 'node:sqlite'
import { parentPort, workerData } from 'node:worker_threads'
import type { SqlValue } from './database.ts'

interface Aside {
  readonly file: string
  readonly sql: string
  readonly parameters: readonly SqlValue[]
}

if (parentPort === null) throw new Error('sqlite-aside.ts runs as a worker only')
// oxlint-disable-next-line typescript/no-unsafe-type-assertion -- what sqlite.ts gives
const { file, sql, parameters } = workerData as Aside
const connection = new DatabaseSync(file, { readOnly: true, timeout: 5_000 })
const rows = connection.prepare(sql).all(...parameters)
connection.close()
// Objects without a prototype cannot be told from others once they are sent.
// oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread's port, not a window
parentPort.postMessage(rows.map((row) => ({ ...row })))
