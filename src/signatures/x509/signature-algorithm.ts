// Purpose:  which algorithm an AlgorithmIdentifier names, and whether a signature by it is good.
// Spec:     RFC 4055 (RSA, PSS), RFC 5758 (ECDSA with SHA-2), RFC 5652 section 10.1.2.
// Input:    the algorithm as certificates, revocation lists and tokens say it; hostile.
// Deviates: a PSS salt of any length up to the hash's is accepted, as long as it is what the parameters say.
// Unknowns: an algorithm outside this list → undefined, never "good".
import { constants, verify, type KeyObject } from 'node:crypto'
import { contextTag, DerFields, readObjectIdentifier, readSmallInteger } from './der.ts'
import type { DerNode } from './der.ts'
import { oids } from './object-identifiers.ts'

export type HashName = 'sha256' | 'sha384' | 'sha512'

export interface SignatureAlgorithm {
  readonly family: 'rsa' | 'rsa-pss' | 'ecdsa'
  readonly hash: HashName
  /** Of PSS alone, in bytes. */
  readonly saltLength?: number
}

const byOid: ReadonlyMap<string, SignatureAlgorithm> = new Map([
  [oids.sha256WithRsa, { family: 'rsa', hash: 'sha256' }],
  [oids.sha384WithRsa, { family: 'rsa', hash: 'sha384' }],
  [oids.sha512WithRsa, { family: 'rsa', hash: 'sha512' }],
  [oids.ecdsaWithSha256, { family: 'ecdsa', hash: 'sha256' }],
  [oids.ecdsaWithSha384, { family: 'ecdsa', hash: 'sha384' }],
  [oids.ecdsaWithSha512, { family: 'ecdsa', hash: 'sha512' }],
])

const hashes: ReadonlyMap<string, HashName> = new Map([
  [oids.sha256, 'sha256'],
  [oids.sha384, 'sha384'],
  [oids.sha512, 'sha512'],
])

export interface AlgorithmIdentifier {
  readonly oid: string
  readonly parameters?: DerNode
}

export function readAlgorithmIdentifier(node: DerNode): AlgorithmIdentifier {
  const fields = new DerFields(node)
  const oid = readObjectIdentifier(fields.next())
  const parameters = fields.any()
  fields.end()
  return { oid, ...(parameters === undefined ? {} : { parameters }) }
}

/** SHA-2 by its object identifier; SHA-1 and everything else → undefined. */
export function hashOf(identifier: AlgorithmIdentifier): HashName | undefined {
  return hashes.get(identifier.oid)
}

/** `digest` is the hash that a CMS signer names apart, which plain RSA needs. */
export function signatureAlgorithmOf(
  identifier: AlgorithmIdentifier,
  digest?: HashName,
): SignatureAlgorithm | undefined {
  if (identifier.oid === oids.rsaEncryption)
    return digest === undefined ? undefined : { family: 'rsa', hash: digest }
  return identifier.oid === oids.rsaPss ? pssOf(identifier) : byOid.get(identifier.oid)
}

function pssOf({ parameters }: AlgorithmIdentifier): SignatureAlgorithm | undefined {
  // Left out, they stand for SHA-1.
  if (parameters === undefined) return undefined
  const fields = new DerFields(parameters)
  const explicit = (number: number): DerNode | undefined => {
    const node = fields.optional(contextTag(number, 'constructed'))
    return node === undefined ? undefined : new DerFields(node, node.tag).next()
  }
  const [hashNode, maskNode, saltNode] = [explicit(0), explicit(1), explicit(2)]
  if (hashNode === undefined || maskNode === undefined) return undefined
  const hash = hashOf(readAlgorithmIdentifier(hashNode))
  const mask = readAlgorithmIdentifier(maskNode)
  const maskHash =
    mask.parameters === undefined ? undefined : hashOf(readAlgorithmIdentifier(mask.parameters))
  if (hash === undefined || mask.oid !== oids.mgf1 || maskHash !== hash) return undefined
  const saltLength = saltNode === undefined ? 20 : readSmallInteger(saltNode)
  return saltLength > 64 ? undefined : { family: 'rsa-pss', hash, saltLength }
}

const keyTypes: Readonly<Record<SignatureAlgorithm['family'], readonly string[]>> = {
  rsa: ['rsa'],
  'rsa-pss': ['rsa', 'rsa-pss'],
  ecdsa: ['ec'],
}

/** Whether the key, of the algorithm's own kind, made this signature over these bytes. ECDSA signatures are DER, as X.509's are. */
export function isSignedBy(
  key: KeyObject,
  algorithm: SignatureAlgorithm,
  bytes: Uint8Array,
  signature: Uint8Array,
): boolean {
  if (!keyTypes[algorithm.family].includes(key.asymmetricKeyType ?? '')) return false
  const pss =
    algorithm.family === 'rsa-pss'
      ? {
          padding: constants.RSA_PKCS1_PSS_PADDING,
          saltLength: algorithm.saltLength ?? constants.RSA_PSS_SALTLEN_DIGEST,
        }
      : {}
  try {
    return verify(algorithm.hash, bytes, { key, ...pss }, signature)
  } catch {
    // OpenSSL throws for signatures that no such key can have made; they are not good.
    return false
  }
}
