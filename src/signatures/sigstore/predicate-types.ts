// Purpose:  what a statement is a statement of, and the short names that people write for it.
// Spec:     cosign cmd/cosign/cli/options/predicate.go (names); the predicate types of in-toto, SLSA, SPDX, CycloneDX, OpenVEX.
// Input:    a predicate type from a verified statement; a name or address from a trust policy.
// Deviates: cosign's `slsaprovenance` is v0.2 alone, as there; our own `slsa`, `sbom` and `vex` stand for every version of theirs.
// Unknowns: an address that is none of these → the kind 'other', compared as it is.

/** What cosign 3 writes for a signature of an image: a statement that says nothing else. */
export const imageSignatureType = 'https://sigstore.dev/cosign/sign/v1'

export type PredicateKind =
  | 'image-signature'
  | 'slsa-provenance-v1'
  | 'slsa-provenance-v0.2'
  | 'spdx'
  | 'cyclonedx'
  | 'vulnerabilities'
  | 'openvex'
  | 'verification-summary'
  | 'other'

/** Exact types first; a type with a version behind a slash is of the kind, too, where `versioned`. */
const kinds: readonly {
  readonly type: string
  readonly kind: PredicateKind
  readonly versioned: boolean
}[] = [
  { type: imageSignatureType, kind: 'image-signature', versioned: false },
  { type: 'https://slsa.dev/provenance/v1', kind: 'slsa-provenance-v1', versioned: false },
  { type: 'https://slsa.dev/provenance/v0.2', kind: 'slsa-provenance-v0.2', versioned: false },
  { type: 'https://spdx.dev/Document', kind: 'spdx', versioned: true },
  { type: 'https://cyclonedx.org/bom', kind: 'cyclonedx', versioned: true },
  {
    type: 'https://cosign.sigstore.dev/attestation/vuln/v1',
    kind: 'vulnerabilities',
    versioned: false,
  },
  {
    type: 'https://in-toto.io/attestation/vulns/v0.1',
    kind: 'vulnerabilities',
    versioned: false,
  },
  {
    type: 'https://in-toto.io/attestation/vulns/v0.2',
    kind: 'vulnerabilities',
    versioned: false,
  },
  { type: 'https://openvex.dev/ns', kind: 'openvex', versioned: true },
  {
    type: 'https://slsa.dev/verification_summary/v1',
    kind: 'verification-summary',
    versioned: false,
  },
]

const version = /^\/v?\d{1,4}(?:\.\d{1,4}){0,2}$/

export function kindOfPredicate(predicateType: string): PredicateKind {
  const found = kinds.find(
    ({ type, versioned }) =>
      predicateType === type ||
      (versioned &&
        predicateType.startsWith(type) &&
        version.test(predicateType.slice(type.length))),
  )
  return found?.kind ?? 'other'
}

/** cosign's names, each for one type; of a type with versions the versions count, too. */
const shortNames: Readonly<Record<string, string>> = {
  custom: 'https://cosign.sigstore.dev/attestation/v1',
  slsaprovenance: 'https://slsa.dev/provenance/v0.2',
  slsaprovenance02: 'https://slsa.dev/provenance/v0.2',
  slsaprovenance1: 'https://slsa.dev/provenance/v1',
  spdx: 'https://spdx.dev/Document',
  spdxjson: 'https://spdx.dev/Document',
  cyclonedx: 'https://cyclonedx.org/bom',
  link: 'https://in-toto.io/Link/v1',
  vuln: 'https://cosign.sigstore.dev/attestation/vuln/v1',
  openvex: 'https://openvex.dev/ns',
}

/** Ours: what people mean. */
const families: Readonly<Record<string, readonly PredicateKind[]>> = {
  slsa: ['slsa-provenance-v1', 'slsa-provenance-v0.2'],
  sbom: ['spdx', 'cyclonedx'],
  vulns: ['vulnerabilities'],
  vex: ['openvex'],
  vsa: ['verification-summary'],
}

/** `wanted`: one of the names, or an address. */
export function matchesPredicateType(wanted: string, predicateType: string): boolean {
  if (Object.hasOwn(families, wanted))
    return families[wanted]?.includes(kindOfPredicate(predicateType)) ?? false
  const type = predicateTypeOf(wanted)
  if (type === undefined) return false
  if (type === predicateType) return true
  const kind = kindOfPredicate(type)
  const isVersioned = kinds.some((row) => row.type === type && row.versioned)
  return isVersioned && kindOfPredicate(predicateType) === kind
}

/** The address for a short name of cosign's, or the address itself; undefined for what is neither. */
export function predicateTypeOf(wanted: string): string | undefined {
  if (Object.hasOwn(shortNames, wanted)) return shortNames[wanted]
  return /^[a-z][a-z0-9+.-]*:\S+$/i.test(wanted) && wanted.length <= 1024 ? wanted : undefined
}
