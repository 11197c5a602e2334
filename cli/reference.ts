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
  const { host, path } = splitHost(named)
  const [repositoryText, tagText] = splitTag(path)
  const repository = parseRepositoryName(repositoryText)
  const digest = parseDigest(digestText ?? '')
  const tag = parseTag(tagText ?? (digestText === undefined ? 'latest' : ''))
  const isTagBad = tagText !== undefined && tag === undefined
  const isDigestBad = digestText !== undefined && digest === undefined
  if (repository === undefined || isTagBad || isDigestBad || more.length > 0) return undefined
  return { host, repository, tag, digest, text }
}

/** A first segment with a dot, a colon, or `localhost` is a host. */
function splitHost(named: string): { readonly host: string | undefined; readonly path: string } {
  const slash = named.indexOf('/')
  const first = slash === -1 ? '' : named.slice(0, slash)
  const isHost = /[.:]/.test(first) || first === 'localhost'
  return isHost ? { host: first, path: named.slice(slash + 1) } : { host: undefined, path: named }
}

function splitTag(path: string): readonly [repository: string, tag: string | undefined] {
  const colon = path.lastIndexOf(':')
  return colon === -1 ? [path, undefined] : [path.slice(0, colon), path.slice(colon + 1)]
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
