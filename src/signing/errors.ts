import { entry, PratiqueError } from '../lib/errors.ts'

/** What is refused about keys, profiles and signatures that are made here. */
export const signingErrors = {
  SIGNING_KEY_UNKNOWN: entry(
    'The account has no signing key of that name.',
    'List them: pratique signing key list',
  ),
  SIGNING_KEY_EXISTS: entry('The name of the signing key is taken.', 'Choose another name.'),
  SIGNING_KEY_UNUSABLE: entry(
    'The private key opens under no master key in use.',
    'Start the server with the master key that it was sealed under.',
  ),
  SIGNING_KEY_REVOKED: entry(
    'The signing key is revoked: it signs nothing any more.',
    'Make another key, under another name: pratique signing key create',
  ),
  SIGNING_TIMESTAMP_UNAVAILABLE: entry(
    'No timestamp authority gave a timestamp, and the settings have nothing signed without one.',
    'Try again when it answers, or set PRATIQUE_TIMESTAMP_IF_AWAY=omit.',
    true,
  ),
  SIGNING_PROFILE_UNKNOWN: entry(
    'There is no signing profile of that name.',
    'List them: aws signer list-signing-profiles',
  ),
  SIGNING_RULE_UNKNOWN: entry(
    'No rule of the signing configuration names the profile.',
    'Put one that does: aws ecr put-signing-configuration',
  ),
  SIGNING_PROFILE_INACTIVE: entry(
    'The signing profile is canceled or revoked.',
    'Put another profile; a name that was canceled is never used again.',
  ),
  SIGNING_JOB_UNKNOWN: entry(
    'There is no signing job of that id.',
    'List them: aws signer list-signing-jobs',
  ),
  SIGNING_INPUT_INVALID: entry(
    'Something about the signature or the profile cannot be as asked for.',
    'Correct what the message names.',
  ),
  SIGNING_CONFLICT: entry(
    'It has changed since it was read, or was done already in another way.',
    'Read it again.',
  ),
  SIGNING_LIMIT: entry('The limit is reached.', 'Remove what is no longer needed.'),
} as const

export type SigningErrorCode = keyof typeof signingErrors

export function signingError(
  code: SigningErrorCode,
  message: string,
  detail: Readonly<Record<string, unknown>> = {},
): PratiqueError<SigningErrorCode> {
  return new PratiqueError(code, message, detail)
}

export function isSigningError(error: unknown): error is PratiqueError<SigningErrorCode> {
  return error instanceof PratiqueError && error.code in signingErrors
}
