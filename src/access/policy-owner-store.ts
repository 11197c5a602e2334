import { parseAccountId, type AccountId } from '../policy/account-id.ts'
import { text, textOrAbsent, type SqlReader, type SqlRow } from '../storage/database/database.ts'

export type PolicyOwnerKind = 'user' | 'role' | 'group'

/** Who can have policies: the part of a user, a role or a group that policies are about. */
export interface PolicyOwner {
  readonly kind: PolicyOwnerKind
  /** `AIDA…`, `AROA…`, `AGPA…` */
  readonly id: string
  readonly account: AccountId
  readonly name: string
  readonly path: string
  /** A group has none. */
  readonly boundaryArn: string | undefined
}

const ownerByName = {
  user: `SELECT 'user' AS kind, id, account, name, path, boundary_arn FROM users
    WHERE account = $1 AND name_key = $2 AND kind = 'user'`,
  role: `SELECT 'role' AS kind, id, account, name, path, boundary_arn FROM roles
    WHERE account = $1 AND name_key = $2`,
  group: `SELECT 'group' AS kind, id, account, name, path, NULL AS boundary_arn FROM user_groups
    WHERE account = $1 AND name_key = $2`,
} as const satisfies Record<PolicyOwnerKind, string>

/** By its name, without regard to case; the root user is nobody's to find. */
export async function findPolicyOwner(
  reader: SqlReader,
  account: AccountId,
  owner: { readonly kind: PolicyOwnerKind; readonly name: string },
): Promise<PolicyOwner | undefined> {
  const row = await reader.first(ownerByName[owner.kind], [account, owner.name.toLowerCase()])
  return row === undefined ? undefined : ownerOf(row)
}

/** The groups whose policies are a user's too. */
export async function listGroupsOfUser(
  reader: SqlReader,
  userId: string,
): Promise<readonly PolicyOwner[]> {
  const rows = await reader.all(
    `SELECT 'group' AS kind, g.id, g.account, g.name, g.path, NULL AS boundary_arn
     FROM group_members m JOIN user_groups g ON g.id = m.group_id WHERE m.user_id = $1 ORDER BY g.name_key`,
    [userId],
  )
  return rows.map(ownerOf)
}

/** In which way a policy is in use by an entity. */
export type PolicyUsage = 'PermissionsPolicy' | 'PermissionsBoundary'

const attachedTo = `
  SELECT 'group' AS kind, g.id, g.account, g.name, g.name_key, g.path, NULL AS boundary_arn
  FROM attached_policies a JOIN user_groups g ON g.id = a.owner_id WHERE a.policy_arn = $1 AND g.account = $2
  UNION SELECT 'role', r.id, r.account, r.name, r.name_key, r.path, r.boundary_arn
  FROM attached_policies a JOIN roles r ON r.id = a.owner_id WHERE a.policy_arn = $1 AND r.account = $2
  UNION SELECT 'user', u.id, u.account, u.name, u.name_key, u.path, u.boundary_arn
  FROM attached_policies a JOIN users u ON u.id = a.owner_id WHERE a.policy_arn = $1 AND u.account = $2`
const boundedBy = `
  SELECT 'role' AS kind, r.id, r.account, r.name, r.name_key, r.path, r.boundary_arn
  FROM roles r WHERE r.account = $2 AND r.boundary_arn = $1
  UNION SELECT 'user', u.id, u.account, u.name, u.name_key, u.path, u.boundary_arn
  FROM users u WHERE u.account = $2 AND u.boundary_arn = $1`

const entities = {
  PermissionsPolicy: attachedTo,
  PermissionsBoundary: boundedBy,
  both: `${attachedTo} UNION ${boundedBy}`,
} as const

/** Who of the account uses the policy, groups first; each once. `after` is the last one of the page before. */
export async function listPolicyEntities(
  reader: SqlReader,
  account: AccountId,
  asked: {
    readonly policyArn: string
    readonly usage: PolicyUsage | undefined
    readonly kind: PolicyOwnerKind | undefined
    readonly pathPrefix: string
    readonly after: Pick<PolicyOwner, 'kind' | 'name'> | undefined
    readonly limit: number
  },
): Promise<readonly PolicyOwner[]> {
  const { policyArn, usage, kind, pathPrefix, after, limit } = asked
  const rows = await reader.all(
    `SELECT kind, id, account, name, path, boundary_arn FROM (${entities[usage ?? 'both']}) e
     WHERE (kind, name_key) > ($3, $4) AND substr(path, 1, length($5)) = $5 AND ($6 = '' OR kind = $6)
     ORDER BY kind, name_key LIMIT $7`,
    [
      policyArn,
      account,
      after?.kind ?? '',
      after?.name.toLowerCase() ?? '',
      pathPrefix,
      kind ?? '',
      limit,
    ],
  )
  return rows.map(ownerOf)
}

function ownerOf(row: SqlRow): PolicyOwner {
  const account = parseAccountId(text(row, 'account'))
  const kind = text(row, 'kind')
  if (account === undefined) throw new Error('the account of a policy’s owner is not an account id')
  if (kind !== 'user' && kind !== 'role' && kind !== 'group') throw new Error(`no owner: ${kind}`)
  return {
    kind,
    id: text(row, 'id'),
    account,
    name: text(row, 'name'),
    path: text(row, 'path'),
    boundaryArn: textOrAbsent(row, 'boundary_arn'),
  }
}
