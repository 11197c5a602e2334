// Purpose:  read the archive of all advisories in OSV's format, an ecosystem at a time.
// Spec:     OSV, "Data sources": <ecosystem>/all.zip, <ecosystem>/modified_id.csv, <ecosystem>/<id>.json.
// Input:    the archive's files; hostile.
// Deviates: nothing.
// Unknowns: a list of changes that cannot be read → the whole archive of the ecosystem is fetched instead.
import { recordLimits } from '../storage/feeds/record-limits.ts'
import { readZipRecords } from '../storage/feeds/zip.ts'
import { readDelta } from './delta.ts'
import type { Feed, PartAnswer, PartOptions, PartRequest } from './feed.ts'
import { readModifiedIds } from './modified-ids.ts'
import type { FeedOrigin } from './origin.ts'

/** Those that most images have packages of, and whose files are of moderate size; distributions have feeds of their own. */
const defaultEcosystems = [
  'npm',
  'PyPI',
  'Maven',
  'Go',
  'crates.io',
  'NuGet',
  'RubyGems',
  'Packagist',
  'Bitnami',
] as const

export const osvFeed: Feed = {
  name: 'osv',
  says: 'the archive of advisories in OSV’s format, gathered from some thirty databases; each ecosystem is a part',
  home: 'https://osv-vulnerabilities.storage.googleapis.com',
  licence: 'by database: CC-BY-4.0, CC0-1.0, MIT, Apache-2.0 and others (osv.dev, “Data sources”)',
  isDefault: true,
  ecosystems: defaultEcosystems,
  parts: {
    kind: 'fixed',
    names: defaultEcosystems,
    accepts: (part) => /^[A-Za-z][A-Za-z0-9 .-]{0,63}$/.test(part),
  },
  readPart: readEcosystem,
}

function readEcosystem(
  origin: FeedOrigin,
  request: PartRequest,
  options: PartOptions,
): Promise<PartAnswer> {
  const { part } = request
  const files = {
    listPath: `${part}/modified_id.csv`,
    readList: readModifiedIds,
    recordPath: (id: string) => `${part}/${id}.json`,
    wholePath: `${part}/all.zip`,
    wholeRecords: (path: string) => readZipRecords(path, recordLimits),
  }
  return readDelta(origin, request, files, options)
}
