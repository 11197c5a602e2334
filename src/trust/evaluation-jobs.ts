// The jobs of this room: what each is called and how it is asked for. trust-jobs.ts binds them.
import { housekeepingPriority, type NewJob } from '../jobs/queue.ts'
import { parseDigest, type Digest } from '../oci/digest.ts'
import { parseAccountId, type AccountId } from '../policy/account-id.ts'

/** Computes the evidence of all digests of an account that is older than its policies. */
export const reevaluateTrustJob = 'reevaluate-trust'
/** Computes evidence anew whose time is over, and forgets old history. */
export const renewEvidenceJob = 'renew-evidence'

/** People wait for what a change of policy does, but not as for a push. */
const reevaluationPriority = 40

/** Where a sweep goes on. */
export interface SweepPlace {
  /** Its name. */
  readonly repository: string
  readonly phase: 'referrers' | 'tags'
  readonly after: string
}

/** What is asked for anew begins at the front, beside one that goes on. */
export function reevaluateJobOf(account: AccountId, place?: SweepPlace): NewJob {
  return {
    kind: reevaluateTrustJob,
    key: place === undefined ? account : `${account}/rest`,
    input: { account, ...place },
    priority: place === undefined ? reevaluationPriority : housekeepingPriority - 1,
    fairKey: account,
  }
}

/** What such a job was given; written by this program, so another shape is a fault. */
export function sweepOfJob(input: unknown): {
  readonly account: AccountId
  readonly place: SweepPlace | undefined
} {
  const members = new Map(typeof input === 'object' && input !== null ? Object.entries(input) : [])
  const account = parseAccountId(String(members.get('account')))
  if (account === undefined) throw new Error('a job about trust does not name its account')
  const [repository, phase, after] = ['repository', 'phase', 'after'].map((name) =>
    String(members.get(name)),
  )
  const isPlace = members.has('repository') && (phase === 'referrers' || phase === 'tags')
  if (!isPlace || repository === undefined || after === undefined)
    return { account, place: undefined }
  return { account, place: { repository, phase, after } }
}

export interface SubjectKey {
  readonly repositoryId: number
  readonly digest: Digest
}

export function subjectOfJob(input: unknown): SubjectKey {
  if (typeof input === 'object' && input !== null && 'repositoryId' in input && 'digest' in input) {
    const digest = parseDigest(String(input.digest))
    if (typeof input.repositoryId === 'number' && digest !== undefined)
      return { repositoryId: input.repositoryId, digest }
  }
  throw new Error('a job about signatures does not name an image')
}
