// Purpose:  read what a person writes for an image: `app:1.0`, `app@sha256:…`, `host/team/app:1.0`.
// Spec:     Docker's reference grammar, in which a first segment with a dot, a colon or `localhost` is a host.
// Input:    one command line argument.
// Deviates: nothing.
// Unknowns: text outside the grammar → undefined.
import { parseDigest, type Digest } from '../src/oci/digest.ts'
import { parseRepositoryName, type RepositoryName } from '../src/oci/repository-name.ts'
import { parseTag, type Tag } from '../src/oci/tag.ts'

export interface ImageReference {
  /** `127.0.0.1:5080`; undefined where the reference names none. */
  readonly host: string | undefined
  readonly repository: RepositoryName
  readonly tag: Tag | undefined
  readonly digest: Digest | undefined
  readonly text: string
}

export function parseImageReference(text: string): ImageReference | undefined {
  const [named = '', digestText, ...more] = text.split('@')
  const digest = digestText === undefined ? undefined : parseDigest(digestText)
  if (more.length > 0 || (digestText !== undefined && digest === undefined)) return undefined
  const slash = named.indexOf('/')
  const first = slash === -1 ? '' : named.slice(0, slash)
  const host = /[.:]/.test(first) || first === 'localhost' ? first : undefined
  const path = host === undefined ? named : named.slice(slash + 1)
  const colon = path.lastIndexOf(':')
  const tagText = colon === -1 ? undefined : path.slice(colon + 1)
  const tag = tagText === undefined ? undefined : parseTag(tagText)
  const repository = parseRepositoryName(colon === -1 ? path : path.slice(0, colon))
  if (repository === undefined || (tagText !== undefined && tag === undefined)) return undefined
  const latest = tag === undefined && digest === undefined ? parseTag('latest') : tag
  return { host, repository, tag: latest, digest, text }
}

/** Account and region of one of AWS's own registry hosts. */
export function awsHost(
  host: string,
): { readonly registryId: string; readonly region: string } | undefined {
  const match =
    /^([0-9]{12})\.dkr[.-]ecr(?:-fips)?\.([a-z0-9-]+)\.(?:amazonaws\.com(?:\.cn)?|on\.aws)$/.exec(
      host,
    )
  const [, registryId, region] = match ?? []
  return registryId === undefined || region === undefined ? undefined : { registryId, region }
}
