// Purpose:  say in a sentence why a record does or does not speak of a package of the image.
// Spec:     OSV format, "Evaluation"; the sentences are Pratique's.
// Input:    what one record claims of the package, the version it is held against, and where the package lies.
// Deviates: nothing.
// Unknowns: a version or a range that cannot be judged is told as that, with the reason.
import type { AffectedPackage, Interval } from '../../ecosystems/advisory.ts'
import type { CompareVersions } from '../../ecosystems/ecosystem.ts'
import { matchPackage } from '../../ecosystems/match.ts'
import type { PassedOver } from './passed-over.ts'

export type RecordAnswer = 'affected' | 'not-affected' | 'unknown' | 'withdrawn' | 'passed-over'

export interface ExplainedVerdict {
  readonly answer: RecordAnswer
  readonly why: string
  readonly fixedVersion?: string
}

const shownRanges = 8

/** `passedOver` of the package's places; undefined where one of them counts. */
export function explainVerdict(
  record: { readonly withdrawn: Date | undefined; readonly affected: readonly AffectedPackage[] },
  version: string,
  { compare, passedOver }: { readonly compare: CompareVersions; readonly passedOver?: PassedOver },
): ExplainedVerdict {
  if (record.withdrawn !== undefined)
    return {
      answer: 'withdrawn',
      why: `the record was withdrawn on ${record.withdrawn.toISOString().slice(0, 10)}`,
    }
  const verdicts = record.affected.map((claim) => matchPackage(version, claim, compare))
  const affected = verdicts.find(({ kind }) => kind === 'affected')
  const ranges = describeClaims(record.affected)
  if (affected?.kind === 'affected') {
    const { fixedVersion } = affected
    const fix = fixedVersion === undefined ? 'no fix is known' : `fixed in ${fixedVersion}`
    if (passedOver !== undefined) return { answer: 'passed-over', why: reasons[passedOver] }
    const why = `version ${version} is in what the record says is affected: ${ranges}; ${fix}`
    return { answer: 'affected', why, ...(fixedVersion === undefined ? {} : { fixedVersion }) }
  }
  const unknown = verdicts.find(({ kind }) => kind === 'unknown')
  if (unknown?.kind === 'unknown') return { answer: 'unknown', why: unknown.why }
  const why =
    ranges === ''
      ? 'the record names the package and says that no version of it is affected'
      : `version ${version} is outside of what the record says is affected: ${ranges}`
  return { answer: 'not-affected', why }
}

const reasons: Readonly<Record<PassedOver, string>> = {
  'installed-instead':
    'only a lock file promises this version; what is installed in its place is judged instead',
  development: 'only building or testing needs the package, as the lock file says',
  owned: 'a package of the operating system brought the executable, and is judged in its place',
}

function describeClaims(claims: readonly AffectedPackage[]): string {
  const ranges = claims.flatMap(({ intervals }) => intervals.map(describeInterval))
  const listed = claims.reduce((sum, { versions }) => sum + versions.length, 0)
  const shown = ranges.slice(0, shownRanges)
  const more = ranges.length - shown.length
  return [
    ...shown,
    ...(more > 0 ? [`${more} more ranges`] : []),
    ...(listed > 0 ? [`${listed} listed versions`] : []),
  ].join(', ')
}

/** As mathematics writes it: `[1.0, 1.4.2)`. */
export function describeInterval({ introduced, end }: Interval): string {
  const from = introduced === undefined ? '(…' : `[${introduced}`
  if (end.kind === 'open') return `${from}, …)`
  return `${from}, ${end.version}${end.kind === 'lastAffected' ? ']' : ')'}`
}
