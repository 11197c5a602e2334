// The secrets of sinks, sealed under the master key: what a message is signed with, where it goes, how it signs in.
import type { Keyring } from '../access/keyring.ts'
import { openSecret, sealSecret } from '../access/rules/seal-secret.ts'
import type { Ids } from '../lib/ids.ts'
import type { SqlReader, SqlWriter } from '../storage/database/database.ts'
import type { SecretPart } from './rules/sink.ts'
import { insertSinkSecret, listSinkSecrets } from './sink-secret-store.ts'

const table = 'notification_secrets'
const purpose = 'notification-secret'

export interface SecretDeps {
  readonly ids: Ids
  readonly keyring: Keyring
}

export async function keepSinkSecret(
  { ids, keyring }: SecretDeps,
  tx: SqlWriter,
  secret: { readonly sinkId: string; readonly part: SecretPart; readonly text: string },
  now: Date,
): Promise<void> {
  const { sinkId, part, text } = secret
  const id = ids.uuid()
  const place = { table, row: id } as const
  const sealed = sealSecret(keyring.keysOf(purpose), ids.bytes(12), place, Buffer.from(text))
  await insertSinkSecret(tx, { id, sinkId, part, secret: sealed }, now)
}

/** Those that are valid now, the newest first; one that no master key opens any more is left out. */
export async function readSinkSecrets(
  keyring: Keyring,
  reader: SqlReader,
  asked: { readonly sinkId: string; readonly part: SecretPart },
  now: Date,
): Promise<readonly string[]> {
  const rows = await listSinkSecrets(reader, asked, now)
  return rows.flatMap(({ id, sealed }) => {
    const plain = openSecret(keyring.keysOf(purpose), { table, row: id }, sealed)
    return plain === undefined ? [] : [plain.toString()]
  })
}

/** 32 random bytes, in a form that shell, YAML and URL take as it is. */
export function newSigningSecret(ids: Ids): string {
  return ids.bytes(32).toString('base64url')
}
