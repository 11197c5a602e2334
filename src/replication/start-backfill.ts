import type { Clock } from '../lib/clock.ts'
import type { Ids } from '../lib/ids.ts'
import type { AccountId } from '../policy/account-id.ts'
import type { Database, SqlWriter } from '../storage/database/database.ts'
import {
  forgetBackfills,
  insertBackfill,
  listOpenDestinations,
  type Backfill,
} from './backfill-store.ts'
import { replicationError } from './errors.ts'
import { findReplicationRules } from './replication-configuration-store.ts'
import {
  backfillDays,
  judgeBackfill,
  maxOpenBackfills,
  replicationNotSupported,
} from './rules/backfill.ts'
import { hasDestination, type Destination } from './rules/replication-rules.ts'

const dayMs = 86_400_000
/** Of an account: who asks again and again does not fill the disk. */
const keptBackfills = 1000

/**
 * Records that somebody asked for a backfill, and that it failed: none is carried out by this version. BACKFILL_DESTINATION_UNKNOWN,
 * BACKFILL_RUNNING, BACKFILLS_TOO_MANY.
 */
export async function startBackfill(
  deps: { readonly database: Database; readonly clock: Clock; readonly ids: Ids },
  input: {
    readonly account: AccountId
    readonly destination: Destination
    readonly by: string
  },
): Promise<Backfill> {
  const { account, destination, by } = input
  const now = deps.clock.now()
  const backfill: Backfill = {
    id: deps.ids.uuid(),
    destination,
    state: 'FAILED',
    failure: replicationNotSupported,
    startedAt: now,
    endedAt: now,
  }
  await deps.database.transaction(async (tx) => {
    await requireStartable(tx, account, destination)
    await insertBackfill(tx, account, { ...backfill, startedBy: by })
    const endedBefore = forgottenBefore(now)
    await forgetBackfills(tx, account, { endedBefore, keep: keptBackfills })
  })
  return backfill
}

/** What ended up to then is told no more. */
export function forgottenBefore(now: Date): Date {
  return new Date(now.getTime() - backfillDays * dayMs)
}

async function requireStartable(
  tx: SqlWriter,
  account: AccountId,
  destination: Destination,
): Promise<void> {
  const { region, registry } = destination
  if (!hasDestination(await findReplicationRules(tx, account), destination)) {
    const message = `destination: region ${region} of registry ${registry} is in no rule of the replication configuration of the registry with id '${account}'`
    throw replicationError('BACKFILL_DESTINATION_UNKNOWN', message)
  }
  const verdict = judgeBackfill(await listOpenDestinations(tx, account), destination)
  if (verdict === 'region is busy') {
    const message = `a replication backfill to region ${region} is in progress; wait for its end, or stop it`
    throw replicationError('BACKFILL_RUNNING', message)
  }
  if (verdict === 'too many') {
    const message = `${maxOpenBackfills} replication backfills of the registry with id '${account}' are in progress, which is as many as may be`
    throw replicationError('BACKFILLS_TOO_MANY', message)
  }
}
