import { parsePurl } from '../lib/purl.ts'
import { findEcosystem } from '../ecosystems/table.ts'
import type { SqlReader } from '../storage/database/database.ts'
import { listPackagesNamed, type InternedPackage } from './package-store.ts'
import { isWithin, type VersionBound } from './rules/version-range.ts'

/** Which packages somebody asks for. */
export interface AskedPackage {
  /** A name, `group:name`, `scope/name`, or a purl. */
  readonly name: string
  readonly range?: readonly VersionBound[]
}

/** So many distinct packages of one name; more are told to be narrowed down. */
const maxPackages = 20_000

/**
 * Packages by name and range. One whose version has no order counts as within: it cannot be said to be outside. Undefined for a
 * purl that cannot be read.
 */
export async function findPackages(
  reader: SqlReader,
  { name, range = [] }: AskedPackage,
): Promise<{ readonly ids: readonly number[]; readonly isCut: boolean } | undefined> {
  const asked = askedNames(name)
  if (asked === undefined) return undefined
  const found = await listPackagesNamed(reader, asked.names, maxPackages + 1)
  const ids = found
    .slice(0, maxPackages)
    .filter((each) => asked.type === undefined || each.package.type === asked.type)
    .filter(({ package: it }) => asked.version === undefined || it.version === asked.version)
    .filter((each) => isAsked(each, range))
    .map(({ id }) => id)
  return { ids, isCut: found.length > maxPackages }
}

interface AskedNames {
  readonly type?: string
  readonly version?: string
  readonly names: readonly { readonly namespace?: string; readonly name: string }[]
}

function askedNames(text: string): AskedNames | undefined {
  if (!text.startsWith('pkg:')) return { names: splitName(text) }
  const purl = parsePurl(text)
  if (purl === undefined) return undefined
  const { type, namespace, name, version } = purl
  // Of systems the namespace is the distribution's name, which packages keep elsewhere.
  const isSystem = findEcosystem(type)?.packageManager === 'OS'
  const names =
    namespace === undefined || isSystem
      ? [{ name }]
      : [{ namespace, name }, { name: `${namespace}/${name}` }]
  return { type, names, ...(version === undefined ? {} : { version }) }
}

/** As a whole, and divided at its last `:` or `/`. */
function splitName(text: string): AskedNames['names'] {
  const [, namespace, name] = /^(.+)[:/]([^:/]+)$/.exec(text) ?? []
  if (namespace === undefined || name === undefined) return [{ name: text }]
  return [{ name: text }, { namespace, name }]
}

function isAsked({ package: it }: InternedPackage, range: readonly VersionBound[]): boolean {
  if (range.length === 0) return true
  const ecosystem = findEcosystem(it.type)
  if (ecosystem === undefined) return true
  return isWithin(it.version, range, ecosystem.compareVersions) !== 'outside'
}
