// Purpose:  where are images of a repository to be copied?
// Spec:     Amazon ECR API, PutReplicationConfiguration; user guide, "Private image replication".
// Input:    rules of the model's grammar, a repository's name, and the registry whose rules they are.
// Deviates: limits are those of the service model (25 rules, 100 destinations, 100 filters), which are wider than the quotas that older guides name.
// Unknowns: none; what is outside the grammar is refused when it is put.

/** A registry: of an account, in a region. */
export interface Destination {
  readonly region: string
  /** The account's id. */
  readonly registry: string
}

export interface ReplicationRule {
  readonly destinations: readonly Destination[]
  /** PREFIX_MATCH; undefined for every repository. */
  readonly prefixes: readonly string[] | undefined
  /** Whether deletions are copied as well; undefined where the rule does not say. */
  readonly deletions: boolean | undefined
}

/** The model's. */
export const replicationFilterPattern =
  '^(?:[a-z0-9]+(?:[._-][a-z0-9]*)*/)*[a-z0-9]*(?:[._-][a-z0-9]*)*$'
export const maxReplicationRules = 25
export const maxDestinations = 100
export const maxReplicationFilters = 100

/** Says which destination cannot be, in AWS's words and with its place; undefined for none. */
export function faultOfReplication(
  rules: readonly ReplicationRule[],
  source: Destination,
): string | undefined {
  for (const [rule, { destinations }] of rules.entries()) {
    const at = destinations.findIndex((one) => isSame(one, source))
    if (at === -1) continue
    return `Replication destination cannot be the same as the source registry: rules.${rule + 1}.member.destinations.${at + 1}.member is region ${source.region} of registry ${source.registry}`
  }
  return undefined
}

/** Of every rule that names the repository, each once, in the order of the rules. */
export function destinationsFor(
  rules: readonly ReplicationRule[],
  repositoryName: string,
): readonly Destination[] {
  const naming = rules.filter(
    ({ prefixes }) =>
      prefixes === undefined || prefixes.some((prefix) => repositoryName.startsWith(prefix)),
  )
  const all = naming.flatMap(({ destinations }) => destinations)
  return all.filter((one, at) => all.findIndex((other) => isSame(one, other)) === at)
}

export function hasDestination(rules: readonly ReplicationRule[], wanted: Destination): boolean {
  return rules.some(({ destinations }) => destinations.some((one) => isSame(one, wanted)))
}

function isSame(one: Destination, other: Destination): boolean {
  return one.region === other.region && one.registry === other.registry
}
