import { setTimeout as delay } from 'node:timers/promises'
import { quietly } from '../lib/buffer-pool.ts'
import type { DatabaseFault } from '../storage/database/database.ts'
import { deleteDanglingReferences } from './check-store.ts'
import type { CheckDeps, CheckInput, CheckOptions, CheckStep } from './check-step.ts'
import { problem } from './rules/storage-problems.ts'

/** Whoever waits for an answer takes a silence of minutes for the end. */
const signOfLifeMs = 10_000

/** Rows of these are looked at one by one in other parts of the check. */
const tablesWithPartsOfTheirOwn = ['tags', 'blob_links']
const referenceTables = ['manifest_blobs', 'manifest_children']

/** What the engine finds of itself: damaged pages, and references that lead nowhere. */
export async function* checkDatabase(
  deps: CheckDeps,
  input: CheckInput,
  options: CheckOptions,
): AsyncGenerator<CheckStep> {
  const found = quietly(deps.database.findFaults(options).then((faults) => ({ faults })))
  for (;;) {
    const ended = await Promise.race([found, rest(options)])
    if (ended === undefined) {
      yield { kind: 'working' }
      continue
    }
    yield* tell(deps, input, ended.faults)
    return
  }
}

async function rest({ signal }: CheckOptions): Promise<undefined> {
  // Lets the process end meanwhile; a stop is told by the reading itself.
  await delay(signOfLifeMs, undefined, { signal, ref: false }).catch(() => undefined)
}

async function* tell(
  deps: CheckDeps,
  input: CheckInput,
  faults: readonly DatabaseFault[],
): AsyncGenerator<CheckStep> {
  for (const fault of faults) {
    if (fault.kind === 'damage') {
      yield tellProblem('database-damaged', 'database', fault.detail, false)
    }
  }
  if (faults.some(({ kind }) => kind === 'damage')) return
  const references = faults.filter((fault) => fault.kind === 'reference')
  const dangling = references.filter(({ table }) => referenceTables.includes(table))
  if (dangling.length > 0) {
    if (input.repair) await deps.database.transaction(deleteDanglingReferences)
    const rows = dangling.reduce((sum, fault) => sum + fault.rows, 0)
    yield tellProblem('references-dangling', 'references', `${rows} rows`, input.repair)
  }
  for (const { table, to, rows } of references) {
    if (referenceTables.includes(table) || tablesWithPartsOfTheirOwn.includes(table)) continue
    const detail = `${rows} rows whose row of ${to} is not there`
    yield tellProblem('reference-broken', table, detail, false)
  }
}

function tellProblem(...parts: Parameters<typeof problem>): CheckStep {
  return { kind: 'problem', problem: problem(...parts) }
}
