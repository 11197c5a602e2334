// Purpose:  spell refusals as the IAM and STS APIs do.
// Spec:     IAM API Reference, errors of each operation and "Common Errors".
// Input:    an error of the room of access.
// Deviates: a malformed document's place and reason are told in the header `pratique-policy-error`, beside AWS's own sentence.
// Unknowns: an error of no room is not spelled here; the dispatcher answers InternalFailure.
import { isAccessError, type AccessErrorCode } from '../../../access/errors.ts'
import type { AwsError } from '../protocol/aws-error.ts'

const spellings = {
  ENTITY_UNKNOWN: ['NoSuchEntity', 404],
  ENTITY_EXISTS: ['EntityAlreadyExists', 409],
  ENTITY_IN_USE: ['DeleteConflict', 409],
  ENTITY_LIMIT: ['LimitExceeded', 409],
  ENTITY_UNMODIFIABLE: ['UnmodifiableEntity', 400],
  POLICY_NOT_ATTACHABLE: ['PolicyNotAttachable', 400],
  INPUT_INVALID: ['InvalidInput', 400],
  INPUT_CONSTRAINT: ['ValidationError', 400],
  POLICY_MALFORMED: ['MalformedPolicyDocument', 400],
  SESSION_DENIED: ['AccessDenied', 403],
  SESSION_TOO_LARGE: ['PackedPolicyTooLarge', 400],
  TAGS_INVALID: ['InvalidParameterValue', 400],
  ID_TOKEN_INVALID: ['InvalidIdentityToken', 400],
  ID_TOKEN_EXPIRED: ['ExpiredTokenException', 400],
  ID_PROVIDER_UNREACHABLE: ['IDPCommunicationError', 400],
  ID_CLAIM_REJECTED: ['IDPRejectedClaim', 403],
  MESSAGE_UNREADABLE: ['InvalidAuthorizationMessageException', 400],
} as const satisfies Record<AccessErrorCode, readonly [string, number]>

export function spellIamError(error: unknown): AwsError | undefined {
  if (!isAccessError(error)) return undefined
  const [name, status] = spellings[error.code]
  const { policyError } = error.detail
  const headers = typeof policyError === 'string' ? { 'pratique-policy-error': policyError } : {}
  return { name, status, message: error.message, headers }
}
