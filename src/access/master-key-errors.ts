import { entry, PratiqueError } from '../lib/errors.ts'

/** What can be wrong with the master key: what it means, and what to do about it. */
export const masterKeyErrors = {
  MASTER_KEY_ABSENT: entry(
    'The database was sealed under a master key that was not given.',
    'Give the key that belongs to this database; beside a new one, as a previous one.',
  ),
  MASTER_KEY_UNREADABLE: entry(
    'The master key cannot be had from its source, or is none.',
    'Mend what the message names; a key is 32 bytes in base64 or hexadecimal, one a line, the primary first.',
  ),
  MASTER_KEY_UNCHANGED: entry(
    'The source of the master key is not the server’s to change, and still gives the same key.',
    'Give the new key there, the old one as a previous one, and repeat or restart.',
  ),
  MASTER_KEYS_TOO_MANY: entry(
    'More previous master keys are kept than a rotation may leave.',
    'Wait until they are dropped, or repeat with --end-sessions.',
  ),
} as const

export type MasterKeyErrorCode = keyof typeof masterKeyErrors

export function masterKeyError(
  code: MasterKeyErrorCode,
  message: string,
  options: { readonly cause?: unknown } = {},
): PratiqueError<MasterKeyErrorCode> {
  return new PratiqueError(code, message, {}, options)
}

export function isMasterKeyError(error: unknown): error is PratiqueError<MasterKeyErrorCode> {
  return error instanceof PratiqueError && error.code in masterKeyErrors
}
