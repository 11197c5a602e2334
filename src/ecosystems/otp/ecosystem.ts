// Applications of Erlang and Elixir themselves, and the files by which every application of either is found.
import type { Ecosystem } from '../ecosystem.ts'
import { compareProgramVersions } from '../generic/version.ts'
import { erlangApplication } from './application.ts'

export const otp: Ecosystem = {
  type: 'otp',
  extractors: [erlangApplication],
  compareVersions: compareProgramVersions,
  packageManager: 'OTP',
  ownsAdvisoryEcosystem: () => false,
  normaliseName: (name) => name,
  lookup: () => ({
    kind: 'unknown',
    reason:
      'the records about Erlang and Elixir themselves tell commits, no versions of their applications',
    scope: 'package',
  }),
}
