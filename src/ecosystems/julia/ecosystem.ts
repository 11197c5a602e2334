import type { Ecosystem } from '../ecosystem.ts'
import { compareBuildVersions } from '../pub/version.ts'
import { juliaDepot } from './depot.ts'
import { juliaManifest } from './manifest.ts'

export const julia: Ecosystem = {
  type: 'julia',
  extractors: [juliaDepot, juliaManifest],
  compareVersions: compareBuildVersions,
  packageManager: 'JULIA',
  ownsAdvisoryEcosystem: (ecosystem) => ecosystem === 'Julia',
  normaliseName: (name) => name,
  lookup: ({ name, version }) => ({ kind: 'keys', keys: [{ ecosystem: 'Julia', name, version }] }),
}
