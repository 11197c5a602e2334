import type { AffectedPackage } from '../../ecosystems/advisory.ts'
import type { CompareVersions, LookupKey } from '../../ecosystems/ecosystem.ts'
import type { FixStatement } from '../../ecosystems/fix-state.ts'
import { matchPackage, type Verdict } from '../../ecosystems/match.ts'
import { rateSeverity, type RatedSeverity } from '../../ecosystems/severity.ts'
import { vulnerabilitiesOf, type VulnerabilityName } from '../../ecosystems/vulnerability-group.ts'
import type { AdvisoryClaim, AdvisoryIds } from './storable-advisory.ts'

/** A record that speaks of the package, ready to be judged. */
export interface JudgeableAdvisory {
  readonly row: number
  readonly id: string
  readonly isStarter: boolean
  readonly isWithdrawn: boolean
  readonly ids: AdvisoryIds
  readonly claim: AdvisoryClaim
}

/** A flaw that the package has, or may have, by one record. */
export interface JudgedMatch extends RatedSeverity {
  readonly vulnerability: string
  readonly advisoryRow: number
  readonly verdict: 'affected' | 'unknown'
  readonly fixedVersion: string | undefined
  readonly evidence: MatchEvidence
}

/** Why we say so: which version was held against what. */
export interface MatchEvidence {
  readonly ecosystem: string
  readonly name: string
  readonly version: string
  /** Of a verdict 'affected': the listed version or the range. */
  readonly matched: Extract<Verdict, { kind: 'affected' }>['evidence'] | undefined
  /** Of a verdict 'unknown'. */
  readonly why: string | undefined
  /** What the source says of a fix beside the ranges; absent where it says nothing. */
  readonly fix?: FixStatement
}

export type Rate = typeof rateSeverity

/**
 * All records about one name against one version. Withdrawn records say nothing, and a record of the starter set steps
 * back where another source knows the flaw, even one that says "not affected" or withdrew it.
 */
export function judgePackage(
  key: LookupKey,
  advisories: readonly JudgeableAdvisory[],
  compare: CompareVersions,
  rate: Rate = rateSeverity,
): readonly JudgedMatch[] {
  const known = idsOfRealSources(advisories)
  return advisories.flatMap((advisory) => {
    if (advisory.isWithdrawn) return []
    // Asked first: mostly a record does not speak of the version.
    const judged = judgeClaim(key.version, advisory.claim.affected, compare)
    if (judged === undefined) return []
    const flaws = namesOf(advisory).filter(({ id, aliases }) => {
      return !advisory.isStarter || ![id, ...aliases].some((name) => known.has(name))
    })
    return flaws.length === 0 ? [] : matchesOf(key, { advisory, flaws, judged, rate })
  })
}

/** Whether any of the records may make a match; where none does, `judgePackage` gives none. */
export function areSpeaking(
  version: string,
  advisories: readonly JudgeableAdvisory[],
  compare: CompareVersions,
): boolean {
  return advisories.some(
    ({ isWithdrawn, claim }) =>
      !isWithdrawn && judgeClaim(version, claim.affected, compare) !== undefined,
  )
}

function matchesOf(
  key: LookupKey,
  {
    advisory,
    flaws,
    judged: { verdict, affected },
    rate,
  }: {
    readonly advisory: JudgeableAdvisory
    readonly flaws: readonly VulnerabilityName[]
    readonly judged: JudgedClaim
    readonly rate: Rate
  },
): readonly JudgedMatch[] {
  const rated = rate(advisory.claim, affected)
  const { ecosystem, name, version } = key
  const isAffected = verdict.kind === 'affected'
  return flaws.map(({ id }) => ({
    ...rated,
    vulnerability: id,
    advisoryRow: advisory.row,
    verdict: verdict.kind,
    fixedVersion: isAffected ? verdict.fixedVersion : undefined,
    evidence: {
      ecosystem,
      name,
      version,
      matched: isAffected ? verdict.evidence : undefined,
      why: isAffected ? undefined : verdict.why,
      ...(affected.fix === undefined ? {} : { fix: affected.fix }),
    },
  }))
}

type Says = Exclude<Verdict, { kind: 'notAffected' }>

interface JudgedClaim {
  readonly verdict: Says
  readonly affected: AffectedPackage
}

/** Entries about the same package are a union: one that says affected wins, then one that cannot say. */
function judgeClaim(
  version: string,
  entries: readonly AffectedPackage[],
  compare: CompareVersions,
): JudgedClaim | undefined {
  let doubt: JudgedClaim | undefined
  for (const affected of entries) {
    const verdict = matchPackage(version, affected, compare)
    if (verdict.kind === 'affected') return { verdict, affected }
    if (verdict.kind === 'unknown') doubt ??= { verdict, affected }
  }
  return doubt
}

function namesOf({ id, ids }: JudgeableAdvisory): readonly VulnerabilityName[] {
  return vulnerabilitiesOf({ id, aliases: ids.aliases, upstream: ids.upstream })
}

function idsOfRealSources(advisories: readonly JudgeableAdvisory[]): ReadonlySet<string> {
  if (!advisories.some(({ isStarter }) => isStarter)) return new Set()
  return new Set(
    advisories
      .filter(({ isStarter }) => !isStarter)
      .flatMap((advisory) => namesOf(advisory).flatMap(({ id, aliases }) => [id, ...aliases])),
  )
}
