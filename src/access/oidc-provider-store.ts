import { parseAccountId, type AccountId } from '../policy/account-id.ts'
import {
  instant,
  text,
  type SqlReader,
  type SqlRow,
  type SqlWriter,
} from '../storage/database/database.ts'
import { readProviderOptions, type OidcProviderOptions } from './rules/oidc-provider-options.ts'

/** An OpenID Connect identity provider whose tokens may open sessions of roles. */
export interface OidcProvider {
  readonly account: AccountId
  /** Its URL without the scheme, as it stands in its ARN and before the colon of its condition keys. */
  readonly issuer: string
  /** The audiences that its tokens may be for. */
  readonly clientIds: readonly string[]
  /** SHA-1 of certificates, 40 hexadecimal digits each. They are kept for whoever reads them, and decide nothing. */
  readonly thumbprints: readonly string[]
  readonly options: OidcProviderOptions
  readonly createdAt: Date
}

const columns = 'account, issuer, client_ids, thumbprints, options, created_at'

/** False where the account has one of that issuer already. */
export async function insertOidcProvider(tx: SqlWriter, provider: OidcProvider): Promise<boolean> {
  const { account, issuer, clientIds, thumbprints, options, createdAt } = provider
  const written = await tx.run(
    `INSERT INTO oidc_providers (${columns}) VALUES ($1, $2, $3, $4, $5, $6)
     ON CONFLICT (account, issuer) DO NOTHING`,
    [
      account,
      issuer,
      JSON.stringify(clientIds),
      JSON.stringify(thumbprints),
      JSON.stringify(options),
      createdAt.getTime(),
    ],
  )
  return written > 0
}

export async function findOidcProvider(
  reader: SqlReader,
  account: AccountId,
  issuer: string,
): Promise<OidcProvider | undefined> {
  const row = await reader.first(
    `SELECT ${columns} FROM oidc_providers WHERE account = $1 AND issuer = $2`,
    [account, issuer],
  )
  return row === undefined ? undefined : providerOf(row)
}

/** All of an account, by issuer: a hundred at most. */
export async function listOidcProviders(
  reader: SqlReader,
  account: AccountId,
): Promise<readonly OidcProvider[]> {
  const rows = await reader.all(
    `SELECT ${columns} FROM oidc_providers WHERE account = $1 ORDER BY issuer`,
    [account],
  )
  return rows.map(providerOf)
}

/** Everything but its name and its age. */
export async function updateOidcProvider(tx: SqlWriter, provider: OidcProvider): Promise<void> {
  await tx.run(
    'UPDATE oidc_providers SET client_ids = $3, thumbprints = $4, options = $5 WHERE account = $1 AND issuer = $2',
    [
      provider.account,
      provider.issuer,
      JSON.stringify(provider.clientIds),
      JSON.stringify(provider.thumbprints),
      JSON.stringify(provider.options),
    ],
  )
}

/** False where there was none. */
export async function deleteOidcProvider(
  tx: SqlWriter,
  account: AccountId,
  issuer: string,
): Promise<boolean> {
  const deleted = await tx.run('DELETE FROM oidc_providers WHERE account = $1 AND issuer = $2', [
    account,
    issuer,
  ])
  return deleted > 0
}

function providerOf(row: SqlRow): OidcProvider {
  const account = parseAccountId(text(row, 'account'))
  const options = readProviderOptions(JSON.parse(text(row, 'options')))
  if (account === undefined) throw new Error('oidc_providers.account is not an account id')
  if (options.kind === 'refused') throw new Error(`oidc_providers.options: ${options.reason}`)
  return {
    account,
    issuer: text(row, 'issuer'),
    clientIds: textsOf(text(row, 'client_ids')),
    thumbprints: textsOf(text(row, 'thumbprints')),
    options: options.options,
    createdAt: instant(row, 'created_at'),
  }
}

function textsOf(json: string): readonly string[] {
  const list: unknown = JSON.parse(json)
  return Array.isArray(list) ? list.map(String) : []
}
