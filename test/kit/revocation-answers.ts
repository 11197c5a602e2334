// What authorities answer when they are asked for revoked certificates: lists and OCSP, good and bad ones.
import { sign, type KeyObject } from 'node:crypto'
import { contextTag } from '../../src/signatures/x509/der.ts'
import {
  bitString,
  boolean,
  element,
  generalizedTime,
  integer,
  nothing,
  objectIdentifier,
  octetString,
  sequence,
  time,
} from '../../src/signatures/x509/der-writer.ts'
import {
  algorithmIdentifierOf,
  extension,
  keyIdentifierOf,
} from '../../src/signatures/x509/issue-certificate.ts'
import { oids } from '../../src/signatures/x509/object-identifiers.ts'
import { certificateId } from '../../src/signatures/x509/ocsp.ts'
import { day, pkiNow, type MadeCertificate } from './pki.ts'

export interface Revoked {
  /** In hex, as a Certificate has it. */
  readonly serial: string
  readonly revokedAt?: number
  readonly reason?: number
  readonly invalidityDate?: number
  readonly more?: readonly Uint8Array[]
}

export interface CrlChoices {
  readonly revoked?: readonly Revoked[]
  readonly thisUpdate?: number
  /** `null` leaves it out. */
  readonly nextUpdate?: number | null
  readonly number?: number
  readonly deltaOf?: number
  readonly deltaUrl?: string
  readonly more?: readonly Uint8Array[]
  readonly nameDer?: Uint8Array
  readonly key?: KeyObject
}

function enumerated(value: number): Uint8Array {
  return element(0x0a, Buffer.from([value]))
}

export function makeCrl(issuer: MadeCertificate, choices: CrlChoices = {}): Uint8Array {
  const { revoked = [], number = 1, deltaOf, deltaUrl, key = issuer.key } = choices
  const algorithm = algorithmIdentifierOf(key)
  const next = choices.nextUpdate === undefined ? pkiNow + 7 * day : choices.nextUpdate
  const entries = revoked.map((one) => entryOf(one))
  const extensions = [
    extension(oids.crlNumber, integer(number)),
    ...(deltaOf === undefined ? [] : [extension(oids.deltaCrlIndicator, integer(deltaOf), true)]),
    ...(deltaUrl === undefined ? [] : [freshest(deltaUrl)]),
    ...(choices.more ?? []),
  ]
  const toBeSigned = sequence(
    integer(1),
    algorithm.identifier,
    choices.nameDer ?? issuer.nameDer,
    time(choices.thisUpdate ?? pkiNow - day),
    ...(next === null ? [] : [time(next)]),
    ...(entries.length === 0 ? [] : [sequence(Buffer.concat(entries))]),
    element(contextTag(0, 'constructed'), sequence(...extensions)),
  )
  const signature = sign(algorithm.hash, toBeSigned, key)
  return sequence(toBeSigned, algorithm.identifier, bitString(signature))
}

function entryOf({
  serial,
  revokedAt = pkiNow - day,
  reason,
  invalidityDate,
  more = [],
}: Revoked): Uint8Array {
  const extensions = [
    ...(reason === undefined ? [] : [extension(oids.crlReason, enumerated(reason))]),
    ...(invalidityDate === undefined
      ? []
      : [extension(oids.invalidityDate, generalizedTime(invalidityDate))]),
    ...more,
  ]
  const rest = extensions.length === 0 ? [] : [sequence(...extensions)]
  return sequence(integer(Buffer.from(serial, 'hex')), time(revokedAt), ...rest)
}

function freshest(url: string): Uint8Array {
  return extension(oids.freshestCrl, sequence(distributionPoint(url)))
}

function distributionPoint(url: string): Uint8Array {
  return sequence(element(contextTag(0, 'constructed'), fullName(url)))
}

export function fullName(url: string): Uint8Array {
  const name = element(contextTag(6, 'primitive'), Buffer.from(url))
  return element(contextTag(0, 'constructed'), name)
}

/** Of what a list speaks; `flags` are the numbers of those that are set. */
export function issuingPoint(choices: {
  readonly url?: string
  readonly flags?: readonly number[]
}): Uint8Array {
  const name =
    choices.url === undefined ? [] : [element(contextTag(0, 'constructed'), fullName(choices.url))]
  const flags = (choices.flags ?? []).map((flag) =>
    element(contextTag(flag, 'primitive'), boolean(true).subarray(2)),
  )
  return extension(oids.issuingDistributionPoint, sequence(...name, ...flags), true)
}

export interface OcspChoices {
  readonly status?: 'good' | 'revoked' | 'unknown'
  readonly revokedAt?: number
  readonly reason?: number
  readonly invalidityDate?: number
  readonly thisUpdate?: number
  readonly nextUpdate?: number | null
  /** Who signs in the issuer's place, with its certificate in the answer. */
  readonly responder?: MadeCertificate
  /** In place of the certificate that was asked for. */
  readonly about?: MadeCertificate
  /** Of the response as a whole: 6 is "unauthorized". */
  readonly responseStatus?: number
}

export function makeOcspAnswer(
  certificate: MadeCertificate,
  issuer: MadeCertificate,
  choices: OcspChoices = {},
): Uint8Array {
  if (choices.responseStatus !== undefined) return sequence(enumerated(choices.responseStatus))
  const signer = choices.responder ?? issuer
  const id = certificateId({
    certificate: (choices.about ?? certificate).certificate,
    issuer: issuer.certificate,
  })
  const next = choices.nextUpdate === undefined ? pkiNow + day : choices.nextUpdate
  const single = sequence(
    id,
    statusOf(choices),
    generalizedTime(choices.thisUpdate ?? pkiNow - 3_600_000),
    ...(next === null ? [] : [element(contextTag(0, 'constructed'), generalizedTime(next))]),
    ...(choices.invalidityDate === undefined
      ? []
      : [
          element(
            contextTag(1, 'constructed'),
            sequence(extension(oids.invalidityDate, generalizedTime(choices.invalidityDate))),
          ),
        ]),
  )
  const responderId = element(
    contextTag(2, 'constructed'),
    octetString(keyIdentifierOf(signer.key)),
  )
  const toBeSigned = sequence(responderId, generalizedTime(pkiNow - 3_600_000), sequence(single))
  const algorithm = algorithmIdentifierOf(signer.key)
  const signature = bitString(sign(algorithm.hash, toBeSigned, signer.key))
  const carried =
    choices.responder === undefined
      ? []
      : [element(contextTag(0, 'constructed'), sequence(choices.responder.der))]
  const basic = sequence(toBeSigned, algorithm.identifier, signature, ...carried)
  const response = sequence(objectIdentifier(oids.ocspBasic), octetString(basic))
  return sequence(enumerated(0), element(contextTag(0, 'constructed'), response))
}

function statusOf({ status = 'good', revokedAt = pkiNow - day, reason }: OcspChoices): Uint8Array {
  if (status === 'good') return element(contextTag(0, 'primitive'))
  if (status === 'unknown') return element(contextTag(2, 'primitive'))
  const why =
    reason === undefined ? [] : [element(contextTag(0, 'constructed'), enumerated(reason))]
  return element(contextTag(1, 'constructed'), generalizedTime(revokedAt), ...why)
}

/** An extension that says where OCSP is answered. */
export function ocspUrlExtension(url: string): Uint8Array {
  const location = element(contextTag(6, 'primitive'), Buffer.from(url))
  return extension(
    oids.authorityInfoAccess,
    sequence(sequence(objectIdentifier(oids.ocsp), location)),
  )
}

export const noCheckExtension = extension(oids.ocspNoCheck, nothing)
