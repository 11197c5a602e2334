// Entry of a thread that runs reading statements, one after another; see sqlite.ts.
import { DatabaseSync } from 'node:sqlite'
import { parentPort, workerData } from 'node:worker_threads'
import type { SqlValue } from './database.ts'

interface Aside {
  readonly file: string
  readonly statements: readonly {
    readonly sql: string
    readonly parameters: readonly SqlValue[]
  }[]
}

if (parentPort === null) throw new Error('sqlite-aside.ts runs as a worker only')
// oxlint-disable-next-line typescript/no-unsafe-type-assertion -- what sqlite.ts gives
const { file, statements } = workerData as Aside
const connection = new DatabaseSync(file, { readOnly: true, timeout: 5_000 })
// Objects without a prototype cannot be told from others once they are sent.
const found = statements.map(({ sql, parameters }) =>
  connection
    .prepare(sql)
    .all(...parameters)
    .map((row) => ({ ...row })),
)
connection.close()
// oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread's port, not a window
parentPort.postMessage(found)
