// Purpose:  say in a sentence what a policy does with an image and why.
// Spec:     docs/lifecycle.md, "Reasons".
// Input:    a verdict, and the moment it was reached at.
// Deviates: nothing.
// Unknowns: a date that is not known is said to be so.
import { unreachable } from '../../lib/errors.ts'
import type { ActReason, AgeBasis, KeepReason, Verdict } from './evaluate-lifecycle.ts'
import { dayMs } from './lifecycle-policy.ts'
import type { GuardReason } from './lifecycle-guard.ts'

const bases: Readonly<Record<AgeBasis, string>> = {
  pushed: 'pushed',
  pulled: 'last pulled',
  restored: 'brought back from the archive',
  archived: 'archived',
}

export function verdictText(verdict: Verdict, now: number): string {
  if (verdict.kind === 'act') return actText(verdict.reason, now)
  const { claimedFrom, rule } = verdict
  const text = keepText(verdict.reason)
  if (claimedFrom === undefined || rule === undefined) return text
  return `${text}; rule ${claimedFrom} would take it, and rule ${rule} claims it`
}

export function actText(reason: ActReason, now: number): string {
  if (reason.kind === 'beyond-count') {
    return `${ordinal(reason.position)} youngest, and the rule keeps ${reason.keep}`
  }
  const days = Math.floor((now - reason.since) / dayMs)
  return `${bases[reason.basis]} ${days} days ago, and the rule waits ${reason.days}`
}

function keepText(reason: KeepReason): string {
  switch (reason.kind) {
    case 'no-rule':
      return 'no rule is about it'
    case 'within-count':
      return `${ordinal(reason.position)} youngest of ${reason.keep} that the rule keeps`
    case 'not-old-enough':
      return `${bases[reason.basis]} ${dateText(reason.since)}, due ${dateText(reason.dueAt)}`
    case 'date-unknown':
      return `it is not known when it was ${bases[reason.basis]}`
    case 'held-by-index':
      return `index ${reason.index} lists it`
    case 'follows-subject':
      return `it stays and goes with ${reason.subject}`
    case 'archive-minimum':
      return `archived images stay until ${dateText(reason.dueAt)}`
    case 'not-archivable':
      return 'only images can be archived'
    case 'guarded':
      return guardText(reason)
    default:
      throw unreachable(reason)
  }
}

function guardText({ guard, because }: GuardReason): string {
  switch (guard) {
    case 'running':
      return `a guard keeps what runs: ${because}`
    case 'released':
      return `a guard keeps releases: ${because}`
    case 'signed':
      return `a guard keeps signed images: ${because}`
    case 'pulled':
      return `a guard keeps what is used: pulled ${because}`
    case 'last-of-prefix':
      return `a guard keeps the last image of ${because}`
    default:
      throw unreachable(guard)
  }
}

function dateText(time: number): string {
  return new Date(time).toISOString().slice(0, 16).replace('T', ' ')
}

function ordinal(number: number): string {
  const tens = number % 100
  const ending = tens >= 11 && tens <= 13 ? 'th' : (['th', 'st', 'nd', 'rd'][number % 10] ?? 'th')
  return `${number}${ending}`
}
