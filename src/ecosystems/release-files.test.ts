import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import fc from 'fast-check'
import { sharedData } from '../../test/kit/shared-data.ts'
import {
  alpineBranchOf,
  isReleaseFilePath,
  parseReleaseFile,
  releaseFilePaths,
} from './release-files.ts'

function saidBy(path: string, text: string): string {
  const said = parseReleaseFile(Buffer.from(text), path)
  if (said === undefined) return 'nothing'
  const { id, versionId = '-', codename, isSubscribed } = said
  return [id, versionId, codename, isSubscribed === true ? 'subscribed' : undefined]
    .filter((word) => word !== undefined)
    .join(' ')
}

/** Texts as the distributions' own packages have them. */
const files: readonly (readonly [path: string, text: string, said: string])[] = [
  ['etc/alpine-release', '3.19.1\n', 'alpine 3.19.1'],
  ['etc/alpine-release', '3.23_alpha20250612\n', 'alpine 3.23_alpha20250612'],
  ['etc/alpine-release', 'edge of reason\n', 'nothing'],
  ['etc/redhat-release', 'Red Hat Enterprise Linux Server release 6.10 (Santiago)\n', 'rhel 6.10'],
  ['etc/redhat-release', 'Red Hat Enterprise Linux release 8.9 (Ootpa)\n', 'rhel 8.9'],
  ['etc/redhat-release', 'CentOS release 6.10 (Final)\n', 'centos 6'],
  ['etc/redhat-release', 'Scientific Linux release 7.9 (Nitrogen)\n', 'nothing'],
  ['etc/redhat-release', 'My Red Hat Enterprise Linux release 8.9\n', 'nothing'],
  ['etc/centos-release', 'CentOS Linux release 7.9.2009 (Core)\n', 'centos 7'],
  ['etc/centos-release', 'CentOS Stream release 9\n', 'centos 9'],
  ['etc/oracle-release', 'Oracle Linux Server release 8.9\n', 'ol 8.9'],
  ['etc/rocky-release', 'Rocky Linux release 9.3 (Blue Onyx)\n', 'rocky 9.3'],
  ['etc/almalinux-release', 'AlmaLinux release 9.3 (Shamrock Pampas Cat)\n', 'almalinux 9.3'],
  ['etc/fedora-release', 'Fedora release 39 (Thirty Nine)\n', 'fedora 39'],
  ['etc/system-release', 'Amazon Linux AMI release 2018.03\n', 'amzn 2018.03'],
  ['etc/system-release', 'Amazon Linux release 2 (Karoo)\n', 'amzn 2'],
  ['etc/system-release', 'Amazon Linux release 2023.3.20240312 (Amazon Linux)\n', 'amzn 2023'],
  ['etc/photon-release', 'VMware Photon OS 5.0\nPHOTON_BUILD_NUMBER=dde71ec57\n', 'photon 5.0'],
  ['etc/photon-release', 'VMware Photon Linux 1.0\n', 'photon 1.0'],
  ['etc/mariner-release', 'CBL-Mariner 2.0.20240112\nMARINER_BUILD_NUMBER=1\n', 'mariner 2.0'],
  [
    'etc/SuSE-release',
    'SUSE Linux Enterprise Server 11 (x86_64)\nVERSION = 11\nPATCHLEVEL = 4\n',
    'sles 11.4',
  ],
  [
    'etc/SuSE-release',
    'SUSE Linux Enterprise Server 12 (x86_64)\nVERSION = 12\nPATCHLEVEL = 0\n',
    'sles 12',
  ],
  ['etc/SuSE-release', 'openSUSE 13.2 (x86_64)\nVERSION = 13.2\n', 'opensuse 13.2'],
  ['etc/openEuler-release', 'openEuler release 22.03 (LTS-SP3)\n', 'openeuler 22.03'],
  ['etc/gentoo-release', 'Gentoo Base System release 2.14\n', 'gentoo 2.14'],
  ['etc/arch-release', '', 'arch -'],
  ['etc/arch-release', 'Arch Linux release\n', 'arch -'],
  ['etc/arch-release', 'Manjaro Linux\n', 'nothing'],
  [
    'etc/lsb-release',
    'DISTRIB_ID=Ubuntu\nDISTRIB_RELEASE=22.04\nDISTRIB_CODENAME=jammy\n',
    'ubuntu 22.04 jammy',
  ],
  ['etc/lsb-release', 'DISTRIB_ID="Arch"\nDISTRIB_RELEASE="rolling"\n', 'arch -'],
  ['etc/lsb-release', 'DISTRIB_ID=Elementary\nDISTRIB_RELEASE=7\n', 'nothing'],
  ['etc/openwrt_release', "DISTRIB_ID='OpenWrt'\nDISTRIB_RELEASE='23.05.2'\n", 'openwrt 23.05.2'],
  ['etc/debian_version', '12.5\n', 'debian 12'],
  ['etc/debian_version', '3.1\n', 'debian 3.1'],
  ['etc/debian_version', '8.11\n', 'debian 8'],
  ['etc/debian_version', 'trixie/sid\n', 'debian - trixie'],
  ['etc/debian_version', '12.5 and more\n', 'nothing'],
  ['etc/os-release', 'ID=wolfi\nVERSION_ID="20230201"\n', 'wolfi 20230201'],
  ['usr/lib/os-release', 'ID="sles"\nVERSION_ID="15.5"\n', 'sles 15.5'],
  [
    'etc/os-release',
    'PRETTY_NAME="Distroless"\nID="debian"\nVERSION_ID="12"\nVERSION="Debian GNU/Linux 12 (bookworm)"\n',
    'debian 12',
  ],
  [
    'etc/os-release',
    'PRETTY_NAME="Debian GNU/Linux trixie/sid"\nVERSION_CODENAME=trixie\nID=debian\n',
    'debian - trixie',
  ],
  ['etc/os-release', 'NAME="Some Linux"\nVERSION_ID=1\n', 'nothing'],
  [
    'etc/apk/repositories',
    'https://dl-cdn.alpinelinux.org/alpine/v3.18/main\nhttps://dl-cdn.alpinelinux.org/alpine/v3.18/community\n',
    'alpine 3.18',
  ],
  [
    'etc/apk/repositories',
    '#https://example.org/alpine/v3.1/main\nhttp://m/alpine/edge/main\n',
    'alpine edge',
  ],
  ['etc/apk/repositories', 'https://m/v3.18/main\n@edge https://m/edge/community\n', 'alpine 3.18'],
  ['etc/apk/repositories', 'https://m/v3.18/main\nhttps://m/v3.19/main\n', 'nothing'],
  ['etc/apk/repositories', 'https://packages.wolfi.dev/os\n', 'nothing'],
  ['var/lib/ubuntu-advantage/status.json', '{"attached":true}', 'ubuntu - subscribed'],
  ['var/lib/ubuntu-advantage/status.json', '{"attached":false}', 'nothing'],
  ['var/lib/ubuntu-advantage/status.json', '{"attached":"true"}', 'nothing'],
  ['var/lib/ubuntu-advantage/status.json', '[[[', 'nothing'],
  ['etc/issue', 'Debian GNU/Linux 12 \\n \\l\n', 'nothing'],
]

for (const [path, text, said] of files) {
  test(`${path} ${JSON.stringify(text.slice(0, 50))} says ${said}`, () => {
    assert.equal(saidBy(path, text), said)
  })
}

test('the stream of CentOS can be told from the rebuild', () => {
  const read = parseReleaseFile(Buffer.from('CentOS Stream release 8\n'), 'etc/centos-release')
  assert.equal(read?.prettyName, 'CentOS Stream release 8')
})

test('a distribution’s own file stands before those that its derivatives keep too', () => {
  const place = (path: string): number => releaseFilePaths.indexOf(path)
  for (const path of releaseFilePaths) {
    assert.ok(isReleaseFilePath(path))
    if (!path.endsWith('os-release')) assert.ok(place('usr/lib/os-release') < place(path))
  }
  assert.ok(place('etc/oracle-release') < place('etc/redhat-release'))
  assert.ok(place('etc/lsb-release') < place('etc/debian_version'))
  assert.ok(!isReleaseFilePath('etc/issue'))
})

test('the branch of Alpine is two numbers, and edge for what is not yet a release', () => {
  assert.equal(alpineBranchOf('3.19.1'), '3.19')
  assert.equal(alpineBranchOf('3.23_alpha20250612'), 'edge')
  assert.equal(alpineBranchOf('3.22.0_rc1'), '3.22')
  assert.equal(alpineBranchOf('edge'), 'edge')
  assert.equal(alpineBranchOf('latest'), undefined)
})

test('any bytes at any of the paths give a system or none', () => {
  const paths = fc.constantFrom(
    ...releaseFilePaths,
    'etc/apk/repositories',
    'var/lib/ubuntu-advantage/status.json',
  )
  const bytes = fc.oneof(
    fc.uint8Array({ maxLength: 300 }),
    fc.string({ maxLength: 300 }).map((text) => Buffer.from(text)),
    fc.constantFrom(...files.map(([, text]) => Buffer.from(text))),
  )
  fc.assert(
    fc.property(paths, bytes, (path, content) => {
      const said = parseReleaseFile(content, path)
      if (said !== undefined) assert.notEqual(said.id, '')
    }),
    { numRuns: 3000 },
  )
})

const releases = sharedData('fixtures', 'os-release.json')
test(
  'reads the os-release of every distribution in the fixtures',
  { skip: releases === undefined ? 'shared data is absent' : false },
  () => {
    const { cases } = JSON.parse(readFileSync(releases ?? '', 'utf8')) as {
      cases: readonly {
        path: string
        text: string
        id: string | null
        versionId: string | null
        codename: string | null
      }[]
    }
    assert.equal(cases.length, 56)
    for (const { path, text, id, versionId, codename } of cases) {
      const read = parseReleaseFile(Buffer.from(text), 'etc/os-release')
      assert.equal(read?.id ?? null, id, path)
      assert.equal(read?.versionId ?? null, versionId, path)
      assert.equal(read?.codename ?? null, codename, path)
    }
  },
)
