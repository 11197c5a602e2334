import { enqueue } from '../jobs/queue.ts'
import { yieldToEventLoop } from '../lib/yield-to-event-loop.ts'
import { parseDigest } from '../oci/digest.ts'
import { parseAccountId } from '../policy/account-id.ts'
import { evaluateSubject } from './evaluate-subject.ts'
import { reevaluateJobOf, sweepOfJob } from './evaluation-jobs.ts'
import { forgetHistory, listDueSubjects } from './evidence-store.ts'
import type { EvaluationDeps } from './judge-subject.ts'
import { listPolicyAccounts } from './trust-policy-store.ts'
import { loadPoliciesOf } from './load-policies.ts'
import { forgetRevocationAnswers } from './revocation-store.ts'
import { nextSubjects, type SubjectPage } from './walk-subjects.ts'

/** Digests of one job, so that others that wait have their turn. */
const subjectsAtOnce = 500

/**
 * The job after a change of trust: goes over the digests of an account that have something beside them, and computes what is of an
 * earlier revision; what is up to date costs a few statements.
 */
export async function reevaluateTrust(
  deps: EvaluationDeps,
  input: unknown,
  { signal }: { readonly signal: AbortSignal },
): Promise<void> {
  const { account, place } = sweepOfJob(input)
  let at = place
  for (let done = 0; done < subjectsAtOnce;) {
    signal.throwIfAborted()
    const page = await nextSubjects(deps.database, account, at)
    if (page !== undefined) await evaluatePage(deps, page, signal)
    if (page?.next === undefined) return
    at = page.next
    done += Math.max(1, page.subjects.length)
    await yieldToEventLoop()
  }
  const { database, clock } = deps
  await database.transaction((tx) => enqueue(tx, reevaluateJobOf(account, at), clock.now()))
}

async function evaluatePage(
  deps: EvaluationDeps,
  { repository, subjects }: SubjectPage,
  signal: AbortSignal,
): Promise<void> {
  if (subjects.length === 0) return
  const policies = await loadPoliciesOf(deps.database, deps.place, repository)
  const options = { signal, ifOld: true, policies }
  for (const digest of subjects)
    await evaluateSubject(deps, { repositoryId: repository.id, digest }, options)
}

/** At each start: what another verifier found is found anew, and what a kill interrupted goes on. */
export async function requestReevaluation({
  database,
  clock,
}: Pick<EvaluationDeps, 'database' | 'clock'>): Promise<void> {
  await database.transaction(async (tx) => {
    for (const text of await listPolicyAccounts(tx)) {
      const account = parseAccountId(text)
      if (account !== undefined) await enqueue(tx, reevaluateJobOf(account), clock.now())
    }
  })
}

/** How often the tick comes by: evidence that ends before the next time is computed now. */
export const renewEveryMs = 60_000
const renewalsAtOnce = 100
/** What was known of a digest is told for so long. */
const historyKeptMs = 400 * 24 * 3_600_000
const forgottenAtOnce = 500
/** Of an authority whom nobody needs any more. */
const answersKeptMs = 30 * 24 * 3_600_000

/**
 * The job of each minute. What is over goes first, all of it: computed anew it lasts longer than now, or for good. Then some of what
 * ends before the next time, so that evidence that goes on is never stale in between.
 */
export async function renewEvidence(
  deps: EvaluationDeps,
  { signal }: { readonly signal: AbortSignal },
): Promise<void> {
  const { database, clock } = deps
  const now = clock.now().getTime()
  const limit = renewalsAtOnce
  for (let isMore = true; isMore;) {
    const over = await listDueSubjects(database, { after: 0, until: now, limit })
    await evaluateAll(deps, over, signal)
    isMore = over.length === limit
  }
  const soon = { after: now, until: now + renewEveryMs, limit }
  await evaluateAll(deps, await listDueSubjects(database, soon), signal)
  const before = new Date(now - historyKeptMs)
  await database.transaction(async (tx) => {
    await forgetHistory(tx, { before, limit: forgottenAtOnce })
    await forgetRevocationAnswers(tx, new Date(now - answersKeptMs))
  })
}

async function evaluateAll(
  deps: EvaluationDeps,
  subjects: Awaited<ReturnType<typeof listDueSubjects>>,
  signal: AbortSignal,
): Promise<void> {
  for (const { repositoryId, digest: text } of subjects) {
    signal.throwIfAborted()
    const digest = parseDigest(text)
    if (digest === undefined) throw new Error('evidence of what is no digest')
    await evaluateSubject(deps, { repositoryId, digest }, { signal })
    await yieldToEventLoop()
  }
}
