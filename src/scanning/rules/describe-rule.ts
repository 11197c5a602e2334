// Purpose:  a rule as people read it, with whether it still has effect.
// Spec:     our own; docs/suppressions.md.
// Input:    a rule that was read, and the time.
// Deviates: nothing.
// Unknowns: none.
import type { Purl } from '../../lib/purl.ts'
import type { SuppressionRule } from '../../vex/suppression-rules.ts'

export interface DescribedRule {
  readonly number: number
  readonly line: number
  readonly vulnerabilities: readonly string[]
  readonly package?: string
  readonly image?: string
  readonly path?: string
  readonly reason: string
  readonly owner: string
  readonly until: string
  readonly state: 'in force' | 'ended'
}

export function describeRule(rule: SuppressionRule, now: Date): DescribedRule {
  const { number, line, vulnerabilities, package: named, image, path } = rule
  const { reason, owner, until } = rule
  return {
    number,
    line,
    vulnerabilities,
    ...(named === undefined ? {} : { package: describePackage(named) }),
    ...(image === undefined
      ? {}
      : { image: [image.repository, image.digest].filter(isText).join('@') }),
    ...(path === undefined ? {} : { path }),
    reason,
    owner,
    until,
    state: rule.endsAt > now.getTime() ? 'in force' : 'ended',
  }
}

function isText(part: string | undefined): part is string {
  return part !== undefined
}

function describePackage(named: NonNullable<SuppressionRule['package']>): string {
  if (named.kind === 'purl') return describePurl(named.purl)
  const { type, name, version } = named
  const full = type === undefined ? name : `${type}/${name}`
  return version === undefined ? full : `${full}@${version}`
}

function describePurl({ type, namespace, name, version, qualifiers }: Purl): string {
  const path = [type, ...(namespace === undefined ? [] : [namespace]), name].join('/')
  const pairs = [...qualifiers].map(([key, value]) => `${key}=${value}`)
  const tail = pairs.length === 0 ? '' : `?${pairs.join('&')}`
  return `pkg:${path}${version === undefined ? '' : `@${version}`}${tail}`
}
