// Purpose:  issue the certificate by which a server of our own is known.
// Spec:     RFC 5280 section 4.2.1.6 (names), RFC 9525 (only the alternative names count), CA/Browser rules for serverAuth.
// Input:    keys, names, times and the bytes of serial numbers, all given.
// Deviates: nothing.
// Unknowns: none; a name that is neither an address nor a host is the caller's fault.
import type { KeyObject } from 'node:crypto'
import { contextTag } from './der.ts'
import { element, sequence } from './der-writer.ts'
import {
  basicConstraintsExtension,
  encodeName,
  extendedKeyUsageExtension,
  extension,
  issueCertificate,
  keyIdentifierExtensions,
  keyUsageExtension,
  type IssuedTimes,
  type Issuer,
  type SubjectName,
} from './issue-certificate.ts'
import { oids } from './object-identifiers.ts'

export interface ServerName {
  readonly kind: 'host' | 'address'
  /** Of an address in dots or colons, written out. */
  readonly text: string
}

/** In DER. */
export function issueServerCertificate(
  subject: {
    readonly name: SubjectName
    readonly publicKey: KeyObject
    readonly names: readonly ServerName[]
  },
  issuer: Issuer,
  times: IssuedTimes,
): Uint8Array {
  const extensions = [
    basicConstraintsExtension(false),
    keyUsageExtension('digitalSignature'),
    extendedKeyUsageExtension([oids.serverAuth]),
    extension(oids.subjectAltName, sequence(...subject.names.map(generalName))),
    ...keyIdentifierExtensions(subject.publicKey, issuer.key),
  ]
  return issueCertificate(
    { ...times, subjectDer: encodeName(subject.name), publicKey: subject.publicKey, extensions },
    issuer,
  )
}

function generalName({ kind, text }: ServerName): Uint8Array {
  return kind === 'host'
    ? element(contextTag(2, 'primitive'), Buffer.from(text, 'latin1'))
    : element(contextTag(7, 'primitive'), addressBytes(text))
}

function addressBytes(text: string): Uint8Array {
  if (!text.includes(':')) return Buffer.from(text.split('.').map(Number))
  const [head = '', tail] = text.split('::')
  const [before, after] = [groups(head), groups(tail ?? '')]
  const zeros = Array.from({ length: 8 - before.length - after.length }, () => '0')
  const all = [...before, ...(tail === undefined ? [] : zeros), ...after]
  return Buffer.from(all.flatMap((group) => [parseInt(group, 16) >> 8, parseInt(group, 16) & 0xff]))
}

function groups(part: string): readonly string[] {
  return part === '' ? [] : part.split(':')
}
