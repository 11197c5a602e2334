import type { Finding } from '../../../scanning/list-findings.ts'

function describeEnded({ endedRules = [] }: Finding): string | undefined {
  if (endedRules.length === 0) return undefined
  return endedRules
    .map(({ by, until, reason }) => `ended on ${until} (${by}): ${reason}`)
    .join('; ')
}

/** What is known beside the findings of a page: without it nobody could tell "not listed" from "nobody looked". */
export interface BesideFindings {
  readonly hasEpss: boolean
  readonly hasKev: boolean
  /** When data first said so. */
  readonly firstKnown: (finding: Finding) => Date | undefined
}

/** The basic shape: what it has no member for is an attribute. */
export function renderFinding(
  finding: Finding,
  beside: BesideFindings,
): Readonly<Record<string, unknown>> {
  const { package: found, fix, score, vector, advisory } = finding
  const scheme = schemeOf(vector)
  const attributes: readonly Attribute[] = [
    ['package_name', found.name],
    ['package_version', found.version],
    ['package_type', found.type],
    ['package_path', finding.paths[0]],
    ['purl', found.purl],
    // A version that only subscribers get mends nothing for the others: the words name it.
    ['fixed_version', fix.state === 'fixed' ? fix.version : undefined],
    ['fix_state', fix.state],
    ['fix', fix.words],
    ['layer_digest', finding.layerDigest],
    ['advisory', advisory.id],
    ['advisory_source', advisory.source],
    ['confidence', finding.confidence],
    ['severity_source', finding.severitySource],
    ...exploitationOf(finding, beside),
    ['first_known_at', beside.firstKnown(finding)?.toISOString()],
    ['aliases', finding.aliases.length === 0 ? undefined : finding.aliases.join(' ')],
    [`${scheme}_VECTOR`, vector],
    [`${scheme}_SCORE`, score?.toFixed(1)],
    ['vex_status', finding.vex?.status],
    ['vex_document', finding.vex?.document.id],
    ['suppression_ended', describeEnded(finding)],
    [
      'verdict',
      finding.verdict === 'unknown'
        ? 'unknown: the version or the range cannot be judged'
        : undefined,
    ],
  ]
  return {
    name: finding.vulnerability,
    ...(finding.summary === undefined ? {} : { description: finding.summary }),
    uri: finding.url,
    severity: finding.severity,
    attributes: attributes.flatMap(([key, value]) => (value === undefined ? [] : [{ key, value }])),
  }
}

type Attribute = readonly [name: string, value: string | undefined]

function exploitationOf(
  { exploitation: { epss, kev } }: Finding,
  { hasEpss, hasKev }: BesideFindings,
): readonly Attribute[] {
  return [
    ['EPSS_SCORE', epss?.score.toString()],
    ['KEV_DATE_ADDED', kev?.addedOn],
    ['epss', hasEpss && epss === undefined ? 'not scored' : undefined],
    ['kev', hasKev && kev === undefined ? 'not listed' : undefined],
  ]
}

function schemeOf(vector: string | undefined): string {
  if (vector?.startsWith('CVSS') === false) return 'CVSS2'
  return vector?.startsWith('CVSS:4') === true ? 'CVSS4' : 'CVSS3'
}
