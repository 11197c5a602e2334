// Purpose:  spell refusals as the Signer API does.
// Spec:     AWS Signer API Reference, the exceptions of its model and their statuses.
// Input:    a room's error, or one that only this API has.
// Deviates: nothing.
// Unknowns: an error of no room is not spelled here; the dispatcher answers InternalServerException.
import { PratiqueError } from '../../../lib/errors.ts'
import { isSigningError, type SigningErrorCode } from '../../../signing/errors.ts'
import type { AwsError } from '../protocol/aws-error.ts'

type SignerError = PratiqueError<'SIGNER_EXCEPTION'>

/** What the model cannot say of a member. */
export function validation(message: string): SignerError {
  const error = { name: 'ValidationException', status: 400 }
  return new PratiqueError('SIGNER_EXCEPTION', message, error)
}

export function notFound(message: string): SignerError {
  const error = { name: 'ResourceNotFoundException', status: 404 }
  return new PratiqueError('SIGNER_EXCEPTION', message, error)
}

const names = {
  SIGNING_KEY_UNKNOWN: ['ResourceNotFoundException', 404],
  SIGNING_KEY_EXISTS: ['ConflictException', 409],
  SIGNING_KEY_UNUSABLE: ['InternalServiceErrorException', 500],
  SIGNING_KEY_REVOKED: ['ValidationException', 400],
  SIGNING_TIMESTAMP_UNAVAILABLE: ['InternalServiceErrorException', 500],
  SIGNING_PROFILE_UNKNOWN: ['ResourceNotFoundException', 404],
  SIGNING_RULE_UNKNOWN: ['ResourceNotFoundException', 404],
  SIGNING_PROFILE_INACTIVE: ['ValidationException', 400],
  SIGNING_JOB_UNKNOWN: ['ResourceNotFoundException', 404],
  SIGNING_INPUT_INVALID: ['ValidationException', 400],
  SIGNING_CONFLICT: ['ConflictException', 409],
  SIGNING_LIMIT: ['ServiceLimitExceededException', 402],
} as const satisfies Record<SigningErrorCode, readonly [name: string, status: number]>

export function spellSignerError(error: unknown): AwsError | undefined {
  if (error instanceof PratiqueError && error.code === 'SIGNER_EXCEPTION') {
    const { name, status } = error.detail
    return { name: String(name), status: Number(status), message: error.message }
  }
  if (!isSigningError(error)) return undefined
  const [name, status] = names[error.code]
  return { name, status, message: error.message, members: { code: error.code } }
}
