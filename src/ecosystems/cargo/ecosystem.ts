// Rust crates: what audited programs were built from, and what lock files settle on.
import type { Ecosystem } from '../ecosystem.ts'
import { auditedBinary } from './audited-binary.ts'
import { cargoLock } from './cargo-lock.ts'
import { compareCrateVersions } from './version.ts'

export const cargo: Ecosystem = {
  type: 'cargo',
  extractors: [auditedBinary, cargoLock],
  compareVersions: compareCrateVersions,
  packageManager: 'CARGO',
  ownsAdvisoryEcosystem: (ecosystem) => ecosystem === 'crates.io',
  // The registry takes `-` and `_` for one when a name is given away; advisories have the exact name.
  normaliseName: (name) => name,
  // Also for crates from a folder or a repository: a program that is published is built from a folder too.
  lookup: ({ name, version }) => ({
    kind: 'keys',
    keys: [{ ecosystem: 'crates.io', name, version }],
  }),
}
