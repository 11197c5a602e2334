// Purpose:  the gate's findings as GitLab shows them in a merge request and in its vulnerability report.
// Spec:     GitLab, security report schemas 15.0.2, container scanning.
// Input:    images that were judged.
// Deviates: what rules and VEX documents hold back is left out, as the format has no word for it; exempted findings say so in their details.
// Unknowns: an image that cannot be told fails the scan, and a message says why. The system of a package that nobody tells is `unknown`.
import { reasonCodes } from '../../../src/admission/rules/reason.ts'
import type { GateFinding, Severity } from '../gate-finding.ts'
import { overallVerdict, type JudgedImage } from '../judge-reference.ts'
import { findingsOfState, marksOf, type GateReport } from '../report.ts'
import { uuidOf } from './uuid-of.ts'

type Json = Readonly<Record<string, unknown>>

const version = '15.0.2'

export function writeGitlabReport(report: GateReport, programVersion: string): string {
  const time = report.judgedAt.toISOString().slice(0, 19)
  const tool = {
    id: 'pratique',
    name: 'Pratique',
    version: programVersion,
    vendor: { name: 'Pratique' },
  }
  const isUntold = report.images.some(({ decision }) =>
    decision.reasons.some(
      ({ outcome, code }) => outcome === 'deny' && reasonCodes[code] === 'unknown',
    ),
  )
  const document = {
    version,
    schema: `https://gitlab.com/gitlab-org/security-products/security-report-schemas/-/raw/v${version}/dist/container-scanning-report-format.json`,
    scan: {
      type: 'container_scanning',
      status: isUntold ? 'failure' : 'success',
      start_time: time,
      end_time: time,
      analyzer: tool,
      scanner: tool,
      messages: [
        { level: 'info', value: `the answer of the gate is ${overallVerdict(report.images)}` },
        ...report.images.flatMap(messagesOf),
      ],
    },
    vulnerabilities: report.images.flatMap(vulnerabilitiesOf),
  }
  return JSON.stringify(document, undefined, 2)
}

function messagesOf({ reference, decision }: JudgedImage): readonly Json[] {
  return decision.reasons
    .filter(({ finding, outcome }) => finding === undefined && outcome !== 'info')
    .map(({ code, platform, message }) => {
      const name = platform === undefined ? reference : `${reference} (${platform})`
      const level = reasonCodes[code] === 'unknown' ? 'fatal' : 'warn'
      return { level, value: `${name}: ${message} (${code})` }
    })
}

function vulnerabilitiesOf(image: JudgedImage): readonly Json[] {
  const marks = marksOf(image)
  return image.platforms.flatMap(({ target, state }) =>
    findingsOfState(state).map((finding) => {
      const exemptedBy = marks.get(finding)?.exemptedBy
      const details =
        exemptedBy === undefined
          ? {}
          : {
              details: {
                exempted: {
                  type: 'text',
                  name: 'Exempted',
                  value: `by ${exemptedBy.owner} until ${exemptedBy.until}: ${exemptedBy.reason}`,
                },
              },
            }
      const place = [image.repository, target.platform ?? '', finding.path ?? '']
      return { ...vulnerabilityOf(finding, image.reference, place), ...details }
    }),
  )
}

const severityNames: Readonly<Record<Severity, string>> = {
  CRITICAL: 'Critical',
  HIGH: 'High',
  MEDIUM: 'Medium',
  LOW: 'Low',
  INFORMATIONAL: 'Info',
  UNDEFINED: 'Unknown',
}

function vulnerabilityOf(finding: GateFinding, image: string, place: readonly string[]): Json {
  const { vulnerability, packageName, packageVersion, fixedVersion, url, summary } = finding
  const link = url !== undefined && /^https?:\/\/./.test(url) ? { url } : undefined
  return {
    id: uuidOf([vulnerability, packageName, packageVersion, ...place]),
    name: `${vulnerability} in ${packageName}`.slice(0, 255),
    ...(summary === undefined ? {} : { description: summary.slice(0, 1_000_000) }),
    severity: severityNames[finding.severity],
    ...(fixedVersion === undefined
      ? {}
      : {
          solution: `Update ${packageName} from ${packageVersion} to ${fixedVersion}.`.slice(
            0,
            7000,
          ),
        }),
    identifiers: idsOf(finding).map((id, index) => ({
      type: typeOf(id),
      name: id,
      value: id,
      ...(index === 0 && link !== undefined ? link : {}),
    })),
    ...(link === undefined ? {} : { links: [link] }),
    location: {
      dependency: { package: { name: packageName }, version: packageVersion },
      operating_system: systemOf(finding),
      image,
    },
  }
}

function idsOf({ vulnerability, aliases }: GateFinding): readonly string[] {
  const ids = [vulnerability, ...aliases].filter((id) => id !== '')
  return ids.length === 0 ? ['unknown'] : [...new Set(ids)]
}

/** `CVE-…` is a cve, `GHSA-…` a ghsa. */
function typeOf(id: string): string {
  return /^[A-Za-z]+/.exec(id)?.[0].toLowerCase() ?? 'other'
}

function systemOf({ purl = '' }: GateFinding): string {
  return /[?&]distro=([A-Za-z0-9._-]+)/.exec(purl)?.[1] ?? 'unknown'
}
