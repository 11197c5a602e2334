import { parseAccountId, type AccountId } from '../policy/account-id.ts'
import {
  instant,
  instantOrAbsent,
  text,
  type SqlReader,
  type SqlRow,
  type SqlWriter,
} from '../storage/database/database.ts'
import { readClusterSettings, type ClusterSettings } from './rules/cluster-settings.ts'

export interface Cluster {
  /** Part of its addresses. */
  readonly id: string
  readonly account: AccountId
  readonly name: string
  /** SHA-256 in hex. */
  readonly tokenHash: string
  readonly settings: ClusterSettings
  /** ARN. */
  readonly createdBy: string
  readonly createdAt: Date
  /** To the hour; undefined of one that never asked. */
  readonly lastAskedAt: Date | undefined
}

/** Of one account. */
export const maxClusters = 100

const columns = 'id, account, name, token_hash, settings, created_by, created_at, last_asked_at'

/** Undefined also where its account is closed. */
export async function findClusterById(reader: SqlReader, id: string): Promise<Cluster | undefined> {
  const row = await reader.first(
    `SELECT c.id, c.account, c.name, c.token_hash, c.settings, c.created_by, c.created_at, c.last_asked_at
     FROM admission_clusters c JOIN accounts a ON a.id = c.account AND a.state = 'active' WHERE c.id = $1`,
    [id],
  )
  return row === undefined ? undefined : clusterOf(row)
}

export async function findCluster(
  reader: SqlReader,
  account: AccountId,
  name: string,
): Promise<Cluster | undefined> {
  const row = await reader.first(
    `SELECT ${columns} FROM admission_clusters WHERE account = $1 AND name = $2`,
    [account, name],
  )
  return row === undefined ? undefined : clusterOf(row)
}

/** In the order of names; no account has more than maxClusters. */
export async function listClusters(
  reader: SqlReader,
  account: AccountId,
): Promise<readonly Cluster[]> {
  const rows = await reader.all(
    `SELECT ${columns} FROM admission_clusters WHERE account = $1 ORDER BY name LIMIT $2`,
    [account, maxClusters],
  )
  return rows.map(clusterOf)
}

export async function insertCluster(
  tx: SqlWriter,
  cluster: Omit<Cluster, 'lastAskedAt'>,
): Promise<void> {
  await tx.run(
    `INSERT INTO admission_clusters (id, account, name, token_hash, settings, created_by, created_at)
     VALUES ($1, $2, $3, $4, $5, $6, $7)`,
    [
      cluster.id,
      cluster.account,
      cluster.name,
      cluster.tokenHash,
      JSON.stringify(cluster.settings),
      cluster.createdBy,
      cluster.createdAt.getTime(),
    ],
  )
}

export async function deleteClusterRow(tx: SqlWriter, id: string): Promise<void> {
  await tx.run('DELETE FROM admission_clusters WHERE id = $1', [id])
}

export async function touchCluster(tx: SqlWriter, id: string, now: Date): Promise<void> {
  await tx.run('UPDATE admission_clusters SET last_asked_at = $1 WHERE id = $2', [
    now.getTime(),
    id,
  ])
}

function clusterOf(row: SqlRow): Cluster {
  const account = parseAccountId(text(row, 'account'))
  const stored: unknown = JSON.parse(text(row, 'settings'))
  const reading = readClusterSettings(stored)
  if (account === undefined || reading.kind === 'refused')
    throw new Error(`admission_clusters row ${text(row, 'id')} cannot be read`)
  return {
    id: text(row, 'id'),
    account,
    name: text(row, 'name'),
    tokenHash: text(row, 'token_hash'),
    settings: reading.settings,
    createdBy: text(row, 'created_by'),
    createdAt: instant(row, 'created_at'),
    lastAskedAt: instantOrAbsent(row, 'last_asked_at'),
  }
}
