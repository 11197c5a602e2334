// Purpose:  is this envelope whole: readable, signed by its leaf over this manifest, with a chain that may sign code?
// Spec:     Notary Project trust-store-trust-policy.md, steps: validate integrity.
// Input:    the envelope's bytes and media type, and the descriptor of the stored manifest.
// Deviates: nothing beyond what the readers of the two forms deviate in.
// Unknowns: an envelope or chain beyond a limit → the failure `unknown`, `limit`.
import type { Descriptor } from '../../oci/descriptor.ts'
import type { SignatureReason } from '../outcome.ts'
import { parseCertificate, type Certificate } from '../x509/certificate.ts'
import { faultOfChain } from '../x509/chain-rules.ts'
import { algorithmOfKey, isSignedWith } from '../x509/key-algorithm.ts'
import { payloadContentType } from './attributes.ts'
import { mismatchOf, readPayload, type TargetArtifact } from './payload.ts'
import { readEnvelope } from './read-envelope.ts'
import type { SignatureEnvelope } from './signature-envelope.ts'

export interface WholeSignature {
  readonly envelope: SignatureEnvelope
  readonly chain: readonly Certificate[]
  readonly leaf: Certificate
  readonly target: TargetArtifact
}

export type IntegrityResult =
  | { readonly kind: 'whole'; readonly signature: WholeSignature }
  | { readonly kind: 'broken'; readonly reason: SignatureReason; readonly detail: string }

export function verifyIntegrity(
  bytes: Uint8Array,
  mediaType: string,
  subject: Pick<Descriptor, 'mediaType' | 'digest' | 'size'>,
): IntegrityResult {
  const read = readEnvelope(bytes, mediaType)
  if (read.kind === 'refused') return { kind: 'broken', reason: read.reason, detail: read.detail }
  const { envelope } = read
  const parsed = parseChain(envelope.chain)
  if ('detail' in parsed) return broken('malformed', parsed.detail)
  const { chain, leaf } = parsed
  const signed = faultOfSignature(envelope, leaf)
  if (signed !== undefined) return signed
  const fault = faultOfChain(chain, 'codeSigning')
  if (fault !== undefined) return broken('certificate-rule', fault)
  if (envelope.contentType !== payloadContentType)
    return broken(
      'malformed',
      `the content is of the type ${JSON.stringify(envelope.contentType.slice(0, 100))}, and must be ${payloadContentType}`,
    )
  // Read from exactly the bytes that the signature is over.
  const payload = readPayload(envelope.payload)
  if (payload.kind === 'refused') return broken('malformed', payload.detail)
  const mismatch = mismatchOf(payload.target, subject)
  return mismatch === undefined
    ? { kind: 'whole', signature: { envelope, chain, leaf, target: payload.target } }
    : broken('subject-mismatch', mismatch)
}

function broken(
  reason: SignatureReason,
  detail: string,
): Extract<IntegrityResult, { kind: 'broken' }> {
  return { kind: 'broken', reason, detail }
}

function parseChain(
  ders: readonly Uint8Array[],
):
  | { readonly chain: readonly Certificate[]; readonly leaf: Certificate }
  | { readonly detail: string } {
  const chain: Certificate[] = []
  for (const [index, der] of ders.entries()) {
    const parsed = parseCertificate(der)
    if (parsed.kind === 'refused')
      return { detail: `certificate ${index + 1} of ${ders.length} ${parsed.reason}` }
    chain.push(parsed.certificate)
  }
  const [leaf] = chain
  return leaf === undefined ? { detail: 'there is no certificate' } : { chain, leaf }
}

/** The key decides on the algorithm; what the envelope says must be that one, and never chooses it. */
function faultOfSignature(
  { algorithm: stated, signedBytes, signature }: SignatureEnvelope,
  { publicKey: key }: Certificate,
): Extract<IntegrityResult, { kind: 'broken' }> | undefined {
  const algorithm = algorithmOfKey(key)
  if (key === undefined || algorithm === undefined)
    return broken(
      'certificate-rule',
      'the signing key is not RSA of 2048, 3072 or 4096 bits, nor on P-256, P-384 or P-521',
    )
  if (stated !== algorithm.jws)
    return broken(
      'alg-mismatch',
      `the envelope says ${JSON.stringify(stated.slice(0, 40))}, and the key is for ${algorithm.jws}`,
    )
  return isSignedWith({ key, algorithm }, signedBytes, signature)
    ? undefined
    : broken(
        'bad-signature',
        'the signature was not made over these bytes by the key of the certificate',
      )
}
