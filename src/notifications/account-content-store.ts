import type { AccountId } from '../policy/account-id.ts'
import { integer, text, type SqlReader } from '../storage/database/database.ts'

/** Images of an account of which a scan is known. */
export async function countScannedImages(reader: SqlReader, account: AccountId): Promise<number> {
  const row = await reader.first(
    `SELECT COUNT(*) AS images FROM image_scans s JOIN repositories r ON r.id = s.repository_id WHERE r.account = $1`,
    [account],
  )
  return row === undefined ? 0 : integer(row, 'images')
}

/** Repositories of an account with what decides how they are scanned, by name, after a name. */
export async function listScannedRepositories(
  reader: SqlReader,
  account: string,
  page: { readonly after: string; readonly limit: number },
): Promise<readonly { readonly name: string; readonly scanOnPush: boolean }[]> {
  const rows = await reader.all(
    'SELECT name, scan_on_push FROM repositories WHERE account = $1 AND name > $2 ORDER BY name LIMIT $3',
    [account, page.after, page.limit],
  )
  return rows.map((row) => ({
    name: text(row, 'name'),
    scanOnPush: integer(row, 'scan_on_push') === 1,
  }))
}
