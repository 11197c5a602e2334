/** rpm's own database format, which SUSE's distributions use. */
import type { Extraction, Extractor } from '../ecosystem.ts'
import { collectInstalled, isInDatabaseFolder } from './installed-packages.ts'
import { listNdbBlobs } from './ndb-blobs.ts'

export const rpmdbNdb: Extractor = {
  id: 'rpmdb-ndb',
  revision: 1,
  maxBytes: 256 * 1024 * 1024,
  wants: (path) => path.endsWith('.db') && isInDatabaseFolder(path, 'Packages.db'),
  extract: (path, bytes): Extraction => collectInstalled(path, listNdbBlobs(bytes)),
}
