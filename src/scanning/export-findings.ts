// A part of a report of findings, as CSV or JSON.
import type { FindingRecord } from './finding-record.ts'
import type { FindingExport } from './finding-export-store.ts'
import { listRecords, type RecordCursor } from './list-records.ts'
import type { RecordListDeps } from './record-walk.ts'
import type { FindingCriteria } from './rules/finding-criteria.ts'
import { tableHead, tableLine } from './rules/findings-table.ts'
import { findingArn, imageArn, inspectorSeverity, spellFinding } from './spell-finding.ts'
import type { ExportPart } from './write-export.ts'

const recordsAtOnce = 100
/** Some megabytes of JSON. */
const recordsOfPart = 1000
const pagesOfPart = 50

/** Image by image, so that a report that takes long tells of each image once whatever is pushed meanwhile. */
export async function exportFindings(
  deps: RecordListDeps,
  asked: FindingExport,
  { signal }: { readonly signal: AbortSignal },
): Promise<ExportPart> {
  const isTable = asked.format === 'CSV'
  const isFirst = asked.size === 0
  const texts: string[] = isFirst ? [isTable ? tableHead() : '{"findings":[\n'] : []
  // oxlint-disable typescript/no-unsafe-type-assertion -- written by CreateFindingsReport and by this job
  const criteria = asked.criteria as FindingCriteria
  let cursor = (asked.cursor ?? undefined) as RecordCursor | undefined
  // oxlint-enable typescript/no-unsafe-type-assertion
  const order = { field: 'AWS_ACCOUNT_ID', descending: false } as const
  const question = { account: asked.account, criteria, order, limit: recordsAtOnce }
  let entries = 0
  for (let page = 0; page < pagesOfPart && entries < recordsOfPart; page += 1) {
    signal.throwIfAborted()
    const { records, next } = await listRecords(deps, question, cursor)
    for (const record of records) {
      if (isTable) texts.push(tableLine(rowOf(deps.region, record)))
      else texts.push(`${asked.entries + entries === 0 ? '' : ',\n'}${jsonOf(deps.region, record)}`)
      entries += 1
    }
    cursor = next
    if (next === undefined) break
  }
  if (cursor === undefined && !isTable) texts.push('\n]}\n')
  return { bytes: Buffer.from(texts.join('')), entries, next: cursor }
}

function jsonOf(region: string, record: FindingRecord): string {
  return JSON.stringify(spellFinding(record, { region, time: (moment) => moment.toISOString() }))
}

function rowOf(region: string, record: FindingRecord): Parameters<typeof tableLine>[0] {
  const { image, packages, score, exploitation } = record
  const each = (of: (found: (typeof packages)[number]) => string | undefined): string =>
    [...new Set(packages.map(of).filter((value) => value !== undefined))].join('; ')
  return {
    'AWS Account Id': image.account,
    Severity: inspectorSeverity(record.severity),
    'Fix Available': record.fixAvailable,
    'Finding Type': 'PACKAGE_VULNERABILITY',
    Title: record.title,
    Description: record.description,
    'Finding ARN': findingArn(region, record),
    'First Seen': record.firstObservedAt.toISOString(),
    'Last Seen': record.updatedAt.toISOString(),
    'Last Updated': record.updatedAt.toISOString(),
    'Resource ID': imageArn(region, image),
    'Container Image Tags': image.tags.join('; '),
    Region: region,
    Platform: image.platform ?? '',
    'Resource Tags': image.repositoryTags.map(({ key, value }) => `${key}:${value}`).join('; '),
    'Affected Packages': each(({ name }) => name),
    'Package Installed Version': each(installedVersion),
    'Fixed in Version': each(({ fixedVersion }) => fixedVersion),
    'Package Remediation': each(({ remedy }) => remedy),
    'File Path': each(({ path }) => path),
    Remediation: record.remediation,
    'Inspector Score': score?.score.toString() ?? '',
    'Inspector Score Vector': score?.vector ?? '',
    Status: record.status,
    'Vulnerability Id': record.vulnerability,
    Vendor: record.source,
    'Vendor Severity': record.vendorSeverity ?? '',
    'Vendor Advisory': record.sourceUrl,
    'Exploit Available': exploitation.kev === undefined ? 'NO' : 'YES',
    'EPSS Score': exploitation.epss?.score.toString() ?? '',
  }
}

function installedVersion(found: FindingRecord['packages'][number]): string {
  const { epoch, version, release } = found
  return `${epoch === undefined ? '' : `${epoch}:`}${version}${release === undefined ? '' : `-${release}`}`
}
