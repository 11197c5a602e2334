// Programs that were recognised by a text in them, without a package manager that knows them.
import type { Ecosystem, Lookup, Package } from '../ecosystem.ts'
import { knownFile } from './known-files.ts'
import { recognisedBinary } from './recognised-binary.ts'
import { compareProgramVersions } from './version.ts'

export const generic: Ecosystem = {
  type: 'generic',
  extractors: [recognisedBinary, knownFile],
  compareVersions: compareProgramVersions,
  // AWS has no word for what no manager keeps; OS would make them packages of the distribution.
  packageManager: 'GENERIC',
  // Bitnami's database speaks of them too; its ranges are put in order by Bitnami's own numbering.
  ownsAdvisoryEcosystem: () => false,
  isLookedUpIn: (ecosystem) => ecosystem === 'Bitnami',
  normaliseName: (name) => name,
  lookup,
}

/**
 * Bitnami's names of programs whose flaws its database follows. Those of which it has a stray record (openresty, arangodb,
 * wp-cli) are not here: silence about them would look like safety. Its mysql-client is MariaDB's, so MySQL is not here.
 */
const followedByBitnami: ReadonlyMap<string, string> = new Map([
  ['consul', 'consul'],
  ['fluent-bit', 'fluent-bit'],
  ['git', 'git'],
  ['grafana', 'grafana'],
  ['haproxy', 'haproxy'],
  ['helm', 'helm'],
  ['httpd', 'apache'],
  ['mariadb', 'mariadb'],
  ['memcached', 'memcached'],
  ['mongodb', 'mongodb'],
  ['nginx', 'nginx'],
  ['node', 'node'],
  ['openldap', 'openldap'],
  ['php', 'php'],
  ['postgresql', 'postgresql'],
  ['python', 'python'],
  ['redis', 'redis'],
  ['ruby', 'ruby'],
  ['sqlite', 'sqlite'],
  ['valkey', 'valkey'],
  ['vault', 'vault'],
])

function lookup({ name, version }: Package): Lookup {
  const known = followedByBitnami.get(name)
  return known === undefined
    ? {
        kind: 'unknown',
        reason: `no source of advisories speaks about ${name} outside of packages`,
        scope: 'package',
      }
    : { kind: 'keys', keys: [{ ecosystem: 'Bitnami', name: known, version }] }
}
