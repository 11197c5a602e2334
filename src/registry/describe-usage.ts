import type { AccountId } from '../policy/account-id.ts'
import type { SqlReader } from '../storage/database/database.ts'
import { findAccountUsage, listRepositoryUsage, type UsageRow } from './usage-store.ts'

const pageSize = 1000

/** What an account holds and may hold, then each of its repositories in byte order of names; a few at a time. */
export async function* describeUsage(
  reader: SqlReader,
  input: { readonly account: AccountId },
): AsyncGenerator<UsageRow & { readonly scope: 'account' | 'repository' }> {
  const account = await findAccountUsage(reader, input.account)
  if (account !== undefined) yield { scope: 'account', ...account }
  for (let after = ''; ;) {
    const page = await listRepositoryUsage(reader, input.account, { after, limit: pageSize })
    for (const row of page) yield { scope: 'repository', ...row }
    const last = page.at(-1)
    if (last === undefined || page.length < pageSize) return
    after = last.name
  }
}
