import type { SqlReader, SqlWriter } from '../storage/database/database.ts'

const administratorAccess = 'arn:aws:iam::aws:policy/AdministratorAccess'

export async function attachAdministratorAccess(
  tx: SqlWriter,
  ownerId: string,
  now: Date,
): Promise<void> {
  await tx.run(
    'INSERT INTO attached_policies (owner_id, policy_arn, attached_at) VALUES ($1, $2, $3)',
    [ownerId, administratorAccess, now.getTime()],
  )
}

export async function isAdministrator(reader: SqlReader, ownerId: string): Promise<boolean> {
  const row = await reader.first(
    `SELECT u.id FROM users u JOIN attached_policies a ON a.owner_id = u.id
     WHERE u.id = $1 AND a.policy_arn = '${administratorAccess}'`,
    [ownerId],
  )
  return row !== undefined
}
