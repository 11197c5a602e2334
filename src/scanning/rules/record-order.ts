// Purpose:  the order in which findings of many images are listed.
// Spec:     Amazon Inspector2 API Reference, SortCriteria: SortField, SortOrder.
// Input:    what is known of a finding that an order may ask for.
// Deviates: of equal ones, and of fields that all images have in common, the order is repository, digest, vulnerability.
// Unknowns: what nobody knows of a finding is below everything: last in descending order.
import { severities, type Severity } from '../../ecosystems/severity.ts'

export const sortFields = [
  'AWS_ACCOUNT_ID',
  'FINDING_TYPE',
  'SEVERITY',
  'FIRST_OBSERVED_AT',
  'LAST_OBSERVED_AT',
  'FINDING_STATUS',
  'RESOURCE_TYPE',
  'ECR_IMAGE_PUSHED_AT',
  'ECR_IMAGE_REPOSITORY_NAME',
  'ECR_IMAGE_REGISTRY',
  'NETWORK_PROTOCOL',
  'COMPONENT_TYPE',
  'VULNERABILITY_ID',
  'VULNERABILITY_SOURCE',
  'INSPECTOR_SCORE',
  'VENDOR_SEVERITY',
  'EPSS_SCORE',
] as const
export type SortField = (typeof sortFields)[number]

export interface RecordOrder {
  readonly field: SortField
  readonly descending: boolean
}

type WalkKind = 'images' | 'pushes' | 'flaws' | 'times' | 'statuses'

const walks: Readonly<Record<SortField, WalkKind>> = {
  AWS_ACCOUNT_ID: 'images',
  FINDING_TYPE: 'images',
  SEVERITY: 'flaws',
  FIRST_OBSERVED_AT: 'times',
  LAST_OBSERVED_AT: 'times',
  FINDING_STATUS: 'statuses',
  RESOURCE_TYPE: 'images',
  ECR_IMAGE_PUSHED_AT: 'pushes',
  ECR_IMAGE_REPOSITORY_NAME: 'images',
  ECR_IMAGE_REGISTRY: 'images',
  NETWORK_PROTOCOL: 'images',
  COMPONENT_TYPE: 'images',
  VULNERABILITY_ID: 'flaws',
  VULNERABILITY_SOURCE: 'flaws',
  INSPECTOR_SCORE: 'flaws',
  VENDOR_SEVERITY: 'flaws',
  EPSS_SCORE: 'flaws',
}

/** How a walk goes through findings in an order: image by image, flaw by flaw, or along the time. */
export function walkFor(field: SortField): WalkKind {
  return walks[field]
}

/** The word of whoever rates in words: a severity that was taken from a score has none. */
export function vendorWord(severitySource: string | undefined): string | undefined {
  return severitySource === undefined || /CVSS [0-9.]+$/.test(severitySource)
    ? undefined
    : severitySource
}

/** What sorts a flaw, wherever it is. */
export interface FlawKeyFacts {
  readonly vulnerability: string
  readonly severity: Severity
  readonly vendorSeverity: string | undefined
  readonly source: string
  /** Only where a vector stands beside it. */
  readonly score: number | undefined
  readonly epss: number | undefined
}

export interface OrderedFinding extends FlawKeyFacts {
  readonly status: string
  readonly firstObservedAt: Date
  readonly updatedAt: Date
  readonly repository: string
  readonly digest: string
  readonly pushedAt: Date
}

export type SortKey = number | string

/** By the name of the flaw where the field is not one of flaws. */
export function flawKey(field: SortField, flaw: FlawKeyFacts): SortKey {
  return keysOfFlaws.get(field)?.(flaw) ?? flaw.vulnerability
}

const keysOfFlaws: ReadonlyMap<SortField, (flaw: FlawKeyFacts) => SortKey> = new Map<
  SortField,
  (flaw: FlawKeyFacts) => SortKey
>([
  ['SEVERITY', ({ severity }) => severities.length - severities.indexOf(severity)],
  ['VULNERABILITY_SOURCE', ({ source }) => source],
  ['INSPECTOR_SCORE', ({ score }) => score ?? -1],
  ['VENDOR_SEVERITY', ({ vendorSeverity }) => vendorSeverity ?? ''],
  ['EPSS_SCORE', ({ epss }) => epss ?? -1],
])

export function sortKey(field: SortField, finding: OrderedFinding): SortKey {
  switch (walkFor(field)) {
    case 'flaws':
      return flawKey(field, finding)
    case 'times':
      return (field === 'FIRST_OBSERVED_AT' ? finding.firstObservedAt : finding.updatedAt).getTime()
    case 'pushes':
      return finding.pushedAt.getTime()
    case 'statuses':
      return finding.status
    case 'images':
      return field === 'ECR_IMAGE_REPOSITORY_NAME' ? finding.repository : ''
  }
}

/** A finding's place in an order. */
export interface RecordPlace {
  readonly key: SortKey
  readonly repository: string
  readonly digest: string
  readonly vulnerability: string
}

export function comparePlaces(a: RecordPlace, b: RecordPlace, descending: boolean): number {
  const byKey = compareKeys(a.key, b.key)
  return (
    (descending ? -byKey : byKey) ||
    compareKeys(a.repository, b.repository) ||
    compareKeys(a.digest, b.digest) ||
    compareKeys(a.vulnerability, b.vulnerability)
  )
}

export function compareKeys(a: SortKey, b: SortKey): number {
  if (a === b) return 0
  return a < b ? -1 : 1
}
