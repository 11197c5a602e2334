// Purpose:  may a backfill begin beside those that are under way, and which states end one?
// Spec:     Amazon ECR API, StartReplicationBackfill and StopReplicationBackfill.
// Input:    destinations of the backfills that are under way, and the one that is asked for.
// Deviates: backfills are not carried out by this version: one is FAILED with the code ReplicationNotSupported as soon as it is recorded, never PREPARING.
// Unknowns: a state outside the model's is a bug of a statement.
import type { Destination } from './replication-rules.ts'

export const backfillStates = [
  'PREPARING',
  'IN_PROGRESS',
  'COMPLETE',
  'FAILED',
  'STOPPING',
  'STOPPED',
] as const
export type BackfillState = (typeof backfillStates)[number]

export const replicationNotSupported = 'ReplicationNotSupported'
export const maxOpenBackfills = 10
/** For which a backfill is told after its end. */
export const backfillDays = 90

/** One at a time for each region, whosever registry it is, and ten of an account. */
export function judgeBackfill(
  open: readonly Destination[],
  wanted: Destination,
): 'may begin' | 'region is busy' | 'too many' {
  if (open.some(({ region }) => region === wanted.region)) return 'region is busy'
  return open.length >= maxOpenBackfills ? 'too many' : 'may begin'
}
