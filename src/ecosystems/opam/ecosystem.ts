import { compareDebVersions } from '../deb/version.ts'
import type { Ecosystem } from '../ecosystem.ts'
import { opamSwitchState } from './switch-state.ts'

export const opam: Ecosystem = {
  type: 'opam',
  extractors: [opamSwitchState],
  // The manual of opam: versions are ordered as Debian orders them.
  compareVersions: compareDebVersions,
  packageManager: 'OPAM',
  ownsAdvisoryEcosystem: (ecosystem) => ecosystem === 'opam',
  normaliseName: (name) => name,
  lookup: ({ name, version }) => ({ kind: 'keys', keys: [{ ecosystem: 'opam', name, version }] }),
}
