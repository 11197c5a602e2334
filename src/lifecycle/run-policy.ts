// Carrying a policy out. States of a run: open → ended. A run is opened with the text of its policy, works in batches of one
// transaction each, and ends when nothing that is due is left. A kill leaves it open, with what its batches did and recorded; the
// next call plans anew and goes on. Nothing of a plan is kept: what it decides is checked where it is done (carry-out-batch.ts).
import { enqueue } from '../jobs/queue.ts'
import { withRest } from '../lib/rest-after-work.ts'
import { findRepositoryById, type Repository } from '../registry/repository-store.ts'
import { carryOutBatch, planActs, type PlanDeps, type RunPlan } from './carry-out-batch.ts'
import type { SqlReader } from '../storage/database/database.ts'
import { findLifecyclePolicy, markEvaluated } from './lifecycle-policy-store.ts'
import { runPolicyJobOf, type RunCause } from './run-job.ts'
import { endRun, findOpenRun, findRun, insertRun, type LifecycleRun } from './run-store.ts'

export interface RunDeps extends PlanDeps {
  /** After each batch requests have the server to themselves for so many times what it took; 0 when it is not said. */
  readonly restTimes?: number
}

interface Options {
  readonly signal: AbortSignal
}

/** Decisions that one transaction carries out: some milliseconds, for which pushes wait. */
const batchSize = 10
/** Of one call, so that other jobs have their turn. */
const maxBatches = 200
/** Between two calls: where others change much, planning at once again would be in vain. */
const pauseMs = 5_000
/** Counts that others upset are made anew so often in one call; each call brings some further. */
const maxPlans = 3

/** The state after each batch; the last is ended, unless there is more to do than one call does. Nothing without a policy. */
export async function* runningPolicy(
  deps: RunDeps,
  input: { readonly repositoryId: number; readonly cause: RunCause },
  { signal }: Options,
): AsyncGenerator<LifecycleRun> {
  let run = await beginRun(deps, input)
  if (run !== undefined) yield run
  let batches = 0
  for (let plans = 0; run?.isOpen === true && plans < maxPlans; plans += 1) {
    const plan = await planActs(deps, run, { signal })
    let from = 0
    while (run.isOpen && batches < maxBatches) {
      signal.throwIfAborted()
      const present: LifecycleRun = run
      const step = await withRest(() => stepOf(deps, present, plan, from), deps.restTimes ?? 0, {
        signal,
      })
      batches += 1
      from = step.next
      run = step.run
      yield run
      if (step.isUpset) break
    }
  }
}

/** The same for a job: goes on in a further job where one call is not enough. */
export async function runPolicy(
  deps: RunDeps,
  input: { readonly repositoryId: number; readonly cause: RunCause },
  options: Options,
): Promise<void> {
  let last: LifecycleRun | undefined
  for await (const run of runningPolicy(deps, input, options)) last = run
  if (last?.isOpen !== true) return
  const notBefore = new Date(deps.clock.now().getTime() + pauseMs)
  const again = { ...runPolicyJobOf(input.repositoryId, last.askedBy), notBefore }
  await deps.database.transaction((tx) => enqueue(tx, again, deps.clock.now()))
}

/** The open run of the repository, or a new one; undefined where there is nothing to carry out. */
async function beginRun(
  { database, clock }: RunDeps,
  { repositoryId, cause }: { readonly repositoryId: number; readonly cause: RunCause },
): Promise<LifecycleRun | undefined> {
  return database.transaction(async (tx) => {
    const now = clock.now()
    const open = await findOpenRun(tx, repositoryId)
    const repository = await findRepositoryById(tx, repositoryId)
    const policy = repository && (await findLifecyclePolicy(tx, repositoryId))
    if (open !== undefined && open.text !== policy?.text) {
      const ending = endingOf(repository, policy?.text)
      await endRun(tx, open.id, ending, now)
      if (policy === undefined) return findRun(tx, open.id)
    } else if (open !== undefined) return open
    if (repository === undefined || policy === undefined) return undefined
    return insertRun(tx, { repository, text: policy.text, askedBy: cause }, now)
  })
}

function endingOf(
  repository: Repository | undefined,
  text: string | undefined,
): 'repository-deleted' | 'no-policy' | 'policy-changed' {
  if (repository === undefined) return 'repository-deleted'
  return text === undefined ? 'no-policy' : 'policy-changed'
}

interface Step {
  readonly run: LifecycleRun
  /** Where in the plan the next batch begins. */
  readonly next: number
  /** Whether the plan is to be made anew. */
  readonly isUpset: boolean
}

/** One batch in its transaction, if the policy is still the one that the run began with. */
async function stepOf(
  { database, clock }: RunDeps,
  run: LifecycleRun,
  plan: RunPlan,
  from: number,
): Promise<Step> {
  return database.transaction(async (tx) => {
    const now = clock.now()
    const present = await getRun(tx, run)
    // Another driver of the same run may have ended it.
    if (!present.isOpen) return { run: present, next: from, isUpset: true }
    const repository = await findRepositoryById(tx, run.repositoryId)
    const policy = repository && (await findLifecyclePolicy(tx, run.repositoryId))
    if (repository === undefined || policy?.text !== run.text) {
      await endRun(tx, run.id, endingOf(repository, policy?.text), now)
      return { run: await getRun(tx, run), next: from, isUpset: true }
    }
    const batch = plan.acts.slice(from, from + batchSize)
    const outcome = await carryOutBatch(tx, { run, repository, plan, batch }, now)
    const next = from + outcome.judged
    if (outcome.kind === 'done' && next >= plan.acts.length) {
      await endRun(tx, run.id, 'done', now)
      await markEvaluated(tx, run.repositoryId, now)
    }
    return { run: await getRun(tx, run), next, isUpset: outcome.kind === 'upset' }
  })
}

async function getRun(reader: SqlReader, { id }: LifecycleRun): Promise<LifecycleRun> {
  const run = await findRun(reader, id)
  if (run === undefined) throw new Error(`lifecycle run ${id} is gone`)
  return run
}
