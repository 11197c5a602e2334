import type { Clock } from '../lib/clock.ts'
import type { Digest } from '../oci/digest.ts'
import type { AccountId } from '../policy/account-id.ts'
import type { Repository } from '../registry/repository-store.ts'
import type { Database, SqlWriter } from '../storage/database/database.ts'
import { countJobsOf } from '../jobs/queue.ts'
import { countAskedScans } from './asked-scan-store.ts'
import { scanningError } from './errors.ts'
import { requestScan, scanPriorities } from './request-scan.ts'
import { resolveScanning } from './resolve-scanning.ts'
import type { RegistryDefaults } from './rules/scanning-rules.ts'
import { findScanRow } from './scan-store.ts'

const dayMs = 86_400_000
/** AWS's quota of basic scans for one registry. */
const scansADay = 100_000
/** Of one account, asked for by hand: what comes on top is told to come again. */
const maxWaiting = 10_000

/**
 * Asks for scans by hand: all of them or none. SCAN_BY_HAND_OFF, SCAN_QUOTA under `aws` defaults, as AWS has them;
 * SCANS_WAITING in any case.
 */
export async function startScans(
  {
    database,
    clock,
    defaults,
  }: {
    readonly database: Database
    readonly clock: Clock
    readonly defaults: RegistryDefaults
  },
  {
    repository,
    digests,
  }: {
    readonly repository: Repository
    readonly digests: readonly Digest[]
  },
): Promise<void> {
  const { id: repositoryId, account } = repository
  await database.transaction(async (tx) => {
    const now = clock.now()
    if (defaults === 'aws') await holdToQuotas(tx, { repository, digests }, now)
    const waiting = { priority: scanPriorities.hand, fairKey: account }
    if ((await countJobsOf(tx, waiting, maxWaiting)) >= maxWaiting)
      throw scanningError('SCANS_WAITING', 'Rate exceeded')
    for (const digest of digests)
      await requestScan(tx, { repositoryId, digest }, { account, origin: 'hand' }, now)
  })
}

async function holdToQuotas(
  tx: SqlWriter,
  {
    repository,
    digests,
  }: {
    readonly repository: Repository
    readonly digests: readonly Digest[]
  },
  now: Date,
): Promise<void> {
  const { scanType } = await resolveScanning({ reader: tx, defaults: 'aws' }, repository)
  if (scanType === 'ENHANCED') throw scanningError('SCAN_BY_HAND_OFF', 'This feature is disabled')
  for (const digest of digests) {
    const scan = await findScanRow(tx, { repositoryId: repository.id, digest })
    // A scan that seems to lie in the future was asked for before the clock was set back; it counts for a day at most.
    const ageMs = scan === undefined ? dayMs : Math.abs(now.getTime() - scan.requestedAt.getTime())
    if (ageMs < dayMs) throw overQuota('image')
  }
  await countToday(tx, repository.account, digests.length, now)
}

async function countToday(
  tx: SqlWriter,
  account: AccountId,
  more: number,
  now: Date,
): Promise<void> {
  const day = Math.floor(now.getTime() / dayMs)
  if ((await countAskedScans(tx, { account, day, more })) > scansADay) throw overQuota('registry')
}

function overQuota(of: 'image' | 'registry'): Error {
  const message = `The scan quota per ${of} has been exceeded. Wait and try again.`
  return scanningError('SCAN_QUOTA', message)
}
