// Purpose:  issue a list of revoked certificates.
// Spec:     RFC 5280 section 5: version 2, with authorityKeyIdentifier and cRLNumber.
// Input:    the authority's name and key, the serial numbers and times, all given.
// Deviates: no reason is written: who revokes gives a sentence, which is nobody's business but the owner's.
// Unknowns: none; a key that no algorithm here signs with → an Error: it is a fault of the caller.
import { sign } from 'node:crypto'
import { contextTag } from './der.ts'
import { bitString, element, generalizedTime, integer, sequence, time } from './der-writer.ts'
import {
  algorithmIdentifierOf,
  extension,
  keyIdentifierOf,
  type Issuer,
} from './issue-certificate.ts'
import { oids } from './object-identifiers.ts'

export interface RevokedCertificate {
  /** In hex, as certificates are read. */
  readonly serial: string
  /** Milliseconds since the epoch, as all times here. */
  readonly revokedAt: number
  /** From when on what it signed counts no more. */
  readonly invalidFrom: number
}

export function issueCrl(
  revoked: readonly RevokedCertificate[],
  issuer: Issuer,
  list: { readonly number: number; readonly thisUpdate: number; readonly nextUpdate: number },
): Uint8Array {
  const { identifier, hash } = algorithmIdentifierOf(issuer.key)
  const keyIdentifier = element(contextTag(0, 'primitive'), keyIdentifierOf(issuer.key))
  const extensions = [
    extension(oids.authorityKeyIdentifier, sequence(keyIdentifier)),
    extension(oids.crlNumber, integer(list.number)),
  ]
  const toBeSigned = sequence(
    integer(1),
    identifier,
    issuer.nameDer,
    time(list.thisUpdate),
    time(list.nextUpdate),
    // RFC 5280 section 5.1.2.6: where none is revoked, the list is not there.
    ...(revoked.length === 0 ? [] : [sequence(...revoked.map(entryOf))]),
    element(contextTag(0, 'constructed'), sequence(...extensions)),
  )
  return sequence(toBeSigned, identifier, bitString(sign(hash, toBeSigned, issuer.key)))
}

function entryOf({ serial, revokedAt, invalidFrom }: RevokedCertificate): Uint8Array {
  return sequence(
    integer(Buffer.from(serial, 'hex')),
    time(revokedAt),
    sequence(extension(oids.invalidityDate, generalizedTime(invalidFrom))),
  )
}
