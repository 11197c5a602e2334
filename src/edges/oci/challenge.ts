// Purpose:  say to a client that is not let in how to come in.
// Spec:     RFC 9110 section 11.6.1; distribution "Token Authentication Specification"; RFC 6750 section 3; ECR's own Basic challenge.
// Input:    the request's host and the scopes that it needs, names parsed already.
// Deviates: one challenge in each answer, since clients read the first or the last of several.
// Unknowns: a Host that is none → the address configured or listened on.
import { formatScope, type Scope } from '../../access/rules/scope.ts'
import { isEcrHost, originOf, parseHost, type OriginHeaders } from '../origin.ts'

export interface ChallengeDeps {
  /** What clients are told, if a setting says so. */
  readonly configuredUrl: string | undefined
  /** What is listened on. */
  readonly url: () => string
}

/** Where tokens are handed out, below the registry's own host and port. */
export const tokenPath = '/token'

export function challengeFor(
  deps: ChallengeDeps,
  headers: OriginHeaders,
  need: {
    readonly scopes: readonly Scope[]
    readonly error: 'invalid_token' | 'insufficient_scope' | undefined
  },
): string {
  const url = deps.configuredUrl ?? originOf(headers) ?? deps.url()
  const host = parseHost(headers.host) ?? new URL(url).host
  if (isEcrHost(host)) {
    return `Basic realm="${originOf(headers) ?? url}/",service="ecr.amazonaws.com"`
  }
  const { scopes, error } = need
  // The service is the host that names the account: the token door may be reached under another.
  const parameters = [`realm="${url}${tokenPath}"`, `service="${host}"`]
  if (scopes.length > 0) parameters.push(`scope="${scopes.map(formatScope).join(' ')}"`)
  if (error !== undefined) parameters.push(`error="${error}"`)
  return `Bearer ${parameters.join(',')}`
}
