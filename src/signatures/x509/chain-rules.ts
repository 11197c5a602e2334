// Purpose:  is this an ordered chain of certificates that may sign code, or time, and what is wrong with it if not?
// Spec:     Notary Project signature-specification.md, certificate requirements; RFC 3161 section 2.3.
// Input:    certificates leaf first, at most 10; parsed, hostile.
// Deviates: ocspSigning is refused on a leaf, as notation does; of further critical extensions see `faultOfExtensions`.
// Unknowns: a key or an algorithm outside the lists is a fault.
import { isIssuedBy, isSame, keyUsages, type Certificate } from './certificate.ts'
import { formatName } from './distinguished-name.ts'
import { algorithmOfKey } from './key-algorithm.ts'
import { oids } from './object-identifiers.ts'

export const maxChainLength = 10

export type ChainPurpose = 'codeSigning' | 'timeStamping'

/** A sentence about the first certificate at fault; undefined for a chain that keeps every rule. */
export function faultOfChain(
  chain: readonly Certificate[],
  purpose: ChainPurpose,
): string | undefined {
  if (chain.length === 0) return 'there is no certificate'
  if (chain.length > maxChainLength)
    return `there are ${chain.length} certificates, more than ${maxChainLength}`
  for (const [index, certificate] of chain.entries()) {
    const fault =
      faultOfPlace(chain, index) ??
      (index === 0
        ? faultOfLeaf(certificate, purpose)
        : faultOfAuthority(certificate, index - 1, purpose))
    if (fault !== undefined)
      return `certificate ${index + 1} of ${chain.length} (${shownName(certificate)}) ${fault}`
  }
  return undefined
}

/** A name of a stranger, in a sentence: not longer than a line. */
export function shownName({ subject }: Certificate): string {
  const name = formatName(subject)
  return name.length > 160 ? `${name.slice(0, 160)}…` : name
}

function faultOfPlace(chain: readonly Certificate[], index: number): string | undefined {
  const certificate = chain[index]
  if (certificate === undefined) return undefined
  if (certificate.signatureAlgorithm === undefined)
    return `is signed with ${certificate.signatureAlgorithmOid}, which is not believed (SHA-1, or unknown)`
  const issuer = chain[index + 1]
  if (issuer === undefined)
    return isSelfSigned(certificate) ? undefined : 'is the last one and not self-signed'
  if (isSelfSigned(certificate)) return 'is self-signed, and not the last one'
  if (issuer.publicKey === undefined)
    return 'is issued with a key that is not believed: RSA of 2048 to 8192 bits, P-256, P-384 and P-521 are'
  return isIssuedBy(certificate, issuer) ? undefined : 'is not issued by the next one'
}

export function isSelfSigned(certificate: Certificate): boolean {
  return (
    isSame(certificate.issuerDer, certificate.subjectDer) && isIssuedBy(certificate, certificate)
  )
}

function faultOfAuthority(
  certificate: Certificate,
  below: number,
  purpose: ChainPurpose,
): string | undefined {
  const { basicConstraints, keyUsage, extensions } = certificate
  const isCritical = extensions.get(oids.basicConstraints)?.isCritical === true
  if (basicConstraints?.isAuthority !== true || !isCritical)
    return 'is no authority: basicConstraints must be there, critical, with cA'
  const { pathLength } = basicConstraints
  if (pathLength !== undefined && pathLength < below)
    return `allows ${pathLength} authorities below it, and has ${below}`
  const usage = faultOfUsagePresence(certificate, purpose)
  if (usage !== undefined) return usage
  return keyUsage?.has(keyUsages.keyCertSign) === true
    ? undefined
    : 'may not sign certificates: its keyUsage lacks keyCertSign'
}

function faultOfUsagePresence(
  { keyUsage, extensions }: Certificate,
  purpose: ChainPurpose,
): string | undefined {
  if (keyUsage === undefined) return 'has no keyUsage'
  const isCritical = extensions.get(oids.keyUsage)?.isCritical === true
  return purpose === 'codeSigning' && !isCritical
    ? 'has a keyUsage that is not critical'
    : undefined
}

const forbiddenUsages = [
  'keyEncipherment',
  'dataEncipherment',
  'keyAgreement',
  'keyCertSign',
  'cRLSign',
  'encipherOnly',
  'decipherOnly',
] as const

const forbiddenPurposes = [
  'anyExtendedKeyUsage',
  'serverAuth',
  'clientAuth',
  'emailProtection',
  'timeStamping',
  'ocspSigning',
] as const

function faultOfLeaf(certificate: Certificate, purpose: ChainPurpose): string | undefined {
  const { basicConstraints, keyUsage } = certificate
  if (basicConstraints?.isAuthority === true) return 'is an authority, and signs itself'
  const presence = faultOfUsagePresence(certificate, purpose)
  if (presence !== undefined) return presence
  if (keyUsage?.has(keyUsages.digitalSignature) !== true)
    return 'may not sign: its keyUsage lacks digitalSignature'
  const forbidden = forbiddenUsages.find((name) => keyUsage.has(keyUsages[name]))
  if (forbidden !== undefined) return `has the keyUsage ${forbidden}, which a leaf must not have`
  const extended =
    purpose === 'codeSigning' ? faultOfCodePurpose(certificate) : faultOfTimePurpose(certificate)
  if (extended !== undefined) return extended
  return algorithmOfKey(certificate.publicKey) === undefined
    ? 'has a key that is not RSA of 2048, 3072 or 4096 bits, nor on P-256, P-384 or P-521'
    : undefined
}

function faultOfCodePurpose({ extendedKeyUsage = [] }: Certificate): string | undefined {
  const forbidden = forbiddenPurposes.find((name) => extendedKeyUsage.includes(oids[name]))
  return forbidden === undefined
    ? undefined
    : `has the extendedKeyUsage ${forbidden}, which a code signing certificate must not have`
}

function faultOfTimePurpose({ extendedKeyUsage, extensions }: Certificate): string | undefined {
  const [only, another] = extendedKeyUsage ?? []
  if (only !== oids.timeStamping || another !== undefined)
    return 'must have the extendedKeyUsage timeStamping and no other'
  return extensions.get(oids.extendedKeyUsage)?.isCritical === true
    ? undefined
    : 'has an extendedKeyUsage that is not critical'
}

/** What is evaluated here, or says nothing that could forbid a signature. */
const understood: ReadonlySet<string> = new Set([
  oids.basicConstraints,
  oids.keyUsage,
  oids.extendedKeyUsage,
  oids.subjectKeyIdentifier,
  oids.authorityKeyIdentifier,
  oids.subjectAltName,
  oids.certificatePolicies,
  oids.crlDistributionPoints,
  oids.freshestCrl,
  oids.authorityInfoAccess,
])

/**
 * The specification ignores every further extension, also a critical one: name constraints then restrict nothing. With
 * `strictExtensions` a chain that carries a critical one is not trusted; this says which.
 */
export function faultOfExtensions(chain: readonly Certificate[]): string | undefined {
  for (const certificate of chain) {
    for (const [oid, { isCritical }] of certificate.extensions) {
      if (isCritical && !understood.has(oid))
        return `the certificate ${shownName(certificate)} has the critical extension ${oid}, which is not understood here`
    }
  }
  return undefined
}
