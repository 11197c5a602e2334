// Images whose last layer wrote a package database by hand, beside those whose package manager did.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { elfOf } from '../../test/kit/executable-builder.ts'
import { digestOfLayer, squashedImage } from '../../test/kit/squashed-image.ts'
import { file, type TarSpec } from '../../test/kit/tar-builder.ts'

const program = elfOf([{ name: '.rodata', bytes: Buffer.from('a program') }])
const status = 'var/lib/dpkg/status'
const installed = 'lib/apk/db/installed'

function dpkg(...packages: readonly string[]): TarSpec {
  const stanzas = packages.map((text) => {
    const [name = '', version = '', state = 'install ok installed'] = text.split(' | ')
    return `Package: ${name}\nStatus: ${state}\nArchitecture: amd64\nVersion: ${version}\n`
  })
  return file(status, stanzas.join('\n'))
}

function list(name: string, ...paths: readonly string[]): TarSpec {
  return file(`var/lib/dpkg/info/${name}.list`, ['/.', ...paths, ''].join('\n'))
}

const debian = file('etc/os-release', 'ID=debian\nVERSION_ID=12\n')
const base = [
  debian,
  dpkg('bash | 5.2', 'curl | 7.88', 'data | 1'),
  list('bash', '/usr/bin/bash', '/etc/init.d/bash'),
  list('curl', '/usr/bin/curl', '/usr/lib/libcurl.so.4'),
  list('data', '/usr/share/data/x.dat'),
  file('usr/bin/bash', program),
  file('etc/init.d/bash', '#!/bin/sh\n'),
  file('usr/bin/curl', program),
  file('usr/lib/libcurl.so.4', program),
]
const noCurl = [file('usr/bin/.wh.curl'), file('usr/lib/.wh.libcurl.so.4')]
const noLists = [file('var/lib/dpkg/.wh.info')]

const cases: readonly {
  readonly name: string
  readonly layers: readonly (readonly TarSpec[])[]
  readonly packages: readonly string[]
  readonly notes: readonly RegExp[]
}[] = [
  {
    name: 'packages struck from the database while their files stay are listed with a note',
    layers: [base, [dpkg('data | 1'), ...noLists]],
    packages: ['bash 5.2', 'curl 7.88', 'data 1'],
    notes: [/^2 of the packages .* removed from the dpkg database.* \(bash 5\.2, curl 7\.88\)/],
  },
  {
    name: 'packages that are said to be removed while their files stay are listed with a note',
    layers: [
      base,
      [dpkg('bash | 5.2', 'curl | 7.88 | deinstall ok config-files', 'data | 1'), ...noLists],
    ],
    packages: ['bash 5.2', 'curl 7.88', 'data 1'],
    notes: [/^1 of the packages .*curl/],
  },
  {
    name: 'files that were put anew beside the removal do not hide it',
    layers: [
      base,
      [
        dpkg('bash | 5.2', 'data | 1'),
        file('usr/bin/curl', program),
        file('usr/lib/libcurl.so.4', program),
      ],
    ],
    packages: ['bash 5.2', 'curl 7.88', 'data 1'],
    notes: [/^1 of the packages .*curl/],
  },
  {
    name: 'another package that claims the files with the removal does not hide it',
    layers: [base, [dpkg('data | 1'), list('data', '/usr/bin/bash', '/usr/bin/curl')]],
    packages: ['bash 5.2', 'curl 7.88', 'data 1'],
    notes: [/^2 of the packages/],
  },
  {
    name: 'another version in the database alone is told, and both are listed',
    layers: [base, [dpkg('bash | 99', 'curl | 7.88', 'data | 1')]],
    packages: ['bash 5.2', 'bash 99', 'curl 7.88', 'data 1'],
    notes: [/^1 of the packages .* another version in the dpkg database.*bash 5\.2/],
  },
  {
    name: 'a package that was removed with its files is gone, whatever is left in etc',
    layers: [base, [dpkg('curl | 7.88', 'data | 1'), file('usr/bin/.wh.bash')]],
    packages: ['curl 7.88', 'data 1'],
    notes: [],
  },
  {
    name: 'a package that was upgraded is the new one',
    layers: [base, [dpkg('bash | 5.3', 'curl | 7.88', 'data | 2'), file('usr/bin/bash', program)]],
    packages: ['bash 5.3', 'curl 7.88', 'data 2'],
    notes: [],
  },
  {
    name: 'a package that came back is there once',
    layers: [
      base,
      [dpkg('bash | 5.2', 'data | 1'), ...noCurl],
      [dpkg('bash | 5.2', 'curl | 7.88', 'data | 1'), file('usr/bin/curl', program)],
    ],
    packages: ['bash 5.2', 'curl 7.88', 'data 1'],
    notes: [],
  },
  {
    name: 'files that a package under another name took over are its own',
    layers: [
      base,
      [
        dpkg('bash | 5.2', 'curl64 | 8', 'data | 1'),
        list('curl64', '/usr/bin/curl', '/usr/lib/libcurl.so.4'),
        file('usr/bin/curl', program),
        file('usr/lib/libcurl.so.4', program),
      ],
    ],
    packages: ['bash 5.2', 'curl64 8', 'data 1'],
    notes: [],
  },
  {
    name: 'a stanza of distroless that is whited out while its files stay',
    layers: [
      [
        debian,
        file('var/lib/dpkg/status.d/a', 'Package: a\nVersion: 1\n'),
        file('var/lib/dpkg/status.d/b', 'Package: b\nVersion: 1\n'),
        file('var/lib/dpkg/status.d/b.md5sums', `${'0'.repeat(32)}  usr/bin/b\n`),
        file('usr/bin/b', program),
      ],
      [file('var/lib/dpkg/status.d/.wh.b')],
    ],
    packages: ['a 1', 'b 1'],
    notes: [/^1 of the packages .*b 1/],
  },
  {
    name: 'apk',
    layers: [
      [
        file('etc/os-release', 'ID=alpine\nVERSION_ID=3.20.1\n'),
        file(installed, 'P:a\nV:1-r0\nF:usr/bin\nR:a\n\nP:b\nV:1-r0\nF:usr/bin\nR:b\n\n'),
        file('usr/bin/a', program),
        file('usr/bin/b', program),
      ],
      [file(installed, 'P:a\nV:1-r0\nF:usr/bin\nR:a\nR:b\n\n')],
    ],
    packages: ['a 1-r0', 'b 1-r0'],
    notes: [/^1 of the packages .* apk database.*b 1-r0/],
  },
]

for (const { name, layers, packages, notes } of cases) {
  test(name, async () => {
    const image = await squashedImage(...layers)
    const system = image.instances.filter(({ package: { type } }) => ['deb', 'apk'].includes(type))
    assert.deepEqual(
      system.map(({ package: it }) => `${it.name} ${it.version}`).toSorted(),
      packages,
    )
    const told = image.notes.filter(({ code }) => code === 'PACKAGE_DB_REWRITTEN')
    assert.equal(told.length, notes.length, JSON.stringify(told))
    for (const [index, pattern] of notes.entries())
      assert.match(told[index]?.message ?? '', pattern)
    for (const { layerDigest } of told) assert.equal(layerDigest, digestOfLayer(1))
  })
}

test('a database that is emptied is told as removed, as before', async () => {
  const image = await squashedImage(base, [file(status, '')])
  assert.deepEqual(
    image.notes.map(({ code }) => code),
    ['NO_PACKAGE_DB', 'PACKAGE_DB_REMOVED'],
  )
  assert.equal(image.lostInstances.length, 3)
})
