// Purpose:  see that an SQLite database of rpm is not whole without the journal beside it.
// Spec:     SQLite, "Database File Format" 3 (rollback journal) and 4 (write-ahead log).
// Input:    bytes of rpmdb.sqlite-wal or rpmdb.sqlite-journal from an image; hostile.
// Deviates: what the journal holds is not applied: one file at a time is read.
// Unknowns: a journal in use is a problem, for the database beside it may miss packages.
import type { Extraction, Extractor } from '../ecosystem.ts'
import { viewOf } from './blobs.ts'
import { isInDatabaseFolder } from './installed-packages.ts'

export const rpmdbJournal: Extractor = {
  id: 'rpmdb-journal',
  revision: 1,
  maxBytes: 256 * 1024 * 1024,
  wants: (path) =>
    (path.endsWith('-wal') && isInDatabaseFolder(path, 'rpmdb.sqlite-wal')) ||
    (path.endsWith('-journal') && isInDatabaseFolder(path, 'rpmdb.sqlite-journal')),
  extract: (path, bytes): Extraction => ({
    instances: [],
    problems: isInUse(path, bytes)
      ? [{ path, reason: 'holds changes that are not in the database beside it' }]
      : [],
  }),
}

const walHeaderBytes = 32

/** A log without a frame and a rollback journal that begins with zeros are what a finished change leaves. */
function isInUse(path: string, bytes: Uint8Array): boolean {
  if (path.endsWith('-wal')) return bytes.length > walHeaderBytes
  return bytes.length >= 8 && viewOf(bytes).getUint32(0) === 0xd9d505f9
}
