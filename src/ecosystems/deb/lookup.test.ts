import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { zstdDecompressSync } from 'node:zlib'
import { sharedData } from '../../../test/kit/shared-data.ts'
import type { Distribution, Package } from '../ecosystem.ts'
import { matchPackage } from '../match.ts'
import { parseOsvRecord } from '../osv.ts'
import { builderOf } from './builders.ts'
import { deb } from './ecosystem.ts'

const debian: Distribution = { id: 'debian', versionId: '12', idLike: [] }
const ubuntu: Distribution = { id: 'ubuntu', versionId: '22.04', idLike: ['debian'] }

function lookedUp(found: Partial<Package>, distribution: Distribution | undefined): string {
  const source = { name: 'a', version: '1' }
  const whole: Package = { type: 'deb', ...source, source, ...found }
  const lookup = deb.lookup(whole, distribution)
  return lookup.kind === 'unknown'
    ? `unknown: ${lookup.reason}`
    : lookup.keys
        .map(({ ecosystem, name, version }) => `${ecosystem} ${name} ${version}`)
        .join(', ')
}

test('nobody speaks about testing, derivatives and images without a system', () => {
  const cases: readonly (readonly [Distribution | undefined, RegExp])[] = [
    [undefined, /does not say which distribution/],
    [{ id: 'debian', codename: 'trixie', idLike: [] }, /testing and unstable \(trixie\)/],
    [{ id: 'debian', idLike: [] }, /testing and unstable have/],
    [{ id: 'raspbian', versionId: '12', idLike: ['debian'] }, /raspbian 12/],
    [{ id: 'linuxmint', versionId: '21.3', idLike: ['ubuntu', 'debian'] }, /linuxmint 21\.3/],
    [{ id: 'ubuntu', idLike: [] }, /ubuntu$/],
  ]
  for (const [distribution, reason] of cases) assert.match(lookedUp({}, distribution), reason)
})

test('packages of Echo are looked up in its own advisories, and in nobody else’s', () => {
  const echo: Distribution = { id: 'echo', versionId: '1', idLike: ['debian'] }
  assert.equal(lookedUp({ source: { name: 'b', version: '2' } }, echo), 'Echo b 2')
  assert.equal(deb.ownsAdvisoryEcosystem('Echo'), true)
  assert.equal(deb.ownsAdvisoryEcosystem('Echo:PyPI'), false)
})

test('a package of unknown source is not looked up by its own name', () => {
  const lookup = deb.lookup({ type: 'deb', name: 'libc6', version: '2.39' }, ubuntu)
  assert.ok(lookup.kind === 'unknown' && lookup.reason.includes('does not say from which source'))
  assert.equal(lookup.scope, undefined)
})

const foreign: readonly (readonly [vendor: string, version: string, builder: string])[] = [
  ['Docker <support@docker.com>', '5:24.0.2-1~ubuntu.18.04~bionic', 'Docker'],
  ['NodeSource Support <support@nodesource.com>', '20.20.2-1nodesource1', 'NodeSource'],
  ['Ivan Iguaran <ivan@nodesource.com>', '16.17.1-deb-1nodesource1', 'NodeSource'],
  ['cudatools <cudatools@nvidia.com>', '12.6.77-1', 'NVIDIA'],
  [
    'Debian PostgreSQL Maintainers <team+postgresql@tracker.debian.org>',
    '16.1-1.pgdg120+1',
    'PostgreSQL (PGDG)',
  ],
  ['MariaDB Developers <maria-developers@lists.launchpad.net>', '1:10.11.6+maria~deb12', 'MariaDB'],
  ['MySQL Release Engineering <mysql-build@oss.oracle.com>', '8.0.36-1debian12', 'MySQL'],
  ['Google Cloud CLI Authors <https://x/>', '528.0.0-0', 'Google Cloud'],
  [
    'Debian PHP Maintainers <team+pkg-php@tracker.debian.org>',
    '8.3.2-1+0~20240120.16+debian12~1.gbpb43448',
    'deb.sury.org',
  ],
  ['Debian PHP Maintainers <x@debian.org>', '8.3.2-1+ubuntu22.04.1+deb.sury.org+1', 'deb.sury.org'],
  [
    'LLVM Packaging Team <pkg-llvm-team@lists.alioth.debian.org>',
    '1:17.0.6~++20231208085846+6009708b4367-1~exp1~20231208085949.74',
    'LLVM',
  ],
  ['.NET Core Team <dotnetpackages@dotnetfoundation.org>', '8.0.1-1', 'Microsoft'],
  [
    'Eclipse Adoptium Package Maintainer Team <temurin-dev@eclipse.org>',
    '17.0.9+9',
    'Eclipse Adoptium',
  ],
]

for (const [vendor, version, builder] of foreign) {
  test(`a package of ${builder} (${version}) is not held against the distribution's advisories`, () => {
    assert.equal(builderOf({ vendor, version }), builder)
    const lookup = deb.lookup({ type: 'deb', name: 'a', version, vendor }, debian)
    assert.ok(lookup.kind === 'unknown' && lookup.reason.includes(`packages of ${builder} `))
    assert.equal(lookup.scope, 'package')
  })
}

test('people of companies who maintain packages of Debian are not the company', () => {
  for (const [vendor, version] of [
    ['Alex Doyle <adoyle@nvidia.com>', '3.0.0-1'],
    ['Debian PostgreSQL Maintainers <team+postgresql@tracker.debian.org>', '15.5-0+deb12u1'],
    ['Debian MySQL Maintainers <pkg-mysql-maint@lists.alioth.debian.org>', '1:10.11.6-0+deb12u1'],
    ['Ubuntu Developers <ubuntu-devel-discuss@lists.ubuntu.com>', '24.0.5-0ubuntu1~22.04.1'],
    ['', '1.0'],
  ] as const)
    assert.equal(builderOf({ vendor, version }), undefined, vendor)
})

test('packages are looked up by their source, in the release of the image', () => {
  const libssl = {
    name: 'libssl3',
    version: '3.0.1',
    source: { name: 'openssl', version: '3.0.0' },
  }
  assert.equal(lookedUp(libssl, debian), 'Debian:12 openssl 3.0.0')
  assert.equal(lookedUp({}, { ...debian, versionId: '12.5' }), 'Debian:12 a 1')
  assert.equal(lookedUp({}, { ...debian, versionId: '3.1' }), 'Debian:3.1 a 1')
  assert.equal(
    lookedUp(libssl, ubuntu),
    'Ubuntu:22.04 openssl 3.0.0, Ubuntu:22.04:LTS openssl 3.0.0, Ubuntu:Pro:22.04:LTS openssl 3.0.0',
  )
})

interface RealCase {
  readonly file: string
  readonly id: string
  readonly found: Partial<Package>
  readonly distribution: Distribution
  readonly verdict: string
}

/** Records of the distributions, met by packages as an image has them. */
const real: readonly RealCase[] = [
  {
    file: 'debian-dsa.ndjson.zst',
    id: 'DSA-5343-1',
    found: { name: 'libssl1.1', source: { name: 'openssl', version: '1.1.1n-0+deb11u3' } },
    distribution: { id: 'debian', versionId: '11', idLike: [] },
    verdict: 'affected, fixed in 1.1.1n-0+deb11u4',
  },
  {
    file: 'debian-dsa.ndjson.zst',
    id: 'DSA-5343-1',
    found: { name: 'libssl1.1', source: { name: 'openssl', version: '1.1.1n-0+deb11u4' } },
    distribution: { id: 'debian', versionId: '11', idLike: [] },
    verdict: 'notAffected',
  },
  {
    file: 'osv-samples.ndjson.zst',
    id: 'UBUNTU-CVE-2022-24823',
    found: { name: 'libnetty-java', source: { name: 'netty', version: '1:4.1.48-4' } },
    distribution: ubuntu,
    verdict: 'affected, fixed in 1:4.1.48-4+deb11u2ubuntu0.1~esm1',
  },
]

for (const { file, id, found, distribution, verdict } of real) {
  const path = sharedData('advisories', file)
  const skip = path === undefined ? 'shared data is absent' : false
  test(`${id} says ${verdict} of ${found.source?.version ?? ''}`, { skip }, () => {
    const record = zstdDecompressSync(readFileSync(path ?? ''))
      .toString()
      .split('\n')
      .find((line) => line.includes(`"id":"${id}"`))
    const reading = parseOsvRecord(JSON.parse(record ?? 'null'))
    assert.ok(reading.kind === 'advisory')
    const lookup = deb.lookup({ type: 'deb', name: '', version: '', ...found }, distribution)
    assert.ok(lookup.kind === 'keys')
    const said = lookup.keys.flatMap((key) =>
      reading.advisory.affected
        .filter(({ ecosystem, name }) => ecosystem === key.ecosystem && name === key.name)
        .map((affected) => matchPackage(key.version, affected, deb.compareVersions)),
    )
    const words = said.map((one) =>
      one.kind === 'affected' ? `affected, fixed in ${one.fixedVersion ?? '-'}` : one.kind,
    )
    assert.deepEqual(words, [verdict])
  })
}
