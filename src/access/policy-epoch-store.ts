import { integer, type SqlReader, type SqlWriter } from '../storage/database/database.ts'

/** In every transaction that changes what a decision could read: identities, policies, tags of either, settings. */
export async function bumpPolicyEpoch(tx: SqlWriter): Promise<void> {
  await tx.run('UPDATE policy_epoch SET epoch = epoch + 1')
}

/** Grows with each such change: what was read before and after without it growing belongs together. */
export async function readPolicyEpoch(reader: SqlReader): Promise<number> {
  const row = await reader.first('SELECT epoch FROM policy_epoch')
  if (row === undefined) throw new Error('policy_epoch has no row')
  return integer(row, 'epoch')
}
