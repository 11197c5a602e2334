import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { zstdDecompressSync } from 'node:zlib'
import { importRecords, osvRecord } from '../../test/kit/advisories.ts'
import { layerOf } from '../../test/kit/image-builder.ts'
import {
  dpkg,
  npmPackage,
  osRelease,
  push,
  result,
  runScan,
  scan,
  scanPlace,
} from '../../test/kit/scanning.ts'
import { sharedData } from '../../test/kit/shared-data.ts'
import { file, tar } from '../../test/kit/tar-builder.ts'
import { installStarterAdvisories } from './install-starter-advisories.ts'
import type { FindingList } from './list-findings.ts'
import { reevaluatePackages } from './reevaluate-packages.ts'

const { signal } = new AbortController()
const critical = 'CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H'

test('shows what an import brought before the packages scanned earlier were looked at again', async (t) => {
  const place = await scanPlace(t)
  await importRecords(place, [osvRecord({ id: 'GHSA-1', name: 'other' })])
  await scan(place, { layers: [layerOf({ ...npmPackage('other', '1.0.0') })] })
  await importRecords(place, [osvRecord({ id: 'GHSA-2' })], { source: 'second' })
  const { findings } = await scan(place, {
    layers: [layerOf({ ...npmPackage('left-pad', '1.0.0') })],
  })
  assert.deepEqual(
    findings.map(({ vulnerability }) => vulnerability),
    ['GHSA-2'],
  )
})

test('an image scanned long ago is told of by the newest data before its packages were looked at again', async (t) => {
  const place = await scanPlace(t)
  await importRecords(place, [osvRecord({ id: 'GHSA-1' }), osvRecord({ id: 'GHSA-2' })])
  const image = await push(place, { layers: [layerOf({ ...npmPackage('left-pad', '1.0.0') })] })
  await runScan(place, image.digest)
  await importRecords(place, [
    osvRecord({ id: 'GHSA-1', withdrawn: '2026-11-02T00:00:00Z' }),
    osvRecord({ id: 'GHSA-2' }),
    osvRecord({ id: 'GHSA-3', severity: critical }),
  ])
  const early = await result(place, image.digest)
  assert.deepEqual(
    early.findings.map(({ vulnerability, fromRevision }) => `${vulnerability} ${fromRevision}`),
    ['GHSA-3 2', 'GHSA-2 1'],
  )
  assert.equal(early.dataRevision, 2)
  await reevaluatePackages(place, {}, { signal })
  assert.deepEqual(await result(place, image.digest), early)
})

test('follows the data: an image scanned long ago gets new findings and loses withdrawn ones', async (t) => {
  const place = await scanPlace(t)
  const options = { signal }
  await importRecords(place, [osvRecord({ id: 'GHSA-1' })])
  const image = await push(place, { layers: [layerOf({ ...npmPackage('left-pad', '1.0.0') })] })
  await runScan(place, image.digest)
  await importRecords(place, [
    osvRecord({ id: 'GHSA-1', withdrawn: '2026-11-02T00:00:00Z' }),
    osvRecord({ id: 'GHSA-2' }),
  ])
  await reevaluatePackages(place, {}, options)
  const { findings, scan: found, dataRevision } = await result(place, image.digest)
  assert.deepEqual(
    findings.map(({ vulnerability }) => vulnerability),
    ['GHSA-2'],
  )
  assert.equal(found.dataRevision, 1)
  assert.equal(dataRevision, 2)
})

test('a flaw of the kernel is held back from its headers, and counts for the kernel itself', async (t) => {
  const place = await scanPlace(t)
  await importRecords(place, [
    osvRecord({ id: 'DSA-1', ecosystem: 'Debian:12', name: 'linux', fixed: '6.1.99-1' }),
  ])
  const packages = ['linux-libc-dev', 'linux-image-6.1.0-18-amd64'].map(
    (name) =>
      `Package: ${name}\nStatus: install ok installed\nSource: linux\nArchitecture: amd64\nVersion: 6.1.76-1\n`,
  )
  const files = {
    'etc/os-release': osRelease.debian12,
    'var/lib/dpkg/status': packages.join('\n'),
  }
  const { findings, suppressed } = await scan(place, { layers: [layerOf(files)] })
  assert.deepEqual(
    findings.map((finding) => finding.package.name),
    ['linux-image-6.1.0-18-amd64'],
  )
  assert.deepEqual(
    suppressed.map((finding) => [finding.package.name, finding.suppression]),
    [['linux-libc-dev', { kind: 'kernel-headers' }]],
  )
})

test('sorts by severity, name and package, and counts only what occurs', async (t) => {
  const place = await scanPlace(t)
  await importRecords(place, [
    osvRecord({ id: 'GHSA-c', name: 'b' }),
    osvRecord({ id: 'GHSA-b', name: 'b', severity: critical }),
    osvRecord({ id: 'GHSA-a', name: 'a', severity: critical }),
    osvRecord({ id: 'GHSA-d', name: 'absent', severity: critical }),
  ])
  const layer = layerOf({ ...npmPackage('a', '1.0.0'), ...npmPackage('b', '1.0.0') })
  const { findings, counts } = await scan(place, { layers: [layer] })
  assert.deepEqual(
    findings.map(({ vulnerability, severity }) => `${severity} ${vulnerability}`),
    ['CRITICAL GHSA-a', 'CRITICAL GHSA-b', 'UNDEFINED GHSA-c'],
  )
  assert.deepEqual(counts, { CRITICAL: 2, UNDEFINED: 1 })
})

test('makes one finding of a package at two places, with both paths', async (t) => {
  const place = await scanPlace(t)
  await importRecords(place, [osvRecord({ id: 'GHSA-1' })])
  const manifest = '{"name":"left-pad","version":"1.0.0"}'
  const layer = layerOf({
    'b/node_modules/left-pad/package.json': manifest,
    'a/node_modules/left-pad/package.json': manifest,
  })
  const { findings } = await scan(place, { layers: [layer] })
  assert.deepEqual(
    findings.map(({ paths }) => paths),
    [['a/node_modules/left-pad/package.json', 'b/node_modules/left-pad/package.json']],
  )
})

test('lists a version that cannot be judged, as undefined and not as clean', async (t) => {
  const place = await scanPlace(t)
  await importRecords(place, [osvRecord({ id: 'GHSA-1', fixed: '2.0.0', severity: critical })])
  const layer = layerOf({ ...npmPackage('left-pad', 'workspace') })
  const { findings, counts } = await scan(place, { layers: [layer] })
  assert.deepEqual(
    findings.map(({ verdict, severity }) => [verdict, severity]),
    [['unknown', 'UNDEFINED']],
  )
  assert.deepEqual(counts, { UNDEFINED: 1 })
})

test('does not list a package that a whiteout of a higher layer removed', async (t) => {
  const place = await scanPlace(t)
  await importRecords(place, [
    osvRecord({ id: 'GHSA-1' }),
    osvRecord({ id: 'GHSA-2', name: 'kept' }),
  ])
  const lower = layerOf({ ...npmPackage('left-pad', '1.0.0'), ...npmPackage('kept', '1.0.0') })
  const upper = tar(file('app/node_modules/.wh.left-pad'))
  const image = await push(place, { layers: [lower, upper] })
  await runScan(place, image.digest)
  const { findings } = await result(place, image.digest)
  assert.deepEqual(
    findings.map(({ vulnerability, layerDigest }) => [vulnerability, layerDigest]),
    [['GHSA-2', image.layers[0]]],
  )
})

test('names the layer that upgraded a package as the one that brought it', async (t) => {
  const place = await scanPlace(t)
  const records = ['bash', 'curl'].map((name) =>
    osvRecord({ id: `DSA-${name}`, ecosystem: 'Debian:12', name, fixed: '9' }),
  )
  await importRecords(place, records)
  const status = 'var/lib/dpkg/status'
  const lower = layerOf({
    'etc/os-release': osRelease.debian12,
    [status]: dpkg(['bash', '5'], ['curl', '7']),
  })
  const upper = layerOf({ [status]: dpkg(['bash', '5'], ['curl', '8']) })
  const image = await push(place, { layers: [lower, upper] })
  await runScan(place, image.digest)
  const { findings } = await result(place, image.digest)
  assert.deepEqual(
    findings.map((finding) => [finding.package.name, finding.package.version, finding.layerDigest]),
    [
      ['bash', '5', image.layers[0]],
      ['curl', '8', image.layers[1]],
    ],
  )
})

test('finds the flaws of lodash and minimist with the data that ships with the product', async (t) => {
  const place = await scanPlace(t)
  await installStarterAdvisories(place, {}, { signal })
  const layer = layerOf({ ...npmPackage('lodash', '4.17.15'), ...npmPackage('minimist', '1.2.5') })
  const found = await scan(place, { layers: [layer] })
  assert.equal(found.scan.status, 'COMPLETE')
  // lodash: CVE-2019-10744 is fixed in 4.17.12; minimist: CVE-2020-7598 is fixed in 1.2.3.
  assert.deepEqual(fixesOf(found), [
    'lodash CVE-2020-28500 4.17.21',
    'lodash CVE-2021-23337 4.17.21',
    'minimist CVE-2021-44906 1.2.6',
  ])
})

const ubuntu = sharedData('advisories', 'ubuntu.ndjson.zst')
const dpkgStatus = sharedData('fixtures', 'dpkg', 'texlive.status')

test(
  'finds in a real dpkg database what Ubuntu says of eight of its packages',
  { skip: ubuntu === undefined || dpkgStatus === undefined ? 'shared data is absent' : false },
  async (t) => {
    const place = await scanPlace(t)
    const names = ['bzip2', 'expat', 'gzip', 'libgcrypt20', 'libpng1.6', 'tar', 'zlib', 'perl']
    await importRecords(place, recordsAbout(ubuntu ?? '', 'Ubuntu:18.04:LTS', names))
    const layer = layerOf({
      'etc/os-release': osRelease.ubuntu1804,
      'var/lib/dpkg/status': readFileSync(dpkgStatus ?? ''),
    })
    const found = await scan(place, { layers: [layer] })
    assert.equal(found.scan.status, 'COMPLETE')
    const fixes = fixesOf(found)
    // By hand, with dpkg --compare-versions, from the records UBUNTU-CVE-… of the same numbers. bzip2 1.0.6-8.1ubuntu0.2
    // has the fix of CVE-2019-12900, perl 5.26.1-6ubuntu0.3 those of 2018, expat 2.2.5-3ubuntu0.2 those of 2018 and 2019.
    assert.deepEqual(about(fixes, 'bzip2'), [])
    assert.deepEqual(about(fixes, 'gzip'), ['gzip CVE-2022-1271 1.6-5ubuntu1.2'])
    assert.deepEqual(about(fixes, 'zlib1g'), [
      'zlib1g CVE-2018-25032 1:1.2.11.dfsg-0ubuntu2.1',
      'zlib1g CVE-2022-37434 1:1.2.11.dfsg-0ubuntu2.2',
      'zlib1g CVE-2023-45853 -',
    ])
    assert.deepEqual(about(fixes, 'libgcrypt20'), [
      'libgcrypt20 CVE-2021-33560 1.8.1-4ubuntu1.3',
      'libgcrypt20 CVE-2021-40528 1.8.1-4ubuntu1.3',
    ])
    assert.deepEqual(about(fixes, 'libpng16-16'), [
      'libpng16-16 CVE-2018-14048 -',
      'libpng16-16 CVE-2019-6129 -',
      'libpng16-16 CVE-2022-3857 -',
    ])
    assert.deepEqual(about(fixes, 'tar'), [
      'tar CVE-2018-20482 1.29b-2ubuntu0.2',
      'tar CVE-2019-9923 1.29b-2ubuntu0.2',
      'tar CVE-2021-20193 1.29b-2ubuntu0.3',
      'tar CVE-2022-48303 1.29b-2ubuntu0.4',
      // For subscribers only.
      'tar CVE-2023-39804 1.29b-2ubuntu0.4+esm1',
    ])
    assert.equal(about(fixes, 'libexpat1').length, 19)
    assert.equal(about(fixes, 'perl-base').length, 10)
  },
)

const debian = sharedData('advisories', 'debian-dsa.ndjson.zst')
const postgresql = sharedData('fixtures', 'dpkg', 'postgresql.status')

test(
  'finds nothing in packages newer than every fix, and everything in older ones of the same source',
  { skip: debian === undefined || postgresql === undefined ? 'shared data is absent' : false },
  async (t) => {
    const place = await scanPlace(t)
    const sources = ['postgresql-11', 'postgresql-common']
    await importRecords(place, recordsAbout(debian ?? '', 'Debian:10', sources))
    const status = readFileSync(postgresql ?? '', 'utf8')
    const layersWith = (text: string): readonly Buffer[] => [
      layerOf({ 'etc/os-release': osRelease.debian10, 'var/lib/dpkg/status': text }),
    ]
    // 11.22-0+deb10u2 and 200+deb10u5 are above the last fixes, DLA-3316-1 (11.19-0+deb10u1) and DSA-4568-1.
    const current = await scan(place, { layers: layersWith(status) })
    assert.equal(current.scan.status, 'COMPLETE')
    assert.deepEqual(current.findings, [])
    // 11.17-0+deb10u1 has the fix of DLA-3072-1; after it come DLA-3189-1 and DLA-3316-1, which name no CVE.
    const old = status.replace('11.22-0+deb10u2', '11.17-0+deb10u1')
    const { findings } = await scan(place, { layers: layersWith(old) })
    assert.deepEqual(
      findings.map((finding) => [finding.package.name, finding.advisory.id, finding.fixedVersion]),
      [
        ['postgresql-client-11', 'DLA-3189-1', '11.18-0+deb10u1'],
        ['postgresql-client-11', 'DLA-3316-1', '11.19-0+deb10u1'],
      ],
    )
  },
)

test(
  'finds in seven packages of a Debian 10.0 what its security team fixed since',
  { skip: debian === undefined ? 'shared data is absent' : false },
  async (t) => {
    const place = await scanPlace(t)
    const asReleased = [
      ['apt', '1.8.2'],
      ['bzip2', '1.0.6-9.1'],
      ['expat', '2.2.6-2'],
      ['gzip', '1.9-3'],
      ['sudo', '1.8.27-1'],
      ['tar', '1.30+dfsg-6'],
      ['xz-utils', '5.2.4-1'],
      ['zlib', '1:1.2.11.dfsg-1'],
    ] as const
    const names = asReleased.map(([name]) => name)
    await importRecords(place, recordsAbout(debian ?? '', 'Debian:10', names))
    const layer = layerOf({
      'etc/os-release': osRelease.debian10,
      'var/lib/dpkg/status': dpkg(...asReleased),
    })
    const { findings } = await scan(place, { layers: [layer] })
    const rows = findings.map(
      (one) =>
        `${one.package.name} ${one.advisory.id} ${one.vulnerability} ${one.fixedVersion ?? '-'}`,
    )
    // By hand: the records of these packages whose fix dpkg --compare-versions calls later. No record names tar.
    assert.deepEqual(rows.toSorted(), [
      'apt DSA-4685-1 CVE-2020-3810 1.8.2.1',
      'apt DSA-4808-1 CVE-2020-27350 1.8.2.2',
      'bzip2 DLA-3112-1 DLA-3112-1 1.0.6-9.2~deb10u2',
      'expat DLA-3119-1 CVE-2022-40674 2.2.6-2+deb10u5',
      'expat DLA-3165-1 CVE-2022-43680 2.2.6-2+deb10u6',
      'expat DSA-4530-1 CVE-2019-15903 2.2.6-2+deb10u1',
      'expat DSA-5073-1 CVE-2021-45960 2.2.6-2+deb10u2',
      'expat DSA-5073-1 CVE-2021-46143 2.2.6-2+deb10u2',
      'expat DSA-5073-1 CVE-2022-22822 2.2.6-2+deb10u2',
      'expat DSA-5073-1 CVE-2022-22823 2.2.6-2+deb10u2',
      'expat DSA-5073-1 CVE-2022-22824 2.2.6-2+deb10u2',
      'expat DSA-5073-1 CVE-2022-22825 2.2.6-2+deb10u2',
      'expat DSA-5073-1 CVE-2022-22826 2.2.6-2+deb10u2',
      'expat DSA-5073-1 CVE-2022-22827 2.2.6-2+deb10u2',
      'expat DSA-5073-1 CVE-2022-23852 2.2.6-2+deb10u2',
      'expat DSA-5073-1 CVE-2022-23990 2.2.6-2+deb10u2',
      'expat DSA-5085-1 CVE-2022-25235 2.2.6-2+deb10u3',
      'expat DSA-5085-1 CVE-2022-25236 2.2.6-2+deb10u3',
      'expat DSA-5085-1 CVE-2022-25313 2.2.6-2+deb10u3',
      'expat DSA-5085-1 CVE-2022-25314 2.2.6-2+deb10u3',
      'expat DSA-5085-1 CVE-2022-25315 2.2.6-2+deb10u3',
      'expat DSA-5085-2 DSA-5085-2 2.2.6-2+deb10u4',
      'gzip DSA-5122-1 CVE-2022-1271 1.9-3+deb10u1',
      'sudo DLA-3181-1 CVE-2021-23239 1.8.27-1+deb10u4',
      'sudo DLA-3272-1 CVE-2023-22809 1.8.27-1+deb10u5',
      'sudo DSA-4543-1 CVE-2019-14287 1.8.27-1+deb10u1',
      'sudo DSA-4839-1 CVE-2021-3156 1.8.27-1+deb10u3',
      'xz-utils DSA-5123-1 CVE-2022-1271 5.2.4-1+deb10u1',
      'zlib DLA-3103-1 CVE-2022-37434 1:1.2.11.dfsg-1+deb10u2',
      'zlib DSA-5111-1 CVE-2018-25032 1:1.2.11.dfsg-1+deb10u1',
    ])
  },
)

function fixesOf({ findings }: FindingList): readonly string[] {
  return findings
    .map((one) => `${one.package.name} ${one.vulnerability} ${one.fixedVersion ?? '-'}`)
    .toSorted()
}

function about(fixes: readonly string[], name: string): readonly string[] {
  return fixes.filter((fix) => fix.startsWith(`${name} `))
}

/** Lines of a file of records that name one of the packages in the ecosystem. */
function recordsAbout(path: string, ecosystem: string, names: readonly string[]): string {
  const lines = zstdDecompressSync(readFileSync(path)).toString().split('\n')
  const wanted = names.map((name) => `"ecosystem":"${ecosystem}","name":"${name}"`)
  return lines.filter((line) => wanted.some((words) => line.includes(words))).join('\n')
}
