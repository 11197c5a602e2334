import type { AccountId } from '../policy/account-id.ts'
import {
  integer,
  integerOrAbsent,
  text,
  type EmbeddedDatabase,
  type SqlReader,
  type SqlRow,
  type SqlWriter,
} from '../storage/database/database.ts'
import type { Quota, QuotaState, Usage } from './rules/quota.ts'

/** A blob was linked to the repository a moment ago, in this transaction. */
export async function countLink(
  tx: SqlWriter,
  repositoryId: number,
  blobId: number,
): Promise<void> {
  await addBlobBytes(tx, repositoryId, blobId, 1)
}

/** A blob's link to the repository was removed a moment ago, in this transaction. */
export async function uncountLink(
  tx: SqlWriter,
  repositoryId: number,
  blobId: number,
): Promise<void> {
  await addBlobBytes(tx, repositoryId, blobId, -1)
}

/** An account counts a blob once, however many of its repositories link it. */
async function addBlobBytes(
  tx: SqlWriter,
  repositoryId: number,
  blobId: number,
  sign: 1 | -1,
): Promise<void> {
  await tx.run(
    'UPDATE repositories SET used_bytes = used_bytes + $3 * (SELECT size FROM blobs WHERE id = $2) WHERE id = $1',
    [repositoryId, blobId, sign],
  )
  await tx.run(
    `UPDATE accounts SET used_bytes = used_bytes + $3 * (SELECT size FROM blobs WHERE id = $2)
     WHERE id = (SELECT account FROM repositories WHERE id = $1) AND NOT EXISTS (
       SELECT 1 FROM blob_links l JOIN repositories r ON r.id = l.repository_id
       WHERE l.blob_id = $2 AND l.repository_id <> $1 AND r.account = accounts.id)`,
    [repositoryId, blobId, sign],
  )
}

/** A manifest was written to or removed from the repository in this transaction; `size` in bytes. */
export async function countManifest(
  tx: SqlWriter,
  repositoryId: number,
  size: number,
  sign: 1 | -1,
): Promise<void> {
  await addManifests(tx, repositoryId, sign * size, sign)
}

/** A manifest that stays has other bytes now; in its transaction. */
export async function addManifestBytes(
  tx: SqlWriter,
  repositoryId: number,
  bytes: number,
): Promise<void> {
  if (bytes !== 0) await addManifests(tx, repositoryId, bytes, 0)
}

async function addManifests(
  tx: SqlWriter,
  repositoryId: number,
  bytes: number,
  images: number,
): Promise<void> {
  const values = [repositoryId, bytes, images]
  await tx.run(
    'UPDATE repositories SET used_bytes = used_bytes + $2, used_images = used_images + $3 WHERE id = $1',
    values,
  )
  await tx.run(
    `UPDATE accounts SET used_bytes = used_bytes + $2, used_images = used_images + $3
     WHERE id = (SELECT account FROM repositories WHERE id = $1)`,
    values,
  )
}

/** Before a repository's rows go all at once: what its account counts because of it alone. */
export async function uncountRepository(tx: SqlWriter, repositoryId: number): Promise<void> {
  await tx.run(
    `UPDATE accounts SET
       used_images = used_images - (SELECT used_images FROM repositories WHERE id = $1),
       used_bytes = used_bytes
         - (SELECT COALESCE(SUM(size), 0) FROM manifests WHERE repository_id = $1)
         - (SELECT COALESCE(SUM(b.size), 0) FROM blob_links l JOIN blobs b ON b.id = l.blob_id
            WHERE l.repository_id = $1 AND NOT EXISTS (
              SELECT 1 FROM blob_links o JOIN repositories r ON r.id = o.repository_id
              WHERE o.blob_id = l.blob_id AND o.repository_id <> $1 AND r.account = accounts.id))
     WHERE id = (SELECT account FROM repositories WHERE id = $1)`,
    [repositoryId],
  )
}

/** Limits and usage that a push to the repository must keep: its account's and its own. */
export async function readQuotaStates(
  reader: SqlReader,
  repositoryId: number,
): Promise<readonly QuotaState[]> {
  const row = await reader.first(
    `SELECT r.name, r.account, r.used_bytes, r.used_images, r.max_bytes, r.max_images,
       a.used_bytes AS account_bytes, a.used_images AS account_images, a.max_bytes AS account_max_bytes,
       a.max_images AS account_max_images
     FROM repositories r JOIN accounts a ON a.id = r.account WHERE r.id = $1`,
    [repositoryId],
  )
  if (row === undefined) return []
  const states: QuotaState[] = []
  const ofAccount = {
    maxBytes: integerOrAbsent(row, 'account_max_bytes'),
    maxImages: integerOrAbsent(row, 'account_max_images'),
  }
  if (isLimited(ofAccount)) {
    const name = text(row, 'account')
    const used = { bytes: integer(row, 'account_bytes'), images: integer(row, 'account_images') }
    const openBytes = await openBytesOfAccount(reader, name)
    states.push({ scope: 'account', name, ...ofAccount, used, openBytes })
  }
  const ofRepository = quotaOf(row)
  if (isLimited(ofRepository)) {
    const openBytes = await openBytesOfRepository(reader, repositoryId)
    const name = text(row, 'name')
    states.push({ scope: 'repository', name, ...ofRepository, used: usageOf(row), openBytes })
  }
  return states
}

async function openBytesOfRepository(reader: SqlReader, repositoryId: number): Promise<number> {
  const row = await reader.first(
    `SELECT COALESCE(SUM(size), 0) AS bytes FROM uploads WHERE repository_id = $1 AND state = 'open'`,
    [repositoryId],
  )
  return row === undefined ? 0 : integer(row, 'bytes')
}

async function openBytesOfAccount(reader: SqlReader, account: string): Promise<number> {
  const row = await reader.first(
    `SELECT COALESCE(SUM(u.size), 0) AS bytes FROM uploads u JOIN repositories r ON r.id = u.repository_id
     WHERE r.account = $1 AND u.state = 'open'`,
    [account],
  )
  return row === undefined ? 0 : integer(row, 'bytes')
}

export async function writeAccountQuota(
  tx: SqlWriter,
  account: AccountId,
  quota: Quota,
): Promise<void> {
  await tx.run('UPDATE accounts SET max_bytes = $1, max_images = $2 WHERE id = $3', [
    quota.maxBytes ?? null,
    quota.maxImages ?? null,
    account,
  ])
}

export async function writeRepositoryQuota(
  tx: SqlWriter,
  repositoryId: number,
  quota: Quota,
): Promise<void> {
  await tx.run('UPDATE repositories SET max_bytes = $1, max_images = $2 WHERE id = $3', [
    quota.maxBytes ?? null,
    quota.maxImages ?? null,
    repositoryId,
  ])
}

const countedOfRepository = `
  (SELECT COUNT(*) FROM manifests m WHERE m.repository_id = r.id) AS images,
  (SELECT COALESCE(SUM(m.size), 0) FROM manifests m WHERE m.repository_id = r.id)
    + (SELECT COALESCE(SUM(b.size), 0) FROM blob_links l JOIN blobs b ON b.id = l.blob_id WHERE l.repository_id = r.id) AS bytes`
const countedOfAccount = `
  (SELECT COUNT(*) FROM manifests m JOIN repositories r ON r.id = m.repository_id WHERE r.account = a.id) AS images,
  (SELECT COALESCE(SUM(m.size), 0) FROM manifests m JOIN repositories r ON r.id = m.repository_id WHERE r.account = a.id)
    + (SELECT COALESCE(SUM(b.size), 0) FROM blobs b WHERE b.id IN (
        SELECT l.blob_id FROM blob_links l JOIN repositories r ON r.id = l.repository_id WHERE r.account = a.id)) AS bytes`

/** A counter that is not what is there. */
export interface WrongUsage {
  readonly scope: 'account' | 'repository'
  /** Of the repository; the account's own id for an account. */
  readonly id: string
  readonly name: string
  readonly kept: Usage
  readonly counted: Usage
}

/**
 * Counters that differ from a count of rows, all on one view of the database: nothing can come between. Reads every row of
 * manifests and links, so it is read aside.
 */
export async function listWrongUsage(
  database: EmbeddedDatabase,
  limit: number,
  options: { readonly signal: AbortSignal },
): Promise<readonly WrongUsage[]> {
  const rows = await database.readAside(
    `SELECT * FROM (
       SELECT 'repository' AS scope, CAST(r.id AS TEXT) AS id, r.name, r.used_bytes, r.used_images, ${countedOfRepository}
       FROM repositories r
       UNION ALL
       SELECT 'account' AS scope, a.id, a.id AS name, a.used_bytes, a.used_images, ${countedOfAccount} FROM accounts a
     ) AS counted WHERE used_bytes <> bytes OR used_images <> images ORDER BY scope, id LIMIT $1`,
    [limit],
    options,
  )
  return rows.map((row) => ({
    scope: text(row, 'scope') === 'account' ? 'account' : 'repository',
    id: text(row, 'id'),
    name: text(row, 'name'),
    kept: usageOf(row),
    counted: { bytes: integer(row, 'bytes'), images: integer(row, 'images') },
  }))
}

/** Sets the counters to what is there. */
export async function recountRepository(tx: SqlWriter, repositoryId: number): Promise<void> {
  await tx.run(
    `UPDATE repositories SET (used_images, used_bytes) =
       (SELECT images, bytes FROM (SELECT ${countedOfRepository} FROM repositories r WHERE r.id = $1) AS counted)
     WHERE id = $1`,
    [repositoryId],
  )
}

export async function recountAccount(tx: SqlWriter, account: string): Promise<void> {
  await tx.run(
    `UPDATE accounts SET (used_images, used_bytes) =
       (SELECT images, bytes FROM (SELECT ${countedOfAccount} FROM accounts a WHERE a.id = $1) AS counted)
     WHERE id = $1`,
    [account],
  )
}

/** Usage and limits of one account or repository, as people are shown them. */
export interface UsageRow extends Quota {
  readonly name: string
  readonly used: Usage
}

export async function findAccountUsage(
  reader: SqlReader,
  account: AccountId,
): Promise<UsageRow | undefined> {
  const row = await reader.first(
    'SELECT id AS name, used_bytes, used_images, max_bytes, max_images FROM accounts WHERE id = $1',
    [account],
  )
  return row === undefined ? undefined : usageRowOf(row)
}

export async function findRepositoryUsage(
  reader: SqlReader,
  repositoryId: number,
): Promise<UsageRow | undefined> {
  const row = await reader.first(
    'SELECT name, used_bytes, used_images, max_bytes, max_images FROM repositories WHERE id = $1',
    [repositoryId],
  )
  return row === undefined ? undefined : usageRowOf(row)
}

/** A page of repositories in byte order of names, after `after`. */
export async function listRepositoryUsage(
  reader: SqlReader,
  account: AccountId,
  page: { readonly after: string; readonly limit: number },
): Promise<readonly UsageRow[]> {
  const rows = await reader.all(
    `SELECT name, used_bytes, used_images, max_bytes, max_images FROM repositories
     WHERE account = $1 AND name > $2 ORDER BY name LIMIT $3`,
    [account, page.after, page.limit],
  )
  return rows.map(usageRowOf)
}

function usageRowOf(row: SqlRow): UsageRow {
  return { name: text(row, 'name'), ...quotaOf(row), used: usageOf(row) }
}

function quotaOf(row: SqlRow): Quota {
  return {
    maxBytes: integerOrAbsent(row, 'max_bytes'),
    maxImages: integerOrAbsent(row, 'max_images'),
  }
}

function usageOf(row: SqlRow): Usage {
  return { bytes: integer(row, 'used_bytes'), images: integer(row, 'used_images') }
}

function isLimited({ maxBytes, maxImages }: Quota): boolean {
  return maxBytes !== undefined || maxImages !== undefined
}
