// Purpose:  where an image is to be copied, and what became of it.
// Spec:     Amazon ECR API, DescribeImageReplicationStatus.
// Input:    the repository of an image that is there.
// Deviates: images are not copied by this version: each destination that the rules name answers FAILED with the code ReplicationNotSupported, whenever the image was pushed; the rules are those of now.
// Unknowns: no rule about the repository → no status. A status is never COMPLETE without a copy.
import type { RepositoryAddress } from '../registry/repository-store.ts'
import type { SqlReader } from '../storage/database/database.ts'
import { replicationNotSupported } from './rules/backfill.ts'
import { destinationsFor, type Destination } from './rules/replication-rules.ts'
import { findReplicationRules } from './replication-configuration-store.ts'

export interface ReplicationStatus {
  readonly destination: Destination
  readonly state: 'FAILED'
  readonly failureCode: string
}

export async function listReplicationStatuses(
  reader: SqlReader,
  { account, name }: RepositoryAddress,
): Promise<readonly ReplicationStatus[]> {
  const rules = await findReplicationRules(reader, account)
  return destinationsFor(rules, name).map((destination) => ({
    destination,
    state: 'FAILED',
    failureCode: replicationNotSupported,
  }))
}
