import { openDecodedFile } from '../decoded-file.ts'
import type { Feed } from '../feed.ts'
import { fileLimits } from '../limits.ts'
import { readWholeFile } from '../parts.ts'
import { readEchoData } from './data.ts'

export const echoFeed: Feed = {
  name: 'echo',
  says: 'Echo’s advisories: every flaw of its source packages, open ones too',
  home: 'https://advisory.echohq.com',
  licence: 'Echo’s terms of use',
  isDefault: false,
  ecosystems: ['Echo'],
  parts: { kind: 'fixed', names: [''] },
  readPart: (origin, { cursor }, options) =>
    readWholeFile(
      origin,
      {
        path: 'data.json',
        cursor,
        records: (path) => readEchoData(openDecodedFile(path), fileLimits),
      },
      options,
    ),
}
