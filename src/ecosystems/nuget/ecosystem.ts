import type { Ecosystem } from '../ecosystem.ts'
import { depsJson } from './deps-json.ts'
import { msbuildProject } from './msbuild-project.ts'
import { packagesConfig } from './packages-config.ts'
import { packagesLock } from './packages-lock.ts'
import { paketLock } from './paket-lock.ts'
import { projectAssets } from './project-assets.ts'
import { compareNugetVersions } from './version.ts'

export const nuget: Ecosystem = {
  type: 'nuget',
  extractors: [depsJson, packagesLock, packagesConfig, msbuildProject, projectAssets, paketLock],
  compareVersions: compareNugetVersions,
  packageManager: 'NUGET',
  ownsAdvisoryEcosystem: (ecosystem) => ecosystem === 'NuGet',
  normaliseName: lowerCase,
  lookup: ({ name, version }) => ({
    kind: 'keys',
    keys: [{ ecosystem: 'NuGet', name: lowerCase(name), version }],
  }),
}

/** NuGet names differ in more than case. */
function lowerCase(name: string): string {
  return name.toLowerCase()
}
