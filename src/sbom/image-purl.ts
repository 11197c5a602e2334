// Purpose:  name an image as a package URL.
// Spec:     package-url, purl-spec type definition `oci`.
// Input:    an image's digest and where clients find it.
// Deviates: nothing.
// Unknowns: what has no digest is no image → undefined.
import type { SbomSubject } from './inventory.ts'

export function formatImagePurl(subject: SbomSubject): string | undefined {
  const { name, digest, architecture, repositoryUrl } = subject
  if (digest === undefined) return undefined
  const last = name.split('/').at(-1) ?? name
  const qualifiers = [
    ...(architecture === undefined ? [] : [`arch=${escape(architecture)}`]),
    ...(repositoryUrl === undefined ? [] : [`repository_url=${escape(repositoryUrl)}`]),
  ]
  const query = qualifiers.length === 0 ? '' : `?${qualifiers.join('&')}`
  return `pkg:oci/${escape(last.toLowerCase())}@${escape(digest)}${query}`
}

function escape(text: string): string {
  return encodeURIComponent(text.toWellFormed())
}
