import { recordLimits } from '../storage/feeds/record-limits.ts'
import { readZipRecords } from '../storage/feeds/zip.ts'
import type { Feed } from './feed.ts'
import { convertRecords, readWholeFile } from './parts.ts'
import { readYamlRecord } from './yaml-record.ts'

export const pypaFeed: Feed = {
  name: 'pypa',
  says: 'the Python Packaging Authority’s advisories, with the versions that are affected one by one; also part of osv',
  home: 'https://codeload.github.com/pypa/advisory-database',
  licence: 'CC-BY-4.0',
  isDefault: false,
  ecosystems: ['PyPI'],
  parts: { kind: 'fixed', names: [''] },
  readPart: (origin, { cursor }, options) =>
    readWholeFile(
      origin,
      {
        path: 'zip/refs/heads/main',
        cursor,
        records: (path) =>
          convertRecords(readZipRecords(path, recordLimits, isRecord), ({ text }) => jsonOf(text)),
      },
      options,
    ),
}

function isRecord(name: string): boolean {
  return /^[^/]+\/vulns\/.+\.ya?ml$/.test(name)
}

/** The same record, in OSV's other spelling. */
function jsonOf(text: string): string | { readonly refused: string } {
  const read = readYamlRecord(text)
  return read.kind === 'record' ? JSON.stringify(read.members) : { refused: read.reason }
}
