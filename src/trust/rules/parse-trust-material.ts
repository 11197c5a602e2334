// Purpose:  read what somebody wants to trust: certificates, a public key, a sigstore root.
// Spec:     RFC 7468 (PEM); Notary Project trust-store-trust-policy.md, trust store; sigstore trusted_root.json.
// Input:    files of at most 1 MiB of who administers trust; a wrong file must not become less trust, or more, without a word.
// Deviates: nothing.
// Unknowns: a block that is no certificate, a certificate that cannot be read, a store of none → the file is refused as a whole.
import { hash } from 'node:crypto'
import { isRecord } from '../../oci/descriptor.ts'
import { parseStrictJson } from '../../oci/strict-json.ts'
import { parsePublicKeys } from '../../lib/public-keys.ts'
import { certificatePem } from '../../signatures/x509/certificate-pem.ts'
import { readTrustStore } from '../../signatures/notation/trust-store.ts'
import { readTrustedRoot } from '../../signatures/sigstore/trusted-root.ts'
import { parseStoreName } from './parse-trust-policy.ts'
import type { StoredKey, StoredMaterial, StoredRoot, StoredStore } from './trust-material.ts'
import { isMaterialName } from './trust-policy.ts'

const maxBytes = 1024 * 1024
const maxCertificates = 1000

export type MaterialReading<M extends StoredMaterial = StoredMaterial> =
  | { readonly kind: 'read'; readonly material: M }
  | { readonly kind: 'refused'; readonly reason: string }

/** `name`: `ca:acme`. */
export function parseStore(name: string, text: string): MaterialReading<StoredStore> {
  const reference = parseStoreName(name)
  if (reference === undefined)
    return refused(
      `${shown(name)} is not the name of a store: type:name with the type ca, signingAuthority or tsa`,
    )
  if (Buffer.byteLength(text) > maxBytes) return refused(`the file has more than ${maxBytes} bytes`)
  const read = readTrustStore(reference.type, new Map([[name, Buffer.from(text)]]))
  if (read.kind === 'refused') return refused(read.reason)
  if (read.certificates.length > maxCertificates)
    return refused(`there are more than ${maxCertificates} certificates`)
  const thumbprints = read.certificates.map(({ der }) => hash('sha256', der, 'hex')).toSorted()
  const pem = read.certificates.map(({ der }) => certificatePem(der)).join('')
  const material = { kind: 'store', name, type: reference.type, pem, thumbprints } as const
  return { kind: 'read', material }
}

export interface KeyWindow {
  readonly validFrom: number | undefined
  readonly validUntil: number | undefined
  readonly revokedFrom: number | undefined
}

export function parseKey(name: string, pem: string, window: KeyWindow): MaterialReading<StoredKey> {
  if (!isMaterialName(name)) return refused(badName(name))
  const { validFrom = -Infinity, validUntil = Infinity } = window
  if (validFrom >= validUntil)
    return refused('the key would be valid until before it is valid from')
  const read = parsePublicKeys(pem)
  if (read.kind === 'refused') return refused(`the file ${read.reason}`)
  const [key] = read.keys
  if (key === undefined || read.keys.length > 1) return refused('the file must hold one public key')
  return {
    kind: 'read',
    material: { kind: 'key', name, pem: pem.trim(), fingerprint: key.fingerprint, ...window },
  }
}

const rootMembers = ['tlogs', 'certificateAuthorities', 'ctlogs', 'timestampAuthorities']

export function parseRoot(name: string, json: string): MaterialReading<StoredRoot> {
  if (!isMaterialName(name)) return refused(badName(name))
  const read = parseStrictJson(Buffer.from(json), ['mediaType', ...rootMembers])
  if (read.kind === 'refused') return refused(`the root ${read.reason}`)
  const { value } = read
  const mediaType = isRecord(value) ? value['mediaType'] : undefined
  if (
    typeof mediaType !== 'string' ||
    !mediaType.startsWith('application/vnd.dev.sigstore.trustedroot')
  )
    return refused(
      `mediaType is ${shown(String(mediaType))}; a root has application/vnd.dev.sigstore.trustedroot+json;version=0.1`,
    )
  if (membersOfRoot(json).length === 0)
    return refused(`the root names nobody: it has none of ${rootMembers.join(', ')}`)
  const own = readTrustedRoot(name, Buffer.from(json))
  if (own.kind === 'refused') return refused(own.reason)
  const material = { kind: 'root', name, json, hash: hash('sha256', json, 'hex') } as const
  return { kind: 'read', material }
}

/** Its authorities and logs, each as text: a root that has all of another's is that one with something added. */
export function membersOfRoot(json: string): readonly string[] {
  const value: unknown = JSON.parse(json)
  if (!isRecord(value)) return []
  return rootMembers.flatMap((name) => {
    const list: unknown = value[name]
    return Array.isArray(list) ? list.map((one) => `${name} ${JSON.stringify(one)}`) : []
  })
}

function badName(name: string): string {
  return `${shown(name)} is no name: 1 to 128 letters, digits and . _ -`
}

function shown(text: string): string {
  return JSON.stringify(text.slice(0, 100))
}

function refused(reason: string): { readonly kind: 'refused'; readonly reason: string } {
  return { kind: 'refused', reason }
}
