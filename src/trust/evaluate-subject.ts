// The evidence of one digest: computed from what lies beside it, and written where nothing has overtaken it.
import { enqueue } from '../jobs/queue.ts'
import { findRepositoryById } from '../registry/repository-store.ts'
import { reevaluateJobOf, type SubjectKey } from './evaluation-jobs.ts'
import { listEvidenceRows, readSubjectVersion, type EvidenceRow } from './evidence-store.ts'
import { judgeSubject, type EvaluationDeps } from './judge-subject.ts'
import { loadPoliciesOf, type LoadedPolicy } from './load-policies.ts'
import { writeJudgement } from './write-judgement.ts'

/** Others may overtake a computation; so often it is begun again at once. */
const maxRounds = 5

/**
 * Computes the evidence of a digest under each policy that is about it. `ifOld`: only where some row is of an earlier revision.
 * Idempotent: from the same state it writes the same, and nothing where nothing changed.
 */
export async function evaluateSubject(
  deps: EvaluationDeps,
  key: SubjectKey,
  options: {
    readonly signal: AbortSignal
    readonly ifOld?: boolean
    /** As somebody has just read them; where they are older by now, nothing is written by them. */
    readonly policies?: readonly LoadedPolicy[]
  },
): Promise<void> {
  for (let round = 0; round < maxRounds; round += 1) {
    options.signal.throwIfAborted()
    const version = await readSubjectVersion(deps.database, key)
    const given = round === 0 ? options.policies : undefined
    const policies = given ?? (await policiesOf(deps, key))
    if (policies === undefined) return
    const before = await listEvidenceRows(deps.database, key)
    if (options.ifOld === true && isUpToDate(before, policies, deps.engineRevision)) return
    const judged = await judgeSubject(deps, key, policies, options)
    if (judged === undefined) return
    if (await writeJudgement(deps, key, { ...judged, version })) return
  }
  await askAgain(deps, key)
}

async function policiesOf(
  { database, place }: EvaluationDeps,
  { repositoryId }: SubjectKey,
): Promise<readonly LoadedPolicy[] | undefined> {
  const repository = await findRepositoryById(database, repositoryId)
  return repository === undefined ? undefined : loadPoliciesOf(database, place, repository)
}

function isUpToDate(
  rows: readonly EvidenceRow[],
  policies: readonly LoadedPolicy[],
  engineRevision: string,
): boolean {
  return (
    rows.length === policies.length &&
    policies.every(({ policy, revision }) =>
      rows.some(
        (row) =>
          row.policy === policy.name &&
          row.policyRevision === revision &&
          row.engineRevision === engineRevision,
      ),
    )
  )
}

/** A policy changes faster than it is computed: the sweep of its account comes by, and begins with what is old. */
async function askAgain({ database, clock }: EvaluationDeps, key: SubjectKey): Promise<void> {
  await database.transaction(async (tx) => {
    const repository = await findRepositoryById(tx, key.repositoryId)
    if (repository !== undefined)
      await enqueue(tx, reevaluateJobOf(repository.account), clock.now())
  })
}
