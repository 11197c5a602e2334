import { setTimeout as delay } from 'node:timers/promises'
import type { SqlReader } from '../storage/database/database.ts'
import { readAdvisoryState } from './advisory-state-store.ts'

const lookedEveryMs = 20
/** A small import is over by then; who asks does not wait for a large one. */
const patienceMs = 5000

/** Waits, not for ever, until all packages are right as of the data in force: for questions about all images at once. */
export async function awaitEvaluation(reader: SqlReader, patience = patienceMs): Promise<void> {
  for (let waited = 0; waited < patience; waited += lookedEveryMs) {
    const { revision, evaluatedRevision } = await readAdvisoryState(reader)
    if (evaluatedRevision >= revision) return
    await delay(lookedEveryMs)
  }
}
