// Purpose:  which rules began to fail since the last judgement, and which were mended.
// Spec:     our own; docs/posture.md, "On the server".
// Input:    what fails now, and what failed and was told before.
// Deviates: places of images are their repositories: a new push of what already fails is no new failure.
// Unknowns: a rule that cannot be told now neither begins to fail nor is mended; what it was before stays.
import type { JudgedRule, JudgedSeen } from './judge-posture.ts'
import type { PostureSeverity } from './posture-rule.ts'

/** Of each rule that was found to fail, and not yet to be mended, the places that fail; what is suppressed is not among them. */
export type FailingPlaces = ReadonlyMap<string, ReadonlySet<string>>

export interface FailedResource {
  readonly resource: string
  readonly words: string
  readonly remedy?: string
}

export interface PostureChange {
  readonly change: 'FAILING' | 'MENDED'
  readonly rule: string
  readonly title: string
  readonly severity: PostureSeverity
  /** What may happen where it fails. */
  readonly why: string
  /** That fail now and did not; the first few. */
  readonly resources: readonly FailedResource[]
  /** How many there are. */
  readonly count: number
}

export interface ToldChanges {
  readonly changes: readonly PostureChange[]
  readonly failing: FailingPlaces
}

const mostPlaces = 1000
const mostResources = 20

/** `before` is undefined at the first judgement: what fails then is the state of things, and in the report. */
export function tellChanges(
  rules: readonly JudgedRule[],
  before: FailingPlaces | undefined,
): ToldChanges {
  const failing = new Map<string, ReadonlySet<string>>()
  const changes: PostureChange[] = []
  for (const judged of rules) {
    const { id } = judged.rule
    const old = before?.get(id)
    const kept = keptOf(judged, old)
    if (kept !== undefined) failing.set(id, kept)
    if (before === undefined) continue
    const begun = begunSince(judged, old)
    if (begun.length > 0) changes.push(changeOf('FAILING', judged, begun))
    if (old !== undefined && (judged.outcome === 'pass' || judged.outcome === 'not-applicable'))
      changes.push(changeOf('MENDED', judged, []))
  }
  return { changes, failing }
}

/** A place that cannot be told now is what it was. */
function keptOf(
  { outcome, seen }: JudgedRule,
  old: ReadonlySet<string> | undefined,
): ReadonlySet<string> | undefined {
  if (outcome === 'unknown' && seen.length === 0) return old
  if (outcome !== 'fail' && (outcome !== 'unknown' || old === undefined)) return undefined
  const open = placesOf(seen, 'unknown').filter((place) => old?.has(place) === true)
  return new Set([...placesOf(seen, 'fail'), ...open].slice(0, mostPlaces))
}

function begunSince(
  { seen }: JudgedRule,
  old: ReadonlySet<string> = new Set(),
): readonly JudgedSeen[] {
  // Of so many not all are known: one that is not among them may have failed before.
  if (old.size >= mostPlaces) return []
  return seen.filter((one) => isOpenAs(one, 'fail') && !old.has(placeOf(one)))
}

function placesOf(seen: readonly JudgedSeen[], outcome: 'fail' | 'unknown'): readonly string[] {
  return seen.filter((one) => isOpenAs(one, outcome)).map(placeOf)
}

function isOpenAs(one: JudgedSeen, outcome: 'fail' | 'unknown'): boolean {
  return one.outcome === outcome && one.suppressedBy === undefined
}

function placeOf({ values, resource }: JudgedSeen): string {
  return values['repository'] ?? resource
}

function changeOf(
  change: PostureChange['change'],
  { rule, severity }: JudgedRule,
  begun: readonly JudgedSeen[],
): PostureChange {
  const { id, title, why } = rule
  return {
    change,
    rule: id,
    title,
    severity: change === 'MENDED' ? rule.severity : severity,
    why,
    count: begun.length,
    resources: begun.slice(0, mostResources).map(({ resource, words, remedy }) => ({
      resource,
      words,
      ...(remedy === undefined ? {} : { remedy }),
    })),
  }
}
