// Purpose:  name a package as a package URL.
// Spec:     package-url, purl-spec and its type definitions.
// Input:    a package as found; text from an image, so every part is escaped.
// Deviates: nothing; purls are output only, lookups use names as the ecosystems have them.
// Unknowns: none.
import type { Package, PurlName } from './ecosystem.ts'
import { findEcosystem } from './table.ts'

/** What a purl tells of a distribution. */
type Release = { readonly id: string; readonly versionId?: string | undefined }

export function formatPurl(found: Package, distribution: Release | undefined): string {
  const { type } = found
  const ecosystem = findEcosystem(type)
  const isOs = ecosystem?.packageManager === 'OS'
  const named: PurlName = ecosystem?.purlName?.(found.name) ?? { name: found.name }
  const namespace = found.namespace ?? named.namespace ?? (isOs ? distribution?.id : undefined)
  const qualifiers = isOs ? qualifiersOf(found, distribution) : ''
  const path = [...(namespace?.split('/') ?? []), named.name].map(escape)
  return `pkg:${type}/${path.join('/')}@${escape(found.version)}${qualifiers}`
}

function qualifiersOf(found: Package, distribution: Release | undefined): string {
  const pairs: string[] = []
  if (found.architecture !== undefined) pairs.push(`arch=${escape(found.architecture)}`)
  if (distribution !== undefined) {
    const release = [distribution.id, distribution.versionId].filter((part) => part !== undefined)
    pairs.push(`distro=${escape(release.join('-'))}`)
  }
  if (found.source !== undefined && found.source.name !== found.name) {
    pairs.push(`upstream=${escape(found.source.name)}`)
  }
  return pairs.length === 0 ? '' : `?${pairs.join('&')}`
}

/** Percent-encoding as purl wants it; `:` and `~` may stay. */
function escape(text: string): string {
  return encodeURIComponent(text.toWellFormed()).replaceAll('%3A', ':')
}
