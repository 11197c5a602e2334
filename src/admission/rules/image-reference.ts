// Purpose:  read the reference by which a container names its image, as nodes understand it.
// Spec:     Docker's reference grammar (distribution/reference); signing reference 6.2.
// Input:    text of a pod's member, or of a key; hostile.
// Deviates: nothing.
// Unknowns: text outside the grammar → refused with what is wrong; it is no image of anybody.
import { parseDigest, type Digest } from '../../oci/digest.ts'
import { parseTag, type Tag } from '../../oci/tag.ts'

export interface NormalReference {
  /** In lower case, with its port. */
  readonly host: string
  /** Without host, tag and digest. */
  readonly path: string
  /** Of a reference with a digest it says nothing: the digest is what runs. */
  readonly tag: Tag | undefined
  readonly digest: Digest | undefined
}

export type ReferenceReading =
  | { readonly kind: 'read'; readonly reference: NormalReference }
  | { readonly kind: 'refused'; readonly problem: string }

export const maxReferenceLength = 2048

const segment = '[a-z0-9]+(?:(?:\\.|_|__|-+)[a-z0-9]+)*'
const pathGrammar = new RegExp(`^${segment}(?:/${segment})*$`)
const hostGrammar = /^(?:[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?|\[[0-9a-f:]+\])(?::[0-9]{1,5})?$/

/** `nginx` is `docker.io/library/nginx:latest`. */
export function readImageReference(text: string): ReferenceReading {
  if (text === '') return refused('it is empty')
  if (text.length > maxReferenceLength) return refused('it is too long')
  if (/[^\u0021-\u007e]/.test(text))
    return refused('it has a space or another sign that no reference has')
  const at = text.indexOf('@')
  if (at === -1) return readNamed(text, undefined)
  const digest = parseDigest(text.slice(at + 1))
  return digest === undefined
    ? refused('what follows @ is no digest: sha256: and 64 lower-case hex digits')
    : readNamed(text.slice(0, at), digest)
}

function readNamed(named: string, digest: Digest | undefined): ReferenceReading {
  const { host, rest } = splitHost(named)
  const colon = rest.lastIndexOf(':')
  const path = colon === -1 ? rest : rest.slice(0, colon)
  const tag = colon === -1 ? undefined : parseTag(rest.slice(colon + 1))
  if (colon !== -1 && tag === undefined) return refused('what follows : is no tag')
  if (!hostGrammar.test(host)) return refused('its host is none')
  if (path.length > 255 || !pathGrammar.test(path))
    return refused(
      'its name must be lower-case letters and digits, with . _ - between, in segments',
    )
  return { kind: 'read', reference: normal(host, path, { tag, digest }) }
}

function refused(problem: string): ReferenceReading {
  return { kind: 'refused', problem }
}

/** A first segment with a dot, a colon or a capital, or `localhost`, is a host. */
function splitHost(named: string): { readonly host: string; readonly rest: string } {
  const slash = named.indexOf('/')
  const first = slash === -1 ? '' : named.slice(0, slash)
  const isHost = /[.:A-Z]/.test(first) || first === 'localhost'
  return isHost
    ? { host: first.toLowerCase(), rest: named.slice(slash + 1) }
    : { host: 'docker.io', rest: named }
}

const dockerHosts = ['docker.io', 'index.docker.io', 'registry-1.docker.io']

function normal(
  host: string,
  path: string,
  { tag, digest }: Pick<NormalReference, 'tag' | 'digest'>,
): NormalReference {
  const isDocker = dockerHosts.includes(host)
  const named = tag ?? (digest === undefined ? parseTag('latest') : undefined)
  return {
    host: isDocker ? 'docker.io' : host,
    path: isDocker && !path.includes('/') ? `library/${path}` : path,
    tag: named,
    digest,
  }
}
