import { createPublicKey } from 'node:crypto'
import type { AccountId } from '../policy/account-id.ts'
import type { Database, SqlReader } from '../storage/database/database.ts'
import { signingError } from './errors.ts'
import type { AuthorityDeps } from './authority-keys.ts'
import { keepCertifiedKey } from './installation-authority.ts'
import type { KeySpec } from './key-store.ts'
import { findKeyRevocation } from './revocation-list-store.ts'
import { isSigningKeyName } from './rules/signing-key-arn.ts'
import { findNamedKey, listNamedKeys, type SigningKeyRecord } from './signing-key-store.ts'

export const maxNamedKeys = 1000

/** As it is told: the private part never is. */
export interface NamedKey {
  readonly name: string
  readonly algorithm: string
  /** PEM. */
  readonly publicKey: string
  readonly certificateChain: readonly string[]
  readonly madeBy: string
  readonly createdAt: Date
  readonly expiresAt: Date
  /** What it signed from then on counts no more; undefined: it is not revoked. */
  readonly revokedFrom: Date | undefined
}

/** SIGNING_INPUT_INVALID for a name of another form, SIGNING_KEY_EXISTS, SIGNING_LIMIT. */
export async function makeNamedKey(
  deps: AuthorityDeps & { readonly database: Database },
  input: {
    readonly account: AccountId
    readonly name: string
    readonly spec: KeySpec
    readonly by: string
  },
): Promise<NamedKey> {
  const { account, name, spec, by } = input
  if (!isSigningKeyName(name)) {
    const message = `${JSON.stringify(name.slice(0, 100))} is no name of a signing key: 1 to 64 of A-Z a-z 0-9 _ . -`
    throw signingError('SIGNING_INPUT_INVALID', message)
  }
  // Before the transaction: an RSA key takes seconds, and others must not wait for it.
  const made = await deps.keys.make(spec)
  const record = await deps.database.transaction(async (tx) => {
    if ((await findNamedKey(tx, account, name)) !== undefined)
      throw signingError('SIGNING_KEY_EXISTS', `account ${account} has a signing key ${name}`)
    if ((await listNamedKeys(tx, account, maxNamedKeys)).length === maxNamedKeys)
      throw signingError('SIGNING_LIMIT', `an account has at most ${maxNamedKeys} signing keys`)
    const subject = {
      country: 'XX',
      state: 'Pratique',
      organization: account,
      organizationalUnit: 'key',
      commonName: name,
    }
    const kind = 'named'
    return keepCertifiedKey(deps, tx, made, {
      kind,
      account,
      name,
      algorithm: spec,
      subject,
      madeBy: by,
    })
  })
  return shown(record, undefined)
}

/** By name. */
export async function describeNamedKeys(
  reader: SqlReader,
  account: AccountId,
): Promise<readonly NamedKey[]> {
  const keys: NamedKey[] = []
  for (const record of await listNamedKeys(reader, account, maxNamedKeys))
    keys.push(shown(record, (await findKeyRevocation(reader, record.id))?.from))
  return keys
}

/** SIGNING_KEY_UNKNOWN. */
export async function requireNamedKey(
  reader: SqlReader,
  account: AccountId,
  name: string,
): Promise<SigningKeyRecord> {
  const record = await findNamedKey(reader, account, name)
  if (record !== undefined) return record
  throw signingError(
    'SIGNING_KEY_UNKNOWN',
    `account ${account} has no signing key ${JSON.stringify(name.slice(0, 100))}`,
  )
}

function shown(record: SigningKeyRecord, revokedFrom: Date | undefined): NamedKey {
  const { name = '', algorithm, chain, madeBy, createdAt, expiresAt } = record
  const key = createPublicKey({
    key: Buffer.from(record.publicKey),
    format: 'der',
    type: 'spki',
  })
  return {
    name,
    algorithm,
    publicKey: key.export({ format: 'pem', type: 'spki' }).toString(),
    certificateChain: chain.map((der) => Buffer.from(der).toString('base64')),
    madeBy,
    createdAt,
    expiresAt,
    revokedFrom,
  }
}
