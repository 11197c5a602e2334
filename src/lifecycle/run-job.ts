// The jobs of this room: what each is called and how it is asked for. background.ts binds them.
import { housekeepingPriority, type NewJob } from '../jobs/queue.ts'

/** Who asked for a run. */
export type RunCause = 'schedule' | 'policy' | 'request'

/** Carries a repository's policy out. */
export const runPolicyJob = 'lifecycle-run'
/** Asks for the runs of all repositories, and forgets what is old. */
export const scheduleRunsJob = 'lifecycle-schedule'
/** Computes a preview. */
export const previewJob = 'lifecycle-preview'

/** Somebody waits for a preview: before scans that nobody waits for. */
const previewPriority = 20

export function runPolicyJobOf(repositoryId: number, cause: RunCause): NewJob {
  return {
    kind: runPolicyJob,
    key: String(repositoryId),
    input: { repositoryId, cause },
    priority: housekeepingPriority,
  }
}

export function previewJobOf(repositoryId: number): NewJob {
  return {
    kind: previewJob,
    key: String(repositoryId),
    input: { repositoryId },
    priority: previewPriority,
  }
}

/** What such a job was given; written by this program, so another shape is a fault. */
export function repositoryOfJob(input: unknown): number {
  if (typeof input === 'object' && input !== null && 'repositoryId' in input) {
    const { repositoryId } = input
    if (typeof repositoryId === 'number') return repositoryId
  }
  throw new Error('a job about a lifecycle policy does not name its repository')
}

export function causeOfJob(input: unknown): RunCause {
  const cause = typeof input === 'object' && input !== null && 'cause' in input ? input.cause : ''
  return cause === 'policy' || cause === 'request' ? cause : 'schedule'
}
