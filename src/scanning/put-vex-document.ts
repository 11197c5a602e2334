import type { Clock } from '../lib/clock.ts'
import { digestOf, type Digest } from '../oci/digest.ts'
import type { AccountId } from '../policy/account-id.ts'
import type { Database, SqlReader } from '../storage/database/database.ts'
import { readVexBytes } from '../vex/read-vex.ts'
import { scanningError } from './errors.ts'
import {
  countVexDocuments,
  deleteVexDocument,
  findVexDocument,
  insertVexDocument,
  type GivenDocument,
} from './vex-document-store.ts'

/** What one account may give; all of it is held in memory while its findings are listed. */
export const mostVexDocuments = 500
const mostVexBytes = 64 * 1024 * 1024

/** It counts from now on: whoever may call this answers for it. The same bytes given again change nothing. */
export async function putVexDocument(
  { database, clock }: { readonly database: Database; readonly clock: Clock },
  input: { readonly account: AccountId; readonly principal: string; readonly content: Uint8Array },
): Promise<GivenDocument & { readonly isNew: boolean }> {
  const { account, principal, content } = input
  const reading = readVexBytes(content)
  if (reading.kind === 'refused') throw scanningError('VEX_UNREADABLE', reading.reason)
  const digest = digestOf(content)
  const isNew = await database.transaction(async (tx) => {
    const given = { document: reading.value, content, by: principal, at: clock.now() }
    const isInserted = await insertVexDocument(tx, { account, digest }, given)
    const { documents, bytes } = await countVexDocuments(tx, account)
    if (documents > mostVexDocuments || bytes > mostVexBytes) {
      const message = `an account takes at most ${mostVexDocuments} VEX documents and ${mostVexBytes / 1024 ** 2} MiB of them`
      throw scanningError('VEX_LIMIT', message)
    }
    return isInserted
  })
  const { given } = await getVexDocument(database, account, digest)
  return { ...given, isNew }
}

export async function getVexDocument(
  reader: SqlReader,
  account: AccountId,
  digest: Digest,
): Promise<{ readonly given: GivenDocument; readonly content: Uint8Array }> {
  return (await findVexDocument(reader, account, digest)) ?? unknown(account, digest)
}

export async function removeVexDocument(
  { database }: { readonly database: Database },
  account: AccountId,
  digest: Digest,
): Promise<void> {
  const isRemoved = await database.transaction((tx) => deleteVexDocument(tx, account, digest))
  if (!isRemoved) unknown(account, digest)
}

function unknown(account: AccountId, digest: Digest): never {
  throw scanningError('VEX_UNKNOWN', `account ${account} has no VEX document ${digest}`)
}
