import { hash } from 'node:crypto'
import type { Clock } from '../lib/clock.ts'
import type { Ids } from '../lib/ids.ts'
import { isRecord } from '../oci/descriptor.ts'
import type { AccountId } from '../policy/account-id.ts'
import { deletePlacesOf } from '../running/cluster-sighting-store.ts'
import type { Database, SqlReader } from '../storage/database/database.ts'
import { findPolicyRow } from './admission-policy-store.ts'
import {
  deleteClusterRow,
  findCluster,
  insertCluster,
  listClusters,
  maxClusters,
  type Cluster,
} from './cluster-store.ts'
import { deleteReport } from './cluster-report-store.ts'
import { deleteDenialsOf } from './denial-store.ts'
import { admissionError } from './errors.ts'
import { readClusterSettings, type ClusterSettings } from './rules/cluster-settings.ts'

interface NamedCluster {
  readonly account: AccountId
  readonly name: string
}

/** The token is told once. */
export interface RegisteredCluster {
  readonly cluster: Cluster
  readonly token: string
}

/** CLUSTER_INVALID, CLUSTER_EXISTS, CLUSTERS_TOO_MANY; ADMISSION_POLICY_UNKNOWN for a binding to a policy that is not there. */
export async function registerCluster(
  {
    database,
    clock,
    ids,
  }: { readonly database: Database; readonly clock: Clock; readonly ids: Ids },
  input: {
    readonly account: AccountId
    /** What the caller sent: name, and members of ClusterSettings. */
    readonly asked: unknown
    /** ARN. */
    readonly by: string
  },
): Promise<RegisteredCluster> {
  const { account, by } = input
  const { name, settings } = readAsked(input.asked)
  // In lower case: an API server takes nothing else in the path of a webhook behind a Service.
  const token = ids.bytes(32).toString('hex')
  const cluster = {
    // No more than the address of somebody who asks, and as hard to guess as the token.
    id: ids.bytes(12).toString('hex'),
    account,
    name,
    tokenHash: tokenHash(token),
    settings,
    createdBy: by,
    createdAt: clock.now(),
  }
  await database.transaction(async (tx) => {
    const known = await listClusters(tx, account)
    if (known.some((one) => one.name === name))
      throw admissionError('CLUSTER_EXISTS', `account ${account} has a cluster ${name}`)
    if (known.length >= maxClusters)
      throw admissionError('CLUSTERS_TOO_MANY', `account ${account} has ${known.length} clusters`)
    await requirePolicies(tx, account, settings)
    await insertCluster(tx, cluster)
  })
  return { cluster: { ...cluster, lastAskedAt: undefined }, token }
}

function readAsked(asked: unknown): { readonly name: string; readonly settings: ClusterSettings } {
  const { name, ...described } = isRecord(asked) ? asked : {}
  if (typeof name !== 'string' || !/^[a-z0-9](?:[a-z0-9.-]{0,61}[a-z0-9])?$/.test(name)) {
    const message = 'name must be 1 to 63 of a-z, 0-9, dots and dashes'
    throw admissionError('CLUSTER_INVALID', message)
  }
  const reading = readClusterSettings(described)
  if (reading.kind === 'refused') throw admissionError('CLUSTER_INVALID', reading.problem)
  return { name, settings: reading.settings }
}

async function requirePolicies(
  reader: SqlReader,
  account: AccountId,
  { bindings }: ClusterSettings,
): Promise<void> {
  for (const name of new Set(bindings.flatMap(({ policies }) => policies))) {
    if ((await findPolicyRow(reader, account, name)) !== undefined) continue
    const message = `a binding names admission policy ${name}, which account ${account} does not have`
    throw admissionError('ADMISSION_POLICY_UNKNOWN', message)
  }
}

export function tokenHash(token: string): string {
  return hash('sha256', token, 'hex')
}

/** Nobody is let in with its token from this transaction on, and nothing is known any more of what it ran. CLUSTER_UNKNOWN. */
export async function deleteCluster(
  { database }: { readonly database: Database },
  input: NamedCluster,
): Promise<void> {
  await database.transaction(async (tx) => {
    const { id } = await requireCluster(tx, input)
    await deleteClusterRow(tx, id)
    const cluster = { account: input.account, cluster: input.name }
    await deletePlacesOf(tx, cluster)
    await deleteDenialsOf(tx, cluster)
    await deleteReport(tx, cluster)
  })
}

/** Or CLUSTER_UNKNOWN. */
export async function requireCluster(
  reader: SqlReader,
  { account, name }: NamedCluster,
): Promise<Cluster> {
  const found = await findCluster(reader, account, name)
  if (found !== undefined) return found
  const message = `account ${account} has no cluster ${JSON.stringify(name.slice(0, 100))}`
  throw admissionError('CLUSTER_UNKNOWN', message)
}
