// Purpose:  read CISA's catalogue of exploited flaws.
// Spec:     CISA, Known Exploited Vulnerabilities catalogue, JSON schema 1.1.
// Input:    the catalogue as JSON; hostile.
// Deviates: texts of entries are not kept.
// Unknowns: a document without the list of flaws is malformed; an entry whose members are of another type becomes a line that is refused.
import { FeedError } from '../storage/feeds/transport.ts'
import { readSpooledText } from '../storage/feeds/spooled-file.ts'
import type { RecordText } from '../storage/feeds/record-text.ts'
import type { Feed } from './feed.ts'
import { readWholeFile } from './parts.ts'

const maxBytes = 64 * 1024 ** 2

export const kevFeed: Feed = {
  name: 'kev',
  says: 'CISA’s catalogue of flaws that are known to be exploited',
  home: 'https://www.cisa.gov',
  licence: 'CC0-1.0',
  isDefault: true,
  ecosystems: [],
  parts: { kind: 'fixed', names: [''] },
  readPart: (origin, { cursor }, options) =>
    readWholeFile(
      origin,
      {
        path: 'sites/default/files/feeds/known_exploited_vulnerabilities.json',
        cursor,
        holds: 'cve-facts',
        request: { maxBytes },
        records: rowsOfCatalogue,
      },
      options,
    ),
}

const columns = ['cveID', 'dateAdded', 'dueDate', 'knownRansomwareCampaignUse'] as const

async function* rowsOfCatalogue(path: string): AsyncGenerator<RecordText> {
  const entries = entriesOf(await readSpooledText(path, maxBytes))
  yield { kind: 'text', line: 1, text: columns.join(',') }
  for (const [index, entry] of entries.entries()) {
    const members = new Map<string, unknown>(Object.entries(entry ?? {}))
    const cells = columns.map((name) => cellOf(members.get(name)))
    yield { kind: 'text', line: index + 2, text: cells.join(',') }
  }
}

function entriesOf(text: string): readonly unknown[] {
  let document: unknown
  try {
    document = JSON.parse(text)
  } catch (error) {
    throw new FeedError('malformed', 'the catalogue is no JSON', { cause: error })
  }
  const list = new Map<string, unknown>(Object.entries(document ?? {})).get('vulnerabilities')
  if (!Array.isArray(list))
    throw new FeedError('malformed', 'the catalogue has no list of vulnerabilities')
  return list
}

/** What is no word or day stays out: it would be another cell or another line. */
function cellOf(value: unknown): string {
  return typeof value === 'string' && /^[A-Za-z0-9 :.-]{1,64}$/.test(value) ? value : ''
}
