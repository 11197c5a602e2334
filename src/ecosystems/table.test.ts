import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Distribution, Ecosystem, LookupKey } from './ecosystem.ts'
import { ecosystems, ecosystemsLookedUpIn } from './table.ts'

const names = ['git', 'nginx', 'pear.php.net/Archive_Tar', 'org:name', 'github.com/a/b', 'lodash']
const distributions: readonly Distribution[] = [
  ['debian', '12'],
  ['ubuntu', '22.04'],
  ['echo', '1'],
  ['alpine', '3.20.1'],
  ['wolfi', '20230201'],
  ['chainguard', '20230201'],
  ['minimos', '20230201'],
  ['rhel', '9.4'],
  ['almalinux', '9.4'],
  ['rocky', '9.4'],
  ['amzn', '2023'],
  ['photon', '5.0'],
  ['sles', '15.6'],
  ['opensuse-leap', '15.6'],
  ['opensuse-tumbleweed', '20240101'],
  ['sl-micro', '6.0'],
  ['mageia', '9'],
  ['openEuler', '24.03'],
  ['azurelinux', '3.0'],
].map(([id = '', versionId = '']) => ({ id, idLike: [], versionId }))

test('a package is looked up only in ecosystems of which its kind says so', () => {
  const seen = new Set<string>()
  for (const { ecosystem, keys } of lookups()) {
    for (const key of keys) {
      const asked = ecosystemsLookedUpIn(key.ecosystem)
      // Where nobody says so every package of the name is judged.
      assert.ok(asked.length === 0 || asked.includes(ecosystem), key.ecosystem)
      seen.add(ecosystem.type)
    }
  }
  for (const type of ['generic', 'pear', 'deb', 'rpm', 'apk', 'bitnami', 'npm'])
    assert.ok(seen.has(type), `${type} was looked up nowhere`)
})

function lookups(): readonly {
  readonly ecosystem: Ecosystem
  readonly keys: readonly LookupKey[]
}[] {
  const packages = names.map((name) => ({ name, version: '1.0.0', architecture: 'amd64' }))
  const asked = packages.flatMap((found) =>
    distributions.map((distribution) => ({ found, distribution })),
  )
  return ecosystems.flatMap((ecosystem) =>
    asked.map(({ found, distribution }) => {
      const { name, version } = found
      const whole = { ...found, type: ecosystem.type, source: { name, version } }
      const lookup = ecosystem.lookup(whole, distribution)
      return { ecosystem, keys: lookup.kind === 'keys' ? lookup.keys : [] }
    }),
  )
}
