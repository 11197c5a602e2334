/** rpm's database in SQLite form: RHEL 9, Fedora 33, Amazon Linux 2023, Azure Linux and later ones. */
import type { Extraction, Extractor } from '../ecosystem.ts'
import { collectInstalled, isInDatabaseFolder } from './installed-packages.ts'
import { listSqliteBlobs } from './sqlite-blobs.ts'

export const rpmdbSqlite: Extractor = {
  id: 'rpmdb-sqlite',
  revision: 1,
  maxBytes: 256 * 1024 * 1024,
  wants: (path) => path.endsWith('.sqlite') && isInDatabaseFolder(path, 'rpmdb.sqlite'),
  extract: (path, bytes): Extraction => collectInstalled(path, listSqliteBlobs(bytes)),
}
