import type { Clock } from '../lib/clock.ts'
import { yieldToEventLoop } from '../lib/yield-to-event-loop.ts'
import type { Database, SqlWriter } from '../storage/database/database.ts'
import { readAdvisoryState, type AdvisoryState } from './advisory-state-store.ts'
import { StoredPackageJudge, type FacedMatch } from './judge-stored-package.ts'
import { endMatch, insertMatch, listPresentMatches, recordFindingsChanged } from './match-store.ts'
import { findPackage, writeMatchedRevision, type InternedPackage } from './package-store.ts'
import { planMatchChanges } from './rules/match-changes.ts'

export interface EvaluationDeps {
  readonly database: Database
  readonly clock: Clock
}

const batchPackages = 25

/**
 * Brings the matches of packages to the revision in force, and says which that is; packages that are right already
 * cost one look. Judging reads a snapshot, outside of the transaction that
 * writes; where an import became visible between the two, the batch is judged again.
 */
export async function matchPackages(
  deps: EvaluationDeps,
  packageIds: readonly number[],
  { signal }: { readonly signal: AbortSignal },
): Promise<{ readonly revision: number }> {
  let judge: StoredPackageJudge | undefined
  let state = await readAdvisoryState(deps.database)
  for (let start = 0; start < packageIds.length;) {
    signal.throwIfAborted()
    judge ??= new StoredPackageJudge(deps.database, state.revision)
    const ids = packageIds.slice(start, start + batchPackages)
    const judged = await judgeOutdated(deps, { ids, judge, state })
    if (await writeMatches(deps, judged, state)) {
      start += batchPackages
    } else {
      state = await readAdvisoryState(deps.database)
      judge = undefined
    }
    await yieldToEventLoop()
  }
  return { revision: state.revision }
}

interface Judged {
  readonly found: InternedPackage
  readonly matches: readonly FacedMatch[]
}

async function judgeOutdated(
  { database }: EvaluationDeps,
  asked: {
    readonly ids: readonly number[]
    readonly judge: StoredPackageJudge
    readonly state: AdvisoryState
  },
): Promise<readonly Judged[]> {
  const judged: Judged[] = []
  for (const id of asked.ids) {
    const found = await findPackage(database, id)
    if (found === undefined || isCurrent(found, asked.state)) continue
    judged.push({ found, matches: await asked.judge.judge(found) })
  }
  return judged
}

/** A package is right if it was matched now, or if everything that changed since was re-evaluated. */
function isCurrent({ matchedRevision }: InternedPackage, state: AdvisoryState): boolean {
  if (matchedRevision === undefined) return false
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
    for (const one of judged) await writeMatchesOf(tx, one, { revision, now: clock.now() })
    return true
  })
}

async function writeMatchesOf(
  tx: SqlWriter,
  { found, matches }: Judged,
  { revision, now }: { readonly revision: number; readonly now: Date },
): Promise<void> {
  const present = await listPresentMatches(tx, found.id)
  const { ended, added, findings } = planMatchChanges(present, matches)
  for (const id of ended) await endMatch(tx, id, revision)
  for (const match of added) await insertMatch(tx, found.id, match, revision)
  await writeMatchedRevision(tx, found.id, revision)
  // The first matching is part of a scan, which tells of its findings itself.
  if (found.matchedRevision === undefined) return
  await recordFindingsChanged(tx, { packageId: found.id, revision, findings }, now)
}
