// Purpose:  is a trust policy about this repository?
// Spec:     our own (signing reference 5.1); Notary Project trust-store-trust-policy.md, registryScopes and selection.
// Input:    patterns and scopes from a policy; a repository of ours with the names under which it is reached.
// Deviates: a scope with a host that is not ours matches nothing: repositories that mirror another registry are not known here yet.
// Unknowns: none.
import { compileGlob } from '../../policy/glob.ts'
import type { TrustPolicy } from './trust-policy.ts'

export interface CoveredRepository {
  readonly account: string
  readonly name: string
  /** The region of ARNs. */
  readonly region: string
  /** Names of this registry, lower case, that reach the account's repositories by their bare names. */
  readonly hosts: readonly string[]
}

const maxPattern = 512

/** The end of a sentence for a pattern that can match no repository; undefined for a good one. */
export function faultOfRepositoryPattern(pattern: string): string | undefined {
  if (pattern === '' || pattern.length > maxPattern) return `it has 1 to ${maxPattern} characters`
  if (pattern.startsWith('arn:'))
    return /^arn:(?:aws|\*):ecr:[^:\s]+:[0-9*]+:repository\/\S+$/.test(pattern)
      ? undefined
      : 'an ARN of repositories is arn:aws:ecr:REGION:ACCOUNT:repository/NAME'
  return /^[a-z0-9._/*-]+$/.test(pattern)
    ? undefined
    : 'names of repositories have a-z 0-9 . _ - /, and * for any run of characters'
}

const scopeGrammar =
  /^(?:[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?|\[[0-9A-Fa-f:]+\])(?::\d{1,5})?\/[a-z0-9._/-]+$/

export function faultOfScope(scope: string): string | undefined {
  if (scope === '*') return undefined
  if (scope.includes('*')) return 'a scope is "*" alone or one whole repository'
  return scope.length <= maxPattern && scopeGrammar.test(scope)
    ? undefined
    : 'a scope is host[:port]/repository'
}

/**
 * `others`: the account's other policies. One with the scope `*` is about what no other names as its own scope, as Notation
 * selects; patterns of `repositories` never exclude one another.
 */
export function covers(
  policy: Pick<TrustPolicy, 'repositories' | 'scopes'>,
  repository: CoveredRepository,
  others: readonly Pick<TrustPolicy, 'scopes'>[] = [],
): boolean {
  if (policy.repositories.some((pattern) => matchesPattern(pattern, repository))) return true
  if (policy.scopes.some((scope) => matchesScope(scope, repository))) return true
  const isRest = policy.scopes.includes('*')
  return (
    isRest && !others.some(({ scopes }) => scopes.some((scope) => matchesScope(scope, repository)))
  )
}

function matchesPattern(pattern: string, { account, name, region }: CoveredRepository): boolean {
  const text = pattern.startsWith('arn:')
    ? `arn:aws:ecr:${region}:${account}:repository/${name}`
    : name
  return globOf(pattern)(text)
}

function globOf(pattern: string): (text: string) => boolean {
  const [first = '', ...rest] = pattern.split('*')
  return compileGlob([segmentOf(first), ...rest.map(segmentOf)])
}

function segmentOf(text: string): Parameters<typeof compileGlob>[0][0] {
  return { text, ones: undefined }
}

/** Host names without regard to case; a repository is also reached behind its account's number as the first segment. */
function matchesScope(scope: string, { account, name, hosts }: CoveredRepository): boolean {
  const slash = scope.indexOf('/')
  if (slash < 0 || !hosts.includes(scope.slice(0, slash).toLowerCase())) return false
  const path = scope.slice(slash + 1)
  return path === name || path === `${account}/${name}`
}

/** Why a policy cannot stand beside the others: Notation allows a scope in one statement only. Undefined where it can. */
export function faultOfOverlap(
  policy: Pick<TrustPolicy, 'name' | 'scopes'>,
  others: readonly Pick<TrustPolicy, 'name' | 'scopes'>[],
): string | undefined {
  for (const other of others) {
    if (other.name === policy.name) continue
    const both = policy.scopes.find((scope) => other.scopes.includes(scope))
    if (both !== undefined)
      return `scope ${both} is one of trust policy ${JSON.stringify(other.name)} too; a scope stands in one policy only`
  }
  return undefined
}
