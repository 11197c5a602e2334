// Purpose:  write findings as CycloneDX has them, each at the components that it is about.
// Spec:     CycloneDX 1.6, `vulnerabilities`.
// Input:    findings and the components of the same document; texts come from advisories.
// Deviates: nothing.
// Unknowns: a severity nobody tells is `unknown`, and what could not be judged has the status `unknown`: neither is left out.
import type { Severity } from '../ecosystems/severity.ts'
import type { SbomComponent } from './components.ts'
import type { JsonObject } from './document-text.ts'
import type { ListedFinding } from './inventory.ts'

const maxVersionLength = 1024

export function vulnerabilitiesOf(
  findings: readonly ListedFinding[],
  components: readonly SbomComponent[],
): readonly JsonObject[] {
  const refs = Map.groupBy(components, ({ purl, path }) => `${purl}\n${path}`)
  return findings.map((finding, index) => {
    const places = [...new Set(finding.paths)].flatMap((path) =>
      (refs.get(`${finding.purl}\n${path}`) ?? []).map(({ ref, package: it }) => ({
        ref,
        versions: versionsOf(it.version, finding.verdict),
      })),
    )
    return vulnerabilityOf(finding, index, places)
  })
}

function versionsOf(version: string, status: ListedFinding['verdict']): readonly JsonObject[] {
  return version.length > maxVersionLength ? [] : [{ version, status }]
}

function vulnerabilityOf(
  finding: ListedFinding,
  index: number,
  affects: readonly JsonObject[],
): JsonObject {
  const { vulnerability, aliases, advisory, summary, fixedVersion, analysis } = finding
  const advisories = urlsOf(finding.url)
  return {
    'bom-ref': `finding-${index + 1}`,
    id: vulnerability,
    source: {
      name: advisory.source,
      ...(advisories[0] === undefined ? {} : { url: advisories[0] }),
    },
    references: [...new Set(aliases)].map((id) => ({ id, source: { name: advisory.source } })),
    ratings: [ratingOf(finding)],
    ...(summary === undefined ? {} : { description: summary }),
    ...(fixedVersion === undefined ? {} : { recommendation: `Upgrade to ${fixedVersion}` }),
    advisories: advisories.map((url) => ({ url })),
    ...(analysis === undefined ? {} : { analysis }),
    affects,
    properties: [
      { name: 'pratique:advisory', value: advisory.id },
      { name: 'pratique:confidence', value: finding.confidence },
    ],
  }
}

const severityWords: Readonly<Record<Severity, string>> = {
  CRITICAL: 'critical',
  HIGH: 'high',
  MEDIUM: 'medium',
  LOW: 'low',
  INFORMATIONAL: 'info',
  UNDEFINED: 'unknown',
}

function ratingOf({ severity, severitySource, score, vector }: ListedFinding): JsonObject {
  return {
    ...(severitySource === undefined ? {} : { source: { name: severitySource } }),
    ...(score === undefined ? {} : { score }),
    severity: severityWords[severity],
    method: methodOf(vector),
    ...(vector === undefined ? {} : { vector }),
  }
}

function methodOf(vector: string | undefined): string {
  if (vector === undefined) return 'other'
  const version = /^CVSS:([0-9.]+)\//.exec(vector)?.[1]
  const methods = new Map([
    ['3.0', 'CVSSv3'],
    ['3.1', 'CVSSv31'],
    ['4.0', 'CVSSv4'],
  ])
  if (version !== undefined) return methods.get(version) ?? 'other'
  return vector.startsWith('AV:') ? 'CVSSv2' : 'other'
}

/** An advisory names what it likes; only an address of the web is one. */
function urlsOf(text: string): readonly string[] {
  if (!URL.canParse(text)) return []
  const url = new URL(text)
  return url.protocol === 'https:' || url.protocol === 'http:' ? [url.href] : []
}
