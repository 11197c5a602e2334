// The operations on where images are copied: input model, IAM action, resource, and what runs.
import { Type } from 'typebox'
import {
  maxDestinations,
  maxReplicationFilters,
  maxReplicationRules,
  replicationFilterPattern,
} from '../../../replication/rules/replication-rules.ts'
import { operation, type Operation } from '../protocol/operation.ts'
import type { EcrCall, EcrDeps } from './call.ts'
import { describeImageReplicationStatus } from './describe-image-replication-status.ts'
import { describeRegistry } from './describe-registry.ts'
import { describeReplicationBackfillResults } from './describe-replication-backfill-results.ts'
import { listReplicationBackfills } from './list-replication-backfills.ts'
import { putReplicationConfiguration } from './put-replication-configuration.ts'
import { imageId, onEverything, onRepository, registryId, repository } from './repository-input.ts'
import { startReplicationBackfill } from './start-replication-backfill.ts'
import { stopReplicationBackfill } from './stop-replication-backfill.ts'

const destination = Type.Object({
  region: Type.String({ minLength: 2, maxLength: 25, pattern: '^[0-9a-z-]{2,25}$' }),
  registryId,
})
const filter = Type.Object({
  filter: Type.String({ minLength: 2, maxLength: 256, pattern: replicationFilterPattern }),
  filterType: Type.Enum(['PREFIX_MATCH']),
})
const rule = Type.Object({
  destinations: Type.Array(destination, { maxItems: maxDestinations }),
  repositoryFilters: Type.Optional(
    Type.Array(filter, { minItems: 1, maxItems: maxReplicationFilters }),
  ),
  deleteReplication: Type.Optional(Type.Object({ enabled: Type.Boolean() })),
})
const replicationBackfillId = Type.String({
  pattern: '^[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}$',
})
const nextToken = Type.Optional(Type.String({ maxLength: 8192 }))

export const replicationOperations: readonly Operation<EcrDeps, EcrCall>[] = [
  operation({
    name: 'DescribeRegistry',
    input: Type.Object({}),
    action: 'ecr:DescribeRegistry',
    resources: onEverything,
    errorStyle: 'validation',
    run: describeRegistry,
  }),
  operation({
    name: 'PutReplicationConfiguration',
    input: Type.Object({
      replicationConfiguration: Type.Object({
        rules: Type.Array(rule, { maxItems: maxReplicationRules }),
      }),
    }),
    action: 'ecr:PutReplicationConfiguration',
    resources: onEverything,
    errorStyle: 'validation',
    run: putReplicationConfiguration,
  }),
  operation({
    name: 'DescribeImageReplicationStatus',
    input: Type.Object({ ...repository, imageId }),
    action: 'ecr:DescribeImageReplicationStatus',
    resources: onRepository,
    errorStyle: 'validation',
    run: describeImageReplicationStatus,
  }),
  operation({
    name: 'StartReplicationBackfill',
    input: Type.Object({ registryId: Type.Optional(registryId), destination }),
    action: 'ecr:StartReplicationBackfill',
    resources: onEverything,
    errorStyle: 'validation',
    run: startReplicationBackfill,
  }),
  operation({
    name: 'StopReplicationBackfill',
    input: Type.Object({ registryId: Type.Optional(registryId), replicationBackfillId }),
    action: 'ecr:StopReplicationBackfill',
    resources: onEverything,
    errorStyle: 'validation',
    run: stopReplicationBackfill,
  }),
  operation({
    name: 'DescribeReplicationBackfillResults',
    input: Type.Object({
      registryId: Type.Optional(registryId),
      replicationBackfillId,
      resultStatusFilter: Type.Optional(Type.Enum(['COMPLETE', 'FAILED'])),
      nextToken,
      maxResults: Type.Optional(Type.Integer({ minimum: 1, maximum: 1000 })),
    }),
    action: 'ecr:DescribeReplicationBackfillResults',
    resources: onEverything,
    errorStyle: 'validation',
    run: describeReplicationBackfillResults,
  }),
  operation({
    name: 'ListReplicationBackfills',
    input: Type.Object({
      registryId: Type.Optional(registryId),
      nextToken,
      maxResults: Type.Optional(Type.Integer({ minimum: 1, maximum: 50 })),
    }),
    action: 'ecr:ListReplicationBackfills',
    resources: onEverything,
    errorStyle: 'validation',
    run: listReplicationBackfills,
  }),
]
