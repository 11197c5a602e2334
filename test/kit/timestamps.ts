// Timestamp tokens (RFC 3161) of an authority of the test's own, good and bad ones.
import { createHash, sign } from 'node:crypto'
import { contextTag, DerFields, readDer, tags } from '../../src/signatures/x509/der.ts'
import {
  element,
  generalizedTime,
  integer,
  nothing,
  objectIdentifier,
  octetString,
  sequence,
  setOf,
} from '../../src/signatures/x509/der-writer.ts'
import { algorithmIdentifierOf } from '../../src/signatures/x509/issue-certificate.ts'
import { oids } from '../../src/signatures/x509/object-identifiers.ts'
import { pkiNow, type MadeCertificate, type Pki } from './pki.ts'

export interface TokenChoices {
  readonly genTime?: number
  /** Encoded, as `accuracy` makes it. */
  readonly accuracy?: Uint8Array
  readonly policy?: string
  readonly version?: number
  readonly imprintOid?: string
  /** Encoded MessageImprint and nonce of a request, in place of what is made of `stamped`. */
  readonly asked?: { readonly imprint: Uint8Array; readonly nonce?: Uint8Array }
  readonly contentType?: string
  /** What the token carries; the authority's chain without its root by default. */
  readonly certificates?: readonly Uint8Array[]
  /** Whose certificate signing-certificate-v2 names; `null` leaves the attribute out. */
  readonly names?: MadeCertificate | null
  readonly messageDigest?: Uint8Array
  readonly tstExtensions?: Uint8Array
  /** How many signers are written: each is the same one. */
  readonly signers?: number
  readonly signature?: Uint8Array
  /** Without signed attributes the signature is over the content itself. */
  readonly isBare?: boolean
}

export function accuracy(seconds: number, millis?: number): Uint8Array {
  const part =
    millis === undefined ? [] : [element(contextTag(0, 'primitive'), integer(millis).subarray(2))]
  return sequence(integer(seconds), ...part)
}

function hash(bytes: Uint8Array): Uint8Array {
  return createHash('sha256').update(bytes).digest()
}

const sha256 = sequence(objectIdentifier(oids.sha256), nothing)

/** A TimeStampToken over `stamped`, by the leaf of `authority`. */
export function makeTimestampToken(
  authority: Pki,
  stamped: Uint8Array,
  choices: TokenChoices = {},
): Uint8Array {
  const content = tstInfo(stamped, choices)
  const contentType = choices.contentType ?? oids.tstInfo
  const certificates = choices.certificates ?? authority.chain.slice(0, -1)
  const carried =
    certificates.length === 0 ? [] : [element(contextTag(0, 'constructed'), ...certificates)]
  const signer = signerInfo(authority, content, { ...choices, contentType })
  const signedData = sequence(
    integer(3),
    setOf(sha256),
    sequence(
      objectIdentifier(contentType),
      element(contextTag(0, 'constructed'), octetString(content)),
    ),
    ...carried,
    setOf(...Array.from({ length: choices.signers ?? 1 }, () => signer)),
  )
  return sequence(
    objectIdentifier(oids.signedData),
    element(contextTag(0, 'constructed'), signedData),
  )
}

function tstInfo(stamped: Uint8Array, choices: TokenChoices): Uint8Array {
  const algorithm = sequence(objectIdentifier(choices.imprintOid ?? oids.sha256), nothing)
  return sequence(
    integer(choices.version ?? 1),
    objectIdentifier(choices.policy ?? '1.2.3.4'),
    choices.asked?.imprint ?? sequence(algorithm, octetString(hash(stamped))),
    integer(7),
    generalizedTime(choices.genTime ?? pkiNow - 60_000),
    ...(choices.accuracy === undefined ? [] : [choices.accuracy]),
    ...(choices.asked?.nonce === undefined ? [] : [choices.asked.nonce]),
    ...(choices.tstExtensions === undefined
      ? []
      : [element(contextTag(1, 'constructed'), choices.tstExtensions)]),
  )
}

function signerInfo(
  { leaf }: Pki,
  content: Uint8Array,
  choices: TokenChoices & { readonly contentType: string },
): Uint8Array {
  const attributes = signedAttributes(leaf, content, choices)
  const algorithm = algorithmIdentifierOf(leaf.key)
  const signed = choices.isBare === true ? content : setOf(...attributes)
  const signature = choices.signature ?? sign(algorithm.hash, signed, leaf.key)
  const { issuerDer, serial } = leaf.certificate
  const implicit = Buffer.from(setOf(...attributes))
  implicit[0] = contextTag(0, 'constructed')
  return sequence(
    integer(1),
    sequence(issuerDer, integer(Buffer.from(serial, 'hex'))),
    sha256,
    ...(choices.isBare === true ? [] : [implicit]),
    algorithm.identifier,
    octetString(signature),
  )
}

function signedAttributes(
  leaf: MadeCertificate,
  content: Uint8Array,
  { names = leaf, messageDigest, contentType }: TokenChoices & { readonly contentType: string },
): readonly Uint8Array[] {
  const named =
    names === null
      ? []
      : [
          sequence(
            objectIdentifier(oids.signingCertificateV2),
            setOf(sequence(sequence(sequence(octetString(hash(names.der)))))),
          ),
        ]
  return [
    sequence(objectIdentifier(oids.contentType), setOf(objectIdentifier(contentType))),
    sequence(
      objectIdentifier(oids.messageDigest),
      setOf(octetString(messageDigest ?? hash(content))),
    ),
    ...named,
  ]
}

/** What an authority answers to a TimeStampReq: a TimeStampResp with its token. */
export function answerTimestampRequest(
  authority: Pki,
  request: Uint8Array,
  genTime: number,
): Uint8Array {
  const fields = new DerFields(readDer(request))
  fields.next()
  const imprint = fields.next().whole
  fields.optional(tags.objectIdentifier)
  const nonce = fields.optional(tags.integer)?.whole
  const asked = { imprint, ...(nonce === undefined ? {} : { nonce }) }
  const token = makeTimestampToken(authority, Buffer.alloc(0), { asked, genTime })
  return sequence(sequence(integer(0)), token)
}
