import type { AccountId } from '../policy/account-id.ts'
import { integer, text, type SqlReader } from '../storage/database/database.ts'

export interface GuardRailDocument {
  readonly kind: string
  /** 0 is nearest the root. */
  readonly level: number
  readonly name: string
  readonly document: string
}

/** What binds the account and its resources, from the root down. */
export async function listGuardRailDocuments(
  reader: SqlReader,
  account: AccountId,
): Promise<readonly GuardRailDocument[]> {
  const rows = await reader.all(
    'SELECT kind, level, name, document FROM guard_rails WHERE account = $1 ORDER BY level, kind, name',
    [account],
  )
  return rows.map((row) => ({
    kind: text(row, 'kind'),
    level: integer(row, 'level'),
    name: text(row, 'name'),
    document: text(row, 'document'),
  }))
}
