import type { AccountId } from '../policy/account-id.ts'
import { text, type SqlReader, type SqlWriter } from '../storage/database/database.ts'
import type { SigningRule } from './rules/signing-configuration.ts'

export async function findSigningRules(
  reader: SqlReader,
  account: AccountId,
): Promise<readonly SigningRule[] | undefined> {
  const row = await reader.first('SELECT rules FROM signing_configurations WHERE account = $1', [
    account,
  ])
  if (row === undefined) return undefined
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- written by writeSigningRules from such a value
  const rules = JSON.parse(text(row, 'rules')) as readonly (Omit<SigningRule, 'filters'> &
    Partial<Pick<SigningRule, 'filters'>>)[]
  return rules.map(({ profileArn, filters }) => ({ profileArn, filters }))
}

/** In the place of what was there. */
export async function writeSigningRules(
  tx: SqlWriter,
  account: AccountId,
  put: { readonly rules: readonly SigningRule[]; readonly by: string },
  now: Date,
): Promise<void> {
  await tx.run(
    `INSERT INTO signing_configurations (account, rules, put_by, put_at) VALUES ($1, $2, $3, $4)
     ON CONFLICT (account) DO UPDATE SET rules = excluded.rules, put_by = excluded.put_by, put_at = excluded.put_at`,
    [account, JSON.stringify(put.rules), put.by, now.getTime()],
  )
}

export async function deleteSigningRules(tx: SqlWriter, account: AccountId): Promise<void> {
  await tx.run('DELETE FROM signing_configurations WHERE account = $1', [account])
}
