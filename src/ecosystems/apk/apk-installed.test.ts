import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { zstdDecompressSync } from 'node:zlib'
import { sharedData } from '../../../test/kit/shared-data.ts'
import type { Distribution, Extraction, Package } from '../ecosystem.ts'
import { matchPackage } from '../match.ts'
import { parseOsvRecord } from '../osv.ts'
import { apkInstalled } from './apk-installed.ts'
import { apk } from './ecosystem.ts'

function read(text: string): Extraction {
  return apkInstalled.extract('lib/apk/db/installed', Buffer.from(text))
}

test('files belong to the package in whose record they stand, folders to nobody', () => {
  const { owned } = read(
    [
      'P:musl\nV:1-r0\nR:at-root\nF:lib\nR:ld-musl-x86_64.so.1\na:0:0:755\nZ:Q1x=\nF:usr/lib\nR:libc.so',
      'P:empty\nV:1-r0\nF:var/empty',
      'P:evil\nV:1-r0\nF:../etc\nR:shadow\nF:etc\nR:../shadow\nR:a/../b',
    ].join('\n\n'),
  )
  assert.deepEqual(owned, [
    { owner: 'musl', paths: ['at-root', 'lib/ld-musl-x86_64.so.1', 'usr/lib/libc.so'] },
  ])
})

test('needs are met by names, libraries, commands and paths that packages provide', () => {
  const { instances } = read(
    [
      'P:app\nV:1-r0\nD:so:libc.musl-x86_64.so.1 cmd:sh /bin/sh zlib>=1.2 !bad gone@edge so:absent.so',
      'P:musl\nV:1-r0\np:so:libc.musl-x86_64.so.1=1 cmd:ldd=1-r0',
      'P:busybox-binsh\nV:1-r0\np:/bin/sh cmd:sh=1-r0\nL:GPL-2.0-only',
      'P:zlib\nV:1.3-r0',
      'P:bad\nV:1-r0',
    ].join('\n\n'),
  )
  assert.deepEqual(instances[0]?.dependsOn, ['musl', 'busybox-binsh', 'zlib'])
  assert.deepEqual(instances[2]?.licenses, ['GPL-2.0-only'])
  assert.equal(instances[3]?.dependsOn, undefined)
})

test('more packages than any system has are a problem, and the first ones count', () => {
  const { instances, problems } = read('P:a\nV:1-r0\n\n'.repeat(100_001))
  assert.equal(instances.length, 100_000)
  assert.match(problems[0]?.reason ?? '', /more packages or files than are read/)
})

test('more files than any system has are a problem', () => {
  const { instances, problems } = read(`P:a\nV:1-r0\nF:x\n${'R:y\n'.repeat(2_000_001)}`)
  assert.equal(instances.length, 1)
  assert.equal(problems.length, 1)
})

const alpine: Distribution = { id: 'alpine', versionId: '3.11.6', idLike: [] }

function lookedUp(found: Partial<Package>, distribution: Distribution | undefined): string {
  const lookup = apk.lookup({ type: 'apk', name: 'a', version: '1', ...found }, distribution)
  return lookup.kind === 'unknown'
    ? `unknown: ${lookup.reason}`
    : lookup.keys
        .map(({ ecosystem, name, version }) => `${ecosystem} ${name} ${version}`)
        .join(', ')
}

test('edge, other distributions and images without a system have no advisories', () => {
  const cases: readonly (readonly [Distribution | undefined, RegExp])[] = [
    [undefined, /does not say which distribution/],
    [{ ...alpine, versionId: '3.23_alpha20250612' }, /alpine edge \(3\.23_alpha20250612\)/],
    [{ id: 'alpine', idLike: [] }, /alpine is no released branch/],
    [{ id: 'postmarketos', versionId: '23.12', idLike: ['alpine'] }, /postmarketos 23\.12/],
    [{ id: 'openwrt', versionId: '24.10.0', idLike: [] }, /openwrt 24\.10\.0/],
  ]
  for (const [distribution, reason] of cases) assert.match(lookedUp({}, distribution), reason)
})

test('Alpine is asked by origin and branch, the rolling ones by both names', () => {
  const found = {
    name: 'libssl3',
    version: '3.1-r0',
    source: { name: 'openssl', version: '3.1-r0' },
  }
  assert.equal(lookedUp(found, alpine), 'Alpine:v3.11 openssl 3.1-r0')
  for (const [id, name] of [
    ['wolfi', 'Wolfi'],
    ['chainguard', 'Chainguard'],
    ['minimos', 'MinimOS'],
  ] as const) {
    assert.equal(
      lookedUp(found, { id, versionId: '20230201', idLike: [] }),
      `${name} openssl 3.1-r0, ${name} libssl3 3.1-r0`,
    )
    assert.ok(apk.ownsAdvisoryEcosystem(name))
  }
  assert.ok(!apk.ownsAdvisoryEcosystem('Root:Alpine:3.18'))
})

const real: readonly {
  readonly file: string
  readonly id: string
  readonly found: Partial<Package>
  readonly distribution: Distribution
  readonly verdict: string
}[] = [
  {
    file: 'wolfi.ndjson.zst',
    id: 'CGA-3mrr-589r-46qj',
    found: {
      name: 'libssl3',
      version: '3.3.1-r2',
      source: { name: 'openssl', version: '3.3.1-r2' },
    },
    distribution: { id: 'wolfi', versionId: '20230201', idLike: [] },
    verdict: 'affected, fixed in 3.3.1-r3',
  },
  {
    file: 'alpine.ndjson.zst',
    id: 'ALPINE-CVE-2016-2105',
    found: { name: 'libssl1.0', source: { name: 'openssl', version: '1.0.2h-r0' } },
    distribution: { ...alpine, versionId: '3.4.6' },
    verdict: 'notAffected',
  },
  {
    file: 'osv-samples.ndjson.zst',
    id: 'CGA-224q-ccj5-2p53',
    found: { name: 'haproxy-2.8', version: '2.8.17-r1' },
    distribution: { id: 'chainguard', versionId: '20230214', idLike: [] },
    verdict: 'affected, fixed in 2.8.18-r0',
  },
]

for (const { file, id, found, distribution, verdict } of real) {
  const path = sharedData('advisories', file)
  const skip = path === undefined ? 'shared data is absent' : false
  test(`${id} says ${verdict}`, { skip }, () => {
    const record = zstdDecompressSync(readFileSync(path ?? ''))
      .toString()
      .split('\n')
      .find((line) => line.includes(`"id":"${id}"`))
    const reading = parseOsvRecord(JSON.parse(record ?? 'null'))
    assert.ok(reading.kind === 'advisory')
    const lookup = apk.lookup({ type: 'apk', name: '', version: '', ...found }, distribution)
    assert.ok(lookup.kind === 'keys')
    const said = lookup.keys.flatMap((key) =>
      reading.advisory.affected
        .filter(({ ecosystem, name }) => ecosystem === key.ecosystem && name === key.name)
        .map((affected) => matchPackage(key.version, affected, apk.compareVersions)),
    )
    const words = said.map((one) =>
      one.kind === 'affected' ? `affected, fixed in ${one.fixedVersion ?? '-'}` : one.kind,
    )
    assert.deepEqual(words, [verdict])
  })
}
