import type { AccountId } from '../policy/account-id.ts'
import {
  integer,
  text,
  textOrAbsent,
  type SqlReader,
  type SqlRow,
} from '../storage/database/database.ts'
import { readPrincipalIds } from './rules/principal-ids.ts'

/** A document as it was put, and the unique id of each principal that it names by ARN. */
export interface StoredPolicy {
  readonly document: string
  readonly principals: ReadonlyMap<string, string>
}

export interface StoredEntity {
  readonly boundaryArn: string | undefined
  readonly groups: readonly { readonly id: string; readonly name: string }[]
}

export interface StoredRepository {
  readonly name: string
  readonly policy: StoredPolicy | undefined
  readonly tags: readonly (readonly [key: string, value: string])[]
}

export interface StoredGuardRail {
  readonly name: string
  readonly document: string
  readonly kind: 'scp' | 'rcp'
  /** 0 is nearest the root. */
  readonly level: number
}

/** The user's boundary and groups; undefined for one that is not there. */
export async function findStoredUser(
  reader: SqlReader,
  id: string,
): Promise<StoredEntity | undefined> {
  const row = await reader.first(
    `SELECT u.boundary_arn FROM users u JOIN accounts a ON a.id = u.account WHERE u.id = $1 AND a.state = 'active'`,
    [id],
  )
  if (row === undefined) return undefined
  const groups = await reader.all(
    'SELECT g.id, g.name FROM group_members m JOIN user_groups g ON g.id = m.group_id WHERE m.user_id = $1 ORDER BY g.name_key',
    [id],
  )
  return {
    boundaryArn: textOrAbsent(row, 'boundary_arn'),
    groups: groups.map((group) => ({ id: text(group, 'id'), name: text(group, 'name') })),
  }
}

/** Of a role, which is in no group. */
export async function findStoredRole(
  reader: SqlReader,
  id: string,
): Promise<StoredEntity | undefined> {
  const row = await reader.first(
    `SELECT r.boundary_arn FROM roles r JOIN accounts a ON a.id = r.account WHERE r.id = $1 AND a.state = 'active'`,
    [id],
  )
  return row === undefined
    ? undefined
    : { boundaryArn: textOrAbsent(row, 'boundary_arn'), groups: [] }
}

export async function isActiveAccount(reader: SqlReader, account: AccountId): Promise<boolean> {
  const row = await reader.first('SELECT state FROM accounts WHERE id = $1', [account])
  return row !== undefined && text(row, 'state') === 'active'
}

/** The default version of an account's own managed policy. */
export async function findDefaultVersion(
  reader: SqlReader,
  policy: { readonly account: AccountId; readonly path: string; readonly name: string },
): Promise<{ readonly document: string; readonly version: number } | undefined> {
  const row = await reader.first(
    `SELECT v.document, v.version FROM managed_policies p
     JOIN managed_policy_versions v ON v.policy_id = p.id AND v.version = p.default_version
     WHERE p.account = $1 AND p.name_key = $2 AND p.name = $3 AND p.path = $4`,
    [policy.account, policy.name.toLowerCase(), policy.name, policy.path],
  )
  return row === undefined
    ? undefined
    : { document: text(row, 'document'), version: integer(row, 'version') }
}

/** In the order of levels. */
export async function listStoredGuardRails(
  reader: SqlReader,
  account: AccountId,
): Promise<readonly StoredGuardRail[]> {
  const rows = await reader.all(
    'SELECT kind, level, name, document FROM guard_rails WHERE account = $1 ORDER BY kind, level, name',
    [account],
  )
  return rows.map((row) => {
    const kind = text(row, 'kind')
    if (kind !== 'scp' && kind !== 'rcp') throw new Error(`guard_rails.kind is ${kind}`)
    return {
      kind,
      level: integer(row, 'level'),
      name: text(row, 'name'),
      document: text(row, 'document'),
    }
  })
}

export async function findRegistryPolicyRow(
  reader: SqlReader,
  account: AccountId,
): Promise<StoredPolicy | undefined> {
  const row = await reader.first(
    'SELECT document, principals FROM registry_policies WHERE account = $1',
    [account],
  )
  return row === undefined ? undefined : policyOf(row)
}

export async function findSetting(
  reader: SqlReader,
  account: AccountId,
  name: string,
): Promise<string | undefined> {
  const row = await reader.first(
    'SELECT value FROM account_settings WHERE account = $1 AND name = $2',
    [account, name],
  )
  return row === undefined ? undefined : text(row, 'value')
}

/** What decisions read of one repository; undefined for one that is not there. */
export async function findStoredRepository(
  reader: SqlReader,
  account: AccountId,
  name: string,
): Promise<StoredRepository | undefined> {
  const row = await reader.first(
    `SELECT r.id, p.document, p.principals FROM repositories r
     LEFT JOIN repository_policies p ON p.repository_id = r.id WHERE r.account = $1 AND r.name = $2`,
    [account, name],
  )
  if (row === undefined) return undefined
  const tags = await reader.all(
    'SELECT tag_key, tag_value FROM repository_tags WHERE repository_id = $1 ORDER BY tag_key',
    [integer(row, 'id')],
  )
  return { name, policy: policyOrAbsent(row), tags: tags.map(tagOf) }
}

/** The same of a page in byte order of names, in two statements instead of two for each. */
export async function listStoredRepositories(
  reader: SqlReader,
  account: AccountId,
  page: { readonly after: string; readonly limit: number },
): Promise<readonly StoredRepository[]> {
  const rows = await reader.all(
    `SELECT r.name, p.document, p.principals FROM repositories r
     LEFT JOIN repository_policies p ON p.repository_id = r.id
     WHERE r.account = $1 AND r.name > $2 ORDER BY r.name LIMIT $3`,
    [account, page.after, page.limit],
  )
  const last = rows.at(-1)
  if (last === undefined) return []
  const tags = await reader.all(
    `SELECT r.name, t.tag_key, t.tag_value FROM repository_tags t JOIN repositories r ON r.id = t.repository_id
     WHERE r.account = $1 AND r.name > $2 AND r.name <= $3 ORDER BY r.name, t.tag_key`,
    [account, page.after, text(last, 'name')],
  )
  const tagsOf = Map.groupBy(tags, (row) => text(row, 'name'))
  return rows.map((row) => {
    const name = text(row, 'name')
    return { name, policy: policyOrAbsent(row), tags: (tagsOf.get(name) ?? []).map(tagOf) }
  })
}

function tagOf(row: SqlRow): readonly [key: string, value: string] {
  return [text(row, 'tag_key'), text(row, 'tag_value')]
}

function policyOrAbsent(row: SqlRow): StoredPolicy | undefined {
  return textOrAbsent(row, 'document') === undefined ? undefined : policyOf(row)
}

function policyOf(row: SqlRow): StoredPolicy {
  return {
    document: text(row, 'document'),
    principals: readPrincipalIds(text(row, 'principals')),
  }
}

/** What decisions read of a signing profile: its permissions as one policy, each a statement, and its tags. */
export async function findStoredProfile(
  reader: SqlReader,
  account: AccountId,
  name: string,
): Promise<StoredRepository | undefined> {
  const row = await reader.first(
    'SELECT tags FROM signing_profiles WHERE account = $1 AND name = $2',
    [account, name],
  )
  if (row === undefined) return undefined
  const rows = await reader.all(
    `SELECT action, principal, profile_version, principals FROM signing_profile_permissions
     WHERE account = $1 AND name = $2 ORDER BY statement_id`,
    [account, name],
  )
  const tags = [...readTextMap(text(row, 'tags'))]
  return { name, policy: rows.length === 0 ? undefined : permissionPolicy(rows), tags }
}

/** A JSON object of texts. */
function readTextMap(column: string): ReadonlyMap<string, string> {
  return readPrincipalIds(column)
}

function permissionPolicy(rows: readonly SqlRow[]): StoredPolicy {
  const statements = rows.map((row) => {
    const version = textOrAbsent(row, 'profile_version')
    return {
      Effect: 'Allow',
      Principal: { AWS: text(row, 'principal') },
      Action: text(row, 'action'),
      ...(version === undefined
        ? {}
        : { Condition: { StringEquals: { 'signer:ProfileVersion': version } } }),
    }
  })
  const ids = rows.flatMap((row) => [...readPrincipalIds(text(row, 'principals'))])
  return {
    document: JSON.stringify({ Version: '2012-10-17', Statement: statements }),
    principals: new Map(ids),
  }
}
