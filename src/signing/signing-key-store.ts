import type { SealedSecret } from '../access/rules/seal-secret.ts'
import type { AccountId } from '../policy/account-id.ts'
import {
  bytes,
  instant,
  text,
  textOrAbsent,
  type SqlReader,
  type SqlRow,
  type SqlWriter,
} from '../storage/database/database.ts'

/** What may be told of a key: everything but its private part. */
export interface SigningKeyRecord {
  readonly id: string
  readonly kind: KeyKind
  readonly name: string | undefined
  /** `EC-384`, as plugins of notation write it. */
  readonly algorithm: string
  /** DER, SubjectPublicKeyInfo. */
  readonly publicKey: Uint8Array
  /** DER, the key's own certificate first, up to the root. */
  readonly chain: readonly Uint8Array[]
  readonly madeBy: string
  readonly createdAt: Date
  /** The end of its certificate. */
  readonly expiresAt: Date
}

/** Keys of the installation itself: those that issue certificates, and the one that signs timestamps. */
export type AuthorityKind = 'root' | 'intermediate' | 'tsa-root' | 'tsa'
export type KeyKind = AuthorityKind | 'profile' | 'named'

const columns = 'id, kind, name, algorithm, public_key, chain, made_by, created_at, expires_at'

export interface NewSigningKey extends SigningKeyRecord {
  readonly account: AccountId | undefined
  readonly secret: SealedSecret
}

export async function insertSigningKey(tx: SqlWriter, key: NewSigningKey): Promise<void> {
  const chain = key.chain.map((der) => Buffer.from(der).toString('base64'))
  await tx.run(
    `INSERT INTO signing_keys (id, kind, account, name, algorithm, public_key, chain, secret, sealed_under, made_by, created_at, expires_at)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)`,
    [
      key.id,
      key.kind,
      key.account ?? null,
      key.name ?? null,
      key.algorithm,
      key.publicKey,
      JSON.stringify(chain),
      key.secret.bytes,
      key.secret.under,
      key.madeBy,
      key.createdAt.getTime(),
      key.expiresAt.getTime(),
    ],
  )
}

export async function findSigningKey(
  reader: SqlReader,
  id: string,
): Promise<SigningKeyRecord | undefined> {
  const row = await reader.first(`SELECT ${columns} FROM signing_keys WHERE id = $1`, [id])
  return row === undefined ? undefined : keyOf(row)
}

export async function findSealedKey(
  reader: SqlReader,
  id: string,
): Promise<Uint8Array | undefined> {
  const row = await reader.first('SELECT secret FROM signing_keys WHERE id = $1', [id])
  return row === undefined ? undefined : bytes(row, 'secret')
}

export async function findNewestKey(
  reader: SqlReader,
  kind: AuthorityKind,
): Promise<SigningKeyRecord | undefined> {
  const row = await reader.first(
    `SELECT ${columns} FROM signing_keys WHERE kind = $1 ORDER BY created_at DESC LIMIT 1`,
    [kind],
  )
  return row === undefined ? undefined : keyOf(row)
}

/** Oldest first. */
export async function listRoots(
  reader: SqlReader,
  kind: 'root' | 'tsa-root',
): Promise<readonly SigningKeyRecord[]> {
  return listKeysOf(reader, kind)
}

/** Those that issue certificates of keys that sign: one more each year. Oldest first. */
export async function listIssuers(reader: SqlReader): Promise<readonly SigningKeyRecord[]> {
  return listKeysOf(reader, 'intermediate')
}

async function listKeysOf(
  reader: SqlReader,
  kind: AuthorityKind,
): Promise<readonly SigningKeyRecord[]> {
  const rows = await reader.all(
    `SELECT ${columns} FROM signing_keys WHERE kind = $1 ORDER BY created_at`,
    [kind],
  )
  return rows.map(keyOf)
}

export async function findNamedKey(
  reader: SqlReader,
  account: AccountId,
  name: string,
): Promise<SigningKeyRecord | undefined> {
  const row = await reader.first(
    `SELECT ${columns} FROM signing_keys WHERE account = $1 AND name = $2`,
    [account, name],
  )
  return row === undefined ? undefined : keyOf(row)
}

/** By name. */
export async function listNamedKeys(
  reader: SqlReader,
  account: AccountId,
  limit: number,
): Promise<readonly SigningKeyRecord[]> {
  const rows = await reader.all(
    `SELECT ${columns} FROM signing_keys WHERE account = $1 AND name IS NOT NULL ORDER BY name LIMIT $2`,
    [account, limit],
  )
  return rows.map(keyOf)
}

/** DER, the key's own certificate first. */
export function chainIn(row: SqlRow): readonly Uint8Array[] {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- written by insertSigningKey
  const chain = JSON.parse(text(row, 'chain')) as readonly string[]
  return chain.map((one) => Buffer.from(one, 'base64'))
}

function keyOf(row: SqlRow): SigningKeyRecord {
  return {
    id: text(row, 'id'),
    kind: kindOf(text(row, 'kind')),
    name: textOrAbsent(row, 'name'),
    algorithm: text(row, 'algorithm'),
    publicKey: bytes(row, 'public_key'),
    chain: chainIn(row),
    madeBy: text(row, 'made_by'),
    createdAt: instant(row, 'created_at'),
    expiresAt: instant(row, 'expires_at'),
  }
}

function kindOf(word: string): KeyKind {
  const kinds = ['root', 'intermediate', 'tsa-root', 'tsa', 'profile', 'named'] as const
  const kind = kinds.find((one) => one === word)
  if (kind === undefined) throw new Error(`signing_keys.kind is ${word}`)
  return kind
}
