import { enqueue } from '../jobs/queue.ts'
import type { Clock } from '../lib/clock.ts'
import { yieldToEventLoop } from '../lib/yield-to-event-loop.ts'
import type { Database, SqlWriter } from '../storage/database/database.ts'
import { readAdvisoryState, type AdvisoryState } from './advisory-state-store.ts'
import { countFindingsJob, countingPriority } from './counting-job.ts'
import { listOwnedPackages, listOwners, markUncounted } from './holding-store.ts'
import { StoredPackageJudge, type FacedMatch } from './judge-stored-package.ts'
import {
  endMatches,
  insertMatches,
  listPresentIds,
  listPresentMatches,
  recordFindingsChanged,
  type ChangedFindings,
  type NewMatch,
  type PresentMatch,
} from './match-store.ts'
import {
  listMatchablePackages,
  writeMatchedRevision,
  type MatchablePackage,
} from './package-store.ts'
import { haveSameMatches, planMatchChanges } from './rules/match-changes.ts'

export interface EvaluationDeps {
  readonly database: Database
  readonly clock: Clock
}

const judgedAtOnce = 200
/** Packages with something to write, some ten milliseconds of statements. */
const writtenAtOnce = 200
/** What a loss of power takes is matched again: the revision up to which packages are right is taken with it. */
const unhurried = { survives: 'process' } as const

export interface MatchOptions {
  readonly signal: AbortSignal
  /** Packages that were never matched are left alone. */
  readonly leavesNew?: boolean
  /** Knows records already; used where it judges by the revision in force. */
  readonly judge?: StoredPackageJudge
}

/**
 * Brings the matches of packages to the revision in force, and says which that is; packages that are right already
 * cost one look. Judging reads a snapshot, outside of the transaction that writes, and only packages of which
 * something is to be written come into one; where an import became visible between the two, they are judged again.
 */
export async function matchPackages(
  deps: EvaluationDeps,
  packageIds: readonly number[],
  { signal, leavesNew = false, judge: known }: MatchOptions,
): Promise<{ readonly revision: number }> {
  let state = await readAdvisoryState(deps.database)
  let judge = known?.revision === state.revision ? known : undefined
  let waiting: Judged[] = []
  for (let start = 0, written = 0; written < packageIds.length;) {
    signal.throwIfAborted()
    judge ??= new StoredPackageJudge(deps.database, state.revision)
    const ids = packageIds.slice(start, start + judgedAtOnce)
    waiting.push(...(await judgeOutdated(deps, { ids, judge, state, leavesNew })))
    start += ids.length
    await yieldToEventLoop()
    if (waiting.length < writtenAtOnce && start < packageIds.length) continue
    if (await writeMatches(deps, waiting, state)) {
      written = start
    } else {
      state = await readAdvisoryState(deps.database)
      judge = undefined
      start = written
    }
    waiting = []
    await yieldToEventLoop()
  }
  return { revision: state.revision }
}

interface Judged {
  readonly found: MatchablePackage
  /** In force when it was judged. */
  readonly present: readonly PresentMatch[]
  readonly matches: readonly FacedMatch[]
}

/** Those of which something is to be written. */
async function judgeOutdated(
  { database }: EvaluationDeps,
  asked: {
    readonly ids: readonly number[]
    readonly judge: StoredPackageJudge
    readonly state: AdvisoryState
    readonly leavesNew: boolean
  },
): Promise<readonly Judged[]> {
  const packages = await listMatchablePackages(database, asked.ids)
  const outdated = packages.filter((found) =>
    found.matchedRevision === undefined ? !asked.leavesNew : !isCurrent(found, asked.state),
  )
  const ids = outdated.map(({ id }) => id)
  const before = await listPresentMatches(database, ids)
  const owners = await listOwners(database, ids)
  const judged: Judged[] = []
  for (const found of outdated) {
    const matches = await asked.judge.judge(found)
    const present = before.get(found.id) ?? []
    const isNew = found.matchedRevision === undefined
    // At one revision nobody writes anything else of a package: what is the same now needs no second look.
    const isSame = haveSameMatches(present, matches)
    if (isNew || owners.has(found.id) || !isSame) judged.push({ found, present, matches })
  }
  return judged
}

/** A package is right if it was matched now, or if everything that changed since was re-evaluated. */
function isCurrent({ matchedRevision = 0 }: MatchablePackage, state: AdvisoryState): boolean {
  return Math.max(matchedRevision, state.evaluatedRevision) >= state.revision
}

/** False when another revision is in force by now; nothing is written then. */
async function writeMatches(
  { database, clock }: EvaluationDeps,
  judged: readonly Judged[],
  { revision }: AdvisoryState,
): Promise<boolean> {
  if (judged.length === 0) return true
  return database.transaction(async (tx) => {
    if ((await readAdvisoryState(tx)).revision !== revision) return false
    const now = clock.now()
    const changes = planChanges(judged, await readPresent(tx, judged))
    await endMatches(tx, changes.ended, revision)
    await insertMatches(tx, changes.added, revision)
    await recordFindingsChanged(tx, changes.told, { revision, now })
    await writeMatchedRevision(tx, changes.written, revision)
    await askForCounts(tx, judged, changes.changed, now)
    return true
  }, unhurried)
}

/** As it was when it was judged, but where another scan has matched one of the packages since. */
async function readPresent(
  tx: SqlWriter,
  judged: readonly Judged[],
): Promise<ReadonlyMap<number, readonly PresentMatch[]>> {
  const packageIds = judged.map(({ found }) => found.id)
  const now = await listPresentIds(tx, packageIds)
  const before = judged.flatMap(({ present }) => present)
  const isSame = before.length === now.size && before.every(({ id }) => now.has(id))
  if (!isSame) return listPresentMatches(tx, packageIds)
  return new Map(judged.map(({ found, present }) => [found.id, present]))
}

interface Changes {
  readonly ended: readonly number[]
  readonly added: readonly NewMatch[]
  /** What is to be told of those that were matched before: the first matching is part of a scan, which tells itself. */
  readonly told: readonly ChangedFindings[]
  /** Packages that were matched before, and have other matches now. */
  readonly changed: readonly number[]
  /** Packages that were matched for the first time: of those known before the revision up to which all are right tells. */
  readonly written: readonly number[]
}

function planChanges(
  judged: readonly Judged[],
  present: ReadonlyMap<number, readonly PresentMatch[]>,
): Changes {
  const changes = {
    ended: [] as number[],
    added: [] as NewMatch[],
    told: [] as ChangedFindings[],
    changed: [] as number[],
    written: [] as number[],
  }
  for (const { found, matches } of judged) {
    const packageId = found.id
    const { ended, added, findings } = planMatchChanges(present.get(packageId) ?? [], matches)
    changes.ended.push(...ended)
    changes.added.push(...added.map((match) => ({ ...match, packageId })))
    if (found.matchedRevision === undefined) changes.written.push(packageId)
    else if (ended.length + added.length > 0) {
      changes.told.push({ packageId, findings })
      changes.changed.push(packageId)
    }
  }
  return changes
}

/** What is said of a package decides for those whose files it owns, even where it has no finding itself. */
async function askForCounts(
  tx: SqlWriter,
  judged: readonly Judged[],
  changed: readonly number[],
  now: Date,
): Promise<void> {
  // Before the first matching nothing holds a package.
  const known = judged.filter(({ found }) => found.matchedRevision !== undefined)
  const owned = await listOwnedPackages(
    tx,
    known.map(({ found }) => found.id),
  )
  await markUncounted(tx, [...new Set([...changed, ...owned])])
  if (changed.length + owned.length > 0)
    await enqueue(tx, { ...countFindingsJob, priority: countingPriority }, now)
}
