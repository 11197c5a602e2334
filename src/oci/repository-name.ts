// Purpose:  parse repository names.
// Spec:     OCI distribution-spec, "Pulling manifests" <name>; ECR repositoryName, 2–256 characters.
// Input:    text from a URL or an API member; may be hostile.
// Deviates: ECR's length limit holds on /v2 too, since both doors name the same repositories.
// Unknowns: anything outside the grammar → undefined.
declare const brand: unique symbol
export type RepositoryName = string & { readonly [brand]: 'RepositoryName' }

const grammar =
  /^[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*(?:\/[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*)*$/

export function parseRepositoryName(text: string): RepositoryName | undefined {
  if (text.length < 2 || text.length > 256) return undefined
  return grammar.test(text) ? (text as RepositoryName) : undefined
}
