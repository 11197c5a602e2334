// Purpose:  is a finding at one place held back, by whom, and until when?
// Spec:     our own; docs/suppressions.md. OpenVEX 0.2.0 "Status Labels" for what each status means.
// Input:    statements that are believed, rules, and the finding; the time is an argument.
// Deviates: `fixed` counts only where the statement names a version or a digest: else it does not say which version is mended.
// Unknowns: `under_investigation`, `affected`, a rule that has ended: shown beside the finding, which is counted.
import { matchesPath } from './path-glob.ts'
import type { Purl } from '../lib/purl.ts'
import { matchPackage, packageKey } from './purl.ts'
import type { ImageIdentity } from './match-product.ts'
import { newestClaim, type StatementIndex, type VexClaim } from './statement-index.ts'
import type { SuppressionRule } from './suppression-rules.ts'

/** One flaw of one package at one place of one image. */
export interface JudgedPlace {
  /** All ids of the flaw, in capitals. */
  readonly ids: readonly string[]
  readonly package: JudgedPackage
  readonly image: ImageIdentity
  readonly path: string
}

export interface JudgedPackage {
  readonly name: string
  readonly version: string
  /** Undefined where the source of the finding does not tell. */
  readonly type: string | undefined
  readonly purl: Purl | undefined
}

export interface PlaceJudgement {
  /** Undefined for a finding that counts. */
  readonly heldBack?: HeldBack
  /** What is said and holds nothing back. */
  readonly claim?: VexClaim
  /** Rules that would have held it back, were they not over. */
  readonly ended: readonly SuppressionRule[]
}

export type HeldBack =
  | { readonly kind: 'vex'; readonly claim: VexClaim }
  | { readonly kind: 'rule'; readonly rule: SuppressionRule }

/** What is in force; `rules` by flaw. */
export interface InForce {
  readonly statements: readonly StatementIndex[]
  readonly rules: RuleIndex
}

export type RuleIndex = ReadonlyMap<string, readonly SuppressionRule[]>

export const nothingInForce: InForce = { statements: [], rules: new Map() }

export function indexRules(rules: readonly SuppressionRule[]): RuleIndex {
  const index = new Map<string, SuppressionRule[]>()
  for (const rule of rules)
    for (const id of new Set(rule.vulnerabilities)) {
      const known = index.get(id)
      if (known === undefined) index.set(id, [rule])
      else known.push(rule)
    }
  return index
}

export function judgePlace(inForce: InForce, place: JudgedPlace, now: Date): PlaceJudgement {
  const { purl } = place.package
  const claim =
    purl === undefined ? undefined : newestClaim(inForce.statements, { ...place, found: purl })
  if (claim !== undefined && holdsBack(claim))
    return { heldBack: { kind: 'vex', claim }, ended: [] }
  const matching = rulesFor(inForce.rules, place)
  const [rule] = matching.filter(({ endsAt }) => endsAt > now.getTime())
  const beside = claim === undefined ? {} : { claim }
  if (rule !== undefined) return { heldBack: { kind: 'rule', rule }, ...beside, ended: [] }
  return { ...beside, ended: matching }
}

function holdsBack({ status, isPinned }: VexClaim): boolean {
  return status === 'not_affected' || (status === 'fixed' && isPinned)
}

function rulesFor(index: RuleIndex, place: JudgedPlace): readonly SuppressionRule[] {
  const named = new Set(place.ids.flatMap((id) => index.get(id) ?? []))
  return [...named]
    .filter((rule) => matchesRule(rule, place))
    .toSorted((a, b) => a.number - b.number)
}

export function matchesRule(
  { package: wanted, image, path }: SuppressionRule,
  place: JudgedPlace,
): boolean {
  if (wanted !== undefined && !matchesPackage(wanted, place.package)) return false
  if (path !== undefined && !matchesPath(path, place.path)) return false
  if (image?.digest !== undefined && !place.image.digests.includes(image.digest)) return false
  if (image?.repository === undefined) return true
  const { repository } = place.image
  return repository !== undefined && matchesPath(image.repository, repository)
}

export function matchesPackage(
  wanted: NonNullable<SuppressionRule['package']>,
  found: JudgedPackage,
): boolean {
  if (wanted.kind === 'purl')
    return found.purl !== undefined && matchPackage(wanted.purl, found.purl) !== 'none'
  if (wanted.version !== undefined && wanted.version !== found.version) return false
  if (wanted.type === undefined) return wanted.name === found.name
  const key = (name: string): string => packageKey({ type: wanted.type ?? '', name })
  return wanted.type === found.type && key(wanted.name) === key(found.name)
}
