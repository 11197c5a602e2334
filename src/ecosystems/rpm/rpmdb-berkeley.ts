/** rpm's database as a Berkeley DB hash: RHEL 8 and before, Amazon Linux 2, Photon 3 and their like. */
import type { Extraction, Extractor } from '../ecosystem.ts'
import { listBerkeleyBlobs } from './berkeley-blobs.ts'
import { collectInstalled, isInDatabaseFolder } from './installed-packages.ts'

export const rpmdbBerkeley: Extractor = {
  id: 'rpmdb-berkeley',
  revision: 1,
  maxBytes: 256 * 1024 * 1024,
  wants: (path) => path.endsWith('Packages') && isInDatabaseFolder(path, 'Packages'),
  extract: (path, bytes): Extraction => collectInstalled(path, listBerkeleyBlobs(bytes)),
}
