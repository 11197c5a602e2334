// Purpose:  read a package URL, and say whether two name the same package.
// Spec:     package-url, purl-spec "How to parse a purl string" and its type definitions (names, case).
// Input:    text from a VEX document or a rule; may be hostile.
// Deviates: an unescaped scope (pkg:npm/@scope/name) is read as what it means; a subpath is read and never compared.
// Unknowns: what is no purl → undefined, which matches nothing.

export interface Purl {
  readonly type: string
  /** Segments are divided by slashes; '' for none. */
  readonly namespace: string
  readonly name: string
  readonly version?: string
  /** Keys in lower case. */
  readonly qualifiers: ReadonlyMap<string, string>
}

const maxLength = 4096
const maxQualifiers = 50

/** Parts are decoded; undefined for text that is no purl. */
export function parsePurl(text: string): Purl | undefined {
  if (text.length > maxLength || !/^pkg:/i.test(text)) return undefined
  const [body = ''] = text.slice(4).replace(/^\/+/, '').split('#', 1)
  const question = body.indexOf('?')
  const path = question < 0 ? body : body.slice(0, question)
  const [, written = '', rest = ''] = /^([a-z][a-z0-9.+-]*)\/(.*)$/is.exec(path) ?? []
  const qualifiers = parseQualifiers(question < 0 ? '' : body.slice(question + 1))
  const named = parseName(rest)
  if (written === '' || named === undefined || qualifiers === undefined) return undefined
  return { type: written.toLowerCase(), ...named, qualifiers }
}

function parseName(path: string): Pick<Purl, 'namespace' | 'name' | 'version'> | undefined {
  const at = versionMark(path)
  const version = at < 0 ? '' : decode(path.slice(at + 1))
  const segments = (at < 0 ? path : path.slice(0, at))
    .split('/')
    .filter((segment) => segment !== '')
    .map(decode)
  const name = segments.at(-1)
  if (name === undefined || version === undefined || segments.includes(undefined)) return undefined
  const namespace = segments.slice(0, -1).join('/')
  return { namespace, name, ...(version === '' ? {} : { version }) }
}

/** The last @ begins the version, unless a slash follows it: then it is a scope that was not escaped. */
function versionMark(path: string): number {
  const at = path.lastIndexOf('@')
  return at > 0 && !path.slice(at).includes('/') && path.charAt(at - 1) !== '/' ? at : -1
}

function parseQualifiers(text: string): ReadonlyMap<string, string> | undefined {
  const qualifiers = new Map<string, string>()
  const pairs = text.split('&').filter((pair) => pair !== '')
  if (pairs.length > maxQualifiers) return undefined
  for (const pair of pairs) {
    const equals = pair.indexOf('=')
    const value = equals < 1 ? undefined : decode(pair.slice(equals + 1))
    if (value === undefined) return undefined
    if (value !== '') qualifiers.set(pair.slice(0, equals).toLowerCase(), value)
  }
  return qualifiers
}

function decode(text: string): string | undefined {
  try {
    return decodeURIComponent(text)
  } catch {
    return undefined
  }
}

/** Types whose names have no case: purl-spec's type definitions, and crates.io's own rule. */
const withoutCase = new Set(
  'apk bitbucket cargo composer deb docker github golang hex nuget oci pub pypi'.split(' '),
)

/** The same text for all spellings of one package's name: `type/namespace/name`. */
export function packageKey({ type, namespace, name }: Omit<Purl, 'qualifiers'>): string {
  const full = namespace === '' ? name : `${namespace}/${name}`
  // Vendors of rpm are written in any case, the packages are not.
  if (type === 'rpm') return `rpm/${namespace.toLowerCase()}/${name}`
  const cased = withoutCase.has(type) ? full.toLowerCase() : full
  if (type === 'pypi') return `pypi/${cased.replaceAll(/[-_.]+/g, '-')}`
  return `${type}/${type === 'cargo' ? cased.replaceAll('_', '-') : cased}`
}

/** The same package of a source, for statements that speak of it (`arch=source`). */
export function sourceKey({ type, namespace, name, qualifiers }: Purl): string {
  const [upstream = name] = (qualifiers.get('upstream') ?? name).split('@', 1)
  return packageKey({ type, namespace, name: upstream })
}

export function isOfSource({ qualifiers }: Purl): boolean {
  return qualifiers.get('arch') === 'source'
}

/**
 * Whether what a document names is this package: no version means every version, and a qualifier counts where it is
 * given. `pinned` where a version was named.
 */
export function matchPackage(named: Purl, found: Purl): 'none' | 'named' | 'pinned' {
  const isSame = isOfSource(named)
    ? packageKey(named) === sourceKey(found)
    : packageKey(named) === packageKey(found)
  if (!isSame || !qualifiersAgree(named, found)) return 'none'
  if (named.version === undefined) return 'named'
  return comparableVersion(named) === comparableVersion(found) ? 'pinned' : 'none'
}

function comparableVersion({ type, version = '', qualifiers }: Purl): string {
  if (type === 'golang') return version.replace(/^v(?=\d)/, '')
  if (type !== 'rpm') return version
  const epoch = qualifiers.get('epoch')
  const whole = epoch === undefined || version.includes(':') ? version : `${epoch}:${version}`
  return whole.replace(/^0:/, '')
}

function qualifiersAgree(named: Purl, found: Purl): boolean {
  for (const [key, value] of named.qualifiers) {
    // Part of the version, or of which package is meant.
    if (key === 'epoch' || (key === 'arch' && value === 'source')) continue
    if (!qualifierAgrees(key, value, found.qualifiers.get(key))) return false
  }
  return true
}

function qualifierAgrees(key: string, named: string, found: string | undefined): boolean {
  if (found === undefined) return false
  // `alpine-3.19` speaks of all of alpine-3.19.1, alpine-3.19.2 …
  if (key === 'distro') return found === named || found.startsWith(`${named}.`)
  // Other tools add the source's version.
  if (key === 'upstream') return named.split('@', 1)[0] === found.split('@', 1)[0]
  return named === found
}
