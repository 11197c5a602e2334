import assert from 'node:assert/strict'
import { test } from 'node:test'
import { listExtractor, parseTestOsRelease } from '../../../test/kit/list-extractor.ts'
import {
  file,
  folder,
  hardlink,
  symlink,
  tar,
  type TarSpec,
} from '../../../test/kit/tar-builder.ts'
import { digestOf, type Digest } from '../../oci/digest.ts'
import { inventoryLayer } from '../layer-inventory.ts'
import { defaultLayerLimits } from '../layer-limits.ts'
import { squash, type SquashedImage } from './squash.ts'

const extractors = [
  listExtractor('dpkg-status', /^var\/lib\/dpkg\/status(?:\.d\/[^/]+)?$/, { type: 'deb' }),
  listExtractor('apk-installed', /^(?:usr\/)?lib\/apk\/db\/installed$/, { type: 'apk' }),
  listExtractor('list', /(?:^|\/)list$/),
]

const debian = file('etc/os-release', 'ID=debian\n')
const status = 'var/lib/dpkg/status'

function digestOfLayer(index: number): Digest {
  return digestOf(Buffer.from(`layer ${index}`))
}

/** Squashes layers given as the entries of their tars. */
async function imageOf(...layers: readonly (readonly TarSpec[])[]): Promise<SquashedImage> {
  const read = layers.map(async (entries, index) => {
    const reading = await inventoryLayer(
      { extractors, parseOsRelease: parseTestOsRelease },
      { chunks: oneChunk(tar(...entries)) },
      defaultLayerLimits,
    )
    if (reading.kind !== 'read') assert.fail(reading.message)
    return { digest: digestOfLayer(index), inventory: reading.inventory }
  })
  return squash(await Promise.all(read))
}

async function* oneChunk(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes
}

/** `path: name version @layer`. */
function listed({ instances }: Pick<SquashedImage, 'instances'>): readonly string[] {
  return instances.map(
    ({ path, package: found, layerDigest }) =>
      `${path}: ${found.name} ${found.version} @${layerIndex(layerDigest)}`,
  )
}

function layerIndex(digest: Digest): number {
  for (let index = 0; index < 100; index++) if (digestOfLayer(index) === digest) return index
  return -1
}

function codesOf({ notes }: SquashedImage): readonly string[] {
  return notes.map(({ code }) => code)
}

interface Case {
  readonly name: string
  readonly layers: readonly (readonly TarSpec[])[]
  readonly expected: readonly string[]
}

const cases: readonly Case[] = [
  {
    name: 'a later layer replaces a file and takes the blame for it',
    layers: [[file('a/list', 'x 1')], [file('a/list', 'x 1\ny 2')]],
    expected: ['a/list: x 1 @1', 'a/list: y 2 @1'],
  },
  {
    name: 'a whiteout removes what lower layers have',
    layers: [[file('a/list', 'x 1'), file('b/list', 'y 1')], [file('a/.wh.list')]],
    expected: ['b/list: y 1 @0'],
  },
  {
    name: 'a whiteout of a folder removes everything below it',
    layers: [[file('a/b/c/list', 'x 1')], [file('.wh.a')]],
    expected: [],
  },
  {
    name: 'a whiteout leaves its own layer alone, whatever the order',
    layers: [
      [file('a/list', 'x 1'), file('b/list', 'x 1')],
      [file('a/.wh.list'), file('a/list', 'x 2'), file('b/list', 'x 2'), file('b/.wh.list')],
    ],
    expected: ['a/list: x 2 @1', 'b/list: x 2 @1'],
  },
  {
    name: 'an opaque folder hides what lower layers have in it, and nothing else',
    layers: [
      [file('a/list', 'x 1'), file('a/b/list', 'x 1'), file('c/list', 'x 1')],
      [folder('a'), file('a/d/list', 'y 1'), file('a/.wh..wh..opq')],
    ],
    expected: ['a/d/list: y 1 @1', 'c/list: x 1 @0'],
  },
  {
    name: 'an opaque mark behind a link through a folder that is not there hides nothing',
    layers: [[file('c/list', 'x 1'), symlink('b', 'absent/..')], [file('b/.wh..wh..opq')]],
    expected: ['c/list: x 1 @0'],
  },
  {
    name: 'an opaque root hides all lower layers',
    layers: [[file('a/list', 'x 1')], [file('.wh..wh..opq'), file('b/list', 'y 1')]],
    expected: ['b/list: y 1 @1'],
  },
  {
    name: 'a whiteout takes effect for layers above that write anew',
    layers: [[file('a/list', 'x 1')], [file('a/.wh.list')], [file('a/list', 'x 1')]],
    expected: ['a/list: x 1 @2'],
  },
  {
    name: 'a file replaces a folder with all it holds',
    layers: [[file('a/b/list', 'x 1')], [file('a/b', 'text')]],
    expected: [],
  },
  {
    name: 'a folder replaces a file',
    layers: [[file('a/list', 'x 1')], [folder('a/list')]],
    expected: [],
  },
  {
    name: 'a link, a device or a pipe replaces a file',
    layers: [
      [file('a/list', 'x 1'), file('b/list', 'x 1'), file('c/list', 'x 1')],
      [symlink('a/list', 'nowhere'), { name: 'b/list', type: '3' }, { name: 'c/list', type: '6' }],
    ],
    expected: [],
  },
  {
    name: 'the last of two entries of one name counts',
    layers: [[file('a/list', 'x 1'), file('./a//list', 'x 2')]],
    expected: ['a/list: x 2 @0'],
  },
  {
    name: 'usr-merge: a path through a linked folder is the path it leads to',
    layers: [
      [symlink('lib', 'usr/lib'), file('usr/lib/apk/db/installed', 'musl 1\nzlib 1')],
      [file('lib/apk/db/installed', 'musl 2\nzlib 1')],
    ],
    expected: ['usr/lib/apk/db/installed: musl 2 @1', 'usr/lib/apk/db/installed: zlib 1 @0'],
  },
  {
    name: 'a folder of its own takes the place of a link, so that its content lies apart',
    layers: [
      [symlink('a', 'b'), file('b/list', 'x 1')],
      [folder('a'), file('a/list', 'y 1')],
    ],
    expected: ['a/list: y 1 @1', 'b/list: x 1 @0'],
  },
  {
    name: 'absolute links and dots stay below the root',
    layers: [
      [symlink('a', '/../../b'), symlink('c/d', '../../../b/./e'), file('b/list', 'x 1')],
      [file('a/list', 'x 2'), file('c/d/list', 'y 1')],
    ],
    expected: ['b/e/list: y 1 @1', 'b/list: x 2 @1'],
  },
  {
    name: 'a whiteout through a linked folder',
    layers: [[symlink('a', 'b'), file('b/list', 'x 1')], [file('a/.wh.list')]],
    expected: [],
  },
  {
    name: 'a whiteout of a link removes the link only',
    layers: [[symlink('a', 'b'), file('b/list', 'x 1')], [file('.wh.a')], [file('a/list', 'y 1')]],
    expected: ['a/list: y 1 @2', 'b/list: x 1 @0'],
  },
  {
    name: 'what lies below a loop of links is not lost',
    layers: [[symlink('a', 'b'), symlink('b', 'a')], [file('a/c/list', 'x 1')]],
    expected: ['a/c/list: x 1 @1'],
  },
  {
    name: 'a hardlink has the content of its target, of the same or a lower layer',
    layers: [
      [file('a/list', 'x 1'), hardlink('b/list', 'a/list')],
      [hardlink('c/list', './a/list'), file('a/.wh.list')],
    ],
    expected: ['b/list: x 1 @0'],
  },
  {
    name: 'a hardlink keeps its content when its target changes',
    layers: [
      [file('a/list', 'x 1')],
      [hardlink('c/list', '/a/list')],
      [file('a/list', 'x 2')],
      [file('a/.wh.list')],
    ],
    expected: ['c/list: x 1 @1'],
  },
  {
    name: 'a package of a database belongs to the first layer that lists it without a gap',
    layers: [
      [file(status, 'libc 1\nbash 1')],
      [file(status, 'libc 1\nbash 2\ncurl 1')],
      [file(status, 'libc 1\ncurl 1')],
      [file(status, 'libc 1\nbash 1\ncurl 1')],
      [file('unrelated')],
    ],
    expected: [`${status}: bash 1 @3`, `${status}: curl 1 @1`, `${status}: libc 1 @0`],
  },
  {
    name: 'a database that was gone for a layer starts anew',
    layers: [[file(status, 'libc 1')], [file('var/lib/dpkg/.wh.status')], [file(status, 'libc 1')]],
    expected: [`${status}: libc 1 @2`],
  },
  {
    name: 'a database that is removed and written in one layer goes on',
    layers: [
      [file(status, 'libc 1')],
      [file('var/lib/dpkg/.wh..wh..opq'), file(status, 'libc 1\nbash 1')],
    ],
    expected: [`${status}: bash 1 @1`, `${status}: libc 1 @0`],
  },
]

for (const { name, layers, expected } of cases) {
  test(name, async () => {
    assert.deepEqual(listed(await imageOf(...layers)), expected)
  })
}

interface NoteCase {
  readonly name: string
  readonly layers: readonly (readonly TarSpec[])[]
  readonly codes: readonly string[]
}

const base = [debian, file(status, 'libc 1')]

const noteCases: readonly NoteCase[] = [
  { name: 'nothing of an ordinary image', layers: [base], codes: [] },
  {
    name: 'nothing of a merged usr and a linked os-release',
    layers: [
      [
        symlink('lib', 'usr/lib'),
        symlink('etc/os-release', '../usr/lib/os-release'),
        file('usr/lib/os-release', 'ID=alpine\n'),
        file('lib/apk/db/installed', 'musl 1'),
      ],
    ],
    codes: [],
  },
  { name: 'an empty image', layers: [[]], codes: ['OS_UNKNOWN', 'NO_PACKAGE_DB'] },
  { name: 'an image without layers', layers: [], codes: ['OS_UNKNOWN', 'NO_PACKAGE_DB'] },
  {
    name: 'an os-release that names nothing, whatever the other one says',
    layers: [base, [file('etc/os-release', '?'), file('usr/lib/os-release', 'ID=debian\n')]],
    codes: ['OS_UNKNOWN'],
  },
  {
    name: 'a removed os-release',
    layers: [base, [file('etc/.wh.os-release')]],
    codes: ['OS_UNKNOWN'],
  },
  {
    name: 'an os-release that a later layer makes that of another system',
    layers: [
      base,
      [file('etc/os-release', 'ID=ubuntu\nVERSION_ID=99.04\n'), file(status, 'libc 1')],
    ],
    codes: ['OS_CHANGED'],
  },
  {
    name: 'a folder of Node.js packages that is a link to where nobody looks',
    layers: [
      [
        ...base,
        file('opt/hidden/a/package.json', '{}'),
        symlink('app/node_modules', '/opt/hidden'),
      ],
    ],
    codes: ['LINK_UNRESOLVED'],
  },
  {
    name: 'nothing of a folder of Node.js packages that is a link to another',
    layers: [[...base, symlink('app/node_modules', '../srv/node_modules')]],
    codes: [],
  },
  {
    name: 'a removed database',
    layers: [base, [file('var/lib/.wh.dpkg')]],
    codes: ['NO_PACKAGE_DB', 'PACKAGE_DB_REMOVED'],
  },
  {
    name: 'an emptied database',
    layers: [base, [file(status, '')]],
    codes: ['NO_PACKAGE_DB', 'PACKAGE_DB_REMOVED'],
  },
  {
    name: 'a database that a pipe replaced',
    layers: [base, [{ name: status, type: '6' }]],
    codes: ['NO_PACKAGE_DB', 'PACKAGE_DB_REMOVED'],
  },
  {
    name: 'a database that a file on its way replaced',
    layers: [base, [file('var', '')]],
    codes: ['NO_PACKAGE_DB', 'PACKAGE_DB_REMOVED'],
  },
  {
    name: 'nothing of a database that came back',
    layers: [base, [file('var/lib/.wh.dpkg')], [file(status, 'libc 1')]],
    codes: [],
  },
  {
    name: 'nothing of a database that moved to another place of its kind',
    layers: [
      [debian, file(status, 'libc 1')],
      [file('var/lib/dpkg/.wh.status'), file('var/lib/dpkg/status.d/libc', 'libc 1')],
    ],
    codes: [],
  },
  {
    name: 'a database without a reader',
    layers: [[file('etc/os-release', 'ID=arch\n'), file('var/lib/pacman/local/a-1/desc', 'x')]],
    codes: ['PACKAGE_DB_UNREAD'],
  },
  {
    name: 'a database of another system',
    layers: [[file('etc/os-release', 'ID=alpine\n'), file(status, 'libc 1')]],
    codes: ['FOREIGN_PACKAGE_DB'],
  },
  {
    name: 'two databases, one of them foreign',
    layers: [base, [file('lib/apk/db/installed', 'musl 1')]],
    codes: ['FOREIGN_PACKAGE_DB'],
  },
  {
    name: 'a database whose folder is a link to where nobody reads',
    layers: [
      [debian, file('opt/d/e/f/g/status', 'libc 1'), symlink('var/lib/dpkg', '/opt/d/e/f/g')],
    ],
    codes: ['NO_PACKAGE_DB', 'PACKAGE_DB_ELSEWHERE'],
  },
  {
    name: 'a database that is a link to where nobody reads',
    layers: [[debian, file('opt/hidden', 'libc 1'), symlink(status, '/opt/hidden')]],
    codes: ['NO_PACKAGE_DB', 'PACKAGE_DB_ELSEWHERE', 'LINK_UNRESOLVED'],
  },
  {
    name: 'a database that is a hardlink to what was not read',
    layers: [[debian, file('opt/hidden', 'libc 1'), hardlink(status, 'opt/hidden')]],
    codes: ['PACKAGE_DB_UNREAD', 'LINK_UNRESOLVED'],
  },
  {
    name: 'a wanted path that is a link to what another extractor reads',
    layers: [[...base, symlink('a/list', '../var/lib/dpkg/status')]],
    codes: ['LINK_UNRESOLVED'],
  },
]

for (const { name, layers, codes } of noteCases) {
  test(`notes ${name}`, async () => {
    assert.deepEqual(codesOf(await imageOf(...layers)), codes)
  })
}

test('tells what a removed database listed, and who removed it', async () => {
  const image = await imageOf(
    [debian, file(status, 'libc 1')],
    [file(status, 'libc 1\nbash 5')],
    [file('var/lib/dpkg/.wh.status')],
    [file('unrelated')],
  )
  assert.deepEqual(image.instances, [])
  assert.deepEqual(listed({ instances: image.lostInstances }), [
    `${status}: bash 5 @1`,
    `${status}: libc 1 @0`,
  ])
  const note = image.notes.find(({ code }) => code === 'PACKAGE_DB_REMOVED')
  assert.equal(note?.layerDigest, digestOfLayer(2))
  assert.equal(note?.database, 'dpkg')
  assert.match(note?.message ?? '', /with 2 packages/)
})

test('takes the system from etc before usr/lib, through links', async () => {
  const both = await imageOf([debian, file('usr/lib/os-release', 'ID=ubuntu\n')])
  const linked = await imageOf(
    [file('usr/lib/os-release', 'ID=alpine\n'), symlink('etc/os-release', '../usr/lib/os-release')],
    [file('usr/lib/os-release', 'ID=wolfi\n')],
  )
  const hard = await imageOf([
    file('usr/lib/os-release', 'ID=alpine\n'),
    hardlink('etc/os-release', 'usr/lib/os-release'),
  ])
  assert.deepEqual(
    [both, linked, hard].map(({ distribution }) => distribution?.id),
    ['debian', 'wolfi', 'alpine'],
  )
})

test('lists databases with the layer that wrote them last', async () => {
  const image = await imageOf([file(status, 'libc 1')], [file(status, 'libc 1\nbash 1')])
  assert.deepEqual(image.databases, [
    { kind: 'dpkg', path: status, layerDigest: digestOfLayer(1), packages: 2 },
  ])
})

test('carries the problems of layers and of files that are still there', async () => {
  const large = 'x 1\n'.repeat(400_000)
  const image = await imageOf(
    [file('a/list', large), file('b/list', large), file('../escape')],
    [file('a/.wh.list')],
  )
  assert.deepEqual(
    image.problems.map(({ code, path, layerDigest }) => [code, path, layerIndex(layerDigest)]),
    [
      ['UNREADABLE', '../escape', 0],
      ['LIMIT_HIT', 'b/list', 0],
    ],
  )
})

test('a hostile tangle of links ends', async () => {
  const entries: TarSpec[] = []
  for (let level = 0; level < 60; level++)
    entries.push(
      symlink(
        `l${level}`,
        Array<string>(8)
          .fill(`l${level + 1}`)
          .join('/'),
      ),
    )
  const image = await imageOf(entries, [file('l0/x/list', 'x 1')])
  assert.deepEqual(listed(image), ['l0/x/list: x 1 @1'])
})
