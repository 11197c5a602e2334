// What a SARIF log is written from: an image, what was found in it, and what nobody can say of it.
import type { ScanState, Target } from '../gate/findings.ts'
import { severities, type GateFinding } from '../gate/gate-finding.ts'
import { reasonOf, type StoredSuppressedFinding } from '../suppressed-findings.ts'
import { reasonCodes, type Reason } from '../../src/admission/rules/reason.ts'
import type { JudgedImage, JudgedPlatform } from '../gate/judge-reference.ts'
import { marksOf } from '../gate/report.ts'

export interface ScannedImage {
  /** A reference, a file or a directory. */
  readonly name: string
  readonly digest: string | undefined
  readonly platform: string | undefined
  /** Why the findings are not all that there may be; undefined: the whole image was judged. */
  readonly gap: string | undefined
  /** What the answer does not speak about, in a scan that is whole. */
  readonly notes: readonly string[]
  readonly findings: readonly SarifFinding[]
  /** What else speaks against the image. */
  readonly refusals?: readonly SarifRefusal[]
}

export interface SarifRefusal {
  readonly code: string
  readonly message: string
  readonly isWarning: boolean
}

type FactNames = 'epss' | 'kev' | 'fix' | 'firstKnown'

export interface SarifFinding extends Omit<
  GateFinding,
  'aliases' | 'packageType' | 'purl' | 'remark' | 'score' | 'summary' | FactNames
> {
  readonly score?: number | undefined
  readonly summary?: string | undefined
  /** Of a finding that is listed apart: why. */
  readonly suppressed?: string | undefined
}

/** An image of a registry, as its scan tells of it; `apart`: what the server holds back. */
export function imageOfState(
  name: string,
  { target, state }: { readonly target: Target; readonly state: ScanState },
  apart: readonly StoredSuppressedFinding[] = [],
): ScannedImage {
  const image = { name, digest: target.digest, platform: target.platform, notes: [] }
  if (state.kind === 'running')
    return { ...image, gap: `the scan is ${state.status}`, findings: [] }
  const held = (state.suppressed ?? []).map((finding) => ({
    ...finding,
    suppressed: reasonOf(finding.suppression),
  }))
  const findings = [...state.findings, ...held, ...apart.map(findingApart)]
  switch (state.kind) {
    case 'unavailable':
      return { ...image, gap: `${state.status}: ${state.reason}`, findings }
    case 'scanned': {
      const notes = state.note === undefined ? [] : [state.note]
      return { ...image, gap: undefined, notes, findings }
    }
  }
}

function findingApart({
  package: found,
  paths,
  ...finding
}: StoredSuppressedFinding): SarifFinding {
  return {
    vulnerability: finding.vulnerability,
    severity: severities.find((word) => word === finding.severity) ?? 'UNDEFINED',
    packageName: found.name,
    packageVersion: found.version,
    fixedVersion: finding.fixedVersion,
    path: paths[0],
    layer: finding.layerDigest,
    url: finding.url,
    score: finding.score,
    summary: finding.summary,
    suppressed: reasonOf(finding.suppression),
  }
}

/** Each platform as the gate judged it; one that cannot be told is not whole, even where its scan is. */
export function imagesOfJudged(image: JudgedImage): readonly ScannedImage[] {
  const { reference, digest, decision, platforms } = image
  const against = decision.reasons.filter(({ outcome }) => outcome !== 'info')
  const untold = against.filter(
    ({ code, outcome }) => outcome === 'deny' && reasonCodes[code] === 'unknown',
  )
  const ofWhole = untold.filter(({ platform }) => platform === undefined)
  if (platforms.length === 0) {
    const gap = gapOf(untold) ?? 'there is no image to look at'
    return [{ name: reference, digest, platform: undefined, gap, notes: [], findings: [] }]
  }
  const marks = marksOf(image)
  return platforms.map((platform, index) => {
    const told = imageOfState(reference, platform)
    const own = untold.filter(
      (reason) => reason.platform !== undefined && isAbout(reason, platform),
    )
    const gap = told.gap ?? gapOf([...own, ...ofWhole])
    const findings = told.findings.map((finding) => withExemption(finding, marks))
    // What is about the image as a whole is told once.
    const refusals = index === 0 ? refusalsOf(against) : []
    return { ...told, gap, findings, refusals }
  })
}

function isAbout({ platform }: Reason, { target }: JudgedPlatform): boolean {
  return platform === target.platform
}

function gapOf(untold: readonly Reason[]): string | undefined {
  const messages = [...new Set(untold.map(({ message }) => message))]
  const more = messages.length - maxGaps
  if (messages.length === 0) return undefined
  return [...messages.slice(0, maxGaps), ...(more > 0 ? [`and ${more} more`] : [])].join('; ')
}

const maxGaps = 5

function refusalsOf(against: readonly Reason[]): readonly SarifRefusal[] {
  return against
    .filter(({ code, finding }) => finding === undefined && reasonCodes[code] === 'violation')
    .map(({ code, message, outcome }) => ({ code, message, isWarning: outcome === 'warn' }))
}

function withExemption(finding: SarifFinding, marks: ReadonlyMap<object, Reason>): SarifFinding {
  const exemptedBy = marks.get(finding)?.exemptedBy
  if (exemptedBy === undefined) return finding
  const { owner, reason, until } = exemptedBy
  return { ...finding, suppressed: `exempted by ${owner} until ${until}: ${reason}` }
}
