import type { Clock } from '../lib/clock.ts'
import type { AccountId } from '../policy/account-id.ts'
import type { Database } from '../storage/database/database.ts'
import { lifecycleError } from './errors.ts'
import { deleteGuardsRow, writeGuards } from './guard-store.ts'
import { faultText } from './rules/document-reader.ts'
import { parseGuards, type GuardDocument } from './rules/parse-guards.ts'

/** Puts the account's guards in force, in place of those before. LIFECYCLE_GUARDS_INVALID names each fault's place. */
export async function putGuards(
  { database, clock }: { readonly database: Database; readonly clock: Clock },
  input: { readonly account: AccountId; readonly text: string; readonly by: string },
): Promise<GuardDocument> {
  const read = parseGuards(input.text)
  if (read.kind === 'refused') {
    const message = read.faults.slice(0, 3).map(faultText).join('; ')
    throw lifecycleError('LIFECYCLE_GUARDS_INVALID', message)
  }
  await database.transaction((tx) => writeGuards(tx, input, clock.now()))
  return read.document
}

/** False where there were none. */
export async function deleteGuards(
  { database }: { readonly database: Database },
  account: AccountId,
): Promise<boolean> {
  return database.transaction((tx) => deleteGuardsRow(tx, account))
}
