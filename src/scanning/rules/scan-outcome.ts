// Purpose:  what may be said of an image after its layers were read?
// Spec:     Pratique's design, section 6: not scanned, failed, unsupported and scanned never look alike.
// Input:    the squashed image, and whether anybody can judge its packages.
// Deviates: nothing.
// Unknowns: are what this rule is about: each one makes the answer UNSUPPORTED_IMAGE or a note, never a clean COMPLETE.
import type { CoverageNote } from './coverage-notes.ts'

export interface OutcomeFacts {
  readonly notes: readonly CoverageNote[]
  /** Files that could not be read, beside whole layers. */
  readonly problems: readonly { readonly path: string; readonly reason: string }[]
  readonly packages: number
  /** For each package that nobody can speak about, why. */
  readonly unjudged: readonly { readonly reason: string; readonly scope?: 'package' }[]
}

export interface JudgedOutcome {
  readonly status: 'COMPLETE' | 'UNSUPPORTED_IMAGE'
  readonly reason: string | undefined
  readonly notes: readonly string[]
}

/** With one of these, packages may be there that nobody saw. */
const blinding: readonly CoverageNote['code'][] = [
  'PACKAGE_DB_REMOVED',
  'PACKAGE_DB_UNREAD',
  'PACKAGE_DB_ELSEWHERE',
  'FOREIGN_PACKAGE_DB',
]
const shownProblems = 20

export function judgeOutcome(facts: OutcomeFacts): JudgedOutcome {
  const messages = facts.notes.map(({ message }) => message)
  const problems = facts.problems
    .slice(0, shownProblems)
    .map(({ path, reason }) => (path === '' ? reason : `${path}: ${reason}`))
  const more = facts.problems.length - problems.length
  const notes: string[] = [
    ...messages,
    ...problems,
    ...(more > 0 ? [`${more} more files could not be read`] : []),
  ]
  const reason = unsupportedReason(facts)
  notes.push(...unjudgedNotes(facts))
  return { status: reason === undefined ? 'COMPLETE' : 'UNSUPPORTED_IMAGE', reason, notes }
}

/** Single packages without a source, by their reasons: the rest of the image is judged all the same. */
function unjudgedNotes({ unjudged }: OutcomeFacts): readonly string[] {
  const single = unjudged.filter(({ scope }) => scope === 'package')
  return [...Map.groupBy(single, ({ reason }) => reason)].map(
    ([reason, { length }]) =>
      `${length} ${length === 1 ? 'package was' : 'packages were'} not held against advisories: ${reason}`,
  )
}

function unsupportedReason({ notes, packages, unjudged }: OutcomeFacts): string | undefined {
  const ofSystem = unjudged.filter(({ scope }) => scope === undefined)
  if (ofSystem.length > 0) return [...new Set(ofSystem.map(({ reason }) => reason))].join('; ')
  if (unjudged.length > 0 && unjudged.length === packages)
    return `none of the ${packages} packages can be judged: ${unjudged[0]?.reason ?? ''}`
  const blind = notes.find(({ code }) => blinding.includes(code))
  if (blind !== undefined) return blind.message
  const nothing = notes.find(({ code }) => code === 'NO_PACKAGE_DB')
  // A static binary on an empty image has no list of what is in it: nothing found is not nothing there.
  return packages === 0 ? (nothing?.message ?? 'no package was found in the image') : undefined
}
