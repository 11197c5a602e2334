import { parseAccountId, type AccountId } from '../policy/account-id.ts'
import { parseRepositoryName, type RepositoryName } from '../oci/repository-name.ts'
import {
  instant,
  integer,
  text,
  type SqlReader,
  type SqlRow,
  type SqlWriter,
} from '../storage/database/database.ts'
import { registryError } from './errors.ts'
import { modeOf, type TagMutability } from './rules/tag-mutability.ts'
import { exclusionsText, tagMutabilityIn } from './tag-mutability-columns.ts'

/** How a repository is addressed: its account and its name. */
export interface RepositoryAddress {
  readonly account: AccountId
  readonly name: RepositoryName
}

export interface Repository extends RepositoryAddress {
  readonly id: number
  readonly tagMutability: TagMutability
  readonly scanOnPush: boolean
  readonly createdAt: Date
}

const columns = 'id, account, name, tag_mutability, tag_exclusions, scan_on_push, created_at'

export async function findRepository(
  reader: SqlReader,
  address: RepositoryAddress,
): Promise<Repository | undefined> {
  const row = await reader.first(
    `SELECT ${columns} FROM repositories WHERE account = $1 AND name = $2`,
    [address.account, address.name],
  )
  return row === undefined ? undefined : repositoryOf(row)
}

export async function findRepositoryById(
  reader: SqlReader,
  id: number,
): Promise<Repository | undefined> {
  const row = await reader.first(`SELECT ${columns} FROM repositories WHERE id = $1`, [id])
  return row === undefined ? undefined : repositoryOf(row)
}

/** The repository, or REPOSITORY_UNKNOWN. */
export async function getRepository(
  reader: SqlReader,
  address: RepositoryAddress,
): Promise<Repository> {
  const found = await findRepository(reader, address)
  if (found !== undefined) return found
  throw repositoryUnknown(address)
}

export function repositoryUnknown(address: RepositoryAddress): Error {
  return registryError('REPOSITORY_UNKNOWN', `repository ${address.name} does not exist`, {
    repository: address.name,
    account: address.account,
  })
}

/** Repositories of an account in order of their names, after a name. */
export async function listRepositoriesOf(
  reader: SqlReader,
  account: AccountId,
  page: { readonly after: string; readonly limit: number },
): Promise<readonly Repository[]> {
  const rows = await reader.all(
    `SELECT ${columns} FROM repositories WHERE account = $1 AND name > $2 ORDER BY name LIMIT $3`,
    [account, page.after, page.limit],
  )
  return rows.map(repositoryOf)
}

/** Whether the account has so many of them, or more. */
export async function hasRepositories(
  reader: SqlReader,
  account: AccountId,
  count: number,
): Promise<boolean> {
  // The index of names is walked so far: only who has very many of them feels it.
  const row = await reader.first(
    'SELECT id FROM repositories WHERE account = $1 ORDER BY name LIMIT 1 OFFSET $2',
    [account, count - 1],
  )
  return row !== undefined
}

/** False when the name is taken. */
export async function insertRepository(
  tx: SqlWriter,
  repository: Omit<Repository, 'id'>,
): Promise<boolean> {
  const written = await tx.run(
    `INSERT INTO repositories (account, name, tag_mutability, tag_exclusions, scan_on_push, created_at)
     VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT DO NOTHING`,
    [
      repository.account,
      repository.name,
      modeOf(repository.tagMutability),
      exclusionsText(repository.tagMutability),
      repository.scanOnPush ? 1 : 0,
      repository.createdAt.getTime(),
    ],
  )
  return written === 1
}

export async function updateTagMutability(
  tx: SqlWriter,
  id: number,
  setting: TagMutability,
): Promise<void> {
  await tx.run('UPDATE repositories SET tag_mutability = $1, tag_exclusions = $2 WHERE id = $3', [
    modeOf(setting),
    exclusionsText(setting),
    id,
  ])
}

export async function updateScanOnPush(
  tx: SqlWriter,
  id: number,
  scanOnPush: boolean,
): Promise<void> {
  await tx.run('UPDATE repositories SET scan_on_push = $1 WHERE id = $2', [scanOnPush ? 1 : 0, id])
}

/** Rows that belong to the repository go with it. */
export async function deleteRepositoryRow(tx: SqlWriter, id: number): Promise<void> {
  await tx.run('DELETE FROM repositories WHERE id = $1', [id])
}

/** Whether the name of a repository, of whichever account, begins with that segment. */
export async function isFirstSegment(reader: SqlReader, segment: string): Promise<boolean> {
  const row = await reader.first(
    `SELECT id FROM repositories WHERE name = $1 OR (name > $2 AND name < $3) LIMIT 1`,
    // '0' comes behind '/'.
    [segment, `${segment}/`, `${segment}0`],
  )
  return row !== undefined
}

export async function repositoryHasManifests(reader: SqlReader, id: number): Promise<boolean> {
  const row = await reader.first('SELECT digest FROM manifests WHERE repository_id = $1 LIMIT 1', [
    id,
  ])
  return row !== undefined
}

export function addressIn(row: SqlRow): RepositoryAddress {
  const account = parseAccountId(text(row, 'account'))
  const name = parseRepositoryName(text(row, 'name'))
  if (account === undefined || name === undefined) {
    throw new Error('account and name of a repositories row cannot be read')
  }
  return { account, name }
}

function repositoryOf(row: SqlRow): Repository {
  return {
    id: integer(row, 'id'),
    ...addressIn(row),
    tagMutability: tagMutabilityIn(row),
    scanOnPush: integer(row, 'scan_on_push') === 1,
    createdAt: instant(row, 'created_at'),
  }
}
