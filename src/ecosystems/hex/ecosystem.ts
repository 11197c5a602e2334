import type { Ecosystem } from '../ecosystem.ts'
import { compareSemVersions } from '../npm/version.ts'
import { mixLock } from './mix-lock.ts'
import { rebarLock } from './rebar-lock.ts'

export const hex: Ecosystem = {
  type: 'hex',
  extractors: [mixLock, rebarLock],
  compareVersions: compareSemVersions,
  packageManager: 'HEX',
  ownsAdvisoryEcosystem: (ecosystem) => ecosystem === 'Hex',
  normaliseName: (name) => name,
  lookup: ({ name, version }) => ({ kind: 'keys', keys: [{ ecosystem: 'Hex', name, version }] }),
}
