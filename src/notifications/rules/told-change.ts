// Purpose:  read what the outbox tells of findings that changed, and of rules of scanning.
// Spec:     none; scanning writes it.
// Input:    the detail of an event, perhaps of an older version.
// Deviates: nothing.
// Unknowns: another shape → undefined: nothing is told.
import { severities, type Severity } from '../../ecosystems/severity.ts'
import type { ScanningConfiguration } from '../../scanning/rules/scanning-rules.ts'
import { membersOf, textsOf } from './notices-of-event.ts'

/** Of one package, by new data (`recordFindingsChanged`). */
export interface PackageTold {
  readonly packageId: number
  readonly revision: number
  readonly opened: readonly string[]
  readonly closed: readonly string[]
  readonly changed: readonly string[]
}

export function toldChangeOf(detail: unknown): PackageTold | undefined {
  const members = membersOf(detail)
  const [packageId, revision] = [members.get('packageId'), members.get('revision')]
  if (typeof packageId !== 'number' || typeof revision !== 'number') return undefined
  return {
    packageId,
    revision,
    opened: textsOf(members.get('opened')),
    closed: textsOf(members.get('closed')),
    changed: textsOf(members.get('changed')),
  }
}

/** Of one image, for another reason than new data (`recordImageFindingsChanged`). */
export interface ImageTold {
  readonly opened: readonly FindingTold[]
  readonly closed: readonly FindingTold[]
  readonly changed: readonly FindingTold[]
}

export interface FindingTold {
  readonly vulnerability: string
  /** purl. */
  readonly package: string
  readonly severity: Severity
}

export function toldImageChangesOf(detail: unknown): ImageTold | undefined {
  const members = membersOf(detail)
  const lists = ['opened', 'closed', 'changed'].map((name) => members.get(name))
  if (!lists.every(Array.isArray)) return undefined
  const [opened = [], closed = [], changed = []] = lists.map(findingsIn)
  return { opened, closed, changed }
}

function findingsIn(list: unknown): readonly FindingTold[] {
  const items: readonly unknown[] = Array.isArray(list) ? list : []
  return items.flatMap((item) => {
    const members = membersOf(item)
    const [vulnerability, purl] = [members.get('vulnerability'), members.get('package')]
    const severity = severities.find((one) => one === members.get('severity')) ?? 'UNDEFINED'
    return typeof vulnerability === 'string' && typeof purl === 'string'
      ? [{ vulnerability, package: purl, severity }]
      : []
  })
}

/** What was put for a registry, and what held before (`recordScanningConfigured`). */
export function configurationsOf(
  detail: unknown,
):
  | { readonly previous: ScanningConfiguration; readonly configuration: ScanningConfiguration }
  | undefined {
  const members = membersOf(detail)
  const previous = configurationIn(members.get('previous'))
  const configuration = configurationIn(members.get('configuration'))
  if (previous === undefined || configuration === undefined) return undefined
  return { previous, configuration }
}

const frequencies = ['CONTINUOUS_SCAN', 'SCAN_ON_PUSH', 'MANUAL'] as const

function configurationIn(value: unknown): ScanningConfiguration | undefined {
  const members = membersOf(value)
  const scanType = (['BASIC', 'ENHANCED'] as const).find((one) => one === members.get('scanType'))
  const rules = members.get('rules')
  if (scanType === undefined || !Array.isArray(rules)) return undefined
  const read = rules.flatMap((item: unknown) => {
    const rule = membersOf(item)
    const frequency = frequencies.find((one) => one === rule.get('frequency'))
    return frequency === undefined ? [] : [{ frequency, filters: textsOf(rule.get('filters')) }]
  })
  return { scanType, rules: read }
}
