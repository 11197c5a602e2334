import type { Backfill } from '../../../replication/backfill-store.ts'
import type { Destination, ReplicationRule } from '../../../replication/rules/replication-rules.ts'
import { epochSeconds } from './call.ts'

/** The model's ReplicationDestination. */
export interface DestinationShape {
  readonly region: string
  readonly registryId: string
}

/** The model's ReplicationConfiguration, as inputs have it. */
export interface ReplicationConfigurationShape {
  readonly rules: readonly {
    readonly destinations: readonly DestinationShape[]
    readonly repositoryFilters?: readonly {
      readonly filter: string
      readonly filterType: 'PREFIX_MATCH'
    }[]
    readonly deleteReplication?: { readonly enabled: boolean }
  }[]
}

export function readReplicationRules({
  rules,
}: ReplicationConfigurationShape): readonly ReplicationRule[] {
  return rules.map(({ destinations, repositoryFilters, deleteReplication }) => ({
    destinations: destinations.map(readDestination),
    prefixes: repositoryFilters?.map(({ filter }) => filter),
    deletions: deleteReplication?.enabled,
  }))
}

/** What was left out is left out. */
export function renderReplicationRules(
  rules: readonly ReplicationRule[],
): ReplicationConfigurationShape {
  return {
    rules: rules.map(({ destinations, prefixes, deletions }) => ({
      destinations: destinations.map(renderDestination),
      ...(prefixes === undefined ? {} : { repositoryFilters: prefixes.map(renderPrefix) }),
      ...(deletions === undefined ? {} : { deleteReplication: { enabled: deletions } }),
    })),
  }
}

export function readDestination({ region, registryId }: DestinationShape): Destination {
  return { region, registry: registryId }
}

function renderDestination({ region, registry }: Destination): DestinationShape {
  return { region, registryId: registry }
}

function renderPrefix(filter: string): {
  readonly filter: string
  readonly filterType: 'PREFIX_MATCH'
} {
  return { filter, filterType: 'PREFIX_MATCH' }
}

/** What all answers about a backfill have in common. */
export function renderBackfill({
  id,
  destination,
  state,
  startedAt,
}: Backfill): Readonly<Record<string, unknown>> {
  return {
    replicationBackfillId: id,
    destination: renderDestination(destination),
    status: state,
    startedAt: epochSeconds(startedAt),
  }
}

/** What descriptions of a backfill have besides: how it ended. */
export function renderEnding({ failure, endedAt }: Backfill): Readonly<Record<string, unknown>> {
  return {
    ...(failure === undefined ? {} : { failureCode: failure }),
    ...(endedAt === undefined ? {} : { endedAt: epochSeconds(endedAt) }),
  }
}
