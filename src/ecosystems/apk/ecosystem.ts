import type { Distribution, Ecosystem, Lookup, Package } from '../ecosystem.ts'
import { apkInstalled } from './apk-installed.ts'
import { compareApkVersions } from './version.ts'

export const apk: Ecosystem = {
  type: 'apk',
  extractors: [apkInstalled],
  compareVersions: compareApkVersions,
  packageManager: 'OS',
  ownsAdvisoryEcosystem: (ecosystem) => /^(?:Alpine|Wolfi|Chainguard)(?::|$)/.test(ecosystem),
  // secdb lists what was mended; Wolfi's and Chainguard's advisories are opened when a flaw is known.
  tellsOfUnmended: (ecosystem) => /^(?:Wolfi|Chainguard)(?::|$)/.test(ecosystem),
  normaliseName: (name) => name,
  lookup: lookupApk,
}

/** Alpine's advisories are by origin and branch; Wolfi's and Chainguard's also by sub-package, without a branch. */
function lookupApk(found: Package, distribution: Distribution | undefined): Lookup {
  const { name, version } = found.source ?? found
  const id = distribution?.id
  if (id === 'alpine') {
    const branch = branchOf(distribution?.versionId)
    return branch === undefined
      ? { kind: 'unknown', reason: 'this alpine is no released branch' }
      : { kind: 'keys', keys: [{ ecosystem: `Alpine:v${branch}`, name, version }] }
  }
  if (id === 'wolfi' || id === 'chainguard') {
    const ecosystem = id === 'wolfi' ? 'Wolfi' : 'Chainguard'
    const names = [...new Set([name, found.name])]
    return {
      kind: 'keys',
      keys: names.map((key) => ({ ecosystem, name: key, version: found.version })),
    }
  }
  return { kind: 'unknown', reason: whyUnknown(distribution) }
}

/** `3.19.1` → `3.19`; edge and its snapshots have none. */
function branchOf(versionId: string | undefined): string | undefined {
  return /^([0-9]+\.[0-9]+)(?:\.[0-9]+)*$/.exec(versionId ?? '')?.[1]
}

function whyUnknown(distribution: Distribution | undefined): string {
  return distribution === undefined
    ? 'the image does not say which distribution it is'
    : `no advisories are known for ${distribution.id} ${distribution.versionId ?? ''}`.trim()
}
