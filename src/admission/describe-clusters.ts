// What is known of clusters and of what runs in them, for who asks.
import type { AccountId } from '../policy/account-id.ts'
import {
  countRunningPlaces,
  listPlacesOfCluster,
  type ClusterPlace,
  type PlaceCursor,
} from '../running/cluster-image-store.ts'
import type { SqlReader } from '../storage/database/database.ts'
import { findReport, listReports, type ClusterReport } from './cluster-report-store.ts'
import { listClusters, type Cluster } from './cluster-store.ts'
import { listDenials, type ListedDenial } from './denial-store.ts'
import { requireCluster } from './register-cluster.ts'

/** Without what lets anybody ask in its name. */
export type ShownCluster = Omit<Cluster, 'tokenHash'>

/** With what was heard of it. */
export interface HeardCluster extends ShownCluster {
  /** Places that are taken to run an image of this registry. */
  readonly running: number
  /** The last; undefined of one that never told what it runs. */
  readonly report: ClusterReport | undefined
}

export async function describeClusters(
  reader: SqlReader,
  account: AccountId,
): Promise<readonly HeardCluster[]> {
  const running = await countRunningPlaces(reader, account)
  const reports = new Map((await listReports(reader, account)).map((one) => [one.cluster, one]))
  return (await listClusters(reader, account)).map((cluster) => ({
    ...shownCluster(cluster),
    running: running.get(cluster.name) ?? 0,
    report: reports.get(cluster.name),
  }))
}

export function shownCluster({ tokenHash: _hash, ...cluster }: Cluster): ShownCluster {
  return cluster
}

export interface DescribedCluster extends HeardCluster {
  readonly images: readonly ClusterPlace[]
  /** Where the next page begins; undefined at the end. */
  readonly next: PlaceCursor | undefined
}

/** Or CLUSTER_UNKNOWN. */
export async function describeCluster(
  reader: SqlReader,
  input: {
    readonly account: AccountId
    readonly name: string
    readonly only: 'running' | 'all'
    readonly after: PlaceCursor | undefined
    readonly limit: number
  },
): Promise<DescribedCluster> {
  const { account, name, limit, ...page } = input
  const cluster = await requireCluster(reader, { account, name })
  const key = { account, cluster: name }
  const found = await listPlacesOfCluster(reader, key, { ...page, limit: limit + 1 })
  const images = found.slice(0, limit)
  const last = found.length > limit ? images.at(-1) : undefined
  const running = await countRunningPlaces(reader, account)
  return {
    ...shownCluster(cluster),
    running: running.get(name) ?? 0,
    report: await findReport(reader, account, name),
    images,
    next: last && cursorOf(last),
  }
}

function cursorOf({
  namespace,
  workloadKind,
  workloadName,
  repository,
  digest,
}: ClusterPlace): PlaceCursor {
  return { namespace, workloadKind, workloadName, repository, digest }
}

export interface DescribedDenials {
  readonly denials: readonly ListedDenial[]
  /** Id of the last one, where there are more. */
  readonly next: number | undefined
}

/** The latest first; of a cluster that is named, or CLUSTER_UNKNOWN. */
export async function describeDenials(
  reader: SqlReader,
  input: {
    readonly account: AccountId
    readonly name: string | undefined
    readonly before: number | undefined
    readonly limit: number
  },
): Promise<DescribedDenials> {
  const { account, name: cluster, before, limit } = input
  if (cluster !== undefined) await requireCluster(reader, { account, name: cluster })
  const found = await listDenials(reader, account, { cluster, before, limit: limit + 1 })
  const denials = found.slice(0, limit)
  return { denials, next: found.length > limit ? denials.at(-1)?.id : undefined }
}
