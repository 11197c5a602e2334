// Purpose:  does a statement's product mean this image, or this package of it?
// Spec:     OpenVEX 0.2.0 "Product" and "Subcomponents"; purl-spec, types oci and docker.
// Input:    a product as a document names it; an image and a package as a scan found them.
// Deviates: a product that is a package is looked for in the image by itself; parts of such a product are not, since nothing
//           here tells which package contains which.
// Unknowns: what cannot be looked up (a CPE, a tag) matches nothing.
import { parseDigest, type Digest } from '../oci/digest.ts'
import type { Purl } from '../lib/purl.ts'
import { matchPackage } from './purl.ts'
import type { VexComponent } from './vex-document.ts'

export interface ImageIdentity {
  /** Its own, and those of indexes that list it. */
  readonly digests: readonly Digest[]
  /** Undefined for what lies in no registry. */
  readonly repository?: string
  /** Names under which the registry is known; empty where any will do. */
  readonly hosts: readonly string[]
}

/** `pinned`: by a digest or a version, so that `fixed` says something. */
export type ProductMatch = 'none' | 'named' | 'pinned'

export function matchImage({ purls, digests }: VexComponent, image: ImageIdentity): ProductMatch {
  if (digests.some((digest) => image.digests.includes(digest))) return 'pinned'
  const matches = purls.map((purl) => matchImagePurl(purl, image))
  return bestOf(matches)
}

export function matchComponent({ purls }: VexComponent, found: Purl): ProductMatch {
  return bestOf(purls.map((purl) => matchPackage(purl, found)))
}

function bestOf(matches: readonly ProductMatch[]): ProductMatch {
  if (matches.includes('pinned')) return 'pinned'
  return matches.includes('named') ? 'named' : 'none'
}

/** Whether the purl is of a type that names images. */
export function isImagePurl({ type }: Purl): boolean {
  return type === 'oci' || type === 'docker'
}

function matchImagePurl(purl: Purl, image: ImageIdentity): ProductMatch {
  if (!isImagePurl(purl) || !isInRepository(purl, image)) return 'none'
  if (purl.version === undefined) return matchImageName(purl, image)
  const digest = parseDigest(purl.version.toLowerCase())
  // A tag as version moves: it tells nothing of what the image is.
  return digest !== undefined && image.digests.includes(digest) ? 'pinned' : 'none'
}

/** Every version of the image: then nothing may be given that cannot be held against this one. */
function matchImageName(purl: Purl, { repository }: ImageIdentity): ProductMatch {
  if (repository === undefined) return 'none'
  if ([...purl.qualifiers.keys()].some((key) => key !== 'repository_url')) return 'none'
  const name = purl.name.toLowerCase()
  const isNamed =
    purl.type === 'oci'
      ? repository.split('/').at(-1) === name
      : repository === [purl.namespace, name].filter((part) => part !== undefined).join('/')
  return isNamed ? 'named' : 'none'
}

/** `repository_url` is written with the image's name at its end, and without it. */
function isInRepository(purl: Purl, { repository, hosts }: ImageIdentity): boolean {
  const url = purl.qualifiers.get('repository_url')
  if (url === undefined) return true
  if (repository === undefined) return false
  const [host = '', ...path] = url
    .replace(/^[a-z]+:\/\//i, '')
    .replace(/\/+$/, '')
    .toLowerCase()
    .split('/')
  if (hosts.length > 0 && !hosts.includes(host)) return false
  const named = path.join('/')
  return named === repository || [...path, purl.name.toLowerCase()].join('/') === repository
}
