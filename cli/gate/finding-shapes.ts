// One finding of the ECR API, basic or enhanced, as the gate knows it.
import type {
  EnhancedImageScanFinding,
  ImageScanFinding,
  PackageVulnerabilityDetails,
  VulnerablePackage,
} from '@aws-sdk/client-ecr'
import type { FindingFacts } from '../../src/admission/rules/evidence.ts'
import { severities, type GateFinding, type Severity } from './gate-finding.ts'

export function basicFinding(finding: ImageScanFinding): GateFinding {
  const attributes = new Map((finding.attributes ?? []).map(({ key, value }) => [key, value]))
  return {
    vulnerability: finding.name ?? 'unknown',
    severity: severityOf(finding.severity),
    packageName: attributes.get('package_name') ?? 'unknown',
    packageVersion: attributes.get('package_version') ?? 'unknown',
    fixedVersion: attributes.get('fixed_version'),
    path: attributes.get('package_path'),
    layer: attributes.get('layer_digest'),
    url: finding.uri,
    aliases: attributes.get('aliases')?.split(' ') ?? [],
    packageType: attributes.get('package_type'),
    purl: attributes.get('purl'),
    score: numberIn(attributes.get('CVSS4_SCORE') ?? attributes.get('CVSS3_SCORE')),
    summary: finding.description,
    remark: remarkOf(attributes),
    epss: epssIn(attributes),
    kev: kevIn(attributes),
    fix: fixIn(attributes),
    firstKnown: momentOf(attributes.get('first_known_at')),
  }
}

type Attributes = ReadonlyMap<string | undefined, string | undefined>

/** AWS has none of these attributes; Pratique has them as far as its own data goes. */
function epssIn(attributes: Attributes): FindingFacts['epss'] {
  const score = numberIn(attributes.get('EPSS_SCORE'))
  if (score !== undefined) return { kind: 'scored', score }
  return { kind: attributes.get('epss') === 'not scored' ? 'unscored' : 'unknown' }
}

function kevIn(attributes: Attributes): FindingFacts['kev'] {
  if (attributes.has('KEV_DATE_ADDED')) return 'listed'
  return attributes.get('kev') === 'not listed' ? 'unlisted' : 'unknown'
}

/** Without a word about the state of a fix nobody knows whether there is one. */
function fixIn(attributes: Attributes): FindingFacts['fix'] {
  const version = attributes.get('fixed_version')
  if (version !== undefined) return { kind: 'available', version }
  return { kind: attributes.has('fix_state') ? 'none' : 'unknown' }
}

function momentOf(moment: Date | string | undefined): FindingFacts['firstKnown'] {
  const at = moment === undefined ? Number.NaN : new Date(moment).getTime()
  return Number.isNaN(at) ? { kind: 'unknown' } : { kind: 'known', at }
}

function numberIn(text: string | undefined): number | undefined {
  const number = text === undefined || text === '' ? Number.NaN : Number(text)
  return Number.isFinite(number) ? number : undefined
}

function remarkOf(
  attributes: ReadonlyMap<string | undefined, string | undefined>,
): string | undefined {
  const status = attributes.get('vex_status')
  const ended = attributes.get('suppression_ended')
  const parts = [
    ...(status === undefined ? [] : [`VEX: ${status}`]),
    ...(ended === undefined ? [] : [`rule ${ended}`]),
  ]
  return parts.length === 0 ? undefined : parts.join('; ')
}

/** Inspector's words for package managers as purl types; OS may be any of several. */
const inspectorTypes: ReadonlyMap<string, string> = new Map([
  ['NODEPKG', 'npm'],
  ['NPM', 'npm'],
  ['YARN', 'npm'],
  ['PNPM', 'npm'],
  ['PYTHONPKG', 'pypi'],
  ['PIP', 'pypi'],
  ['PIPENV', 'pypi'],
  ['POETRY', 'pypi'],
  ['JAR', 'maven'],
  ['POM', 'maven'],
  ['GOBINARY', 'golang'],
  ['GOMOD', 'golang'],
  ['GEMSPEC', 'gem'],
  ['BUNDLER', 'gem'],
  ['CARGO', 'cargo'],
  ['NUGET', 'nuget'],
  ['DOTNET', 'nuget'],
  ['COMPOSER', 'composer'],
])

/**
 * One for each package: a finding of this shape names all that hold the vulnerability. None for what is not there any more. That a flaw is
 * exploitable is not that it is exploited, and of EPSS this shape has no word.
 */
export function enhancedFinding(finding: EnhancedImageScanFinding): readonly GateFinding[] {
  if (finding.status === 'CLOSED') return []
  const details = finding.packageVulnerabilityDetails
  const packages = details?.vulnerablePackages ?? []
  const shared = flawOf(finding, details ?? {})
  // One that names no package is about something all the same.
  return (packages.length === 0 ? [{}] : packages).map((found: VulnerablePackage) => ({
    ...shared,
    packageName: found.name ?? 'unknown',
    packageVersion: found.version ?? 'unknown',
    fixedVersion: fixedIn(found),
    path: found.filePath,
    layer: found.sourceLayerHash,
    packageType: inspectorTypes.get(found.packageManager ?? ''),
    fix: enhancedFix(found, finding.fixAvailable),
  }))
}

function flawOf(
  finding: EnhancedImageScanFinding,
  details: PackageVulnerabilityDetails,
): Omit<
  GateFinding,
  'packageName' | 'packageVersion' | 'packageType' | 'fixedVersion' | 'path' | 'layer' | 'fix'
> {
  return {
    vulnerability: details.vulnerabilityId ?? finding.title ?? 'unknown',
    severity: severityOf(finding.severity),
    url: details.sourceUrl,
    aliases: details.relatedVulnerabilities ?? [],
    purl: undefined,
    ...releaseOf(finding),
    score: finding.score,
    summary: finding.description,
    remark: finding.status === 'SUPPRESSED' ? 'suppressed at the source' : undefined,
    epss: { kind: 'unknown' },
    kev: 'unknown',
    firstKnown: momentOf(details.vendorCreatedAt ?? finding.firstObservedAt),
  }
}

/** Inspector's words for distributions; of any other it is not known what they mean. */
const inspectorPlatforms: ReadonlyMap<string, string> = new Map([
  ['ALPINE_LINUX', 'alpine'],
  ['ALPINE', 'alpine'],
  ['AMAZON_LINUX', 'amzn'],
  ['DEBIAN', 'debian'],
  ['UBUNTU', 'ubuntu'],
  ['RHEL', 'rhel'],
  ['ROCKY_LINUX', 'rocky'],
  ['ALMALINUX', 'almalinux'],
  ['ORACLE_LINUX', 'ol'],
])

/** `UBUNTU_20_04` is `ubuntu-20.04`. */
function releaseOf({ resources = [] }: EnhancedImageScanFinding): { readonly release?: string } {
  const { platform = '' } = resources[0]?.details?.awsEcrContainerImage ?? {}
  const [, name = '', version = ''] = /^([A-Z_]+?)_([0-9]+(?:_[0-9]+)*)$/.exec(platform) ?? []
  const id = inspectorPlatforms.get(name)
  return id === undefined ? {} : { release: `${id}-${version.replaceAll('_', '.')}` }
}

function fixedIn({ fixedInVersion }: VulnerablePackage): string | undefined {
  return fixedInVersion === 'NotAvailable' ? undefined : fixedInVersion
}

function enhancedFix(found: VulnerablePackage, available: string | undefined): FindingFacts['fix'] {
  const version = fixedIn(found)
  if (version !== undefined) return { kind: 'available', version }
  return { kind: found.fixedInVersion !== undefined || available === 'NO' ? 'none' : 'unknown' }
}

/** UNTRIAGED is Inspector's word for what basic scanning calls UNDEFINED; any other word is undefined too. */
function severityOf(text: string | undefined): Severity {
  return severities.find((severity) => severity === text) ?? 'UNDEFINED'
}
