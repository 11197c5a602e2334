import { entry, PratiqueError } from '../lib/errors.ts'

/** Every refusal of this room: what it means, what to do about it, and whether the same call may succeed later. */
export const postureErrors = {
  POSTURE_RULES_INVALID: entry(
    'The rules file cannot be read.',
    'Read the message: it names each fault with its line.',
  ),
  POSTURE_RULES_UNKNOWN: entry(
    'The account has put no rules file: what the audit expects where nothing is said holds.',
    'Put one: pratique audit --server --put-rules FILE.',
  ),
  POSTURE_UNKNOWN: entry(
    'The server has not judged the account yet.',
    'Ask for it: pratique audit --server --now. By itself the server does so within a quarter of an hour of its start.',
    true,
  ),
} as const

export type PostureErrorCode = keyof typeof postureErrors

export function postureError(
  code: PostureErrorCode,
  message: string,
  detail: Readonly<Record<string, unknown>> = {},
): PratiqueError<PostureErrorCode> {
  return new PratiqueError(code, message, detail)
}

export function isPostureError(error: unknown): error is PratiqueError<PostureErrorCode> {
  return error instanceof PratiqueError && error.code in postureErrors
}
