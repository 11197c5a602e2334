// Purpose:  which packages of an inventory are listed and not held against advisories.
// Spec:     none; scanners report what is installed, and what a lock file promises only where nothing is.
// Input:    the packages of a squashed image, with who owns their files; may be made to hide one another.
// Deviates: nothing.
// Unknowns: where nothing installed speaks for a promised package, the promise counts: one installed package says nothing
//           of the others that its folder's lock file promises, nor of another version of itself.
import type { PackageEvidence, Package } from '../../ecosystems/ecosystem.ts'
import { findEcosystem } from '../../ecosystems/table.ts'

/** Why a package is in the inventory and has no findings of its own. */
export type PassedOver =
  /** Promised by a lock file; this version is installed, or most of the file is and the rest is not. */
  | 'installed-instead'
  /** Promised by a lock file, and needed to build or test only. */
  | 'development'
  /** A text in an executable that a package of the system brought: that package stands for it. */
  | 'owned'

interface Listed {
  readonly package: Package
  readonly path: string
  readonly evidence: PackageEvidence
  readonly isDevelopment?: boolean
  /** Of a recognised package: one that answers for it. */
  readonly owner?: Package
}

/** Of the promises of a lock file that count, this part installed as promised means that the file was carried out. */
const carriedOutFrom = 0.5
/** Versions of one package that are held against a promise; more than one are rare. */
const maxSpellings = 64

/** For each package, why it is passed over; undefined where it counts. */
export function passedOver(instances: readonly Listed[]): readonly (PassedOver | undefined)[] {
  const installed = new Installed(instances.filter(({ evidence }) => evidence === 'installed'))
  const promises = instances.filter(isPromise)
  const carriedOut = new Set(
    [...Map.groupBy(promises, fileOf)].flatMap(([file, group]) =>
      isCarriedOut(group, installed) ? [file] : [],
    ),
  )
  return instances.map((instance) => {
    const { package: it, evidence, path } = instance
    if (evidence === 'recognised') return instance.owner === undefined ? undefined : 'owned'
    // What is installed is there, whatever it was meant for: a test tool below the root of a web server can be called.
    if (evidence === 'installed') return undefined
    if (instance.isDevelopment === true) return 'development'
    if (installed.has(it)) return 'installed-instead'
    const isLeftOut = carriedOut.has(fileOf(instance)) && installed.speaksFor(it, path)
    return isLeftOut ? 'installed-instead' : undefined
  })
}

function isPromise({ evidence, isDevelopment }: Listed): boolean {
  return evidence === 'declared' && isDevelopment !== true
}

function fileOf({ package: { type }, path }: Listed): string {
  return `${type}\n${path}`
}

function isCarriedOut(promises: readonly Listed[], installed: Installed): boolean {
  const kept = promises.filter(({ package: it }) => installed.has(it))
  return kept.length >= promises.length * carriedOutFrom
}

class Installed {
  readonly #versions = new Map<string, Set<string>>()
  readonly #folders = new Set<string>()

  constructor(instances: readonly Listed[]) {
    for (const { package: it, path } of instances) {
      const name = nameKey(it)
      const versions = this.#versions.get(name) ?? new Set()
      this.#versions.set(name, versions.add(it.version))
      for (const folder of foldersAbove(path)) this.#folders.add(`${it.type}\n${folder}`)
    }
  }

  /** The same package in the same version, however that is written. */
  has(found: Package): boolean {
    const versions = this.#versions.get(nameKey(found))
    if (versions === undefined || versions.has(found.version)) return versions !== undefined
    const compare = findEcosystem(found.type)?.compareVersions
    return [...versions].slice(0, maxSpellings).some((version) => {
      const result = compare?.(version, found.version)
      return result?.kind === 'ordered' && result.order === 0
    })
  }

  /** Another version of it is installed, or others of its kind are below the lock file's folder. */
  speaksFor(found: Package, path: string): boolean {
    return (
      this.#versions.has(nameKey(found)) || this.#folders.has(`${found.type}\n${folderOf(path)}`)
    )
  }
}

function nameKey({ type, name }: Package): string {
  return `${type}\n${findEcosystem(type)?.normaliseName(name) ?? name}`
}

/** Packages at the root of the file system say nothing about a project. */
function foldersAbove(path: string): readonly string[] {
  const parts = path.split('/').slice(0, -1)
  return parts.map((_, index) => parts.slice(0, index + 1).join('/'))
}

function folderOf(path: string): string {
  const slash = path.lastIndexOf('/')
  return slash < 0 ? '' : path.slice(0, slash)
}
