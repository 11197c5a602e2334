import type { AccountId } from '../policy/account-id.ts'
import { instant, text, type SqlReader, type SqlWriter } from '../storage/database/database.ts'

/** The file of rules of an account. */
export interface GivenRules {
  readonly digest: string
  readonly text: string
  readonly givenBy: string
  readonly givenAt: Date
}

export async function findRules(
  reader: SqlReader,
  account: AccountId,
): Promise<GivenRules | undefined> {
  const row = await reader.first(
    'SELECT digest, document, given_by, given_at FROM suppression_rules WHERE account = $1',
    [account],
  )
  if (row === undefined) return undefined
  return {
    digest: text(row, 'digest'),
    text: text(row, 'document'),
    givenBy: text(row, 'given_by'),
    givenAt: instant(row, 'given_at'),
  }
}

/** In the place of the former file. */
export async function writeRules(
  tx: SqlWriter,
  account: AccountId,
  rules: GivenRules,
): Promise<void> {
  await tx.run(
    `INSERT INTO suppression_rules (account, digest, document, given_by, given_at) VALUES ($1, $2, $3, $4, $5)
     ON CONFLICT (account) DO UPDATE SET digest = excluded.digest, document = excluded.document,
       given_by = excluded.given_by, given_at = excluded.given_at`,
    [account, rules.digest, rules.text, rules.givenBy, rules.givenAt.getTime()],
  )
}
