import { entry, PratiqueError } from '../lib/errors.ts'

/** What is refused about signing configurations. */
export const signingConfigurationErrors = {
  SIGNING_CONFIGURATION_UNKNOWN: entry(
    'The registry has no signing configuration.',
    'Put one: aws ecr put-signing-configuration --signing-configuration file://FILE',
  ),
} as const

export type SigningConfigurationErrorCode = keyof typeof signingConfigurationErrors

export function signingConfigurationError(
  code: SigningConfigurationErrorCode,
  message: string,
  detail: Readonly<Record<string, unknown>> = {},
): PratiqueError<SigningConfigurationErrorCode> {
  return new PratiqueError(code, message, detail)
}

export function isSigningConfigurationError(
  error: unknown,
): error is PratiqueError<SigningConfigurationErrorCode> {
  return error instanceof PratiqueError && error.code in signingConfigurationErrors
}
