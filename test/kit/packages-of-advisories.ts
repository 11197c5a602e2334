// Packages that real advisories speak of, at the versions that decide: before, at and after what they name.
import type { Distribution, Package } from '../../src/ecosystems/ecosystem.ts'
import { identifyPackage } from '../../src/scanning/rules/package-identity.ts'
import type { TestAdvisory } from './advisory-data.ts'

/** Of one system, or of none: a library is the same everywhere. */
export interface PackagePool {
  readonly distribution: Distribution | undefined
  readonly packages: readonly Package[]
}

const types: Readonly<Record<string, string>> = {
  npm: 'npm',
  PyPI: 'pypi',
  RubyGems: 'gem',
  'crates.io': 'cargo',
  Go: 'golang',
  Packagist: 'composer',
}

const versionsOfName = 6

/** By system, and one for all libraries. Names that no package is looked up by here are left out. */
export function poolsOf(records: readonly TestAdvisory[]): readonly PackagePool[] {
  const versions = new Map<string, Set<string>>()
  for (const { affected = [] } of records) {
    for (const { package: spoken, ranges = [] } of affected) {
      if (spoken === undefined) continue
      const key = `${spoken.ecosystem}\n${spoken.name}`
      const known = versions.get(key) ?? new Set<string>()
      versions.set(key, known)
      const named = ranges.flatMap(({ events }) => events.flatMap(versionsIn))
      for (const version of named.slice(0, versionsOfName - known.size)) known.add(version)
    }
  }
  const pools = new Map<string, { distribution: Distribution | undefined; packages: Package[] }>()
  for (const [key, named] of versions) {
    const [ecosystem = '', name = ''] = key.split('\n')
    for (const version of named) {
      const found = packageOf(ecosystem, name, version)
      if (found === undefined) continue
      const place = found.distribution === undefined ? 'libraries' : ecosystem
      const pool = pools.get(place) ?? { distribution: found.distribution, packages: [] }
      pools.set(place, pool)
      pool.packages.push(found.package)
    }
  }
  return [...pools.values()]
}

function versionsIn(event: unknown): readonly string[] {
  if (typeof event !== 'object' || event === null) return []
  return Object.values(event).filter(
    (version): version is string => typeof version === 'string' && version !== '0',
  )
}

function packageOf(
  ecosystem: string,
  name: string,
  version: string,
): { readonly package: Package; readonly distribution: Distribution | undefined } | undefined {
  const distribution = distributionOf(ecosystem)
  const type = distribution?.type ?? types[ecosystem]
  if (type === undefined) return undefined
  for (const found of spellings(type, name, version)) {
    const { lookup } = identifyPackage(found, distribution?.distribution)
    const isSpokenOf =
      lookup.kind === 'keys' &&
      lookup.keys.some((key) => key.ecosystem === ecosystem && key.name === name)
    if (isSpokenOf) return { package: found, distribution: distribution?.distribution }
  }
  return undefined
}

/** As inventories have it: whole, or with its scope, vendor or path apart. */
function spellings(type: string, name: string, version: string): readonly Package[] {
  const source = { name, version }
  if (type === 'deb' || type === 'apk') return [{ type, name, version, source }]
  const [, namespace, last] = /^(.+)\/([^/]+)$/.exec(name) ?? []
  const whole = { type, name, version }
  return namespace === undefined || last === undefined
    ? [whole]
    : [whole, { type, namespace, name: last, version }]
}

function distributionOf(
  ecosystem: string,
): { readonly type: string; readonly distribution: Distribution } | undefined {
  const [, id, versionId = ''] = /^(Alpine|AlmaLinux|Ubuntu):v?([0-9.]+)/.exec(ecosystem) ?? []
  const of = (type: string, name: string): ReturnType<typeof distributionOf> => ({
    type,
    distribution: { id: name, idLike: [], ...(versionId === '' ? {} : { versionId }) },
  })
  if (ecosystem === 'Wolfi') return of('apk', 'wolfi')
  if (id === 'Alpine') return of('apk', 'alpine')
  if (id === 'Ubuntu') return of('deb', 'ubuntu')
  return id === 'AlmaLinux' ? of('rpm', 'almalinux') : undefined
}
