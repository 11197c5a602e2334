// Signature envelopes as an attacker, or a careless signer, would make them; and the policies they are held against.
import assert from 'node:assert/strict'
import { encode, Tagged } from 'cborg'
import type { Descriptor } from '../../src/oci/descriptor.ts'
import { digestOf } from '../../src/oci/digest.ts'
import { mediaTypes } from '../../src/oci/media-type.ts'
import { signNotation, type SignatureRequest } from '../../src/signatures/notation/sign-notation.ts'
import { makePayload } from '../../src/signatures/notation/payload.ts'
import {
  parseTrustPolicy,
  type TrustPolicyStatement,
} from '../../src/signatures/notation/trust-policy.ts'
import { signedBytesOf } from '../../src/signatures/notation/cose.ts'
import { algorithmOfKey, signWith } from '../../src/signatures/x509/key-algorithm.ts'
import { pkiNow, type Pki } from './pki.ts'

export const manifestBytes = Buffer.from('{"schemaVersion":2}')
export const subject: Pick<Descriptor, 'mediaType' | 'digest' | 'size'> = {
  mediaType: mediaTypes.ociManifest,
  digest: digestOf(manifestBytes),
  size: manifestBytes.length,
}
export const mediaTypeOf = { jws: 'application/jose+json', cose: 'application/cose' } as const
export type Format = keyof typeof mediaTypeOf
export const formats = ['jws', 'cose'] as const

/** A good envelope of the product's own making. */
export async function signedBy(
  made: Pki,
  request: Partial<SignatureRequest> & { readonly format: Format },
): Promise<Uint8Array> {
  const result = await signNotation(
    {
      payload: makePayload(subject),
      scheme: 'notary.x509',
      signingTime: pkiNow - 60_000,
      ...request,
    },
    { chain: made.chain, sign: async (bytes) => signWith(made.leaf.key, bytes) },
  )
  assert.ok(result.kind === 'signed', JSON.stringify(result))
  return result.envelope
}

/** The members of a protected header, by name; those of `removed` are left out. */
export interface HeaderChoices {
  readonly alg?: unknown
  readonly cty?: unknown
  readonly crit?: unknown
  readonly more?: Readonly<Record<string, unknown>>
  readonly removed?: readonly string[]
}

export interface RawChoices {
  readonly header?: HeaderChoices
  readonly payload?: Uint8Array
  readonly unsigned?: Readonly<Record<string, unknown>>
  /** In place of the true signature. */
  readonly sign?: (bytes: Uint8Array) => Uint8Array
  /** In place of the whole protected header, as JSON text or CBOR. */
  readonly rawHeader?: Uint8Array
}

/** A time as the format writes it. */
export function timeIn(format: Format, at: number): unknown {
  return format === 'cose' ? new Tagged(1, at / 1000) : new Date(at).toISOString()
}

const coseAlgorithms: Readonly<Record<string, number>> = {
  PS256: -37,
  PS384: -38,
  PS512: -39,
  ES256: -7,
  ES384: -35,
  ES512: -36,
}

/** Signed with whatever header is asked for: what the product itself would never make. */
export function rawEnvelope(format: Format, made: Pki, choices: RawChoices = {}): Uint8Array {
  const { header: chosen = {}, payload = makePayload(subject) } = choices
  const jws = algorithmOfKey(made.leaf.key)?.jws ?? 'ES256'
  const named = {
    alg: chosen.alg ?? (format === 'cose' ? coseAlgorithms[jws] : jws),
    crit: chosen.crit ?? ['io.cncf.notary.signingScheme'],
    cty: chosen.cty ?? 'application/vnd.cncf.notary.payload.v1+json',
    'io.cncf.notary.signingScheme': 'notary.x509',
    'io.cncf.notary.signingTime': timeIn(format, pkiNow - 60_000),
    ...chosen.more,
  }
  const members = Object.entries(named).filter(([name]) => chosen.removed?.includes(name) !== true)
  const sign = choices.sign ?? ((bytes): Uint8Array => signWith(made.leaf.key, bytes))
  return format === 'jws'
    ? rawJws({ made, members, payload, sign, choices })
    : rawCose({ made, members, payload, sign, choices })
}

interface RawParts {
  readonly made: Pki
  readonly members: readonly (readonly [string, unknown])[]
  readonly payload: Uint8Array
  readonly sign: (bytes: Uint8Array) => Uint8Array
  readonly choices: RawChoices
}

function rawJws({ made, members, payload, sign, choices }: RawParts): Uint8Array {
  const header = choices.rawHeader ?? Buffer.from(JSON.stringify(Object.fromEntries(members)))
  const protectedText = Buffer.from(header).toString('base64url')
  const payloadText = Buffer.from(payload).toString('base64url')
  const signature = sign(Buffer.from(`${protectedText}.${payloadText}`))
  const body = {
    payload: payloadText,
    protected: protectedText,
    header: {
      x5c: made.chain.map((der) => Buffer.from(der).toString('base64')),
      ...choices.unsigned,
    },
    signature: Buffer.from(signature).toString('base64url'),
  }
  return Buffer.from(JSON.stringify(body))
}

const coseLabels: Readonly<Record<string, number>> = { alg: 1, crit: 2, cty: 3 }

function rawCose({ made, members, payload, sign, choices }: RawParts): Uint8Array {
  const header = new Map<unknown, unknown>(
    members.map(([name, value]) => [coseLabels[name] ?? name, value]),
  )
  const protectedBytes = choices.rawHeader ?? encode(header)
  const signature = sign(signedBytesOf(protectedBytes, payload))
  const unsigned = new Map<unknown, unknown>([
    [33, made.chain.map((der) => Uint8Array.from(der))],
    ...Object.entries(choices.unsigned ?? {}),
  ])
  const parts = [protectedBytes, unsigned, payload, signature].map((part) =>
    part instanceof Uint8Array ? Uint8Array.from(part) : part,
  )
  return encode(new Tagged(18, parts))
}

/** One statement of a trust policy, as its document says it. */
export function statementOf(choices: Readonly<Record<string, unknown>> = {}): TrustPolicyStatement {
  const { level = 'strict', override, verifyTimestamp, ...rest } = choices
  const signatureVerification = { level, override, verifyTimestamp }
  const policy = {
    name: 'test',
    registryScopes: ['*'],
    signatureVerification,
    trustStores: ['ca:acme'],
    trustedIdentities: ['*'],
    ...rest,
  }
  const document = Buffer.from(JSON.stringify({ version: '1.0', trustPolicies: [policy] }))
  const read = parseTrustPolicy(document)
  assert.ok(read.kind === 'document', JSON.stringify(read))
  const [statement] = read.statements
  assert.ok(statement !== undefined)
  return statement
}
