import type { FindingRecord } from '../scanning/finding-record.ts'
import type { RecordChange } from '../scanning/record-changes.ts'
import { spellFinding } from '../scanning/spell-finding.ts'
import type { FindingNotice } from './rules/notice.ts'

/** What is told of a change of a finding: its record as Inspector spells it, and what rules and people ask for. */
export function noticeOfRecord(
  { change, record, previousSeverity }: RecordChange,
  region: string,
): FindingNotice {
  const [first] = record.packages
  const { image } = record
  const fixedVersion = record.packages.find((one) => one.fixedVersion !== undefined)?.fixedVersion
  return {
    kind: 'finding',
    change,
    repository: image.repository,
    digest: image.digest,
    tags: image.tags,
    severity: record.severity,
    ...(previousSeverity === undefined ? {} : { previousSeverity }),
    vulnerability: record.vulnerability,
    package: { name: first?.name ?? namesIn(record), version: first?.version ?? '' },
    ...(fixedVersion === undefined ? {} : { fixedVersion }),
    isKev: record.exploitation.kev !== undefined,
    ...(record.exploitation.epss === undefined ? {} : { epss: record.exploitation.epss.score }),
    summary: record.description,
    url: record.sourceUrl,
    record: spellFinding(record, { region, time: (moment) => moment.toISOString() }),
  }
}

/** Of what is gone only the title knows the packages. */
function namesIn({ title, vulnerability }: FindingRecord): string {
  return title.startsWith(`${vulnerability} - `) ? title.slice(vulnerability.length + 3) : title
}
