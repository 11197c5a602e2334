import { recordLimits } from '../storage/feeds/record-limits.ts'
import { readZipRecords } from '../storage/feeds/zip.ts'
import type { Feed } from './feed.ts'
import { readWholeFile } from './parts.ts'

export const rustsecFeed: Feed = {
  name: 'rustsec',
  says: 'RustSec’s advisories about crates; also part of osv',
  home: 'https://codeload.github.com/RustSec/advisory-db',
  licence: 'CC0-1.0; records imported from GitHub: CC-BY-4.0',
  isDefault: false,
  ecosystems: ['crates.io'],
  parts: { kind: 'fixed', names: [''] },
  readPart: (origin, { cursor }, options) =>
    readWholeFile(
      origin,
      {
        path: 'zip/refs/heads/osv',
        cursor,
        records: (path) =>
          readZipRecords(path, recordLimits, (name) => /^[^/]+\/crates\/[^/]+\.json$/.test(name)),
      },
      options,
    ),
}
