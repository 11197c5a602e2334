import type { AccountId } from '../policy/account-id.ts'
import { integer, text, type SqlReader, type SqlWriter } from '../storage/database/database.ts'

/** False where it was attached already. */
export async function insertAttachment(
  tx: SqlWriter,
  ownerId: string,
  policyArn: string,
  now: Date,
): Promise<boolean> {
  const written = await tx.run(
    `INSERT INTO attached_policies (owner_id, policy_arn, attached_at) VALUES ($1, $2, $3)
     ON CONFLICT (owner_id, policy_arn) DO NOTHING`,
    [ownerId, policyArn, now.getTime()],
  )
  return written > 0
}

/** False where it was not attached. */
export async function deleteAttachment(
  tx: SqlWriter,
  ownerId: string,
  policyArn: string,
): Promise<boolean> {
  const deleted = await tx.run(
    'DELETE FROM attached_policies WHERE owner_id = $1 AND policy_arn = $2',
    [ownerId, policyArn],
  )
  return deleted > 0
}

/** The ARNs of all policies attached to a user, group or role: ten at most. */
export async function listAttachedPolicyArns(
  reader: SqlReader,
  ownerId: string,
): Promise<readonly string[]> {
  const rows = await reader.all(
    'SELECT policy_arn FROM attached_policies WHERE owner_id = $1 ORDER BY policy_arn',
    [ownerId],
  )
  return rows.map((row) => text(row, 'policy_arn'))
}

export interface PolicyUse {
  /** Users, groups and roles of the account that it is attached to. */
  readonly attachments: number
  /** Users and roles of the account that it bounds. */
  readonly boundaries: number
}

/** How the account uses a policy, AWS's or its own. */
export async function countPolicyUse(
  reader: SqlReader,
  account: AccountId,
  policyArn: string,
): Promise<PolicyUse> {
  const row = await reader.first(
    `SELECT (SELECT COUNT(*) FROM attached_policies a JOIN users u ON u.id = a.owner_id
              WHERE a.policy_arn = $2 AND u.account = $1)
          + (SELECT COUNT(*) FROM attached_policies a JOIN roles r ON r.id = a.owner_id
              WHERE a.policy_arn = $2 AND r.account = $1)
          + (SELECT COUNT(*) FROM attached_policies a JOIN user_groups g ON g.id = a.owner_id
              WHERE a.policy_arn = $2 AND g.account = $1) AS attachments,
            (SELECT COUNT(*) FROM users WHERE account = $1 AND boundary_arn = $2)
          + (SELECT COUNT(*) FROM roles WHERE account = $1 AND boundary_arn = $2) AS boundaries`,
    [account, policyArn],
  )
  if (row === undefined) throw new Error('a count without a row')
  return { attachments: integer(row, 'attachments'), boundaries: integer(row, 'boundaries') }
}
