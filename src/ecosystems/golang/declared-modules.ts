import type { PackageInstance } from '../ecosystem.ts'
import type { ModuleVersion } from './module-list.ts'

/** Modules that a file of a source tree promises, each version once. */
export function declaredModules(
  path: string,
  modules: readonly ModuleVersion[],
): readonly PackageInstance[] {
  const byName = new Map(modules.map((module) => [`${module.path} ${module.version}`, module]))
  return [...byName.values()].map(({ path: name, version }) => ({
    package: { type: 'golang', name, version },
    path,
    evidence: 'declared',
  }))
}
