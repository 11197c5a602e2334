import type { Clock } from '../lib/clock.ts'
import type { AccountId } from '../policy/account-id.ts'
import type { SqlWriter } from '../storage/database/database.ts'
import type { DenialReason } from './denial-store.ts'

/** An image runs that policies let run, and that they would not let run now. */
export interface RunningDenied {
  readonly account: AccountId
  readonly repository: string
  readonly digest: string
  /** Where it runs and is denied now. */
  readonly clusters: readonly { readonly cluster: string; readonly namespaces: readonly string[] }[]
  /** `base@3` */
  readonly policies: readonly string[]
  readonly reasons: readonly DenialReason[]
}

export async function recordRunningDenied(
  tx: SqlWriter,
  { account, repository, ...detail }: RunningDenied,
  clock: Clock,
): Promise<void> {
  await tx.run(
    'INSERT INTO events (kind, account, resource, detail, at) VALUES ($1, $2, $3, $4, $5)',
    ['RunningImageDenied', account, repository, JSON.stringify(detail), clock.now().getTime()],
  )
}
