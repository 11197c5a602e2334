// VEX documents, and attestations of them signed as cosign signs.
import { generateKeyPairSync, sign, type KeyObject } from 'node:crypto'
import { preAuthenticationEncoding } from '../../src/lib/dsse.ts'

export interface TestKey {
  readonly pem: string
  readonly privateKey: KeyObject
}

export function ecKey(namedCurve = 'P-256'): TestKey {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve })
  return { pem: publicKey.export({ type: 'spki', format: 'pem' }).toString(), privateKey }
}

export function openVexOf(
  statements: readonly object[],
  { author = 'Example', timestamp = '2026-01-01T00:00:00Z', id = 'https://example.com/vex/1' } = {},
): object {
  return {
    '@context': 'https://openvex.dev/ns/v0.2.0',
    '@id': id,
    author,
    timestamp,
    version: 1,
    statements,
  }
}

export function inTotoOf(predicate: unknown, subject: string): object {
  const [algorithm = '', hex] = subject.split(':')
  return {
    _type: 'https://in-toto.io/Statement/v1',
    subject: [{ name: 'image', digest: { [algorithm]: hex } }],
    predicateType: 'https://openvex.dev/ns/v0.2.0',
    predicate,
  }
}

/** A DSSE envelope, as `cosign attest` makes one. */
export function envelopeOf(
  statement: object,
  { key, hash = 'sha256' }: { readonly key: TestKey; readonly hash?: string | null },
  payloadType = 'application/vnd.in-toto+json',
): object {
  const payload = Buffer.from(JSON.stringify(statement))
  const signature = sign(hash, preAuthenticationEncoding(payloadType, payload), key.privateKey)
  return {
    payloadType,
    payload: payload.toString('base64'),
    signatures: [{ keyid: '', sig: signature.toString('base64') }],
  }
}

/** A sigstore bundle, as cosign 3 pushes one. */
export function bundleOf(dsseEnvelope: object): object {
  return {
    mediaType: 'application/vnd.dev.sigstore.bundle.v0.3+json',
    verificationMaterial: { publicKey: { hint: 'x' } },
    dsseEnvelope,
  }
}
