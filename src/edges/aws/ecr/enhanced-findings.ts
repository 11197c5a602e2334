// Purpose:  the findings of an image as enhanced scanning tells them.
// Spec:     Amazon ECR API Reference, EnhancedImageScanFinding.
// Input:    the records of the image, or of the platforms of an index.
// Deviates: suppressed and closed findings are left out, as those of basic scanning are; Inspector's ListFindings has them. DescribeImages counts each package that
//           has a flaw, as basic scanning does; here a flaw counts once for an image.
// Unknowns: a severity that nobody rates is UNTRIAGED.
import { compareText } from '../../../ecosystems/digits.ts'
import { severities, type Severity } from '../../../ecosystems/severity.ts'
import type { Digest } from '../../../oci/digest.ts'
import type { FindingRecord } from '../../../scanning/finding-record.ts'
import { openRecordReader, type RecordDeps } from '../../../scanning/read-records.ts'
import { findRecordedImage } from '../../../scanning/recorded-image-store.ts'
import {
  findingArn,
  inspectorSeverity,
  spellAdjusted,
  spellDetails,
  spellImage,
} from '../../../scanning/spell-finding.ts'
import { epochSeconds } from './call.ts'

type Shape = Readonly<Record<string, unknown>>

/** Open findings of images of one repository, the worst first. */
export async function openRecords(
  deps: RecordDeps,
  repositoryId: number,
  digests: Iterable<Digest>,
): Promise<readonly FindingRecord[]> {
  const reader = await openRecordReader(deps)
  const records: FindingRecord[] = []
  for (const digest of digests) {
    const image = await findRecordedImage(deps.reader, { repositoryId, digest })
    if (image === undefined) continue
    const all = await reader.read(image)
    records.push(...all.filter(({ status }) => status === 'ACTIVE'))
  }
  return records.toSorted(compareRecords)
}

function compareRecords(a: FindingRecord, b: FindingRecord): number {
  return (
    severities.indexOf(a.severity) - severities.indexOf(b.severity) ||
    compareText(a.vulnerability, b.vulnerability) ||
    compareText(a.id, b.id)
  )
}

/** Only severities that occur. */
export function countRecords(records: readonly FindingRecord[]): Readonly<Record<string, number>> {
  const counts: Record<string, number> = {}
  for (const { severity } of records) {
    const word = inspectorSeverity(severity)
    counts[word] = (counts[word] ?? 0) + 1
  }
  return counts
}

/** The same of counts by our own words. */
export function enhancedCounts(
  counts: Readonly<Partial<Record<Severity, number>>>,
): Readonly<Record<string, number>> {
  return Object.fromEntries(
    severities.flatMap((severity) => {
      const count = counts[severity]
      return count === undefined ? [] : [[inspectorSeverity(severity), count] as const]
    }),
  )
}

export function renderEnhanced(record: FindingRecord, region: string): Shape {
  const { score, image } = record
  const spelling = { region, time: epochSeconds, isOfEcr: true } as const
  return {
    awsAccountId: image.account,
    findingArn: findingArn(region, record),
    title: record.title,
    description: record.description,
    type: 'PACKAGE_VULNERABILITY',
    severity: inspectorSeverity(record.severity),
    status: record.status,
    ...(score === undefined
      ? {}
      : { score: score.score, scoreDetails: { cvss: spellAdjusted(score, spelling) } }),
    firstObservedAt: epochSeconds(record.firstObservedAt),
    lastObservedAt: epochSeconds(record.updatedAt),
    updatedAt: epochSeconds(record.updatedAt),
    fixAvailable: record.fixAvailable,
    exploitAvailable: record.exploitation.kev === undefined ? 'NO' : 'YES',
    packageVulnerabilityDetails: spellDetails(record, spelling),
    remediation: { recommendation: { text: record.remediation } },
    resources: [spellImage(image, spelling)],
  }
}
