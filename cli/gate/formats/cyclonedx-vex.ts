// Purpose:  what is found, and who says what of it, as a VEX document.
// Spec:     CycloneDX 1.6, vulnerabilities with analysis.
// Input:    images that were judged.
// Deviates: an exemption or a rule without OpenVEX's word for why accepts a flaw that may be exploitable: `exploitable` with `will_not_fix`.
// Unknowns: what nobody has spoken about is `in_triage`.
import type { Justification } from '../../../src/admission/rules/justification.ts'
import type { Reason } from '../../../src/admission/rules/reason.ts'
import type { GateFinding, HeldFinding, Severity } from '../gate-finding.ts'
import { purlTextOf } from '../suppress.ts'
import type { JudgedImage } from '../judge-reference.ts'
import { findingsOfState, heldInState, marksOf, type GateReport } from '../report.ts'
import { uuidOf } from './uuid-of.ts'

type Json = Readonly<Record<string, unknown>>

interface Told {
  readonly finding: GateFinding
  readonly analysis: Json
  readonly image: JudgedImage
}

export function writeVex(report: GateReport, programVersion: string): string {
  const told = report.images.flatMap(toldOf)
  const body = {
    components: [...componentsOf(report.images, told).values()],
    vulnerabilities: vulnerabilitiesOf(told),
  }
  const timestamp = report.judgedAt.toISOString()
  const document = {
    $schema: 'http://cyclonedx.org/schema/bom-1.6.schema.json',
    bomFormat: 'CycloneDX',
    specVersion: '1.6',
    serialNumber: `urn:uuid:${uuidOf([timestamp, body])}`,
    version: 1,
    metadata: {
      timestamp,
      tools: { components: [{ type: 'application', name: 'pratique', version: programVersion }] },
    },
    ...body,
  }
  return JSON.stringify(document, undefined, 2)
}

function toldOf(image: JudgedImage): readonly Told[] {
  const marks = marksOf(image)
  return image.platforms.flatMap(({ state }) => [
    ...findingsOfState(state).map((finding) => ({
      finding,
      image,
      analysis: analysisOf(marks.get(finding)),
    })),
    ...heldInState(state).map((finding) => ({ finding, image, analysis: heldAnalysis(finding) })),
  ])
}

function analysisOf(reason: Reason | undefined): Json {
  const exemptedBy = reason?.exemptedBy
  if (exemptedBy === undefined) return { state: 'in_triage' }
  const { owner, reason: why, until, justification } = exemptedBy
  return accepted(justification, `${why} (${owner}, until ${until})`)
}

function heldAnalysis({ suppression }: HeldFinding): Json {
  if (suppression.kind === 'rule') {
    const { by, reason, until } = suppression
    return accepted(undefined, `${reason} (${by}, until ${until})`)
  }
  const { status, by, impact, document } = suppression
  const detail = [impact, `${by}, ${document.id}`].filter((part) => part !== undefined).join('; ')
  if (status === 'fixed') return { state: 'resolved', detail }
  const justification = wordOf(suppression.justification)
  return {
    state: 'not_affected',
    detail,
    ...(justification === undefined ? {} : { justification }),
  }
}

function accepted(justification: Justification | undefined, detail: string): Json {
  return justification === undefined
    ? { state: 'exploitable', response: ['will_not_fix'], detail }
    : { state: 'not_affected', justification: words[justification], detail }
}

/** OpenVEX's words in CycloneDX's. */
const words: Readonly<Record<Justification, string>> = {
  component_not_present: 'code_not_present',
  vulnerable_code_not_present: 'code_not_present',
  vulnerable_code_not_in_execute_path: 'code_not_reachable',
  vulnerable_code_cannot_be_controlled_by_adversary: 'requires_environment',
  inline_mitigations_already_exist: 'protected_by_mitigating_control',
}

function wordOf(text: string | undefined): string | undefined {
  return Object.entries(words).find(([word]) => word === text)?.[1]
}

function componentsOf(
  images: readonly JudgedImage[],
  told: readonly Told[],
): ReadonlyMap<string, Json> {
  const components = new Map<string, Json>()
  for (const { reference, digest } of images)
    components.set(reference, {
      type: 'container',
      'bom-ref': reference,
      name: reference,
      version: digest,
    })
  for (const { finding, image } of told) {
    const ref = refOf(finding, image)
    const purl = purlTextOf(finding)
    components.set(ref, {
      type: 'library',
      'bom-ref': ref,
      name: finding.packageName,
      version: finding.packageVersion,
      ...(purl === undefined ? {} : { purl }),
    })
  }
  return components
}

function refOf(finding: GateFinding, { reference }: JudgedImage): string {
  return `${reference}#${finding.packageType ?? 'package'}/${finding.packageName}@${finding.packageVersion}`
}

/** One for each flaw of which the same is said. */
function vulnerabilitiesOf(told: readonly Told[]): readonly Json[] {
  const groups = Map.groupBy(told, ({ finding, analysis }) =>
    JSON.stringify([finding.vulnerability, finding.severity, analysis]),
  )
  return [...groups].flatMap(([key, group]) => {
    const [first] = group
    if (first === undefined) return []
    const { finding, analysis } = first
    const { vulnerability, severity, score, summary, url } = finding
    const fixes = new Set(
      group.flatMap(({ finding: { packageName, fixedVersion } }) =>
        fixedVersion === undefined ? [] : [`Update ${packageName} to ${fixedVersion}`],
      ),
    )
    return [
      {
        'bom-ref': `${vulnerability}#${uuidOf(key)}`,
        id: vulnerability,
        ...(url !== undefined && URL.canParse(url) ? { source: { url } } : {}),
        ratings: [{ severity: severityWords[severity], ...(score === undefined ? {} : { score }) }],
        ...(summary === undefined ? {} : { description: summary }),
        ...(fixes.size === 0 ? {} : { recommendation: [...fixes].join('; ') }),
        analysis,
        affects: [...new Set(group.map((one) => refOf(one.finding, one.image)))].map((ref) => ({
          ref,
        })),
      },
    ]
  })
}

const severityWords: Readonly<Record<Severity, string>> = {
  CRITICAL: 'critical',
  HIGH: 'high',
  MEDIUM: 'medium',
  LOW: 'low',
  INFORMATIONAL: 'info',
  UNDEFINED: 'unknown',
}
