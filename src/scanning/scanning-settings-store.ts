import { parseAccountId, type AccountId } from '../policy/account-id.ts'
import {
  instant,
  integerOrAbsent,
  text,
  type SqlReader,
  type SqlRow,
  type SqlWriter,
} from '../storage/database/database.ts'
import type { PullDateMode, RescanDurations } from './rules/rescan-eligibility.ts'
import type { ScanningConfiguration } from './rules/scanning-rules.ts'

/** What the account has put; undefined where the registry's defaults hold. */
export async function findScanningConfiguration(
  reader: SqlReader,
  account: AccountId,
): Promise<ScanningConfiguration | undefined> {
  const row = await reader.first(
    'SELECT scan_type, rules FROM scanning_configurations WHERE account = $1',
    [account],
  )
  if (row === undefined) return undefined
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- written by writeScanningConfiguration from such a value
  const rules = JSON.parse(text(row, 'rules')) as ScanningConfiguration['rules']
  return { scanType: text(row, 'scan_type') === 'ENHANCED' ? 'ENHANCED' : 'BASIC', rules }
}

export async function writeScanningConfiguration(
  tx: SqlWriter,
  account: AccountId,
  { scanType, rules, putBy }: ScanningConfiguration & { readonly putBy: string },
  now: Date,
): Promise<void> {
  await tx.run(
    `INSERT INTO scanning_configurations (account, scan_type, rules, put_by, put_at) VALUES ($1, $2, $3, $4, $5)
     ON CONFLICT (account) DO UPDATE SET scan_type = excluded.scan_type, rules = excluded.rules,
       put_by = excluded.put_by, put_at = excluded.put_at`,
    [account, scanType, JSON.stringify(rules), putBy, now.getTime()],
  )
}

/** Tells that repositories may be scanned more or less often from now on. */
export async function recordScanningConfigured(
  tx: SqlWriter,
  account: AccountId,
  detail: {
    readonly previous: ScanningConfiguration
    readonly configuration: ScanningConfiguration
  },
  now: Date,
): Promise<void> {
  await tx.run(
    'INSERT INTO events (kind, account, resource, detail, at) VALUES ($1, $2, $3, $4, $5)',
    ['ScanningConfigured', account, 'registry', JSON.stringify(detail), now.getTime()],
  )
}

/** Durations and when they were put. */
export interface PutRescanDurations extends RescanDurations {
  readonly putAt: Date
}

/** Undefined where the account never put any: images are scanned continuously for their lifetime. */
export async function findRescanDurations(
  reader: SqlReader,
  account: AccountId,
): Promise<PutRescanDurations | undefined> {
  const row = await reader.first(
    'SELECT push_days, pull_days, pull_mode, put_at FROM rescan_durations WHERE account = $1',
    [account],
  )
  return row === undefined ? undefined : durationsOf(row)
}

/** Accounts whose images may leave, in order. */
export async function listAccountsWithDurations(
  reader: SqlReader,
  page: { readonly after: string; readonly limit: number },
): Promise<readonly AccountId[]> {
  const rows = await reader.all(
    'SELECT account FROM rescan_durations WHERE account > $1 ORDER BY account LIMIT $2',
    [page.after, page.limit],
  )
  return rows.map((row) => {
    const account = parseAccountId(text(row, 'account'))
    if (account === undefined) throw new Error('rescan_durations.account cannot be read')
    return account
  })
}

/** Whole: what is left out counts no more. */
export async function writeRescanDurations(
  tx: SqlWriter,
  account: AccountId,
  { pushDays, pullDays, pullMode }: RescanDurations,
  now: Date,
): Promise<void> {
  await tx.run(
    `INSERT INTO rescan_durations (account, push_days, pull_days, pull_mode, put_at) VALUES ($1, $2, $3, $4, $5)
     ON CONFLICT (account) DO UPDATE SET push_days = excluded.push_days, pull_days = excluded.pull_days,
       pull_mode = excluded.pull_mode, put_at = excluded.put_at`,
    [account, pushDays ?? null, pullDays ?? null, pullMode, now.getTime()],
  )
}

function durationsOf(row: SqlRow): PutRescanDurations {
  const mode: PullDateMode =
    text(row, 'pull_mode') === 'LAST_PULL_DATE' ? 'LAST_PULL_DATE' : 'LAST_IN_USE_AT'
  return {
    pushDays: integerOrAbsent(row, 'push_days'),
    pullDays: integerOrAbsent(row, 'pull_days'),
    pullMode: mode,
    putAt: instant(row, 'put_at'),
  }
}
