import type { Distribution, Ecosystem, Lookup, Package } from '../ecosystem.ts'
import { alpineBranchOf } from '../release-files.ts'
import { apkInstalled } from './apk-installed.ts'
import { compareApkVersions } from './version.ts'

export const apk: Ecosystem = {
  type: 'apk',
  extractors: [apkInstalled],
  compareVersions: compareApkVersions,
  packageManager: 'OS',
  ownsAdvisoryEcosystem: (ecosystem) =>
    /^(?:Alpine|Wolfi|Chainguard|MinimOS)(?::|$)/.test(ecosystem),
  normaliseName: (name) => name,
  lookup: lookupApk,
}

/** Distributions without releases: everything of today is judged by everything that is known. */
const rolling: ReadonlyMap<string, string> = new Map([
  ['wolfi', 'Wolfi'],
  ['chainguard', 'Chainguard'],
  ['minimos', 'MinimOS'],
])

/** Alpine's advisories are by origin and branch; those of the rolling ones also by sub-package, without a branch. */
function lookupApk(found: Package, distribution: Distribution | undefined): Lookup {
  if (distribution === undefined)
    return { kind: 'unknown', reason: 'the image does not say which distribution it is' }
  const { id, versionId = '' } = distribution
  if (id === 'alpine') return lookupAlpine(found, versionId)
  const ecosystem = rolling.get(id)
  if (ecosystem === undefined)
    return { kind: 'unknown', reason: `no advisories are known for ${id} ${versionId}`.trim() }
  const names = [...new Set([found.source?.name ?? found.name, found.name])]
  return {
    kind: 'keys',
    keys: names.map((name) => ({ ecosystem, name, version: found.version })),
  }
}

function lookupAlpine(found: Package, versionId: string): Lookup {
  const branch = alpineBranchOf(versionId)
  if (branch === undefined || branch === 'edge') {
    const what = branch === 'edge' ? `alpine edge (${versionId})` : `alpine ${versionId}`.trim()
    return { kind: 'unknown', reason: `${what} is no released branch: it has no advisories` }
  }
  const { name, version } = found.source ?? found
  return { kind: 'keys', keys: [{ ecosystem: `Alpine:v${branch}`, name, version }] }
}
