// From a distribution's own file, served on loopback, to the findings of an image: what each state of it says of packages.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { gzipSync, zstdCompressSync } from 'node:zlib'
import { bytesOfCase, feedCases } from '../../test/kit/feed-cases.ts'
import { feedPlace, type FeedPlace } from '../../test/kit/feed-place.ts'
import { layerOf } from '../../test/kit/image-builder.ts'
import { osvRecord, importRecords } from '../../test/kit/advisories.ts'
import { push, result, runScan, type Scanned } from '../../test/kit/scanning.ts'
import { file, tar } from '../../test/kit/tar-builder.ts'
import { reevaluatePackages } from './reevaluate-packages.ts'

type Files = Readonly<Record<string, string>>

async function scanned(place: FeedPlace, files: Files): Promise<Scanned> {
  const { digest } = await push(place, { layers: [layerOf(files)] })
  await runScan(place, digest)
  return result(place, digest)
}

/** `CVE-2024-1 a HIGH fixed 1.2` */
function told({ findings }: Scanned): readonly string[] {
  return findings
    .map(
      ({ vulnerability, package: { name }, severity, fix }) =>
        `${vulnerability} ${name} ${severity} ${fix.state} ${fix.version ?? fix.words}`,
    )
    .toSorted()
}

function dpkg(...packages: readonly (readonly [name: string, version: string])[]): string {
  return packages
    .map(
      ([name, version]) =>
        `Package: ${name}\nStatus: install ok installed\nMaintainer: Debian\nArchitecture: amd64\nVersion: ${version}\n`,
    )
    .join('\n')
}

/** As rpm's container manifest has them, its vendor being the distribution's. */
function rpms(
  vendor: string,
  ...packages: readonly (readonly [name: string, version: string, epoch: string, source: string])[]
): string {
  return packages
    .map(
      ([name, version, epoch, source]) =>
        `${name}\t${version}\t1\t1\t${vendor}\t(none)\t1\tx86_64\t${epoch}\t${source}\n`,
    )
    .join('')
}

const manifest = 'var/lib/rpmmanifest/container-manifest-2'
const release = (id: string, version: string): Files => ({
  'etc/os-release': `ID=${id}\nVERSION_ID="${version}"\n`,
})

function realCase(converter: string, name: string): Buffer {
  const found = feedCases().find((one) => one.converter === converter && one.name === name)
  assert.ok(found !== undefined, name)
  return bytesOfCase(found)
}

const state = (status: string, more: object = {}): object => ({ status, ...more })
const trackerOf = (openssl: object): string =>
  JSON.stringify({
    openssl,
    requests: {
      'CVE-2023-32681': { releases: { bookworm: state('resolved', { fixed_version: '0' }) } },
    },
    linux: { 'CVE-2024-9999': { releases: { bookworm: state('open', { urgency: 'low' }) } } },
  })

test('Debian: open, ignored, postponed, mended and never affected are told as such, and change with the tracker', async (t) => {
  const bookworm = (of: object): object => ({ releases: { bookworm: of } })
  const flaws = {
    'CVE-2024-0001': bookworm(state('open', { urgency: 'high' })),
    'CVE-2024-0002': bookworm(
      state('open', { urgency: 'low', nodsa: 'Minor issue', nodsa_reason: 'ignored' }),
    ),
    'CVE-2024-0003': bookworm(
      state('open', { urgency: 'unimportant', nodsa: 'Minor issue', nodsa_reason: 'postponed' }),
    ),
    'CVE-2024-0004': bookworm(
      state('resolved', { urgency: 'medium**', fixed_version: '3.0.14-1~deb12u1' }),
    ),
    'CVE-2024-0005': bookworm(state('resolved', { urgency: 'high', fixed_version: '3.0.9-1' })),
    'CVE-2024-0006': bookworm(state('resolved', { urgency: 'high', fixed_version: '0' })),
    'CVE-2024-0007': { releases: { bullseye: state('open', { urgency: 'high' }) } },
    'CVE-2024-0008': bookworm(state('undetermined', { urgency: 'not yet assigned' })),
  }
  const place = await feedPlace(t, new Map([['json', trackerOf(flaws)]]))
  assert.partialDeepStrictEqual(await place.refresh('debian'), { kind: 'imported' })
  const image = { ...release('debian', '12'), 'var/lib/dpkg/status': dpkg(['openssl', '3.0.11-1']) }
  const first = await push(place, { layers: [layerOf(image)] })
  await runScan(place, first.digest)
  assert.deepEqual(told(await result(place, first.digest)), [
    'CVE-2024-0001 openssl HIGH notFixed open',
    'CVE-2024-0002 openssl LOW willNotFix ignored (Minor issue)',
    'CVE-2024-0003 openssl INFORMATIONAL deferred postponed (Minor issue)',
    'CVE-2024-0004 openssl MEDIUM fixed 3.0.14-1~deb12u1',
    'CVE-2024-0008 openssl UNDEFINED underInvestigation undetermined',
  ])
  place.files.set(
    'json',
    trackerOf({
      ...flaws,
      'CVE-2024-0001': bookworm(state('resolved', { fixed_version: '3.0.11-1' })),
      'CVE-2024-0008': bookworm(state('resolved', { fixed_version: '3.0.13-1' })),
    }),
  )
  await place.refresh('debian')
  await reevaluatePackages(place, {}, { signal: new AbortController().signal })
  assert.deepEqual(
    told(await result(place, first.digest)).filter((line) => /000[18]/.test(line)),
    ['CVE-2024-0008 openssl UNDEFINED fixed 3.0.13-1'],
  )
})

test('Debian: a release that leaves the tracker as a whole keeps what was said of it last', async (t) => {
  const flaw = (...codenames: readonly string[]): object => ({
    releases: Object.fromEntries(
      codenames.map((codename) => [codename, state('open', { urgency: 'high' })]),
    ),
  })
  const tracker = (...codenames: readonly string[]): string =>
    JSON.stringify({
      openssl: { 'CVE-2024-0001': flaw(...codenames), 'CVE-2024-0002': flaw(...codenames) },
    })
  const place = await feedPlace(t, new Map([['json', tracker('buster', 'bullseye', 'bookworm')]]))
  await place.refresh('debian')
  const image = { ...release('debian', '10'), 'var/lib/dpkg/status': dpkg(['openssl', '1.1.1n-0']) }
  const { digest } = await push(place, { layers: [layerOf(image)] })
  await runScan(place, digest)
  const before = told(await result(place, digest))
  assert.equal(before.length, 2)
  place.files.set('json', tracker('bullseye', 'bookworm', 'trixie'))
  for (let turn = 0; turn < 3; turn += 1) {
    assert.notEqual((await place.refresh('debian')).kind, 'failed')
    await reevaluatePackages(place, {}, { signal: new AbortController().signal })
  }
  assert.deepEqual(told(await result(place, digest)), before)
})

const owned: Files = {
  ...release('debian', '12'),
  'var/lib/dpkg/status': `${dpkg(['python3-requests', '2.28.1-1']).trimEnd()}\nSource: requests\n`,
  'var/lib/dpkg/info/python3-requests.list':
    '/.\n/usr\n/usr/lib\n/usr/lib/python3\n/usr/lib/python3/dist-packages\n/usr/lib/python3/dist-packages/requests-2.28.1.dist-info\n/usr/lib/python3/dist-packages/requests-2.28.1.dist-info/METADATA\n',
  'usr/lib/python3/dist-packages/requests-2.28.1.dist-info/METADATA':
    'Metadata-Version: 2.1\nName: requests\nVersion: 2.28.1\n',
}
const ofPyPi = ['CVE-2023-32681', 'CVE-2024-35195'].map((cve, index) =>
  osvRecord({ id: `PYSEC-${index}`, aliases: [cve], ecosystem: 'PyPI', name: 'requests' }),
)

test('Debian: with the tracker, its word and its silence decide for a library that its package owns', async (t) => {
  const place = await feedPlace(t, new Map([['json', trackerOf({})]]))
  await importRecords(place, ofPyPi, { source: 'pypi' })
  const dsa = osvRecord({
    id: 'DSA-1',
    upstream: ['CVE-2018-18074'],
    ecosystem: 'Debian:12',
    name: 'requests',
    fixed: '2.20.0-1',
  })
  await importRecords(place, [dsa], { source: 'dsa' })
  const before = await scanned(place, owned)
  assert.deepEqual(before.findings.map(({ vulnerability }) => vulnerability).toSorted(), [
    'CVE-2023-32681',
    'CVE-2024-35195',
  ])
  await place.refresh('debian')
  const after = await scanned(place, { ...owned, 'etc/again': '' })
  assert.deepEqual(told(after), [])
  assert.deepEqual(after.suppressed.map(({ vulnerability }) => vulnerability).toSorted(), [
    'CVE-2023-32681',
    'CVE-2024-35195',
  ])
})

test('Alpine: each branch by its own file, what is never affected and what a later version mends', async (t) => {
  const secdb = (secfixes: object): string =>
    JSON.stringify({ packages: [{ pkg: { name: 'openssl', secfixes } }] })
  const files = new Map([
    ['', '<a href="v3.19/">v3.19/</a><a href="v3.20/">v3.20/</a><a href="edge/">edge/</a>'],
    [
      'v3.20/main.json',
      secdb({
        '3.3.2-r0': ['CVE-2024-6119'],
        '3.3.0-r3': ['CVE-2024-5535 XX-1'],
        '0': ['CVE-2024-0001'],
      }),
    ],
    ['v3.19/main.json', secdb({ '3.1.7-r0': ['CVE-2024-6119'] })],
  ])
  const place = await feedPlace(t, files)
  for (const part of ['v3.20/main', 'v3.19/main']) await place.refresh('alpine', part)
  const installed = 'P:libssl3\nV:3.3.1-r0\nA:x86_64\no:openssl\n\n'
  const found = await scanned(place, {
    ...release('alpine', '3.20.2'),
    'lib/apk/db/installed': installed,
  })
  assert.deepEqual(told(found), ['CVE-2024-6119 libssl3 UNDEFINED fixed 3.3.2-r0'])
  const older = await scanned(place, {
    ...release('alpine', '3.19.1'),
    'lib/apk/db/installed': installed,
  })
  assert.deepEqual(told(older), [])
})

test('Red Hat: an archive of real documents: epochs, minor releases mended apart, what stays affected', async (t) => {
  const names = [
    'two minor releases mended apart, extended support left out, what is not affected',
    'an epoch, a package that stays affected',
  ]
  const documents = names.map((name, index) =>
    file(`2023/${index}.json`, realCase('redhat-vex', name)),
  )
  const files = new Map<string, Buffer | string>([
    ['archive_latest.txt', 'csaf_vex_2026-11-23.tar.zst\n'],
    ['csaf_vex_2026-11-23.tar.zst', zstdCompressSync(tar(...documents))],
  ])
  const place = await feedPlace(t, files)
  assert.partialDeepStrictEqual(await place.refresh('redhat'), { kind: 'imported' })
  const vendor = 'Red Hat, Inc.'
  const image = (version: string, curl: string): Files => ({
    ...release('rhel', version),
    [manifest]: rpms(
      vendor,
      ['libcurl', curl, '0', `curl-${curl}.src.rpm`],
      ['openssl-libs', '3.0.7-24.el9', '1', 'openssl-3.0.7-24.el9.src.rpm'],
      ['edk2-ovmf', '20230524-3.el9', '0', 'edk2-20230524-3.el9.src.rpm'],
    ),
  })
  const base = [
    'CVE-2023-6237 edk2-ovmf LOW notFixed Affected',
    'CVE-2023-6237 openssl-libs LOW fixed 1:3.0.7-27.el9',
  ]
  assert.deepEqual(told(await scanned(place, image('9.3', '7.76.1-26.el9'))), [
    'CVE-2023-38545 libcurl HIGH fixed 7.76.1-26.el9_3.2',
    ...base,
  ])
  assert.deepEqual(told(await scanned(place, image('9.2', '7.76.1-23.el9_2.4'))), base)
  assert.deepEqual(told(await scanned(place, image('9.2', '7.76.1-23.el9_2.1'))), [
    'CVE-2023-38545 libcurl HIGH fixed 7.76.1-23.el9_2.4',
    ...base,
  ])
})

test('Amazon: core and topics, each found by its mirror list and its index', async (t) => {
  const update = (id: string, name: string, version: string): string =>
    `<updates><update type="security"><id>${id}</id><severity>important</severity><references><reference id="CVE-${id.slice(-9).replace('-', '-0')}" type="cve"/></references><pkglist><collection><package name="${name}" version="${version}" release="1.amzn2" epoch="0" arch="noarch"/></collection></pkglist></update></updates>`
  const index = (data: string): string =>
    `<repomd><data type="updateinfo"><location href="repodata/${data}"/></data></repomd>`
  const files = new Map<string, Buffer | string>([
    ['2/extras-catalog.json', '{"topics": [{"n": "tomcat9"}]}'],
    ['2/core/latest/x86_64/mirror.list', 'https://cdn.example/2/core/2.0/x86_64/abc\n'],
    ['2/core/2.0/x86_64/abc/repodata/repomd.xml', index('core.xml.gz')],
    [
      '2/core/2.0/x86_64/abc/repodata/core.xml.gz',
      gzipSync(update('ALAS2-2023-1001', 'tomcat', '7.0.76')),
    ],
    [
      '2/extras/tomcat9/latest/x86_64/mirror.list',
      'https://cdn.example/2/extras/tomcat9/9/x86_64/def/\n',
    ],
    ['2/extras/tomcat9/9/x86_64/def/repodata/repomd.xml', index('topic.xml.gz')],
    [
      '2/extras/tomcat9/9/x86_64/def/repodata/topic.xml.gz',
      gzipSync(update('ALAS2TOMCAT9-2023-1002', 'tomcat', '9.0.71')),
    ],
  ])
  const place = await feedPlace(t, files)
  for (const part of ['2/core', '2/extras/tomcat9'])
    assert.partialDeepStrictEqual(await place.refresh('amazon', part), { kind: 'imported' })
  assert.partialDeepStrictEqual(await place.refresh('amazon', '2/core'), { kind: 'unchanged' })
  const image = (version: string): Files => ({
    ...release('amzn', '2'),
    [manifest]: rpms('Amazon Linux', ['tomcat', version, '0', `tomcat-${version}.src.rpm`]),
  })
  const found = async (version: string) => told(await scanned(place, image(version)))
  assert.deepEqual(await found('7.0.70-1.amzn2'), [
    'CVE-2023-01001 tomcat HIGH fixed 7.0.76-1.amzn2',
  ])
  assert.deepEqual(await found('7.0.76-1.amzn2'), [])
  assert.deepEqual(await found('9.0.70-1.amzn2'), [
    'CVE-2023-01002 tomcat HIGH fixed 9.0.71-1.amzn2',
  ])
})
