import type { Ecosystem } from '../ecosystem.ts'
import { rpmContainerManifest } from './container-manifest.ts'
import { lookupRpm, ownsRpmAdvisories } from './lookup.ts'
import { rpmdbBerkeley } from './rpmdb-berkeley.ts'
import { rpmdbJournal } from './rpmdb-journal.ts'
import { rpmdbNdb } from './rpmdb-ndb.ts'
import { rpmdbSqlite } from './rpmdb-sqlite.ts'
import { compareRpmVersions } from './version.ts'

export const rpm: Ecosystem = {
  type: 'rpm',
  extractors: [rpmdbSqlite, rpmdbNdb, rpmdbBerkeley, rpmdbJournal, rpmContainerManifest],
  compareVersions: compareRpmVersions,
  packageManager: 'OS',
  ownsAdvisoryEcosystem: ownsRpmAdvisories,
  normaliseName: (name) => name,
  lookup: lookupRpm,
}
