import { pagesOf } from '../lib/pages.ts'
import { parsePurl } from '../lib/purl.ts'
import { yieldToEventLoop } from '../lib/yield-to-event-loop.ts'
import { findEcosystem } from '../ecosystems/table.ts'
import type { SqlReader } from '../storage/database/database.ts'
import { listPackagesNamed, listTypesNamed, type PackageName } from './package-store.ts'
import { isWithin, type VersionBound } from './rules/version-range.ts'

/** Which packages somebody asks for. */
export interface AskedPackage {
  /** A name, `group:name`, `scope/name`, or a purl. */
  readonly name: string
  readonly range?: readonly VersionBound[]
}

/** So many distinct packages of one name; more are told to be narrowed down. */
const maxPackages = 20_000

/** A millisecond of reading and comparing; others have their turn between two pages. */
const pagePackages = 500

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
  const ids: number[] = []
  let looked = 0
  for await (const { type, page } of pagesOfNames(reader, asked)) {
    for (const { id, version } of page) {
      if (looked === maxPackages) return { ids, isCut: true }
      looked += 1
      const isVersion = asked.version === undefined || version === asked.version
      if (isVersion && isAsked(type, version, range)) ids.push(id)
    }
    await yieldToEventLoop()
  }
  return { ids, isCut: false }
}

/** Of all the names, and of the type that is asked for. */
async function* pagesOfNames(
  reader: SqlReader,
  asked: AskedNames,
): AsyncGenerator<{
  readonly type: string
  readonly page: Awaited<ReturnType<typeof listPackagesNamed>>
}> {
  for (const name of asked.names) {
    for (const type of await listTypesNamed(reader, name)) {
      if (asked.type !== undefined && asked.type !== type) continue
      const pages = pagesOf<Awaited<ReturnType<typeof listPackagesNamed>>[number]>(
        pagePackages,
        (last) =>
          listPackagesNamed(
            reader,
            { ...name, type },
            { after: last?.id ?? 0, limit: pagePackages },
          ),
      )
      for await (const page of pages) yield { type, page }
    }
  }
}

interface AskedNames {
  readonly type?: string
  readonly version?: string
  readonly names: readonly PackageName[]
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

function isAsked(type: string, version: string, range: readonly VersionBound[]): boolean {
  if (range.length === 0) return true
  const ecosystem = findEcosystem(type)
  if (ecosystem === undefined) return true
  return isWithin(version, range, ecosystem.compareVersions) !== 'outside'
}
