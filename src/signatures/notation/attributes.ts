// Purpose:  the signed attributes of an envelope, by the rules that JWS and COSE share.
// Spec:     Notary Project signature-specification.md, signed attributes; signing-scheme.md; plugin-extensibility.md.
// Input:    the protected header as a map, read by its envelope's reader; hostile.
// Deviates: signingTime must be there in notary.x509, where notation looks for it late; a verification plugin's version must be SemVer.
// Unknowns: attributes with names that we don't know are kept, with whether they are critical; who verifies decides.
import type { SignatureReason } from '../outcome.ts'

export const payloadContentType = 'application/vnd.cncf.notary.payload.v1+json'

export const attributeNames = {
  signingScheme: 'io.cncf.notary.signingScheme',
  signingTime: 'io.cncf.notary.signingTime',
  authenticSigningTime: 'io.cncf.notary.authenticSigningTime',
  expiry: 'io.cncf.notary.expiry',
  verificationPlugin: 'io.cncf.notary.verificationPlugin',
  verificationPluginMinVersion: 'io.cncf.notary.verificationPluginMinVersion',
} as const

export const unsignedNames = {
  timestamp: 'io.cncf.notary.timestampSignature',
  signingAgent: 'io.cncf.notary.signingAgent',
} as const

export type SigningScheme = 'notary.x509' | 'notary.x509.signingAuthority'

const schemes: readonly SigningScheme[] = ['notary.x509', 'notary.x509.signingAuthority']

export interface ExtendedAttribute {
  readonly isCritical: boolean
  readonly value: unknown
}

export interface SignedAttributes {
  readonly scheme: SigningScheme
  /** Milliseconds since the epoch: a claim in notary.x509, the authority's word in the other scheme. */
  readonly signingTime: number
  readonly expiry?: number
  readonly verificationPlugin?: string
  readonly verificationPluginMinVersion?: string
  /** Everything else, under text or, in COSE, number. */
  readonly extended: ReadonlyMap<string | number, ExtendedAttribute>
}

export interface ProtectedHeader {
  readonly members: ReadonlyMap<string | number, unknown>
  readonly critical: readonly (string | number)[]
  /** The envelope's own members, which cannot be critical. */
  readonly standard: ReadonlySet<string | number>
  /** Milliseconds, or a sentence's end on what is wrong. */
  readonly readTime: (value: unknown) => number | string
}

export type Refusal = {
  readonly kind: 'refused'
  readonly reason: SignatureReason
  readonly detail: string
}

export type AttributesResult =
  { readonly kind: 'attributes'; readonly attributes: SignedAttributes } | Refusal

export function malformed(detail: string): Refusal {
  return { kind: 'refused', reason: 'malformed', detail }
}

export function readAttributes(header: ProtectedHeader): AttributesResult {
  const fault = faultOfCritical(header)
  if (fault !== undefined) return malformed(fault)
  const scheme = schemes.find((one) => one === header.members.get(attributeNames.signingScheme))
  if (scheme === undefined)
    return malformed(`${attributeNames.signingScheme} is missing or names no scheme we know`)
  const times = readTimes(header, scheme)
  if (times.kind === 'refused') return times
  const plugin = readPlugin(header)
  if (plugin.kind === 'refused') return plugin
  const named = mustBeCritical.find(
    (name) => header.members.has(name) && !header.critical.includes(name),
  )
  if (named !== undefined) return malformed(`${named} is not listed as critical`)
  const attributes: SignedAttributes = {
    scheme,
    ...times.times,
    ...plugin.plugin,
    extended: readExtended(header),
  }
  return { kind: 'attributes', attributes }
}

const mustBeCritical: readonly string[] = [
  attributeNames.signingScheme,
  attributeNames.authenticSigningTime,
  attributeNames.expiry,
  attributeNames.verificationPlugin,
  attributeNames.verificationPluginMinVersion,
]

function faultOfCritical({ members, critical, standard }: ProtectedHeader): string | undefined {
  if (critical.length === 0) return 'the list of critical attributes is missing or empty'
  if (new Set(critical).size !== critical.length)
    return 'the list of critical attributes names one twice'
  for (const name of critical) {
    const shown = JSON.stringify(name)
    if (standard.has(name)) return `${shown} is a header of the envelope and cannot be critical`
    if (!members.has(name)) return `the critical attribute ${shown} is not there`
  }
  return undefined
}

type TimesResult =
  | { readonly kind: 'times'; readonly times: Pick<SignedAttributes, 'signingTime' | 'expiry'> }
  | Refusal

function readTimes(header: ProtectedHeader, scheme: SigningScheme): TimesResult {
  const { signingTime: claimed, authenticSigningTime: authentic } = attributeNames
  const [own, other] = scheme === 'notary.x509' ? [claimed, authentic] : [authentic, claimed]
  if (header.members.has(other)) return malformed(`${other} does not belong to ${scheme}`)
  if (!header.members.has(own)) return malformed(`${own} is missing`)
  const signingTime = header.readTime(header.members.get(own))
  if (typeof signingTime === 'string') return malformed(`${own} ${signingTime}`)
  if (!header.members.has(attributeNames.expiry)) return { kind: 'times', times: { signingTime } }
  const expiry = header.readTime(header.members.get(attributeNames.expiry))
  if (typeof expiry === 'string') return malformed(`${attributeNames.expiry} ${expiry}`)
  return expiry > signingTime
    ? { kind: 'times', times: { signingTime, expiry } }
    : malformed(`${attributeNames.expiry} is not later than ${own}`)
}

type PluginResult =
  | {
      readonly kind: 'plugin'
      readonly plugin: Pick<SignedAttributes, 'verificationPlugin' | 'verificationPluginMinVersion'>
    }
  | Refusal

/** SemVer 2.0.0, as its authors suggest to match it. */
const semanticVersion =
  /^(?:0|[1-9]\d*)\.(?:0|[1-9]\d*)\.(?:0|[1-9]\d*)(?:-[0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*)?(?:\+[0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*)?$/

function readPlugin({ members }: ProtectedHeader): PluginResult {
  const { verificationPlugin: nameLabel, verificationPluginMinVersion: versionLabel } =
    attributeNames
  const [name, version] = [members.get(nameLabel), members.get(versionLabel)]
  if (!members.has(nameLabel)) {
    return members.has(versionLabel)
      ? malformed(`${versionLabel} is there without ${nameLabel}`)
      : { kind: 'plugin', plugin: {} }
  }
  if (typeof name !== 'string' || name.trim() === '')
    return malformed(`${nameLabel} is not the name of a plugin`)
  if (!members.has(versionLabel)) return { kind: 'plugin', plugin: { verificationPlugin: name } }
  if (typeof version !== 'string' || version.length > 128 || !semanticVersion.test(version))
    return malformed(`${versionLabel} is no semantic version`)
  return {
    kind: 'plugin',
    plugin: { verificationPlugin: name, verificationPluginMinVersion: version },
  }
}

const ownNames: ReadonlySet<string | number> = new Set(Object.values(attributeNames))

function readExtended({
  members,
  critical,
  standard,
}: ProtectedHeader): SignedAttributes['extended'] {
  const rest = [...members].filter(([name]) => !standard.has(name) && !ownNames.has(name))
  return new Map(
    rest.map(([name, value]) => [name, { isCritical: critical.includes(name), value }]),
  )
}
