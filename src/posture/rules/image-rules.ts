// Purpose:  what is in the images that are kept, and what is run of it?
// Spec:     our own (docs/posture.md).
// Input:    scans and configurations as the ECR API tells them; names in them are hostile.
// Deviates: secrets in layers are those that the scanner of a server of ours found; at AWS nobody reads layers.
// Unknowns: an image that was not read; a finding of which the source does not tell whether it is exploited, fixable, or since when it is known.
import { severityWords } from '../../admission/rules/evidence.ts'
import { endOfLife } from '../../ecosystems/end-of-life.ts'
import type {
  FindingEvidence,
  ImageEvidence,
  LayerSecretEvidence,
  PostureEvidence,
  ScanEvidence,
} from './evidence.ts'
import {
  dayMs,
  daysSince,
  eachImage,
  fail,
  fewOf,
  pass,
  tellingOf,
  unknown,
} from './per-resource.ts'
import type { PostureRule, PostureSeverity } from './posture-rule.ts'
import { ecrGuide } from './repository-rules.ts'

const scanRights = [
  'ecr:DescribeRepositories',
  'ecr:DescribeImages',
  'ecr:BatchGetImage',
  'ecr:DescribeImageScanFindings',
]
const configurationRights = [
  'ecr:DescribeRepositories',
  'ecr:DescribeImages',
  'ecr:BatchGetImage',
  'ecr:GetDownloadUrlForLayer',
]

export const imageRules: readonly PostureRule[] = [
  {
    id: 'REG-015',
    title: 'Latest image is scanned and has nothing at or above the threshold',
    severity: 'high',
    why: 'The newest image is the one that is started next.',
    evidence: scanRights,
    judge: (evidence) =>
      eachImage(evidence, (image) =>
        image.isLatest
          ? tellingOf(image.scans, (scans) => judgeLatest(scans, evidence))
          : undefined,
      ),
    remedy: 'pratique gate {image} --show low',
    equivalents: [{ tool: 'Prowler', id: 'ecr_repositories_scan_vulnerabilities_in_latest_image' }],
    references: [`${ecrGuide}/image-scanning.html`],
  },
  {
    id: 'REG-016',
    title: 'Scans speak for the whole image',
    severity: 'medium',
    why: 'What a scanner cannot read has no findings, and may have every flaw.',
    evidence: scanRights,
    judge: (evidence) =>
      eachImage(evidence, ({ scans, isLatest }) =>
        isLatest ? tellingOf(scans, judgeCoverage) : undefined,
      ),
    remedy:
      'aws ecr start-image-scan --repository-name {repository} --image-id imageDigest={digest}',
    equivalents: [],
    references: [`${ecrGuide}/image-scanning.html`],
  },
  {
    id: 'REG-017',
    title: 'No exploited vulnerabilities in images that were pulled within 30 days',
    severity: 'critical',
    why: 'Somebody runs it, and somebody knows how to break into it.',
    evidence: scanRights,
    judge: (evidence) =>
      eachImage(evidence, (image) =>
        wasPulledLately(image, evidence.now)
          ? tellingOf(image.scans, (scans) => judgeExploited(scans))
          : undefined,
      ),
    remedy: 'pratique gate {image} --kev',
    equivalents: [],
    references: ['https://www.cisa.gov/known-exploited-vulnerabilities-catalog'],
  },
  {
    id: 'REG-018',
    title: 'No fixable critical vulnerability is older than its grace',
    severity: 'high',
    why: 'A fix is there, and so is the description of what it mends.',
    evidence: scanRights,
    judge: (evidence) =>
      eachImage(evidence, ({ scans, isLatest }) =>
        isLatest ? tellingOf(scans, (all) => judgeGrace(all, evidence)) : undefined,
      ),
    remedy: 'pratique gate {image} --fail-on critical --fixable-only',
    equivalents: [],
    references: [],
  },
  {
    id: 'REG-019',
    title: 'No secrets in the configuration or the layers of images',
    severity: 'high',
    why: 'Whoever may pull the image may read them, in every copy and for ever.',
    evidence: [...configurationRights, 'pratique:ListImageSecrets'],
    judge: (evidence) =>
      eachImage(evidence, ({ isLatest, configurations, layers }) =>
        isLatest
          ? [
              ...tellingOf(configurations, (all) =>
                judgeConfigurations(all, ({ secrets }) =>
                  secrets.length === 0 ? undefined : `may hold secrets: ${fewOf(secrets)}`,
                ),
              ),
              ...tellingOf(layers, judgeLayers),
            ]
          : undefined,
      ),
    remedy:
      'aws ecr batch-delete-image --repository-name {repository} --image-ids imageDigest={digest}',
    equivalents: [{ tool: 'Prowler', id: 'ecr_repository_image_no_secrets' }],
    references: ['https://docs.docker.com/build/building/secrets/'],
  },
  {
    id: 'REG-020',
    title: 'Base of the image is supported',
    severity: 'high',
    why: 'Nobody mends a release that is out of support, and after a while nobody even says what is broken in it.',
    evidence: scanRights,
    judge: (evidence) =>
      eachImage(evidence, ({ scans, isLatest }) =>
        isLatest ? tellingOf(scans, (all) => judgeBase(all, evidence.now)) : undefined,
      ),
    remedy: 'docker build --pull --no-cache --tag {image} .  # FROM a release that is supported',
    equivalents: [],
    references: ['https://endoflife.date'],
  },
  {
    id: 'REG-021',
    title: 'Image does not run as root by its configuration',
    severity: 'low',
    why: 'A flaw in what it runs starts with every right inside the container.',
    evidence: configurationRights,
    judge: (evidence) =>
      eachConfiguration(evidence, ({ os, user }) =>
        os !== 'windows' && /^(?:|root|0)(?::.*)?$/.test(user)
          ? user === ''
            ? 'names no user, which is root'
            : `runs as ${user}`
          : undefined,
      ),
    remedy: 'docker build --tag {image} .  # with USER 10001 in the Dockerfile',
    equivalents: [],
    references: ['https://docs.docker.com/build/building/best-practices/#user'],
  },
]

type Look = ReturnType<typeof pass>

const severityOf: Readonly<Record<(typeof severityWords)[number], PostureSeverity>> = {
  CRITICAL: 'critical',
  HIGH: 'high',
  MEDIUM: 'medium',
  LOW: 'low',
  INFORMATIONAL: 'info',
  // Nobody has said that it is harmless.
  UNDEFINED: 'medium',
}

/** An index is as good as its worst platform; what is missing of one is missing of the whole. */
function judgeLatest(scans: readonly ScanEvidence[], { expectations }: PostureEvidence): Look {
  const limit = severityWords.indexOf(expectations.threshold)
  const counted = scans
    .flatMap(({ findings }) => findings)
    .filter(({ severity }) => severityWords.indexOf(severity) <= limit || severity === 'UNDEFINED')
    .toSorted((a, b) => severityWords.indexOf(a.severity) - severityWords.indexOf(b.severity))
  const [worst] = counted
  if (worst !== undefined) {
    const names = counted.map(nameOf)
    const words = `${counted.length} at or above ${expectations.threshold}: ${fewOf([...new Set(names)])}`
    return { ...fail(words), severity: severityOf[worst.severity] }
  }
  if (scans.some(({ kind }) => kind === 'never')) return fail('was never scanned')
  const open = scans.find(({ kind }) => kind !== 'scanned')
  if (open !== undefined) return unknown(open.words ?? `its scan is ${open.kind}`)
  return scans.length === 0
    ? unknown('it has no platform that could be scanned')
    : pass(`no finding at or above ${expectations.threshold}`)
}

function nameOf({ vulnerability, severity, packageName, packageVersion }: FindingEvidence): string {
  return `${vulnerability} (${severity}) in ${packageName} ${packageVersion}`
}

/** What AWS says of every scan that went well. */
const nothingSaid = /^The scan was completed successfully\.?$/
const gapWords = /(?:^|\. )(?:Not covered: .*?)(?=\. |$)/

function judgeCoverage(scans: readonly ScanEvidence[]): readonly Look[] {
  return scans.map(({ kind, words, platform }) => {
    const of = platform === undefined ? '' : `${platform}: `
    if (kind === 'never') return fail(`${of}was never scanned`)
    if (kind === 'running') return unknown(`${of}its scan runs`)
    if (kind === 'incomplete') return fail(`${of}${words ?? 'was not scanned as a whole'}`)
    const gap = gapWords.exec(words ?? '')?.[0].replace(/^\. /, '')
    const isPlain = words === undefined || nothingSaid.test(words) || gap === undefined
    return isPlain ? pass(`${of}was scanned as a whole`) : fail(`${of}${gap}`)
  })
}

const pulledWithinMs = 30 * dayMs

function wasPulledLately({ lastPulledAt }: ImageEvidence, now: number): boolean {
  return lastPulledAt !== undefined && now - lastPulledAt <= pulledWithinMs
}

function judgeExploited(scans: readonly ScanEvidence[]): Look {
  const findings = scans.flatMap((scan) => scan.findings)
  const listed = findings.filter(({ kev }) => kev === 'listed')
  if (listed.length > 0)
    return fail(`was pulled lately and has what is exploited: ${fewOf(listed.map(nameOf))}`)
  if (findings.some(({ kev }) => kev === 'unknown'))
    return unknown('the source does not tell which findings are exploited')
  return unscanned(scans) ?? pass('has nothing that CISA lists as exploited')
}

/** A scan that is not whole speaks for nothing. */
function unscanned(scans: readonly ScanEvidence[]): Look | undefined {
  const open = scans.find(({ kind }) => kind !== 'scanned')
  if (open === undefined && scans.length > 0) return undefined
  return unknown(
    open?.kind === 'never' ? 'was never scanned' : (open?.words ?? 'is not scanned as a whole'),
  )
}

function judgeGrace(
  scans: readonly ScanEvidence[],
  { now, expectations: { graceMs } }: PostureEvidence,
): Look {
  const critical = scans
    .flatMap(({ findings }) => findings)
    .filter(({ severity, fix }) => severity === 'CRITICAL' && fix.kind !== 'none')
  const old = critical.filter(
    ({ fix, firstKnown }) =>
      fix.kind === 'available' && firstKnown.kind === 'known' && now - firstKnown.at > graceMs,
  )
  if (old.length > 0) return fail(`fixable for longer than its grace: ${fewOf(old.map(nameOf))}`)
  const untold = critical.filter(({ fix, firstKnown }) => {
    const isYoung = firstKnown.kind === 'known' && now - firstKnown.at <= graceMs
    return !isYoung && (fix.kind === 'unknown' || firstKnown.kind === 'unknown')
  })
  if (untold.length > 0)
    return unknown(`since when, or whether, ${fewOf(untold.map(nameOf))} can be mended is not told`)
  return (
    unscanned(scans) ??
    pass(`no fixable critical finding is older than ${daysSince(0, graceMs)} days`)
  )
}

/** By the words of the scan, else by the release that the packages of its findings are of. */
function judgeBase(scans: readonly ScanEvidence[], now: number): Look {
  const ended = scans.flatMap(
    ({ words = '' }) =>
      /the support of [^:]{1,200} ended on \d{4}-\d\d-\d\d/.exec(words)?.[0] ?? [],
  )
  if (ended.length > 0) return fail(fewOf([...new Set(ended)]))
  const releases = new Set(
    scans.flatMap(({ findings }) => findings.flatMap(({ release }) => release ?? [])),
  )
  const judgedEnds = [...releases].map((release) => {
    const [id = '', ...version] = release.split('-')
    return {
      release,
      end: endOfLife({ id, versionId: version.join('-'), idLike: [] }, new Date(now)),
    }
  })
  const over = judgedEnds.flatMap(({ release, end }) =>
    end.kind === 'ended' ? [`the support of ${release} ended on ${end.since}`] : [],
  )
  if (over.length > 0) return fail(fewOf(over))
  const until = judgedEnds.flatMap(({ release, end }) =>
    end.kind === 'supported'
      ? [`${release} is supported${end.until === undefined ? '' : ` until ${end.until}`}`]
      : [],
  )
  return until.length > 0 && until.length === releases.size
    ? pass(fewOf(until))
    : unknown('the source does not tell which release of a distribution it is built on')
}

type Configuration = Extract<
  ImageEvidence['configurations'],
  { readonly kind: 'told' }
>['value'][number]

function eachConfiguration(
  evidence: PostureEvidence,
  faultIn: (configuration: Configuration) => string | undefined,
): ReturnType<typeof eachImage> {
  return eachImage(evidence, ({ isLatest, configurations }) =>
    isLatest ? tellingOf(configurations, (all) => judgeConfigurations(all, faultIn)) : undefined,
  )
}

function judgeConfigurations(
  all: readonly Configuration[],
  faultIn: (configuration: Configuration) => string | undefined,
): Look | undefined {
  const faults = all.flatMap((one) => {
    const fault = faultIn(one)
    const of = one.platform === undefined ? '' : `${one.platform}: `
    return fault === undefined ? [] : [`${of}${fault}`]
  })
  if (all.length === 0) return undefined
  return faults.length === 0 ? pass('nothing found in its configuration') : fail(fewOf(faults))
}

const sealed = 'encrypted-private-key'

/** A key that is encrypted opens nothing by itself. */
function judgeLayers({ secrets, unread }: LayerSecretEvidence): Look {
  if (secrets.length > 0) {
    const words = secrets.map(({ kind, place }) => `${kind} in ${place}`)
    const found = fail(`its layers hold secrets: ${fewOf(words)}`)
    return secrets.every(({ kind }) => kind === sealed) ? { ...found, severity: 'low' } : found
  }
  return unread === 0
    ? pass('nothing found in its layers')
    : unknown(`${unread} of its layers were not read by the present scanner`)
}
