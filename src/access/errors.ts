import { entry, PratiqueError } from '../lib/errors.ts'

/** Every refusal of this room: what it means and what to do about it. Messages are IAM's own sentences: scripts match them. */
export const accessErrors = {
  ENTITY_UNKNOWN: entry(
    'No such account, user, group, role, key, policy or provider.',
    'Look it up: aws iam list-users, list-groups, list-roles, list-access-keys, list-policies.',
  ),
  ENTITY_EXISTS: entry(
    'Something of this name exists already; names that differ in case only are the same.',
    'Use it, or choose another name.',
  ),
  ENTITY_IN_USE: entry(
    'Something still belongs to it or refers to it.',
    'The message names what: detach or delete that first.',
  ),
  ENTITY_LIMIT: entry(
    'A limit of IAM is reached.',
    'Delete what is no longer needed; the message names the limit.',
  ),
  ENTITY_UNMODIFIABLE: entry(
    'It belongs to AWS’s own set and cannot be changed.',
    'Make a policy of your own from it.',
  ),
  POLICY_NOT_ATTACHABLE: entry(
    'The policy is one that AWS attaches to roles of its own services only.',
    'Make a policy of your own from it, and attach that.',
  ),
  INPUT_INVALID: entry(
    'A value is not one that IAM takes here.',
    'Read the message: it names the value.',
  ),
  INPUT_CONSTRAINT: entry(
    'A value breaks a constraint of IAM’s model.',
    'Read the message: it names the member and the constraint.',
  ),
  POLICY_MALFORMED: entry(
    'The policy document is not valid.',
    'The header pratique-policy-error tells line, column and reason; pratique policy lint FILE tells all.',
  ),
  SESSION_DENIED: entry(
    'The policies that concern the caller and the role do not let this session be made.',
    'The message names the kind of policy; the role’s trust policy has to name the caller, the account’s own policies to allow it.',
  ),
  SESSION_TOO_LARGE: entry(
    'The session policies, policy ARNs and tags are together more than a session carries.',
    'Attach policies to the role instead, or give fewer or shorter tags.',
  ),
  TAGS_INVALID: entry(
    'The session tags contradict one another or those that the calling session hands on.',
    'Read the message: it names the rule.',
  ),
  ID_TOKEN_INVALID: entry(
    'The web identity token is not one that a registered provider made for this account.',
    'Compare its issuer, audience and algorithm with the provider: aws iam get-open-id-connect-provider.',
  ),
  ID_TOKEN_EXPIRED: entry(
    'The web identity token’s time is over.',
    'Ask the provider for a new one.',
  ),
  ID_PROVIDER_UNREACHABLE: {
    ...entry(
      'The keys of the identity provider could not be fetched.',
      'Try again; for a provider in a private network see pratique oidc-provider options.',
    ),
    retryable: true,
  },
  ID_CLAIM_REJECTED: entry(
    'The web identity token was used before, or cannot be told from another.',
    'Ask the provider for a new one: its tokens open one session each.',
  ),
  MESSAGE_UNREADABLE: entry(
    'The encoded authorization message is altered, older than seven days, or of another account or installation.',
    'Repeat the denied request and take the message of its answer.',
  ),
} as const

export type AccessErrorCode = keyof typeof accessErrors

/** `detail.policyError`: what the header `pratique-policy-error` says of a malformed document. */
export function accessError(
  code: AccessErrorCode,
  message: string,
  detail: Readonly<Record<string, unknown>> = {},
): PratiqueError<AccessErrorCode> {
  return new PratiqueError(code, message, detail)
}

export function isAccessError(error: unknown): error is PratiqueError<AccessErrorCode> {
  return error instanceof PratiqueError && error.code in accessErrors
}

/** `The user with name dev cannot be found.` */
export function entityUnknown(kind: 'user' | 'group' | 'role', name: string): PratiqueError {
  return accessError('ENTITY_UNKNOWN', `The ${kind} with name ${name} cannot be found.`)
}
