import { enqueue } from '../jobs/queue.ts'
import { yieldToEventLoop } from '../lib/yield-to-event-loop.ts'
import { parseDigest, type Digest } from '../oci/digest.ts'
import { parseRepositoryName } from '../oci/repository-name.ts'
import { parseAccountId, type AccountId } from '../policy/account-id.ts'
import {
  findRepository,
  listRepositoriesOf,
  type Repository,
} from '../registry/repository-store.ts'
import type { SqlReader } from '../storage/database/database.ts'
import { listSignatureTags, listSubjects } from './candidate-store.ts'
import { evaluateSubject } from './evaluate-subject.ts'
import type { EvaluationDeps } from './judge-subject.ts'
import { reevaluateJobOf, sweepOfJob, type SweepPlace } from './evaluation-jobs.ts'
import { forgetHistory, listDueSubjects } from './evidence-store.ts'
import { subjectOfTag } from './rules/candidate.ts'
import { listPolicyAccounts } from './trust-policy-store.ts'

const pageSize = 50
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
    const page = await nextPage(deps.database, account, at)
    for (const digest of page?.subjects ?? [])
      await evaluateSubject(
        deps,
        { repositoryId: page?.repositoryId ?? 0, digest },
        { signal, ifOld: true },
      )
    if (page?.next === undefined) return
    at = page.next
    done += Math.max(1, page.subjects.length)
    await yieldToEventLoop()
  }
  const { database, clock } = deps
  await database.transaction((tx) => enqueue(tx, reevaluateJobOf(account, at), clock.now()))
}

interface SubjectPage {
  readonly repositoryId: number
  readonly subjects: readonly Digest[]
  readonly next: SweepPlace | undefined
}

async function nextPage(
  reader: SqlReader,
  account: AccountId,
  place: SweepPlace | undefined,
): Promise<SubjectPage | undefined> {
  const found =
    place === undefined ? undefined : await repositoryAt(reader, account, place.repository)
  // A repository that is gone meanwhile is passed over.
  const repository = found ?? (await repositoryAfter(reader, account, place?.repository ?? ''))
  if (repository === undefined) return undefined
  const { phase, after } = found === undefined || place === undefined ? start : place
  const page = { after, limit: pageSize }
  return phase === 'referrers'
    ? referrersPage(reader, repository, page)
    : tagsPage(reader, account, repository, page)
}

interface Page {
  readonly after: string
  readonly limit: number
}

async function referrersPage(
  reader: SqlReader,
  { id, name }: Repository,
  page: Page,
): Promise<SubjectPage> {
  const subjects = await listSubjects(reader, id, page)
  const last = subjects.length < page.limit ? undefined : subjects.at(-1)
  const next: SweepPlace =
    last === undefined
      ? { repository: name, phase: 'tags', after: '' }
      : { repository: name, phase: 'referrers', after: last }
  return { repositoryId: id, subjects, next }
}

async function tagsPage(
  reader: SqlReader,
  account: AccountId,
  { id, name }: Repository,
  page: Page,
): Promise<SubjectPage> {
  const tags = await listSignatureTags(reader, id, page)
  const subjects = tags.flatMap((tag) => subjectOfTag(tag) ?? [])
  const last = tags.length < page.limit ? undefined : tags.at(-1)
  if (last !== undefined)
    return { repositoryId: id, subjects, next: { repository: name, phase: 'tags', after: last } }
  const following = await repositoryAfter(reader, account, name)
  const next = following === undefined ? undefined : { repository: following.name, ...start }
  return { repositoryId: id, subjects, next }
}

const start = { phase: 'referrers', after: '' } as const

async function repositoryAt(
  reader: SqlReader,
  account: AccountId,
  text: string,
): Promise<Repository | undefined> {
  const name = parseRepositoryName(text)
  return name === undefined ? undefined : findRepository(reader, { account, name })
}

async function repositoryAfter(
  reader: SqlReader,
  account: AccountId,
  after: string,
): Promise<Repository | undefined> {
  const [next] = await listRepositoriesOf(reader, account, { after, limit: 1 })
  return next
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
  await database.transaction((tx) => forgetHistory(tx, { before, limit: forgottenAtOnce }))
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
