import type { AccountId } from '../policy/account-id.ts'
import { instant, text, type SqlReader, type SqlWriter } from '../storage/database/database.ts'

export interface PullGate {
  /** Undefined: all repositories of the account that have no row of their own. */
  readonly repository: string | undefined
  readonly state: 'on' | 'off'
  readonly putAt: Date
  /** ARN. */
  readonly putBy: string
}

/** What holds for a repository: its own row, else that of the account. */
export async function isPullGated(
  reader: SqlReader,
  account: AccountId,
  repository: string,
): Promise<boolean> {
  const row = await reader.first(
    `SELECT state FROM admission_pull_gates WHERE account = $1 AND repository IN ('', $2) ORDER BY repository DESC LIMIT 1`,
    [account, repository],
  )
  return row !== undefined && text(row, 'state') === 'on'
}

/** In the order of names, the account's first. */
export async function listPullGates(
  reader: SqlReader,
  account: AccountId,
): Promise<readonly PullGate[]> {
  const rows = await reader.all(
    'SELECT repository, state, put_at, put_by FROM admission_pull_gates WHERE account = $1 ORDER BY repository LIMIT 1000',
    [account],
  )
  return rows.map((row) => ({
    repository: text(row, 'repository') === '' ? undefined : text(row, 'repository'),
    state: text(row, 'state') === 'on' ? 'on' : 'off',
    putAt: instant(row, 'put_at'),
    putBy: text(row, 'put_by'),
  }))
}

/** `unset`: what holds for the account holds for the repository too. */
export async function writePullGate(
  tx: SqlWriter,
  gate: {
    readonly account: AccountId
    readonly repository: string | undefined
    readonly state: PullGate['state'] | 'unset'
    readonly by: string
  },
  now: Date,
): Promise<void> {
  const { account, repository = '', state, by } = gate
  if (state === 'unset') {
    await tx.run('DELETE FROM admission_pull_gates WHERE account = $1 AND repository = $2', [
      account,
      repository,
    ])
    return
  }
  await tx.run(
    `INSERT INTO admission_pull_gates (account, repository, state, put_at, put_by) VALUES ($1, $2, $3, $4, $5)
     ON CONFLICT (account, repository) DO UPDATE SET state = excluded.state, put_at = excluded.put_at, put_by = excluded.put_by`,
    [account, repository, state, now.getTime(), by],
  )
}
