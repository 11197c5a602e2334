// The gate's answer as JSON: docs/schemas/gate-report-2.json says what is in it. Its name changes when its meaning does.
import type { Reason } from '../../src/admission/rules/reason.ts'
import type { GateFinding } from './gate-finding.ts'
import {
  overallVerdict,
  verdictOf,
  type JudgedImage,
  type JudgedPlatform,
} from './judge-reference.ts'
import { findingsOfState, heldInState, marksOf, type GateReport } from './report.ts'

type Json = Readonly<Record<string, unknown>>

export function reportDocument(report: GateReport, exitCode: number): Json {
  const { images, policies, judgedAt, unusedRules, endedRules } = report
  return {
    schema: 'pratique.gate/2',
    verdict: overallVerdict(images),
    exitCode,
    judgedAt: judgedAt.toISOString(),
    policies,
    images: images.map(imageDocument),
    suppressionRules: { unused: unusedRules, ended: endedRules },
  }
}

function imageDocument(image: JudgedImage): Json {
  const { reference, repository, digest, onlyPlatform, decision } = image
  const marks = marksOf(image)
  return {
    reference,
    repository,
    digest,
    verdict: verdictOf(decision),
    ...(onlyPlatform === undefined ? {} : { onlyPlatform }),
    ...(decision.until === undefined ? {} : { until: new Date(decision.until).toISOString() }),
    reasons: decision.reasons.map(reasonDocument),
    remedies: decision.remedies,
    platforms: image.platforms.map((platform) => platformDocument(platform, marks)),
  }
}

function reasonDocument({ finding, until, ...reason }: Reason): Json {
  return {
    ...reason,
    ...(until === undefined ? {} : { until: new Date(until).toISOString() }),
    ...(finding === undefined
      ? {}
      : { vulnerability: finding.vulnerability, package: finding.package }),
  }
}

function platformDocument(
  { target, state, scan }: JudgedPlatform,
  marks: ReadonlyMap<GateFinding, Reason>,
): Json {
  return {
    ...(target.platform === undefined ? {} : { platform: target.platform }),
    digest: target.digest,
    scan: {
      state: scan.kind,
      ...('why' in scan ? { why: scan.why } : {}),
      ...('note' in scan ? { note: scan.note } : {}),
      ...('dataAt' in scan && scan.dataAt !== undefined
        ? { dataAt: new Date(scan.dataAt).toISOString() }
        : {}),
    },
    findings: findingsOfState(state).map((finding) => {
      const mark = marks.get(finding)
      return {
        ...findingDocument(finding),
        ...(mark === undefined ? {} : { outcome: mark.outcome, code: mark.code }),
      }
    }),
    suppressed: heldInState(state).map((held) => ({
      ...findingDocument(held),
      suppression: held.suppression,
    })),
  }
}

function findingDocument(finding: GateFinding): Json {
  const { firstKnown, epss } = finding
  return {
    vulnerability: finding.vulnerability,
    aliases: finding.aliases,
    severity: finding.severity,
    ...(finding.score === undefined ? {} : { score: finding.score }),
    package: {
      name: finding.packageName,
      version: finding.packageVersion,
      ...(finding.packageType === undefined ? {} : { type: finding.packageType }),
      ...(finding.purl === undefined ? {} : { purl: finding.purl }),
    },
    ...(finding.path === undefined ? {} : { path: finding.path }),
    ...(finding.layer === undefined ? {} : { layer: finding.layer }),
    ...(finding.url === undefined ? {} : { url: finding.url }),
    ...(finding.remark === undefined ? {} : { remark: finding.remark }),
    fix: finding.fix,
    epss,
    kev: finding.kev,
    firstKnown:
      firstKnown.kind === 'unknown'
        ? firstKnown
        : { kind: 'known', at: new Date(firstKnown.at).toISOString() },
  }
}
