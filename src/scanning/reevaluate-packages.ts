import { yieldToEventLoop } from '../lib/yield-to-event-loop.ts'
import type { SqlWriter } from '../storage/database/database.ts'
import { readAdvisoryState, writeEvaluatedRevision } from './advisory-state-store.ts'
import {
  deleteChangedNames,
  listChangedNames,
  type AdvisoryName,
  type ChangedName,
} from './advisory-store.ts'
import { listOwners } from './holding-store.ts'
import { StoredPackageJudge } from './judge-stored-package.ts'
import { matchPackages, type EvaluationDeps } from './match-packages.ts'
import { listMatchedPackages } from './match-store.ts'
import { listPackagesLookedUp, type LookedUpPackage } from './package-store.ts'

/** Asked for by every import that changes something, in the transaction that makes it visible. */
export const reevaluateJob = 'reevaluate-packages'

const pageNames = 500
const pagePackages = 100
/** Ids that are put in order together: rows of neighbours lie on the same pages, which are then written once. */
const sortedPackages = 20_000
const forgottenNames = 1000
/** Some milliseconds each: names that are held against what changed, and packages that are looked up, between two turns. */
const namesAtOnce = 25
const askedAtOnce = 1000

/**
 * Matches again the packages whose names the data changed since the last re-evaluation, and only those. Each batch is
 * durable and says up to which revision its packages are right, so that a killed run goes on where it stood.
 */
export async function reevaluatePackages(
  deps: EvaluationDeps,
  _input: unknown,
  { signal }: { readonly signal: AbortSignal },
): Promise<void> {
  const { revision, evaluatedRevision } = await readAdvisoryState(deps.database)
  if (evaluatedRevision >= revision) return
  const judge = new StoredPackageJudge(deps.database, revision)
  let after: ChangedName | undefined = { revision: evaluatedRevision + 1, ecosystem: '', name: '' }
  while (after !== undefined) {
    signal.throwIfAborted()
    const page = { after, to: revision, limit: pageNames }
    const names: readonly ChangedName[] = await listChangedNames(deps.database, page)
    await reevaluateNames(deps, names, { signal, judge })
    after = names.at(-1)
    await yieldToEventLoop()
  }
  await deps.database.transaction((tx) => writeEvaluatedRevision(tx, revision))
  await forgetNames(deps, revision)
}

/** Only after the revision is marked: a kill before would else lose names that are still to be seen to. */
async function forgetNames({ database }: EvaluationDeps, revision: number): Promise<void> {
  const step = (tx: SqlWriter): Promise<number> => deleteChangedNames(tx, revision, forgottenNames)
  while ((await database.transaction(step)) > 0) await yieldToEventLoop()
}

interface ReevaluationOptions {
  readonly signal: AbortSignal
  /** Of the revision that is being evaluated. */
  readonly judge: StoredPackageJudge
}

/** Packages of many names together, in their own order, so that each transaction is worth its commit. */
async function reevaluateNames(
  deps: EvaluationDeps,
  names: readonly AdvisoryName[],
  { signal, judge }: ReevaluationOptions,
): Promise<void> {
  let concerned = new Set<number>()
  let all = new Set<number>()
  const evaluate = async (): Promise<void> => {
    const silent = inOrder(all).filter((id) => !concerned.has(id))
    for (const id of await listChanging(deps, silent)) concerned.add(id)
    const ids = inOrder(concerned)
    concerned = new Set()
    all = new Set()
    // Those that were never matched wait for their first scan.
    await matchPackages(deps, ids, { signal, judge, leavesNew: true })
  }
  for (const [done, name] of names.entries()) {
    if (done % namesAtOnce === 0) await yieldToEventLoop()
    let after: number | undefined = 0
    while (after !== undefined) {
      const page = { after, limit: pagePackages }
      const found: readonly LookedUpPackage[] = await listPackagesLookedUp(
        deps.database,
        name,
        page,
      )
      for (const { id } of found) all.add(id)
      for (const id of await judge.listConcerned(name, found)) concerned.add(id)
      after = found.length < pagePackages ? undefined : found.at(-1)?.id
      if (after !== undefined) await yieldToEventLoop()
      if (all.size >= sortedPackages) await evaluate()
    }
  }
  await evaluate()
}

/** Of packages of which nothing is said now: those of which something was, and those whose owned packages it may concern. */
async function listChanging(
  { database }: EvaluationDeps,
  ids: readonly number[],
): Promise<readonly number[]> {
  const changing: number[] = []
  for (let start = 0; start < ids.length; start += askedAtOnce) {
    const some = ids.slice(start, start + askedAtOnce)
    changing.push(...(await listMatchedPackages(database, some)))
    changing.push(...(await listOwners(database, some)))
    await yieldToEventLoop()
  }
  return changing
}

function inOrder(ids: ReadonlySet<number>): readonly number[] {
  return [...ids].toSorted((a, b) => a - b)
}
