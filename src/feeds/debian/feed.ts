import { openDecodedFile } from '../decoded-file.ts'
import type { Feed } from '../feed.ts'
import { fileLimits } from '../limits.ts'
import { readWholeFile } from '../parts.ts'
import { readDebianTracker } from './tracker.ts'

export const debianFeed: Feed = {
  name: 'debian',
  says: 'Debian’s security tracker: every flaw of every source package by release, open ones too',
  home: 'https://security-tracker.debian.org/tracker/data',
  licence: 'open; the tracker states no licence for its data',
  isDefault: true,
  ecosystems: ['Debian'],
  parts: { kind: 'fixed', names: [''] },
  readPart: (origin, { cursor }, options) =>
    readWholeFile(
      origin,
      {
        path: 'json',
        cursor,
        records: (path) => readDebianTracker(openDecodedFile(path), fileLimits),
      },
      options,
    ),
}
