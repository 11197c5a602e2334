import { entry, PratiqueError } from '../lib/errors.ts'

/** Every refusal of this room. */
export const trustErrors = {
  TRUST_POLICY_INVALID: entry(
    'The trust policy cannot be accepted.',
    'Mend the document where the message says; docs/trust.md has its members.',
  ),
  TRUST_POLICY_UNKNOWN: entry(
    'The account has no trust policy of that name.',
    'Ask which there are: pratique trust list',
  ),
  TRUST_POLICY_OVERLAPS: entry(
    'Another trust policy is about the same scope.',
    'Take the scope out of one of them; repositories may be in several.',
  ),
  TRUST_POLICIES_TOO_MANY: entry(
    'The account has as many trust policies as it may.',
    'Delete one that nobody needs: pratique trust delete NAME',
  ),
  TRUST_MATERIAL_INVALID: entry(
    'The store, key or root cannot be accepted.',
    'Send the whole file, as the message says.',
  ),
  TRUST_MATERIAL_UNKNOWN: entry(
    'The account has no store, key or root of that name.',
    'Add it first: pratique trust store add, pratique trust key add, pratique trust root add',
  ),
  TRUST_MATERIAL_NAMED: entry(
    'A trust policy names it.',
    'Take it out of the policy first: with it gone, its signatures would be untrusted.',
  ),
  TRUST_MATERIAL_TOO_MUCH: entry(
    'The account has as many stores, keys and roots as it may.',
    'Delete some that no policy names.',
  ),
  TRUST_REVOCATION_INVALID: entry(
    'The answer of an authority cannot be taken.',
    'Send it as pratique trust revocation export writes it, or a list with trust revocation add.',
  ),
  VERIFIER_BUSY: entry(
    'Too many signatures wait for their verification, or the server is ending.',
    'Ask again a little later.',
    true,
  ),
} as const

export type TrustErrorCode = keyof typeof trustErrors

export function trustError(
  code: TrustErrorCode,
  message: string,
  detail: Readonly<Record<string, unknown>> = {},
  options: { readonly cause?: unknown } = {},
): PratiqueError<TrustErrorCode> {
  return new PratiqueError(code, message, detail, options)
}

export function isTrustError(error: unknown): error is PratiqueError<TrustErrorCode> {
  return error instanceof PratiqueError && error.code in trustErrors
}
