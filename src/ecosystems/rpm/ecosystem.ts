import type { Ecosystem } from '../ecosystem.ts'
import { bottlerocketInventory } from './bottlerocket-inventory.ts'
import { rpmContainerManifest } from './container-manifest.ts'
import { ownsRpmAdvisories } from './distributions.ts'
import { lookupRpm } from './lookup.ts'
import { rpmdbBerkeley } from './rpmdb-berkeley.ts'
import { rpmdbJournal } from './rpmdb-journal.ts'
import { rpmdbNdb } from './rpmdb-ndb.ts'
import { rpmdbSqlite } from './rpmdb-sqlite.ts'
import { refineRpmAffected } from './streams.ts'
import { compareRpmVersions } from './version.ts'

export const rpm: Ecosystem = {
  type: 'rpm',
  extractors: [
    rpmdbSqlite,
    rpmdbNdb,
    rpmdbBerkeley,
    rpmdbJournal,
    rpmContainerManifest,
    bottlerocketInventory,
  ],
  compareVersions: compareRpmVersions,
  packageManager: 'OS',
  ownsAdvisoryEcosystem: ownsRpmAdvisories,
  // Errata are about what was mended; Red Hat's VEX documents, by CVE, and Microsoft's definitions have every flaw.
  tellsOfUnmended: ({ id, ecosystem }) =>
    ecosystem.startsWith('Red Hat:') ? id.startsWith('CVE-') : ecosystem.startsWith('Azure Linux:'),
  normaliseName: (name) => name,
  purlVersion: partEpoch,
  refineAffected: refineRpmAffected,
  lookup: lookupRpm,
}

/** purl-spec, type rpm: the epoch is a qualifier. */
function partEpoch(version: string): { readonly version: string; readonly epoch?: string } {
  const [, epoch, rest] = /^([0-9]+):(.+)$/s.exec(version) ?? []
  return epoch === undefined || rest === undefined ? { version } : { version: rest, epoch }
}
