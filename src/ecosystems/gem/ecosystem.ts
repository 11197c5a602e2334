import type { Ecosystem } from '../ecosystem.ts'
import { gemfileLock } from './gemfile-lock.ts'
import { gemSpecification } from './specifications.ts'
import { compareGemVersions } from './version.ts'

export const gem: Ecosystem = {
  type: 'gem',
  extractors: [gemSpecification, gemfileLock],
  compareVersions: compareGemVersions,
  packageManager: 'GEMSPEC',
  ownsAdvisoryEcosystem: (ecosystem) => ecosystem === 'RubyGems',
  normaliseName: (name) => name,
  lookup: ({ name, version }) => ({
    kind: 'keys',
    keys: [{ ecosystem: 'RubyGems', name, version }],
  }),
}
