// Purpose:  which packages of an inventory are listed and not held against advisories.
// Spec:     none; scanners report what is installed, and what a lock file promises only where nothing is.
// Input:    the packages of a squashed image, with who owns their files.
// Deviates: nothing.
// Unknowns: where nothing installed speaks for a promised package, the promise counts.
import type { PackageEvidence, Package } from '../../ecosystems/ecosystem.ts'

/** Why a package is in the inventory and has no findings of its own. */
export type PassedOver =
  /** Promised by a lock file whose folder, or the image, has the same package installed. */
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

/** For each package, why it is passed over; undefined where it counts. */
export function passedOver(instances: readonly Listed[]): readonly (PassedOver | undefined)[] {
  const installed = instances.filter(({ evidence }) => evidence === 'installed')
  const names = new Set(installed.map(({ package: it }) => `${it.type}\n${it.name}`))
  const folders = new Set(installed.flatMap(({ package: it, path }) => foldersAbove(it.type, path)))
  return instances.map(({ package: it, path, evidence, ...instance }) => {
    if (evidence === 'recognised') return instance.owner === undefined ? undefined : 'owned'
    // What is installed is there, whatever it was meant for: a test tool below the root of a web server can be called.
    if (evidence === 'installed') return undefined
    if (instance.isDevelopment === true) return 'development'
    const isInstalled = names.has(`${it.type}\n${it.name}`)
    return isInstalled || folders.has(`${it.type}\n${folderOf(path)}`)
      ? 'installed-instead'
      : undefined
  })
}

/** Packages at the root of the file system say nothing about a project. */
function foldersAbove(type: string, path: string): readonly string[] {
  const parts = path.split('/').slice(0, -1)
  return parts.map((_, index) => `${type}\n${parts.slice(0, index + 1).join('/')}`)
}

function folderOf(path: string): string {
  const slash = path.lastIndexOf('/')
  return slash < 0 ? '' : path.slice(0, slash)
}
