import assert from 'node:assert/strict'
import { test } from 'node:test'
import { file, hardlink, symlink, tar, type TarSpec } from '../../../test/kit/tar-builder.ts'
import { parseReleaseFile } from '../../ecosystems/release-files.ts'
import { digestOf } from '../../oci/digest.ts'
import { inventoryLayer } from '../layer-inventory.ts'
import { defaultLayerLimits } from '../layer-limits.ts'
import { squash, type SquashedImage } from './squash.ts'

async function imageOf(...layers: readonly (readonly TarSpec[])[]): Promise<SquashedImage> {
  const read = layers.map(async (entries, index) => {
    const reading = await inventoryLayer(
      { extractors: [], parseOsRelease: parseReleaseFile },
      { chunks: oneChunk(tar(...entries)) },
      defaultLayerLimits,
    )
    if (reading.kind !== 'read') assert.fail(reading.message)
    return { digest: digestOf(Buffer.from(`layer ${index}`)), inventory: reading.inventory }
  })
  return squash(await Promise.all(read))
}

async function* oneChunk(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes
}

function systemOf({ distribution }: SquashedImage): string {
  const { id = 'none', versionId = '-', isSubscribed } = distribution ?? {}
  return `${id} ${versionId}${isSubscribed === true ? ' subscribed' : ''}`
}

function codesOf({ notes }: SquashedImage): readonly string[] {
  return notes.map(({ code }) => code)
}

const osRelease = (id: string, version: string): string => `ID=${id}\nVERSION_ID=${version}\n`
const pro = file('var/lib/ubuntu-advantage/status.json', '{"attached": true}')
const repositories = (branch: string): TarSpec =>
  file('etc/apk/repositories', `https://dl-cdn.alpinelinux.org/alpine/${branch}/main\n`)

const cases: readonly {
  readonly name: string
  readonly layers: readonly (readonly TarSpec[])[]
  readonly expected: string
}[] = [
  {
    name: 'a huge os-release hides that another file names a system',
    layers: [
      [file('etc/os-release', `#${'x'.repeat(70_000)}`), file('etc/debian_version', '12.5\n')],
    ],
    expected: 'none -',
  },
  {
    name: 'an os-release whose content is in no layer hides it too',
    layers: [[hardlink('etc/os-release', 'gone'), file('etc/debian_version', '12.5\n')]],
    expected: 'none -',
  },
  {
    name: 'an os-release without an ID is not helped by the older files',
    layers: [[file('etc/os-release', 'NAME=x\n'), file('etc/alpine-release', '3.18.4\n')]],
    expected: 'none -',
  },
  {
    name: 'a derivative that nobody knows is not its parent',
    layers: [
      [file('etc/lsb-release', 'DISTRIB_ID=Elementary\n'), file('etc/debian_version', '12.5\n')],
    ],
    expected: 'none -',
  },
  {
    name: 'a subscription of another system is none',
    layers: [[file('etc/os-release', osRelease('debian', '12')), pro]],
    expected: 'debian 12',
  },
  {
    name: 'a subscription that a later layer removed is none',
    layers: [
      [file('etc/os-release', osRelease('ubuntu', '20.04')), pro],
      [file('var/lib/ubuntu-advantage/.wh.status.json')],
    ],
    expected: 'ubuntu 20.04',
  },
  { name: 'no file at all', layers: [[file('etc/passwd', 'x')]], expected: 'none -' },
  {
    name: 'a subscription stands in a file beside',
    layers: [[file('etc/os-release', osRelease('ubuntu', '20.04'))], [pro]],
    expected: 'ubuntu 20.04 subscribed',
  },
  {
    name: 'etc comes before usr/lib, and both before the older files',
    layers: [
      [
        file('etc/debian_version', '11.1\n'),
        file('usr/lib/os-release', osRelease('debian', '11')),
        file('etc/os-release', osRelease('debian', '12')),
      ],
    ],
    expected: 'debian 12',
  },
  {
    name: 'os-release is a link to the other',
    layers: [
      [symlink('etc/os-release', '../usr/lib/os-release')],
      [file('usr/lib/os-release', osRelease('alpine', '3.19.1'))],
    ],
    expected: 'alpine 3.19.1',
  },
  {
    name: 'without an os-release the older files are asked',
    layers: [[file('etc/alpine-release', '3.18.4\n')]],
    expected: 'alpine 3.18.4',
  },
  {
    name: 'the parent’s file says nothing beside the derivative’s own',
    layers: [
      [
        file('etc/redhat-release', 'Red Hat Enterprise Linux release 8.9 (Ootpa)\n'),
        file('etc/oracle-release', 'Oracle Linux Server release 8.9\n'),
      ],
    ],
    expected: 'ol 8.9',
  },
  {
    name: 'an empty file names Arch',
    layers: [[file('etc/arch-release', '')]],
    expected: 'arch -',
  },
  {
    name: 'redhat-release is a link to the distribution’s own file',
    layers: [
      [
        symlink('etc/redhat-release', 'centos-release'),
        file('etc/centos-release', 'CentOS Linux release 7.9.2009 (Core)\n'),
      ],
    ],
    expected: 'centos 7',
  },
]

for (const { name, layers, expected } of cases) {
  test(`the system of an image: ${name}`, async () => {
    assert.equal(systemOf(await imageOf(...layers)), expected)
  })
}

test('packages from another branch of Alpine than it says it is are noted', async () => {
  const told = await imageOf(
    [file('etc/os-release', osRelease('alpine', '3.19.1'))],
    [repositories('v3.20')],
  )
  const note = told.notes.find(({ code }) => code === 'OS_BRANCH_DIFFERS')
  assert.match(note?.message ?? '', /alpine 3\.19\.1.*repositories of 3\.20.*advisories of 3\.19/)
  for (const [version, branch] of [
    ['3.19.1', 'v3.19'],
    ['3.23_alpha20250612', 'edge'],
    ['of my own', 'edge'],
  ] as const) {
    const image = await imageOf([
      file('etc/os-release', `ID=alpine\nVERSION_ID="${version}"\n`),
      repositories(branch),
    ])
    assert.ok(!codesOf(image).includes('OS_BRANCH_DIFFERS'), version)
  }
  const wolfi = await imageOf([
    file('etc/os-release', osRelease('wolfi', '1')),
    repositories('edge'),
  ])
  assert.ok(!codesOf(wolfi).includes('OS_BRANCH_DIFFERS'))
})

const status = file('var/lib/dpkg/status', 'Package: a\nVersion: 1\n')
const debian = (version: string): TarSpec => file('etc/os-release', osRelease('debian', version))

test('a release that a later layer only claims is noted, with the layer', async () => {
  const image = await imageOf([debian('11'), status], [debian('13')], [file('unrelated')])
  const note = image.notes.find(({ code }) => code === 'OS_CHANGED')
  assert.match(note?.message ?? '', /system is debian 11.*is debian 13.*the latter/)
  assert.equal(note?.layerDigest, digestOf(Buffer.from('layer 1')))
})

test('an upgrade, and a release that is told more exactly, are not noted', async () => {
  const upgraded = await imageOf([debian('11'), status], [debian('12'), status])
  const told = await imageOf([debian('12.5'), status], [debian('12')])
  const parts = await imageOf([status], [file('etc/debian_version', '12.5\n')], [debian('12')])
  const gone = await imageOf([debian('11'), status], [file('etc/.wh.os-release')])
  for (const image of [upgraded, told, parts, gone])
    assert.ok(!codesOf(image).includes('OS_CHANGED'))
})
