import { entry, PratiqueError } from '../lib/errors.ts'

/** Every refusal of this room. */
export const lifecycleErrors = {
  LIFECYCLE_POLICY_INVALID: entry(
    'The lifecycle policy cannot be accepted.',
    'Mend the document where the message says; try it with: pratique lifecycle lint FILE.',
  ),
  LIFECYCLE_POLICY_UNKNOWN: entry(
    'The repository has no lifecycle policy.',
    'Put one: aws ecr put-lifecycle-policy --repository-name NAME --lifecycle-policy-text file://FILE',
  ),
  LIFECYCLE_PREVIEW_UNKNOWN: entry(
    'The repository has no preview of a lifecycle policy.',
    'Start one: aws ecr start-lifecycle-policy-preview --repository-name NAME',
  ),
  LIFECYCLE_PREVIEW_RUNNING: entry(
    'A preview of this repository is on its way.',
    'Wait for it: aws ecr wait lifecycle-policy-preview-complete --repository-name NAME',
    true,
  ),
  LIFECYCLE_GUARDS_INVALID: entry(
    'The document of guards cannot be accepted.',
    'Mend it where the message says; what was in force stays in force.',
  ),
  LIFECYCLE_UNDO_UNKNOWN: entry(
    'No deletion of this image can be undone.',
    'Ask for its history: pratique lifecycle history REPOSITORY. Push the image again.',
  ),
} as const

export type LifecycleErrorCode = keyof typeof lifecycleErrors

export function lifecycleError(
  code: LifecycleErrorCode,
  message: string,
  detail: Readonly<Record<string, unknown>> = {},
): PratiqueError<LifecycleErrorCode> {
  return new PratiqueError(code, message, detail)
}

export function isLifecycleError(error: unknown): error is PratiqueError<LifecycleErrorCode> {
  return error instanceof PratiqueError && error.code in lifecycleErrors
}
