import type { SqlReader } from '../storage/database/database.ts'
import { findRevisionAt, readAdvisoryState } from './advisory-state-store.ts'
import { scanningError } from './errors.ts'

/** REVISION_FORGOTTEN or REVISION_UNKNOWN where nobody can be told what that revision of the data was. */
export async function requireKeptRevision(reader: SqlReader, revision: number): Promise<void> {
  const { revision: newest, keptFrom } = await readAdvisoryState(reader)
  if (revision > newest || revision < 0) {
    const message = `there is no revision ${revision} of the vulnerability data, the newest is ${newest}`
    throw scanningError('REVISION_UNKNOWN', message)
  }
  if (revision < keptFrom) {
    const message = `revision ${revision} of the vulnerability data is kept no more, the oldest is ${keptFrom}`
    throw scanningError('REVISION_FORGOTTEN', message)
  }
}

/** The revision that a person names: `now`, a number, or a date, which means the one that was in force then. */
export async function findRevision(reader: SqlReader, asked: string): Promise<number> {
  const revision = await revisionOf(reader, asked)
  if (revision === undefined) {
    const message = `no revision of the vulnerability data was in force at ${asked}, or what was is kept no more`
    throw scanningError('REVISION_UNKNOWN', message)
  }
  await requireKeptRevision(reader, revision)
  return revision
}

async function revisionOf(reader: SqlReader, asked: string): Promise<number | undefined> {
  if (asked === 'now') return (await readAdvisoryState(reader)).revision
  if (/^[0-9]{1,15}$/.test(asked)) return Number(asked)
  return findRevisionAt(reader, new Date(asked))
}

/** What `findRevision` takes: `now`, a revision, a day or a moment in ISO 8601. */
export function isRevisionName(text: string): boolean {
  if (text === 'now' || /^[0-9]{1,15}$/.test(text)) return true
  return /^[0-9]{4}-[0-9]{2}-[0-9]{2}(?:T[0-9:.]{5,12}(?:Z|[+-][0-9:]{5}))?$/.test(text)
    ? !Number.isNaN(Date.parse(text))
    : false
}
