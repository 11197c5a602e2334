// Purpose:  read a package URL into its parts.
// Spec:     package-url, purl-spec "How to parse a purl string".
// Input:    text from somebody's document, or a rule; hostile.
// Deviates: an unescaped scope (pkg:npm/@scope/name) is read as what it means; a version may have slashes that are not
//           escaped; a subpath is passed over.
// Unknowns: text outside the grammar is no purl → undefined, which names and matches nothing.

export interface Purl {
  readonly type: string
  /** Segments are divided by slashes; absent where there is none. */
  readonly namespace?: string
  readonly name: string
  readonly version?: string
  /** Keys in lower case; those without a value are left out. */
  readonly qualifiers: ReadonlyMap<string, string>
}

const maxLength = 8192
const maxQualifiers = 64

/** Its parts unescaped; undefined for text outside the grammar. */
export function parsePurl(text: string): Purl | undefined {
  if (text.length > maxLength) return undefined
  const match = /^pkg:\/*([a-z][a-z0-9.+-]*)\/([^?#]+)(?:\?([^#]*))?(?:#.*)?$/is.exec(text)
  const [, type = '', path = '', query = ''] = match ?? []
  const named = namedIn(path)
  const qualifiers = qualifiersIn(query)
  return named === undefined || qualifiers === undefined
    ? undefined
    : { type: type.toLowerCase(), ...named, qualifiers }
}

function namedIn(path: string): Pick<Purl, 'namespace' | 'name' | 'version'> | undefined {
  const { named, version = '' } = splitVersion(path)
  const segments = decodeAll(named.split('/').filter((segment) => segment !== ''))
  const name = segments?.at(-1)
  const told = decode(version.replace(/(?<!\/)\/+$/, ''))
  if (segments === undefined || name === undefined || told === undefined) return undefined
  return {
    ...(segments.length > 1 ? { namespace: segments.slice(0, -1).join('/') } : {}),
    name,
    ...(told === '' ? {} : { version: told }),
  }
}

/** At the last `@` that begins no segment: a scope of npm may stand unescaped. */
function splitVersion(path: string): { readonly named: string; readonly version?: string } {
  for (let at = path.lastIndexOf('@'); at > 0; at = path.lastIndexOf('@', at - 1)) {
    if (path[at - 1] !== '/') return { named: path.slice(0, at), version: path.slice(at + 1) }
  }
  return { named: path }
}

function decodeAll(texts: readonly string[]): readonly string[] | undefined {
  const decoded = texts.flatMap((text) => decode(text) ?? [])
  return decoded.length === texts.length ? decoded : undefined
}

function qualifiersIn(query: string): ReadonlyMap<string, string> | undefined {
  const pairs = query.split('&').filter((pair) => pair !== '')
  if (pairs.length > maxQualifiers) return undefined
  const found = new Map<string, string>()
  for (const pair of pairs) {
    const equals = pair.indexOf('=')
    const key = pair.slice(0, Math.max(equals, 0))
    const value = decode(pair.slice(equals + 1))
    if (value === undefined || !/^[a-z][a-z0-9._-]*$/i.test(key)) return undefined
    if (value !== '') found.set(key.toLowerCase(), value)
  }
  return found
}

function decode(text: string): string | undefined {
  try {
    return decodeURIComponent(text)
  } catch {
    return undefined
  }
}
