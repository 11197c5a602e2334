// Purpose:  name a package as a package URL.
// Spec:     package-url, purl-spec and its type definitions.
// Input:    a package as found; text from an image, so every part is escaped.
// Deviates: nothing; `upstream` may have a version, as other tools write it.
// Unknowns: none.
import type { Ecosystem, Package, PurlName } from './ecosystem.ts'
import { findEcosystem } from './table.ts'

/** What a purl tells of a distribution. */
type Release = { readonly id: string; readonly versionId?: string | undefined }

export function formatPurl(found: Package, distribution: Release | undefined): string {
  const { type } = found
  const ecosystem = findEcosystem(type)
  const release = ecosystem?.packageManager === 'OS' ? distribution : undefined
  const named: PurlName = ecosystem?.purlName?.(found.name) ?? { name: found.name }
  const namespace = found.namespace ?? named.namespace ?? release?.id
  const path = [...(namespace?.split('/') ?? []), named.name].map(escape)
  return `pkg:${type}/${path.join('/')}@${versionOf(found, ecosystem, release)}`
}

/** The version with the qualifiers that follow it; only systems' packages have some. */
function versionOf(
  found: Package,
  ecosystem: Ecosystem | undefined,
  release: Release | undefined,
): string {
  const told = ecosystem?.purlVersion?.(found.version) ?? { version: found.version }
  const isOs = ecosystem?.packageManager === 'OS'
  return `${escape(told.version)}${isOs ? qualifiersOf(found, release, told) : ''}`
}

function qualifiersOf(
  found: Package,
  distribution: Release | undefined,
  { version, epoch }: { readonly version: string; readonly epoch?: string },
): string {
  const pairs: string[] = []
  if (found.architecture !== undefined) pairs.push(`arch=${escape(found.architecture)}`)
  if (distribution !== undefined) {
    const release = [distribution.id, distribution.versionId].filter((part) => part !== undefined)
    pairs.push(`distro=${escape(release.join('-'))}`)
  }
  if (epoch !== undefined) pairs.push(`epoch=${escape(epoch)}`)
  const upstream = upstreamOf(found, version)
  if (upstream !== undefined) pairs.push(`upstream=${escape(upstream)}`)
  return pairs.length === 0 ? '' : `?${pairs.join('&')}`
}

/** The source package, with its version where that is another: advisories are held against it. */
function upstreamOf({ name, source }: Package, version: string): string | undefined {
  if (source === undefined) return undefined
  if (source.version !== version) return `${source.name}@${source.version}`
  return source.name === name ? undefined : source.name
}

/** Percent-encoding as purl wants it; `:` and `~` may stay. */
function escape(text: string): string {
  return encodeURIComponent(text.toWellFormed()).replaceAll('%3A', ':')
}
