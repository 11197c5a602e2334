// What a VEX document says, whatever its format: the form into which the readers bring it.
import type { Digest } from '../oci/digest.ts'
import { parseDigest } from '../oci/digest.ts'
import { parsePurl, type Purl } from '../lib/purl.ts'

export const vexStatuses = ['not_affected', 'affected', 'fixed', 'under_investigation'] as const
export type VexStatus = (typeof vexStatuses)[number]

/** The five that OpenVEX and CSAF share. */
export const vexJustifications = [
  'component_not_present',
  'vulnerable_code_not_present',
  'vulnerable_code_not_in_execute_path',
  'vulnerable_code_cannot_be_controlled_by_adversary',
  'inline_mitigations_already_exist',
] as const
export type VexJustification = (typeof vexJustifications)[number]

export interface VexDocument {
  readonly format: 'OpenVEX' | 'CSAF'
  readonly id: string
  readonly version: string
  /** Author or publisher, as the document says. */
  readonly issuer: string
  readonly issuedAt: Date
  readonly statements: readonly VexStatement[]
}

export interface VexStatement {
  /** All ids of the flaw, in capitals. */
  readonly vulnerabilities: readonly string[]
  /** Empty where the attestation's subject is meant. */
  readonly products: readonly VexProduct[]
  readonly status: VexStatus
  readonly justification?: VexJustification
  /** Why the product is not affected. */
  readonly impact?: string
  /** What to do. */
  readonly action?: string
  /** When it was said, in milliseconds. */
  readonly time: number
}

export interface VexProduct extends VexComponent {
  /** Parts of the product that are spoken of; empty for all of it. */
  readonly subcomponents: readonly VexComponent[]
}

/** An image or a package, by all its names. One without purl and digest is nothing that can be looked up. */
export interface VexComponent {
  readonly purls: readonly Purl[]
  readonly digests: readonly Digest[]
}

/** `names`: purls and other identifiers, as written; `hashes`: algorithm and hex. */
export function componentOf(
  names: readonly string[],
  hashes: readonly (readonly [algorithm: string, hex: string])[],
): VexComponent {
  const purls = [...new Set(names)].flatMap((text) => parsePurl(text) ?? [])
  const digests = hashes.flatMap(([algorithm, hex]) => {
    const [, bits] = /^sha-?(256|512)$/i.exec(algorithm) ?? []
    return bits === undefined ? [] : (parseDigest(`sha${bits}:${hex.toLowerCase()}`) ?? [])
  })
  return { purls, digests }
}

/** Ids are compared in capitals: people write `cve-` and `ghsa-` as they like. */
export function vulnerabilityKey(id: string): string {
  return id.trim().toUpperCase()
}

/** Whether anything of it can be looked up. */
export function isIdentified({ purls, digests }: VexComponent): boolean {
  return purls.length + digests.length > 0
}

const maxClaims = 100_000

/** How many pairs of a flaw and a component the document speaks of, counted as they are looked up; undefined for too many. */
export function countClaims({ statements }: Pick<VexDocument, 'statements'>): number | undefined {
  let claims = 0
  for (const { vulnerabilities, products } of statements) {
    const components = products.reduce(
      (sum, { purls, digests, subcomponents }) =>
        sum + (1 + purls.length + digests.length) * Math.max(1, subcomponents.length),
      1,
    )
    claims += vulnerabilities.length * components
    if (claims > maxClaims) return undefined
  }
  return claims
}
