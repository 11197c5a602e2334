// Purpose:  how often is a repository scanned, and by which rule?
// Spec:     Amazon ECR API, PutRegistryScanningConfiguration and BatchGetRepositoryScanningConfiguration; user guide, "Scan images".
// Input:    the account's configuration and the repository; both parsed.
// Deviates: under `secure` defaults a registry that nobody configured is BASIC with CONTINUOUS_SCAN for every repository but those that say scanOnPush=false themselves, and BASIC may be given CONTINUOUS_SCAN: findings keep the basic shape and the status COMPLETE, for which the waiters of the SDKs wait.
// Unknowns: none; a configuration outside the grammar is refused when it is put.
import { matchesScanningFilter } from './scanning-filter.ts'

export type ScanType = 'BASIC' | 'ENHANCED'
export type ScanFrequency = 'CONTINUOUS_SCAN' | 'SCAN_ON_PUSH' | 'MANUAL'

export interface ScanningRule {
  readonly frequency: ScanFrequency
  /** WILDCARD filters; a rule without one names no repository. */
  readonly filters: readonly string[]
}

export interface ScanningConfiguration {
  readonly scanType: ScanType
  readonly rules: readonly ScanningRule[]
}

/** What holds where nobody put a configuration. */
export type RegistryDefaults = 'secure' | 'aws'

export interface ResolvedScanning {
  readonly scanType: ScanType
  readonly frequency: ScanFrequency
  /** Of the rules that gave the frequency, those that name the repository. */
  readonly filters: readonly string[]
}

export function defaultScanning(defaults: RegistryDefaults): ScanningConfiguration {
  if (defaults === 'aws') return { scanType: 'BASIC', rules: [] }
  return { scanType: 'BASIC', rules: [{ frequency: 'CONTINUOUS_SCAN', filters: ['*'] }] }
}

/** The most frequent first: a repository that several rules name is scanned as the most frequent of them says. */
const frequencies: readonly ScanFrequency[] = ['CONTINUOUS_SCAN', 'SCAN_ON_PUSH', 'MANUAL']

/** `put` is undefined where the account has put no configuration. */
export function judgeScanning(
  {
    put,
    defaults,
  }: {
    readonly put: ScanningConfiguration | undefined
    readonly defaults: RegistryDefaults
  },
  repository: { readonly name: string; readonly scanOnPush: boolean },
): ResolvedScanning {
  const { scanType, rules } = put ?? defaultScanning(defaults)
  // Who says of his repository that pushes are not scanned is heard before a default, and not before a rule.
  const counting = put === undefined && !repository.scanOnPush ? [] : rules
  for (const frequency of frequencies) {
    const filters = counting
      .filter((rule) => rule.frequency === frequency)
      .flatMap((rule) => rule.filters)
      .filter((filter) => matchesScanningFilter(filter, repository.name))
    if (filters.length > 0 && frequency !== 'MANUAL') return { scanType, frequency, filters }
  }
  // The older setting of the repository itself; enhanced scanning does not know it.
  if (scanType === 'BASIC' && repository.scanOnPush)
    return { scanType, frequency: 'SCAN_ON_PUSH', filters: [] }
  return { scanType, frequency: 'MANUAL', filters: manualFilters(counting, repository.name) }
}

function manualFilters(rules: readonly ScanningRule[], name: string): readonly string[] {
  return rules
    .filter(({ frequency }) => frequency === 'MANUAL')
    .flatMap(({ filters }) => filters)
    .filter((filter) => matchesScanningFilter(filter, name))
}

/** Whether a push is scanned without anybody asking. */
export function scansPushes({ frequency }: ResolvedScanning): boolean {
  return frequency !== 'MANUAL'
}

const allowed: Readonly<
  Record<RegistryDefaults, Readonly<Record<ScanType, readonly ScanFrequency[]>>>
> = {
  aws: { BASIC: ['SCAN_ON_PUSH', 'MANUAL'], ENHANCED: ['CONTINUOUS_SCAN', 'SCAN_ON_PUSH'] },
  secure: {
    BASIC: ['CONTINUOUS_SCAN', 'SCAN_ON_PUSH', 'MANUAL'],
    ENHANCED: ['CONTINUOUS_SCAN', 'SCAN_ON_PUSH'],
  },
}

/** Why a configuration of known shape cannot be put; undefined for one that can. */
export function faultOfScanning(
  { scanType, rules }: ScanningConfiguration,
  defaults: RegistryDefaults,
): string | undefined {
  const able = allowed[defaults][scanType]
  const seen = new Set<ScanFrequency>()
  for (const { frequency } of rules) {
    if (!able.includes(frequency))
      return `scan frequency ${frequency} is not supported for scan type ${scanType}; use ${able.join(' or ')}`
    if (seen.has(frequency))
      return `two rules have the scan frequency ${frequency}; put the filters of both into one rule`
    seen.add(frequency)
  }
  return undefined
}
