import { parseAccountId, type AccountId } from '../policy/account-id.ts'
import {
  instant,
  instantOrAbsent,
  integer,
  text,
  textOrAbsent,
  type SqlReader,
  type SqlRow,
  type SqlWriter,
} from '../storage/database/database.ts'
import {
  profileModes,
  validityTypes,
  type ProfileAddress,
  type ProfileMode,
  type Validity,
  type VersionAddress,
} from './rules/profile.ts'

export interface StoredProfile extends ProfileAddress {
  readonly mode: ProfileMode
  readonly status: 'Active' | 'Canceled'
  /** Signs now. */
  readonly version: string
  readonly tags: Readonly<Record<string, string>>
  readonly permissionsRevision: string
  readonly changedAt: Date
}

export interface StoredVersion extends VersionAddress {
  readonly keyId: string
  readonly validity: Validity
  readonly madeBy: string
  readonly madeAt: Date
  readonly revocation: Revocation | undefined
}

export interface Revocation {
  /** Signatures of that moment and later count no more. */
  readonly from: Date
  readonly at: Date
  readonly by: string
  readonly reason: string
}

export async function findProfile(
  reader: SqlReader,
  { account, name }: ProfileAddress,
): Promise<StoredProfile | undefined> {
  const row = await reader.first(
    'SELECT * FROM signing_profiles WHERE account = $1 AND name = $2',
    [account, name],
  )
  return row === undefined ? undefined : profileOf(row)
}

/** By name. */
export async function listStoredProfiles(
  reader: SqlReader,
  account: AccountId,
  page: { readonly after: string; readonly limit: number },
): Promise<readonly StoredProfile[]> {
  const rows = await reader.all(
    'SELECT * FROM signing_profiles WHERE account = $1 AND name > $2 ORDER BY name LIMIT $3',
    [account, page.after, page.limit],
  )
  return rows.map(profileOf)
}

export async function writeProfile(tx: SqlWriter, profile: StoredProfile): Promise<void> {
  const { account, name, mode, status, version, tags, permissionsRevision, changedAt } = profile
  await tx.run(
    `INSERT INTO signing_profiles (account, name, mode, status, version, tags, permissions_revision, changed_at)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
     ON CONFLICT (account, name) DO UPDATE SET mode = excluded.mode, status = excluded.status, version = excluded.version,
       tags = excluded.tags, permissions_revision = excluded.permissions_revision, changed_at = excluded.changed_at`,
    [
      account,
      name,
      mode,
      status,
      version,
      JSON.stringify(tags),
      permissionsRevision,
      changedAt.getTime(),
    ],
  )
}

export async function findVersion(
  reader: SqlReader,
  { account, name, version }: VersionAddress,
): Promise<StoredVersion | undefined> {
  const row = await reader.first(
    'SELECT * FROM signing_profile_versions WHERE account = $1 AND name = $2 AND version = $3',
    [account, name, version],
  )
  return row === undefined ? undefined : versionOfRow(row)
}

export async function insertVersion(
  tx: SqlWriter,
  version: Omit<StoredVersion, 'revocation'>,
): Promise<void> {
  const { account, name, keyId, validity, madeBy, madeAt } = version
  await tx.run(
    `INSERT INTO signing_profile_versions (account, name, version, key_id, validity_value, validity_type, made_by, made_at)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`,
    [
      account,
      name,
      version.version,
      keyId,
      validity.value,
      validity.type,
      madeBy,
      madeAt.getTime(),
    ],
  )
}

export async function writeRevocation(
  tx: SqlWriter,
  { account, name, version }: VersionAddress,
  { from, at, by, reason }: Revocation,
): Promise<void> {
  await tx.run(
    `UPDATE signing_profile_versions SET revoked_from = $4, revoked_at = $5, revoked_by = $6, revoke_reason = $7
     WHERE account = $1 AND name = $2 AND version = $3`,
    [account, name, version, from.getTime(), at.getTime(), by, reason],
  )
}

function profileOf(row: SqlRow): StoredProfile {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- written by writeProfile
  const tags = JSON.parse(text(row, 'tags')) as Readonly<Record<string, string>>
  const [mode, status] = [text(row, 'mode'), text(row, 'status')]
  const known = profileModes.find((one) => one === mode)
  if (known === undefined) throw new Error(`signing_profiles.mode is ${mode}`)
  return {
    account: accountIn(row),
    name: text(row, 'name'),
    mode: known,
    status: status === 'Active' ? 'Active' : 'Canceled',
    version: text(row, 'version'),
    tags,
    permissionsRevision: text(row, 'permissions_revision'),
    changedAt: instant(row, 'changed_at'),
  }
}

function versionOfRow(row: SqlRow): StoredVersion {
  const type = validityTypes.find((one) => one === text(row, 'validity_type'))
  if (type === undefined) throw new Error('signing_profile_versions.validity_type is unknown')
  const from = instantOrAbsent(row, 'revoked_from')
  return {
    account: accountIn(row),
    name: text(row, 'name'),
    version: text(row, 'version'),
    keyId: text(row, 'key_id'),
    validity: { value: integer(row, 'validity_value'), type },
    madeBy: text(row, 'made_by'),
    madeAt: instant(row, 'made_at'),
    revocation:
      from === undefined
        ? undefined
        : {
            from,
            at: instant(row, 'revoked_at'),
            by: text(row, 'revoked_by'),
            reason: textOrAbsent(row, 'revoke_reason') ?? '',
          },
  }
}

export function accountIn(row: SqlRow, column = 'account'): AccountId {
  const account = parseAccountId(text(row, column))
  if (account === undefined) throw new Error(`column ${column} is no account`)
  return account
}
