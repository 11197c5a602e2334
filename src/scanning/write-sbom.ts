import { maxSbomPackages, type FindingAnalysis, type ListedFinding } from '../sbom/inventory.ts'
import type { SbomInventory, SbomSubject, SbomTool } from '../sbom/inventory.ts'
import { writeCycloneDx } from '../sbom/write-cyclonedx.ts'
import { writeSpdx } from '../sbom/write-spdx.ts'
import type { SqlReader } from '../storage/database/database.ts'
import { scanningError } from './errors.ts'
import type { ScannedInstance } from './image-scan.ts'
import { listFindings, type Finding } from './list-findings.ts'
import { inventoryGaps } from './rules/inventory-gaps.ts'
import type { SquashedImage } from './rules/squash.ts'
import {
  describeSuppression,
  type ImageSuppressions,
  type Suppression,
} from './rules/suppression.ts'

export type SbomFormat = 'cyclonedx' | 'spdx'

export interface SbomDeps {
  readonly reader: SqlReader
  readonly tool: SbomTool
  /** What holds findings back where the image is; absent: nothing does. */
  readonly inForce?: (instances: readonly ScannedInstance[]) => Promise<ImageSuppressions>
}

export interface SbomInput {
  readonly image: SquashedImage
  readonly subject: SbomSubject
  readonly scannedAt: Date
  readonly format: SbomFormat
  /** Where findings are asked for; only CycloneDX has a place for them. */
  readonly findings?: {
    readonly instances: readonly ScannedInstance[]
    /** What the scan says it does not speak about. */
    readonly gaps: readonly string[]
    /** The revision of the data whose findings these are; undefined for the newest. */
    readonly asOf?: number | undefined
  }
}

/** The document. The same image and data give the same bytes; INVENTORY_TOO_LARGE for more packages than it may list. */
export async function writeSbom(deps: SbomDeps, input: SbomInput): Promise<string> {
  const { image, subject, scannedAt, format } = input
  const { length } = image.instances
  if (length > maxSbomPackages) {
    const message = `${subject.name} has ${length} packages; a document lists at most ${maxSbomPackages}`
    throw scanningError('INVENTORY_TOO_LARGE', message)
  }
  const gaps = inventoryGaps(image)
  const inventory: SbomInventory = {
    subject,
    distribution: image.distribution,
    packages: image.instances,
    gaps,
    scannedAt,
    ...(input.findings === undefined
      ? {}
      : { findings: await findingsOf(deps, input.findings, gaps) }),
  }
  return format === 'spdx' ? writeSpdx(inventory, deps.tool) : writeCycloneDx(inventory, deps.tool)
}

async function findingsOf(
  { reader, inForce }: SbomDeps,
  { instances, gaps, asOf }: NonNullable<SbomInput['findings']>,
  inventoryOnes: readonly string[],
): Promise<NonNullable<SbomInventory['findings']>> {
  const heldBack = await inForce?.(instances)
  const listed = await listFindings(reader, instances, heldBack, { asOf })
  const { findings, suppressed, dataRevision } = listed
  return {
    listed: [...findings, ...suppressed].map(listedFinding),
    dataRevision,
    gaps: [...new Set(gaps)].filter((gap) => !inventoryOnes.includes(gap)),
  }
}

function listedFinding(finding: Finding): ListedFinding {
  const { suppression, package: it, ...rest } = finding
  const listed = { ...rest, purl: it.purl }
  return suppression === undefined ? listed : { ...listed, analysis: analysisOf(suppression) }
}

/** Nobody said that the image is not affected: what is only listed elsewhere stays open to whoever reads the document. */
function analysisOf(suppression: Suppression): FindingAnalysis {
  switch (suppression.kind) {
    case 'distribution-decides':
      return {
        state: 'false_positive',
        detail: `the distribution speaks of this flaw in ${suppression.by}, which brought the file; what it says stands there`,
      }
    case 'distribution-silent':
      return {
        state: 'in_triage',
        detail: `the distribution does not name this flaw in ${suppression.by}, which brought the file`,
      }
    case 'kernel-headers':
      return {
        state: 'not_affected',
        justification: 'code_not_present',
        detail: describeSuppression(suppression),
      }
    case 'vex': {
      const justification = justifications.get(suppression.justification ?? '')
      return {
        state: suppression.status === 'fixed' ? 'resolved' : 'not_affected',
        ...(justification === undefined ? {} : { justification }),
        detail: describeSuppression(suppression),
      }
    }
    // Somebody put the finding aside for a time, for a reason in words: that is no verdict.
    case 'rule':
    case 'filter':
      return { state: 'in_triage', detail: describeSuppression(suppression) }
  }
}

/** OpenVEX's justifications in CycloneDX's words, where it has one. */
const justifications: ReadonlyMap<string, string> = new Map([
  ['component_not_present', 'code_not_present'],
  ['vulnerable_code_not_present', 'code_not_present'],
  ['vulnerable_code_not_in_execute_path', 'code_not_reachable'],
  ['inline_mitigations_already_exist', 'protected_by_mitigating_control'],
])
