// Purpose:  read the Ruby community's database of flaws in gems.
// Spec:     ruby-advisory-db, README: gems/<gem>/<id>.yml with patched_versions and unaffected_versions.
// Input:    the repository as an archive; hostile.
// Deviates: `rubies/` (interpreters) is left out, since no gem is named there; texts of OSVDB are not taken.
// Unknowns: a requirement that cannot be read refuses the record with the reason.
import { listOf, textOf } from '../ecosystems/documents.ts'
import { recordLimits } from '../storage/feeds/record-limits.ts'
import { readZipRecords } from '../storage/feeds/zip.ts'
import type { Feed } from './feed.ts'
import { affectedBetween } from './gem-requirement.ts'
import { convertRecords, readWholeFile } from './parts.ts'
import { readYamlRecord } from './yaml-record.ts'

export const rubysecFeed: Feed = {
  name: 'rubysec',
  says: 'the Ruby community’s advisories about gems; most of them are also part of osv',
  home: 'https://codeload.github.com/rubysec/ruby-advisory-db',
  licence: 'public domain by its contributors; texts that stem from OSVDB are not taken',
  isDefault: false,
  ecosystems: ['RubyGems'],
  parts: { kind: 'fixed', names: [''] },
  readPart: (origin, { cursor }, options) =>
    readWholeFile(
      origin,
      {
        path: 'zip/refs/heads/master',
        cursor,
        records: (path) =>
          convertRecords(readZipRecords(path, recordLimits, isRecord), ({ text, name }) =>
            convertGemAdvisory(text, name),
          ),
      },
      options,
    ),
}

const place = /^(?:[^/]+\/)?gems\/([A-Za-z0-9._-]{1,100})\/([A-Za-z0-9._-]{1,100})\.yml$/

function isRecord(name: string): boolean {
  return place.test(name)
}

/** The file at `name` as an OSV record. */
export function convertGemAdvisory(
  text: string,
  name: string,
): string | { readonly refused: string } {
  const read = readYamlRecord(text)
  if (read.kind === 'refused') return { refused: read.reason }
  const { members } = read
  const [, folder = '', file = ''] = place.exec(name) ?? []
  const gem = textOf(members['gem']) ?? folder
  const safe = [...listOf(members['patched_versions']), ...listOf(members['unaffected_versions'])]
  const events = affectedBetween(safe.map(String))
  if (events === undefined) return { refused: 'has a version requirement that cannot be read' }
  const day = textOf(members['date'])
  return JSON.stringify({
    id: `RUBYSEC-${folder}-${file}`,
    ...(day !== undefined && { published: `${day}T00:00:00Z` }),
    aliases: aliasesOf(members),
    ...textsOf(members),
    ...severityOf(members),
    affected: [
      { package: { ecosystem: 'RubyGems', name: gem }, ranges: [{ type: 'ECOSYSTEM', events }] },
    ],
    references:
      textOf(members['url']) === undefined ? [] : [{ type: 'ADVISORY', url: members['url'] }],
  })
}

type Members = Readonly<Record<string, unknown>>

function aliasesOf(members: Members): readonly string[] {
  const [cve, ghsa] = [textOf(members['cve']), textOf(members['ghsa'])]
  return [
    ...(cve === undefined ? [] : [`CVE-${cve}`]),
    ...(ghsa === undefined ? [] : [`GHSA-${ghsa}`]),
  ]
}

function textsOf(members: Members): Members {
  if (members['osvdb'] !== undefined) return {}
  const [summary, details] = [textOf(members['title']), textOf(members['description'])]
  return { ...(summary !== undefined && { summary }), ...(details !== undefined && { details }) }
}

/** Scores come without their vectors: only the word that they stand for is told. */
function severityOf(members: Members): Members {
  const score = Number(textOf(members['cvss_v4']) ?? textOf(members['cvss_v3']) ?? '0')
  return score > 0 ? { database_specific: { severity: wordOf(score) } } : {}
}

function wordOf(score: number): string {
  if (score >= 9) return 'CRITICAL'
  if (score >= 7) return 'HIGH'
  return score >= 4 ? 'MEDIUM' : 'LOW'
}
