// Purpose:  which pull-through cache rule is about a repository, and which repository of its upstream stands behind it?
// Spec:     Amazon ECR user guide, "Customizing repository prefixes for ECR to ECR pull through cache".
// Input:    rules of one registry with different prefixes, and a repository's name.
// Deviates: nothing; of several prefixes the longest counts, as each names a narrower part of the registry.
// Unknowns: none.

/** In the place of a prefix: whatever no other rule names; behind a rule: names as they are. */
export const root = 'ROOT'
export const maxPullThroughRules = 50

/** The model's. */
export const pullThroughPrefixPattern =
  '^([a-z0-9]+((\\.|_|__|-+)[a-z0-9]+)*(/[a-z0-9]+((\\.|_|__|-+)[a-z0-9]+)*)*/?|ROOT)$'

export interface Prefixes {
  /** Canonical. */
  readonly prefix: string
  readonly upstreamPrefix: string
}

/** A slash at the end is assumed, whether or not it is written. */
export function canonicalPrefix(written: string): string {
  return written.endsWith('/') ? written.slice(0, -1) : written
}

/** Undefined where none names the repository. */
export function selectRule<R extends Prefixes>(
  rules: readonly R[],
  repositoryName: string,
): R | undefined {
  const naming = rules.filter(
    ({ prefix }) => prefix === root || repositoryName.startsWith(`${prefix}/`),
  )
  const rank = ({ prefix }: R): number => (prefix === root ? -1 : prefix.length)
  return naming.toSorted((one, other) => rank(other) - rank(one))[0]
}

/** Of a repository that the rule names. */
export function upstreamName({ prefix, upstreamPrefix }: Prefixes, repositoryName: string): string {
  const rest = prefix === root ? repositoryName : repositoryName.slice(prefix.length + 1)
  const under = canonicalPrefix(upstreamPrefix)
  return under === root ? rest : `${under}/${rest}`
}

/** Behind ROOT there is no place for another prefix. */
export function faultOfPrefixes({ prefix, upstreamPrefix }: Prefixes): string | undefined {
  if (prefix !== root || upstreamPrefix === root) return undefined
  return `upstreamRepositoryPrefix ${upstreamPrefix} needs an ecrRepositoryPrefix other than ROOT`
}
