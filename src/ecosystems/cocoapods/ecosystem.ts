import type { Ecosystem } from '../ecosystem.ts'
import { compareGemVersions } from '../gem/version.ts'
import { lookupNowhere } from '../unordered.ts'
import { podfileLock } from './podfile-lock.ts'

export const cocoapods: Ecosystem = {
  type: 'cocoapods',
  extractors: [podfileLock],
  // Pod::Version is Gem::Version.
  compareVersions: compareGemVersions,
  packageManager: 'COCOAPODS',
  ownsAdvisoryEcosystem: () => false,
  normaliseName: (name) => name,
  lookup: lookupNowhere('pods of CocoaPods'),
}
