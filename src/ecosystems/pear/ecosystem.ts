import { compareComposerVersions } from '../composer/version.ts'
import type { Ecosystem, Lookup, Package } from '../ecosystem.ts'
import { pearRegistry } from './registry.ts'

export const pear: Ecosystem = {
  type: 'pear',
  extractors: [pearRegistry],
  compareVersions: compareComposerVersions,
  // The name has its channel before it: `pear.php.net/Archive_Tar`.
  purlName: (name) => {
    const slash = name.indexOf('/')
    return slash <= 0 ? { name } : { namespace: name.slice(0, slash), name: name.slice(slash + 1) }
  },
  packageManager: 'PEAR',
  ownsAdvisoryEcosystem: () => false,
  isLookedUpIn: (ecosystem) => ecosystem === 'Packagist',
  normaliseName: (name) => name.toLowerCase(),
  lookup,
}

/** PEAR's own packages are on Packagist too, as pear/NAME, and advisories name them so; of extensions nobody publishes any. */
function lookup({ name, version }: Package): Lookup {
  const [, own] = /^pear\.php\.net\/(.+)$/.exec(name.toLowerCase()) ?? []
  return own === undefined
    ? {
        kind: 'unknown',
        reason: `no source of advisories speaks about packages of ${name.split('/')[0] ?? ''}`,
        scope: 'package',
      }
    : { kind: 'keys', keys: [{ ecosystem: 'Packagist', name: `pear/${own}`, version }] }
}
