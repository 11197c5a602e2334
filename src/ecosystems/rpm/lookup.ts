import type { Distribution, Lookup, Package } from '../ecosystem.ts'

/** OSV's names of distributions that use rpm. */
const owned =
  /^(?:AlmaLinux|Amazon Linux|Azure Linux|CBL-Mariner|Mageia|openEuler|openSUSE|Oracle Linux|Photon OS|Red Hat|Rocky Linux|SUSE)(?::|$)/

export function ownsRpmAdvisories(ecosystem: string): boolean {
  return owned.test(ecosystem)
}

export function lookupRpm(_found: Package, distribution: Distribution | undefined): Lookup {
  const reason =
    distribution === undefined
      ? 'the image does not say which distribution it is'
      : `no advisories are known for ${distribution.id} ${distribution.versionId ?? ''}`.trim()
  return { kind: 'unknown', reason }
}
