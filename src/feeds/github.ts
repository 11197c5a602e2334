import { recordLimits } from '../storage/feeds/record-limits.ts'
import { readZipRecords } from '../storage/feeds/zip.ts'
import type { Feed } from './feed.ts'
import { readWholeFile } from './parts.ts'

export const githubFeed: Feed = {
  name: 'github',
  says: 'GitHub’s reviewed advisories as one archive; those of each ecosystem are also part of osv',
  home: 'https://codeload.github.com/github/advisory-database',
  licence: 'CC-BY-4.0',
  isDefault: false,
  ecosystems: [
    'npm',
    'PyPI',
    'Maven',
    'Go',
    'crates.io',
    'NuGet',
    'RubyGems',
    'Packagist',
    'Hex',
    'Pub',
    'SwiftURL',
  ],
  parts: { kind: 'fixed', names: [''] },
  readPart: (origin, { cursor }, options) =>
    readWholeFile(
      origin,
      {
        path: 'zip/refs/heads/main',
        cursor,
        records: (path) => readZipRecords(path, recordLimits, isReviewed),
      },
      options,
    ),
}

/** What nobody reviewed has no ranges. */
function isReviewed(name: string): boolean {
  return /^[^/]+\/advisories\/github-reviewed\/.+\.json$/.test(name)
}
