// Purpose:  give the packages of an inventory names that a document can refer to, and join what names the same.
// Spec:     CycloneDX 1.6 `bom-ref`, SPDX 2.3 section 7.2; both want each reference once.
// Input:    packages at places, in any order; text from images.
// Deviates: nothing.
// Unknowns: a need that names no package of its file, or several, is left out and the component says that needs are missing.
import { createHash } from 'node:crypto'
import type { Distribution } from '../ecosystems/ecosystem.ts'
import { formatPurl } from '../ecosystems/purl.ts'
import type { ListedPackage } from './inventory.ts'

export interface SbomComponent extends ListedPackage {
  /** Of the package and its place: the same in every document. */
  readonly ref: string
  readonly purl: string
  /** References of the components that it needs, sorted. */
  readonly needs: readonly string[]
  /** `none`: its file does not speak of needs. */
  readonly needsKnown: 'all' | 'some' | 'none'
}

/** Sorted by reference of place, so that the same inventory gives the same document. */
export function listComponents(
  packages: readonly ListedPackage[],
  distribution: Distribution | undefined,
): readonly SbomComponent[] {
  const byRef = new Map<string, ListedPackage>()
  for (const listed of packages) {
    const ref = refOf(listed)
    const known = byRef.get(ref)
    byRef.set(ref, known === undefined ? listed : joined(known, listed))
  }
  const index = indexOf(byRef)
  const components = [...byRef].map(([ref, listed]) => ({
    ...listed,
    ref,
    purl: formatPurl(listed.package, distribution),
    ...needsOf(listed, index),
  }))
  return components.toSorted((a, b) => compareText(a.path, b.path) || compareText(a.ref, b.ref))
}

function refOf({ package: it, path }: ListedPackage): string {
  const tuple = [it.type, it.namespace, it.name, it.version, it.architecture, it.module, path]
  const text = JSON.stringify(tuple.map((part) => part ?? null))
  return `${it.type}-${createHash('sha256').update(text).digest('hex').slice(0, 32)}`.replaceAll(
    /[^A-Za-z0-9.-]/g,
    '-',
  )
}

/** One file that lists a package twice says of it what both say. */
function joined(a: ListedPackage, b: ListedPackage): ListedPackage {
  const licenses = union(a.licenses, b.licenses)
  const dependsOn = union(a.dependsOn, b.dependsOn)
  return {
    ...a,
    ...(licenses === undefined ? {} : { licenses }),
    ...(dependsOn === undefined ? {} : { dependsOn }),
  }
}

function union(
  a: readonly string[] | undefined,
  b: readonly string[] | undefined,
): readonly string[] | undefined {
  return a === undefined || b === undefined ? (a ?? b) : [...new Set([...a, ...b])]
}

type NeedIndex = ReadonlyMap<string, readonly string[]>

/** By file, type and name, and the same with the version. */
function indexOf(byRef: ReadonlyMap<string, ListedPackage>): NeedIndex {
  const index = new Map<string, string[]>()
  for (const [ref, listed] of byRef) {
    const { name, version } = listed.package
    for (const key of [keyOf(listed, name), keyOf(listed, `${name}@${version}`)]) {
      const refs = index.get(key)
      if (refs === undefined) index.set(key, [ref])
      else refs.push(ref)
    }
  }
  return index
}

function keyOf({ package: { type }, path }: ListedPackage, need: string): string {
  return `${type}\n${path}\n${need}`
}

function needsOf(
  listed: ListedPackage,
  index: NeedIndex,
): Pick<SbomComponent, 'needs' | 'needsKnown'> {
  const { dependsOn } = listed
  if (dependsOn === undefined) return { needs: [], needsKnown: 'none' }
  const found = dependsOn.map((need) => index.get(keyOf(listed, need)) ?? [])
  const needs = [...new Set(found.flatMap((refs) => (refs.length === 1 ? refs : [])))].toSorted()
  return { needs, needsKnown: found.every(({ length }) => length === 1) ? 'all' : 'some' }
}

function compareText(a: string, b: string): number {
  if (a === b) return 0
  return a < b ? -1 : 1
}
