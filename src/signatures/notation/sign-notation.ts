// Purpose:  make a signature envelope of either form with a key that somebody else holds.
// Spec:     Notary Project signature-specification.md, signature-envelope-jws.md, signature-envelope-cose.md.
// Input:    the payload's bytes, signed as they are; the times; the signer's chain, leaf first.
// Deviates: nothing. Times are written to the second, as notation does.
// Unknowns: a chain that may not sign, or a signer whose signature is not good → refused: nothing is made that nobody could verify.
import { encode, Tagged } from 'cborg'
import { parseCertificate } from '../x509/certificate.ts'
import { faultOfChain } from '../x509/chain-rules.ts'
import { algorithmOfKey, isSignedWith, type KeyAlgorithm } from '../x509/key-algorithm.ts'
import type { HashName } from '../x509/signature-algorithm.ts'
import {
  attributeNames,
  payloadContentType,
  unsignedNames,
  type SigningScheme,
} from './attributes.ts'
import { signedBytesOf } from './cose.ts'

/** Where the private key is. */
export interface Signer {
  /** DER, leaf first, up to the root. */
  readonly chain: readonly Uint8Array[]
  /** Over these bytes, with the algorithm of the leaf's key; ECDSA as r‖s. */
  sign(bytes: Uint8Array, algorithm: KeyAlgorithm): Promise<Uint8Array>
}

export interface SignatureRequest {
  readonly format: 'jws' | 'cose'
  readonly payload: Uint8Array
  readonly scheme: SigningScheme
  /** Milliseconds since the epoch. */
  readonly signingTime: number
  readonly expiry?: number
  /** Further attributes, all critical: name and text. */
  readonly criticalAttributes?: Readonly<Record<string, string>>
  readonly signingAgent?: string
  /** A TimeStampToken over the signature; undefined where it goes without one. */
  readonly timestamp?: (signature: Uint8Array, hash: HashName) => Promise<Uint8Array | undefined>
}

export type SigningResult =
  | { readonly kind: 'signed'; readonly envelope: Uint8Array }
  | { readonly kind: 'refused'; readonly reason: string }

export async function signNotation(
  request: SignatureRequest,
  signer: Signer,
): Promise<SigningResult> {
  const fault = faultOfRequest(request)
  if (fault !== undefined) return refused(fault)
  const leaf = readLeaf(signer.chain)
  if ('reason' in leaf) return refused(leaf.reason)
  const parts =
    request.format === 'jws'
      ? jwsParts(request, leaf.algorithm)
      : coseParts(request, leaf.algorithm)
  const signature = await signer.sign(parts.signedBytes, leaf.algorithm)
  if (!isSignedWith(leaf, parts.signedBytes, signature))
    return refused('the signer gave a signature that is not of the key of its certificate')
  const token = await request.timestamp?.(signature, leaf.algorithm.hash)
  const envelope = parts.assemble(signature, { ...request, chain: signer.chain, token })
  return { kind: 'signed', envelope }
}

function refused(reason: string): SigningResult {
  return { kind: 'refused', reason }
}

function faultOfRequest({
  signingTime,
  expiry,
  criticalAttributes = {},
  payload,
}: SignatureRequest): string | undefined {
  if (payload.length === 0) return 'the payload is empty'
  if (expiry !== undefined && expiry <= signingTime) return 'it would expire before it is made'
  const own: readonly string[] = Object.values(attributeNames).filter(
    (name) => !/verificationPlugin/.test(name),
  )
  const taken = Object.keys(criticalAttributes).find((name) => own.includes(name))
  return taken === undefined ? undefined : `${taken} is set by the signature itself`
}

type Leaf = {
  readonly key: NonNullable<Parameters<typeof isSignedWith>[0]['key']>
  readonly algorithm: KeyAlgorithm
}

function readLeaf(ders: readonly Uint8Array[]): Leaf | { readonly reason: string } {
  const parsed = ders.map((der) => parseCertificate(der))
  const bad = parsed.find((one) => one.kind === 'refused')
  if (bad !== undefined) return { reason: `a certificate of the chain ${bad.reason}` }
  const chain = parsed.flatMap((one) => (one.kind === 'certificate' ? [one.certificate] : []))
  const fault = faultOfChain(chain, 'codeSigning')
  if (fault !== undefined) return { reason: fault }
  const key = chain[0]?.publicKey
  const algorithm = algorithmOfKey(key)
  return key === undefined || algorithm === undefined
    ? { reason: 'the key has no algorithm' }
    : { key, algorithm }
}

interface Unsigned {
  readonly chain: readonly Uint8Array[]
  readonly token: Uint8Array | undefined
  readonly signingAgent?: string
}

interface Parts {
  readonly signedBytes: Uint8Array
  readonly assemble: (signature: Uint8Array, unsigned: Unsigned) => Uint8Array
}

/** The attributes in the order in which notation writes them, with those that are critical. */
function attributesOf<Time>(
  request: SignatureRequest,
  writeTime: (at: number) => Time,
): {
  readonly members: readonly (readonly [string, string | Time])[]
  readonly critical: readonly string[]
} {
  const { scheme, signingTime, expiry, criticalAttributes = {} } = request
  const isAuthority = scheme === 'notary.x509.signingAuthority'
  const timeName = isAuthority ? attributeNames.authenticSigningTime : attributeNames.signingTime
  const expiries = expiry === undefined ? [] : [[attributeNames.expiry, writeTime(expiry)] as const]
  const extended = Object.entries(criticalAttributes)
  return {
    members: [
      [attributeNames.signingScheme, scheme],
      [timeName, writeTime(signingTime)],
      ...expiries,
      ...extended,
    ],
    critical: [
      attributeNames.signingScheme,
      ...(isAuthority ? [timeName] : []),
      ...expiries.map(([name]) => name),
      ...extended.map(([name]) => name),
    ],
  }
}

function jwsParts(request: SignatureRequest, { jws }: KeyAlgorithm): Parts {
  const { members, critical } = attributesOf(request, (at) =>
    new Date(at).toISOString().replace(/\.\d+Z$/, 'Z'),
  )
  const header = {
    alg: jws,
    cty: payloadContentType,
    crit: critical,
    ...Object.fromEntries(members),
  }
  const protectedText = Buffer.from(JSON.stringify(header)).toString('base64url')
  const payload = Buffer.from(request.payload).toString('base64url')
  return {
    signedBytes: Buffer.from(`${protectedText}.${payload}`, 'ascii'),
    assemble: (signature, { chain, token, signingAgent }) => {
      const unsigned = {
        x5c: chain.map((der) => Buffer.from(der).toString('base64')),
        ...(token === undefined
          ? {}
          : { [unsignedNames.timestamp]: Buffer.from(token).toString('base64') }),
        ...(signingAgent === undefined ? {} : { [unsignedNames.signingAgent]: signingAgent }),
      }
      const text = Buffer.from(signature).toString('base64url')
      const envelope = { payload, protected: protectedText, header: unsigned, signature: text }
      return Buffer.from(JSON.stringify(envelope))
    },
  }
}

function coseParts(request: SignatureRequest, { cose }: KeyAlgorithm): Parts {
  const { members, critical } = attributesOf(request, (at) => new Tagged(1, Math.floor(at / 1000)))
  const header = new Map<number | string, unknown>([
    [1, cose],
    [2, critical],
    [3, payloadContentType],
    ...members,
  ])
  const protectedBytes = encode(header)
  const { payload } = request
  return {
    signedBytes: signedBytesOf(protectedBytes, payload),
    assemble: (signature, { chain, token, signingAgent }) => {
      const unsigned = new Map<number | string, unknown>([
        [33, chain.map((der) => Uint8Array.from(der))],
      ])
      if (token !== undefined) unsigned.set(unsignedNames.timestamp, Uint8Array.from(token))
      if (signingAgent !== undefined) unsigned.set(unsignedNames.signingAgent, signingAgent)
      return encode(
        new Tagged(18, [
          protectedBytes,
          unsigned,
          Uint8Array.from(payload),
          Uint8Array.from(signature),
        ]),
      )
    },
  }
}
