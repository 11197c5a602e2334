import type { SqlWriter } from '../storage/database/database.ts'
import { recordImportKey } from './advisory-import-store.ts'
import {
  deleteAdvisory,
  endAdvisory,
  findEndedAdvisory,
  findNewestAdvisory,
  insertAdvisory,
  recordChangedName,
  reviveAdvisory,
  type NewestAdvisory,
} from './advisory-store.ts'
import type { Recorded, RecordedAs } from './rules/import-tally.ts'
import type { StorableAdvisory } from './rules/storable-advisory.ts'

export interface AdvisoryTarget {
  readonly source: string
  readonly revision: number
  /** A whole state says what is in force; a part of one may be older than what is here. */
  readonly isSnapshot: boolean
}

/** Writes one record into the pending revision; the same content writes nothing. Of two with one key the last counts. */
export async function recordAdvisory(
  tx: SqlWriter,
  advisory: StorableAdvisory,
  target: AdvisoryTarget,
): Promise<Recorded> {
  const isFirst = await recordImportKey(tx, advisory.key)
  const newest = await findNewestAdvisory(tx, target.source, advisory.key)
  if (isFirst) return { as: await settle(tx, advisory, newest, target), insteadOf: undefined }
  const { before, was } = await takeBack(tx, advisory.key, newest, target)
  return { as: await settle(tx, advisory, before, target), insteadOf: was }
}

async function settle(
  tx: SqlWriter,
  advisory: StorableAdvisory,
  before: NewestAdvisory | undefined,
  { source, revision, isSnapshot }: AdvisoryTarget,
): Promise<RecordedAs> {
  if (before?.contentHash === advisory.contentHash) return 'unchanged'
  if (before !== undefined && !isSnapshot && isOlder(advisory, before)) return 'outdated'
  if (before !== undefined) await endAdvisory(tx, before.row, revision)
  await insertAdvisory(tx, source, advisory, revision)
  for (const name of advisory.packages) await recordChangedName(tx, revision, name)
  return before === undefined ? 'added' : 'changed'
}

function isOlder(advisory: StorableAdvisory, before: NewestAdvisory): boolean {
  return (
    advisory.modified !== undefined &&
    before.modified !== undefined &&
    advisory.modified < before.modified
  )
}

/** Undoes what an earlier mention in this file did, so that the later one is held against the state before. */
async function takeBack(
  tx: SqlWriter,
  key: string,
  newest: NewestAdvisory | undefined,
  { source, revision }: AdvisoryTarget,
): Promise<{ readonly before: NewestAdvisory | undefined; readonly was: RecordedAs }> {
  if (newest === undefined || newest.fromRevision < revision) {
    return { before: newest, was: 'unchanged' }
  }
  await deleteAdvisory(tx, newest.row)
  const ended = await findEndedAdvisory(tx, source, key, revision)
  if (ended === undefined) return { before: undefined, was: 'added' }
  await reviveAdvisory(tx, ended.row)
  return { before: ended, was: 'changed' }
}
