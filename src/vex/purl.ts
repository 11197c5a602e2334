// Purpose:  say whether two package URLs name the same package.
// Spec:     package-url, purl-spec's type definitions (names, case).
// Input:    package URLs of a VEX document or a rule, and of what was found; may be hostile.
// Deviates: nothing.
// Unknowns: none; what is no purl was refused before (lib/purl.ts).
import type { Purl } from '../lib/purl.ts'

/** Types whose names have no case: purl-spec's type definitions, and crates.io's own rule. */
const withoutCase = new Set(
  'apk bitbucket cargo composer deb docker github golang hex nuget oci pub pypi'.split(' '),
)

/** The same text for all spellings of one package's name: `type/namespace/name`. */
export function packageKey({
  type,
  namespace,
  name,
}: {
  readonly type: string
  readonly namespace?: string | undefined
  readonly name: string
}): string {
  const full = namespace === undefined ? name : `${namespace}/${name}`
  // Vendors of rpm are written in any case, the packages are not.
  if (type === 'rpm') return `rpm/${(namespace ?? '').toLowerCase()}/${name}`
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
