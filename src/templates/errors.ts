import { entry, PratiqueError } from '../lib/errors.ts'

/** Every refusal of this room. */
export const templateErrors = {
  TEMPLATE_EXISTS: entry(
    'There is a template for this prefix.',
    'Change it: aws ecr update-repository-creation-template --prefix PREFIX',
  ),
  TEMPLATE_UNKNOWN: entry(
    'There is no template for this prefix.',
    'List them: aws ecr describe-repository-creation-templates',
  ),
  TEMPLATES_TOO_MANY: entry(
    'The account has as many templates as it may have.',
    'Delete one that nobody needs, or put the settings under a prefix above.',
  ),
  TEMPLATE_UNUSABLE: entry(
    'The template that matches cannot be applied any more, so no repository was made.',
    'Mend it: aws ecr update-repository-creation-template; the message says what is wrong.',
  ),
} as const

export type TemplateErrorCode = keyof typeof templateErrors

export function templateError(
  code: TemplateErrorCode,
  message: string,
  detail: Readonly<Record<string, unknown>> = {},
  options: { cause?: unknown } = {},
): PratiqueError<TemplateErrorCode> {
  return new PratiqueError(code, message, detail, options)
}

export function isTemplateError(error: unknown): error is PratiqueError<TemplateErrorCode> {
  return error instanceof PratiqueError && error.code in templateErrors
}
