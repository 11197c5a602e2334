// One scan as the ECR API tells it, with all that is known of its findings.
import { severityWords } from '../../admission/rules/evidence.ts'
import { readFindingFacts } from '../../admission/read-scan-facts.ts'
import type { Repository } from '../../registry/repository-store.ts'
import { renderScanStatus } from '../../scanning/describe-scan-status.ts'
import { findScan } from '../../scanning/find-scan.ts'
import { resolveScanning } from '../../scanning/resolve-scanning.ts'
import { nothingHeldBack } from '../../scanning/summarize-scan.ts'
import { releaseIn } from '../rules/choose-images.ts'
import type { ScanEvidence } from '../rules/evidence.ts'
import type { ImageDeps, ImageTarget } from './image-deps.ts'

export async function readScan(
  { database: reader, clock, defaults, suppressions, contentOf }: ImageDeps,
  repository: Repository,
  { digest, platform }: ImageTarget,
): Promise<ScanEvidence> {
  const key = { repositoryId: repository.id, digest }
  const scan = await findScan(reader, contentOf(repository.id), key)
  if (scan === undefined)
    return { platform, kind: 'never', findings: [], words: 'it was never scanned' }
  const scanning = await resolveScanning({ reader, defaults }, repository)
  const asked = { scanning, now: clock.now(), heldBack: nothingHeldBack }
  const { status, description } = renderScanStatus(scan, asked)
  if (status === 'PENDING' || status === 'IN_PROGRESS')
    return { platform, kind: 'running', findings: [], words: undefined }
  const facts =
    scan.completedAt === undefined
      ? []
      : await readFindingFacts({ reader, suppressions }, repository, scan, everything)
  const findings = facts.map(
    ({ vulnerability, severity, kev, fix, firstKnown, package: found }) => ({
      vulnerability,
      severity,
      kev,
      fix,
      firstKnown,
      packageName: found.name,
      packageVersion: found.version,
      release: releaseIn(found.purl),
    }),
  )
  return status === 'COMPLETE' || status === 'ACTIVE'
    ? { platform, kind: 'scanned', findings, words: description }
    : { platform, kind: 'incomplete', findings, words: description ?? `the scan is ${status}` }
}

const everything = { severities: new Set(severityWords), firstKnown: true }
