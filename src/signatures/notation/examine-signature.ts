// Purpose:  what of a signature is judged before its revocation is: whether it is whole, what it asks for, and whether its signer is trusted.
// Spec:     Notary Project trust-store-trust-policy.md, "Steps".
// Input:    as `verifyNotation`; the answers about revocation are not read.
// Deviates: nothing.
// Unknowns: none of its own.
import type { Found } from './verdict.ts'
import { identificationOf, judgeAttributes } from './verification-plugin.ts'
import { verifyAuthenticity, type Identification } from './verify-authenticity.ts'
import { verifyIntegrity, type IntegrityResult, type WholeSignature } from './verify-integrity.ts'
import type { NotationInput } from './notation-input.ts'

export type Examination =
  | Extract<IntegrityResult, { readonly kind: 'broken' }>
  | {
      readonly kind: 'whole'
      readonly signature: WholeSignature
      /** Whether its critical attributes are understood. */
      readonly understood: Found
      readonly identification: Identification
      readonly authenticity: Found
      readonly trust: NotationInput & { readonly strictExtensions: boolean }
    }

/** The dear part of a verification: done once for what is wanted and for the verdict. */
export function examineSignature(input: NotationInput): Examination {
  const integrity = verifyIntegrity(input.envelope, input.mediaType, input.subject)
  if (integrity.kind === 'broken') return integrity
  const { signature } = integrity
  const { attributes } = signature.envelope
  const understood = judgeAttributes(attributes)
  const identification = identificationOf(attributes, understood)
  const trust = { ...input, strictExtensions: input.strictExtensions ?? true }
  const authenticity = verifyAuthenticity(signature, trust, identification)
  return { kind: 'whole', signature, understood, identification, authenticity, trust }
}
