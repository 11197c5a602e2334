import { entry, PratiqueError } from '../lib/errors.ts'

/** Every refusal of this room. */
export const replicationErrors = {
  REPLICATION_INVALID: entry(
    'The replication configuration cannot be accepted.',
    'Mend the member that the message names; what was in force stays in force.',
  ),
  BACKFILL_DESTINATION_UNKNOWN: entry(
    'No rule of the replication configuration has this destination.',
    'Put a rule with it first: aws ecr put-replication-configuration',
  ),
  BACKFILL_RUNNING: entry(
    'A backfill to this region is under way.',
    'Wait for its end, or stop it: aws ecr stop-replication-backfill',
    true,
  ),
  BACKFILLS_TOO_MANY: entry(
    'As many backfills are under way as may be.',
    'Wait for the end of one, or stop one: aws ecr stop-replication-backfill',
    true,
  ),
  BACKFILL_UNKNOWN: entry(
    'No such backfill, or it ended long ago.',
    'List those that there are: aws ecr list-replication-backfills',
  ),
  BACKFILL_ENDED: entry('The backfill has ended.', 'Nothing: there is nothing to stop.'),
  PULL_THROUGH_RULE_INVALID: entry(
    'The pull-through cache rule cannot be accepted.',
    'Mend the member that the message names.',
  ),
  PULL_THROUGH_RULE_EXISTS: entry(
    'There is a pull-through cache rule with this prefix.',
    'Delete it first, or choose another prefix.',
  ),
  PULL_THROUGH_RULE_UNKNOWN: entry(
    'No pull-through cache rule has this prefix.',
    'List those that there are: aws ecr describe-pull-through-cache-rules',
  ),
  PULL_THROUGH_RULES_TOO_MANY: entry(
    'The registry has as many pull-through cache rules as it may.',
    'Delete one that nobody needs.',
  ),
  UPSTREAM_UNSUPPORTED: entry(
    'The upstream is none of the registries that rules can have.',
    'Name one of those that the message lists.',
  ),
} as const

export type ReplicationErrorCode = keyof typeof replicationErrors

export function replicationError(
  code: ReplicationErrorCode,
  message: string,
  detail: Readonly<Record<string, unknown>> = {},
): PratiqueError<ReplicationErrorCode> {
  return new PratiqueError(code, message, detail)
}

export function isReplicationError(error: unknown): error is PratiqueError<ReplicationErrorCode> {
  return error instanceof PratiqueError && error.code in replicationErrors
}
