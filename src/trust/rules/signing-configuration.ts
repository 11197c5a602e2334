// Purpose:  by which signing profiles are images of a repository to be signed?
// Spec:     Amazon ECR API, PutSigningConfiguration; SigningRepositoryFilter (WILDCARD_MATCH).
// Input:    rules of the model's grammar, and a repository's name.
// Deviates: nothing.
// Unknowns: none; what is outside the grammar is refused when it is put.
import { compileGlob, type Segment } from '../../policy/glob.ts'

export interface SigningRule {
  /** A profile of AWS Signer, never one of its versions. */
  readonly profileArn: string
  /** `*` for any run of characters, also of slashes; undefined for every repository. */
  readonly filters: readonly string[] | undefined
}

/** The model's; a text within it is matched as a whole. */
export const signingFilterPattern =
  '^(?:[a-z0-9*]+(?:[._-][a-z0-9*]+)*/)*[a-z0-9*]+(?:[._-][a-z0-9*]+)*$'
export const signingProfilePattern =
  '^arn:aws(-[a-z]+)*:signer:[a-z0-9-]+:[0-9]{12}:/signing-profiles/[a-zA-Z0-9_]{2,}$'
export const maxSigningRules = 10
export const maxSigningFilters = 100

/** ARNs, each once, in the order of the rules: every rule that names the repository signs. */
export function profilesFor(
  rules: readonly SigningRule[],
  repositoryName: string,
): readonly string[] {
  const signing = rules.filter(
    ({ filters }) => filters === undefined || filters.some((one) => matches(one, repositoryName)),
  )
  return [...new Set(signing.map(({ profileArn }) => profileArn))]
}

function matches(filter: string, repositoryName: string): boolean {
  const [head = '', ...rest] = filter.split('*')
  return compileGlob([segmentOf(head), ...rest.map(segmentOf)])(repositoryName)
}

function segmentOf(text: string): Segment {
  return { text, ones: undefined }
}
