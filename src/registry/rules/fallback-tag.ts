// Purpose:  may an immutable referrers tag move, because the new index only adds referrers?
// Spec:     OCI distribution-spec, "Referrers Tag Schema"; Pratique's rule that a second signature can be stored.
// Input:    the tag, the manifest it names now, the index offered, and the subjects of what it adds. All parsed.
// Deviates: nothing.
// Unknowns: a manifest that is no OCI index, a descriptor that is changed or gone, an addition that refers elsewhere → it may not.
import type { Descriptor } from '../../oci/descriptor.ts'
import { algorithmOf, type Digest } from '../../oci/digest.ts'
import type { Manifest } from '../../oci/manifest.ts'
import { mediaTypes } from '../../oci/media-type.ts'
import type { Tag } from '../../oci/tag.ts'

/** `<algorithm>-<hex>`, cut after 64 digits: what clients write that do not trust the referrers API. */
export function fallbackTagOf(subject: Digest): string {
  const algorithm = algorithmOf(subject)
  return `${algorithm}-${subject.slice(algorithm.length + 1, algorithm.length + 65)}`
}

export function isFallbackTag(tag: Tag): boolean {
  return /^sha(?:256|512)-[0-9a-f]{64}$/.test(tag)
}

/** What the offered index lists beside everything that the current one lists; undefined when it is not such an index. */
export function addedReferrers(
  current: Manifest,
  offered: Manifest,
): readonly Digest[] | undefined {
  if (!isPlainIndex(current) || !isPlainIndex(offered)) return undefined
  const kept = new Set(current.manifests.map(textOf))
  const added: Digest[] = []
  const found = new Set<string>()
  for (const descriptor of offered.manifests) {
    const text = textOf(descriptor)
    if (kept.has(text)) found.add(text)
    else added.push(descriptor.digest)
  }
  return found.size === kept.size ? added : undefined
}

/** `subjects` are those of the added manifests, in any order; undefined for one that has none. */
export function mayExtend(tag: Tag, subjects: readonly (Digest | undefined)[]): boolean {
  return (
    subjects.length > 0 &&
    subjects.every((subject) => subject !== undefined && fallbackTagOf(subject) === tag)
  )
}

function isPlainIndex(manifest: Manifest): manifest is Extract<Manifest, { kind: 'index' }> {
  return (
    manifest.kind === 'index' &&
    manifest.mediaType === mediaTypes.ociIndex &&
    manifest.subject === undefined
  )
}

/** Readers trust what a descriptor says of its manifest, so one that says something else is another one. */
function textOf(descriptor: Descriptor): string {
  const annotations = Object.entries(descriptor.annotations ?? {}).toSorted(([a], [b]) =>
    a < b ? -1 : 1,
  )
  const { mediaType, digest, size, artifactType, platform } = descriptor
  const { os, architecture, variant } = platform ?? {}
  return JSON.stringify([
    [mediaType, digest, size, artifactType],
    [os, architecture, variant],
    annotations,
  ])
}
