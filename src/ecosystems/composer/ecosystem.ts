import type { Ecosystem } from '../ecosystem.ts'
import { composerLock } from './composer-lock.ts'
import { composerInstalled } from './installed.ts'
import { compareComposerVersions } from './version.ts'

export const composer: Ecosystem = {
  type: 'composer',
  extractors: [composerInstalled, composerLock],
  compareVersions: compareComposerVersions,
  purlName: (name) => {
    const [vendor, bare] = name.toLowerCase().split('/', 2)
    return vendor === undefined || bare === undefined
      ? { name: name.toLowerCase() }
      : { namespace: vendor, name: bare }
  },
  packageManager: 'COMPOSER',
  ownsAdvisoryEcosystem: (ecosystem) => /^Packagist(?::|$)/.test(ecosystem),
  normaliseName: (name) => name.toLowerCase(),
  lookup: ({ name, version }) => ({
    kind: 'keys',
    keys: ecosystemsOf(name.toLowerCase()).map((ecosystem) => ({
      ecosystem,
      name: name.toLowerCase(),
      version,
    })),
  }),
}

/** Drupal's advisories are published for its own repository of packages. */
function ecosystemsOf(name: string): readonly string[] {
  return name.startsWith('drupal/')
    ? [
        'Packagist',
        'Packagist:https://packages.drupal.org/8',
        'Packagist:https://packages.drupal.org/7',
      ]
    : ['Packagist']
}
