import { openSpooledFile } from '../storage/feeds/spooled-file.ts'
import { recordLimits } from '../storage/feeds/record-limits.ts'
import { readRecordTexts } from '../storage/feeds/record-texts.ts'
import type { Feed } from './feed.ts'
import { readWholeFile } from './parts.ts'

const maxBytes = 256 * 1024 ** 2

export const epssFeed: Feed = {
  name: 'epss',
  says: 'how likely it is that a CVE is exploited within 30 days, by FIRST’s model, every day',
  home: 'https://epss.empiricalsecurity.com',
  licence: 'free to use; FIRST asks to be named as the source',
  isDefault: true,
  ecosystems: [],
  parts: { kind: 'fixed', names: [''] },
  readPart: (origin, { cursor }, options) =>
    readWholeFile(
      origin,
      {
        path: 'epss_scores-current.csv.gz',
        cursor,
        holds: 'cve-facts',
        request: { maxBytes },
        records: (path) => readRecordTexts(openSpooledFile(path), recordLimits),
      },
      options,
    ),
}
