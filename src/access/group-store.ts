import { parseAccountId, type AccountId } from '../policy/account-id.ts'
import { groupArn } from '../policy/arn.ts'
import {
  instant,
  integer,
  text,
  type SqlReader,
  type SqlRow,
  type SqlWriter,
} from '../storage/database/database.ts'
import { userColumns, userOf, type NamePage, type User } from './user-store.ts'

export interface Group {
  /** `AGPA…` */
  readonly id: string
  readonly account: AccountId
  readonly name: string
  readonly path: string
  readonly createdAt: Date
}

const columns = 'g.id, g.account, g.name, g.path, g.created_at'

export async function insertGroup(tx: SqlWriter, group: Group): Promise<void> {
  await tx.run(
    'INSERT INTO user_groups (id, account, name, name_key, path, created_at) VALUES ($1, $2, $3, $4, $5, $6)',
    [
      group.id,
      group.account,
      group.name,
      group.name.toLowerCase(),
      group.path,
      group.createdAt.getTime(),
    ],
  )
}

/** Without regard to case. */
export async function findGroupByName(
  reader: SqlReader,
  account: AccountId,
  name: string,
): Promise<Group | undefined> {
  const row = await reader.first(
    `SELECT ${columns} FROM user_groups g WHERE g.account = $1 AND g.name_key = $2`,
    [account, name.toLowerCase()],
  )
  return row === undefined ? undefined : groupOf(row)
}

export async function listGroups(
  reader: SqlReader,
  account: AccountId,
  page: NamePage,
): Promise<readonly Group[]> {
  const rows = await reader.all(
    `SELECT ${columns} FROM user_groups g WHERE g.account = $1 AND g.name_key > $2
     AND substr(g.path, 1, length($3)) = $3 ORDER BY g.name_key LIMIT $4`,
    [account, page.after, page.pathPrefix, page.limit],
  )
  return rows.map(groupOf)
}

export async function countGroups(reader: SqlReader, account: AccountId): Promise<number> {
  const row = await reader.first('SELECT COUNT(*) AS n FROM user_groups WHERE account = $1', [
    account,
  ])
  return row === undefined ? 0 : integer(row, 'n')
}

export async function renameGroup(
  tx: SqlWriter,
  id: string,
  to: { readonly name: string; readonly path: string },
): Promise<void> {
  await tx.run('UPDATE user_groups SET name = $2, name_key = $3, path = $4 WHERE id = $1', [
    id,
    to.name,
    to.name.toLowerCase(),
    to.path,
  ])
}

export async function deleteGroupRow(tx: SqlWriter, id: string): Promise<void> {
  await tx.run('DELETE FROM user_groups WHERE id = $1', [id])
}

/** Who is a member already stays one. */
export async function insertGroupMember(
  tx: SqlWriter,
  groupId: string,
  userId: string,
): Promise<void> {
  await tx.run(
    'INSERT INTO group_members (group_id, user_id) VALUES ($1, $2) ON CONFLICT DO NOTHING',
    [groupId, userId],
  )
}

/** False for who was no member. */
export async function deleteGroupMember(
  tx: SqlWriter,
  groupId: string,
  userId: string,
): Promise<boolean> {
  const parameters = [groupId, userId]
  const deleted = await tx.run(
    'DELETE FROM group_members WHERE group_id = $1 AND user_id = $2',
    parameters,
  )
  return deleted > 0
}

export async function listGroupMembers(
  reader: SqlReader,
  groupId: string,
  page: Pick<NamePage, 'after' | 'limit'>,
): Promise<readonly User[]> {
  const rows = await reader.all(
    `SELECT ${userColumns} FROM group_members m JOIN users u ON u.id = m.user_id
     WHERE m.group_id = $1 AND u.name_key > $2 ORDER BY u.name_key LIMIT $3`,
    [groupId, page.after, page.limit],
  )
  return rows.map(userOf)
}

export async function listGroupsOfMember(
  reader: SqlReader,
  userId: string,
  page: Pick<NamePage, 'after' | 'limit'>,
): Promise<readonly Group[]> {
  const rows = await reader.all(
    `SELECT ${columns} FROM group_members m JOIN user_groups g ON g.id = m.group_id
     WHERE m.user_id = $1 AND g.name_key > $2 ORDER BY g.name_key LIMIT $3`,
    [userId, page.after, page.limit],
  )
  return rows.map(groupOf)
}

export function arnOfGroup(group: Pick<Group, 'account' | 'name' | 'path'>): string {
  return groupArn(group.account, group.name, group.path)
}

function groupOf(row: SqlRow): Group {
  const account = parseAccountId(text(row, 'account'))
  if (account === undefined) throw new Error('user_groups.account is not an account id')
  return {
    id: text(row, 'id'),
    account,
    name: text(row, 'name'),
    path: text(row, 'path'),
    createdAt: instant(row, 'created_at'),
  }
}
