// Purpose:  what does a distribution say of a fix, beside the ranges of its record?
// Spec:     Ubuntu's OSV (`ecosystem_specific.availability`) and CVE tracker (`status`, `note`); Debian's tracker (`status`, `urgency`); Red Hat's VEX (`remediations`).
// Input:    one entry of `affected` of an OSV record; hostile.
// Deviates: nothing.
// Unknowns: a word that stands in no table says nothing: the ranges then tell all that is known.

/** Why there is no fix, or who has it. Absent: the ranges say it, by a fixed version or by none. */
export interface FixStatement {
  readonly state:
    /** It is known and a fix is to come. */
    | 'notFixed'
    | 'willNotFix'
    | 'deferred'
    | 'underInvestigation'
    /** The fixed version is for subscribers only. */
    | 'needsSubscription'
  /** In the source's own words: the status with its note, or the subscription. */
  readonly words: string
}

const statuses: ReadonlyMap<string, FixStatement['state']> = new Map([
  ['needed', 'notFixed'],
  ['active', 'notFixed'],
  ['in-progress', 'notFixed'],
  ['pending', 'notFixed'],
  ['unfixed', 'notFixed'],
  ['open', 'notFixed'],
  ['deferred', 'deferred'],
  ['postponed', 'deferred'],
  ['ignored', 'willNotFix'],
  ['end-of-life', 'willNotFix'],
  ['needs-triage', 'underInvestigation'],
  ['undetermined', 'underInvestigation'],
  ['Affected', 'notFixed'],
  ['Fix deferred', 'deferred'],
  ['Will not fix', 'willNotFix'],
  ['Out of support scope', 'willNotFix'],
  ['Under investigation', 'underInvestigation'],
])

const longestWords = 300

/** `isFixed`: whether one of the entry's ranges ends in a fixed version. */
export function readFixStatement(
  ecosystem: string,
  specific: Readonly<Record<string, unknown>>,
  isFixed: boolean,
): FixStatement | undefined {
  const subscription = subscriptionFor(ecosystem, specific['availability'])
  if (isFixed)
    return subscription === undefined
      ? undefined
      : { state: 'needsSubscription', words: subscription }
  const { status, note, urgency } = specific
  const word = [status, urgency].find((text) => typeof text === 'string' && statuses.has(text))
  if (typeof word !== 'string') return undefined
  const state = statuses.get(word)
  if (state === undefined) return undefined
  const words = typeof note === 'string' && note !== '' ? `${word} (${note})` : word
  return { state, words: words.slice(0, longestWords) }
}

/** Ubuntu's records of Pro name it in the ecosystem, and those of Canonical say it in words. */
function subscriptionFor(ecosystem: string, availability: unknown): string | undefined {
  if (typeof availability === 'string' && /^Available with Ubuntu Pro\b/.test(availability))
    return availability.replace(/^Available with /, '').slice(0, longestWords)
  return ecosystem.startsWith('Ubuntu:Pro:') ? 'Ubuntu Pro' : undefined
}
