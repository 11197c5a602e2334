import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { apkInstalled } from './apk/apk-installed.ts'
import { dpkgStatus } from './deb/dpkg-status.ts'
import type { Extractor } from './ecosystem.ts'
import { npmInstalled } from './npm/inventory.ts'
import { pnpmLock } from './npm/pnpm-lock.ts'
import { parseOsRelease } from './os-release.ts'
import { pythonMetadata } from './pypi/python-metadata.ts'
import { allExtractors } from './table.ts'

function namesOf(extractor: Extractor, path: string, text: string): readonly string[] {
  const { instances } = extractor.extract(path, Buffer.from(text))
  return instances.map(({ package: { name, version, source } }) =>
    source === undefined
      ? `${name} ${version}`
      : `${name} ${version} (${source.name} ${source.version})`,
  )
}

test('dpkg: installed packages with their source, by every form of Source and Status', () => {
  const status = [
    'Package: libc6\nStatus: install ok installed\nArchitecture: amd64\nSource: glibc\nVersion: 2.36-9+deb12u4',
    'Package: libgcc-s1\nStatus: install ok installed\nSource: gcc-12 (12.2.0-14)\nVersion: 12.2.0-14+b2',
    'Package: rebuilt\nStatus: install ok installed\nVersion: 1.2-3+b1',
    'Package: removed\nStatus: deinstall ok config-files\nVersion: 1.0',
    'Package: half\nStatus: install ok half-configured\nVersion: 2.0',
    'Package: distroless\nVersion: 3.0\nDescription: first line\n continued: not a key',
  ]
  assert.deepEqual(namesOf(dpkgStatus, 'var/lib/dpkg/status', status.join('\n\n')), [
    'libc6 2.36-9+deb12u4 (glibc 2.36-9+deb12u4)',
    'libgcc-s1 12.2.0-14+b2 (gcc-12 12.2.0-14)',
    'rebuilt 1.2-3+b1 (rebuilt 1.2-3)',
    'half 2.0 (half 2.0)',
    'distroless 3.0 (distroless 3.0)',
  ])
})

test('dpkg: a stanza without a version is a problem with its path', () => {
  const { instances, problems } = dpkgStatus.extract(
    'var/lib/dpkg/status',
    Buffer.from('Package: a\n\nPackage: b\nVersion: 1'),
  )
  assert.equal(instances.length, 1)
  assert.deepEqual(problems, [
    { path: 'var/lib/dpkg/status', reason: 'a stanza (a) has no Version' },
  ])
})

test('each extractor wants its own files and no others', () => {
  const wanted: readonly (readonly [Extractor, readonly string[], readonly string[]])[] = [
    [
      dpkgStatus,
      ['var/lib/dpkg/status', 'var/lib/dpkg/status.d/tzdata'],
      ['var/lib/dpkg/status-old', 'var/lib/dpkg/status.d/a.md5sums', 'x/var/lib/dpkg/status'],
    ],
    [
      apkInstalled,
      ['lib/apk/db/installed', 'usr/lib/apk/db/installed'],
      ['lib/apk/db/installed.old'],
    ],
    [
      npmInstalled,
      [
        'app/node_modules/a/package.json',
        'node_modules/@s/b/package.json',
        'n/node_modules/a/node_modules/c/package.json',
        'usr/share/nodejs/@babel/core/package.json',
        'usr/share/nodejs/debug/package.json',
        'usr/lib/nodejs/a/package.json',
        'usr/lib/x86_64-linux-gnu/nodejs/node-gyp/package.json',
      ],
      [
        'usr/share/nodejs/debug/test/package.json',
        'srv/nodejs/app/package.json',
        'package.json',
        'app/node_modules/a/test/package.json',
        'node_modules/.bin/package.json',
        'node_modules/@s/package.json',
      ],
    ],
    [
      pnpmLock,
      ['app/pnpm-lock.yaml'],
      ['app/node_modules/a/pnpm-lock.yaml', 'usr/share/nodejs/browserslist/pnpm-lock.yaml'],
    ],
    [
      pythonMetadata,
      [
        'usr/lib/python3/dist-packages/x-1.dist-info/METADATA',
        'a/y.egg-info/PKG-INFO',
        'a/y.egg-info',
      ],
      ['a/METADATA', 'a/x.dist-info/RECORD', 'PKG-INFO'],
    ],
  ]
  for (const [extractor, yes, no] of wanted) {
    for (const path of yes) assert.ok(extractor.wants(path), path)
    for (const path of no) assert.ok(!extractor.wants(path), path)
  }
})

test('apk: packages with their origin; a binary database is said, not read as empty', () => {
  const text =
    'C:Q1abc\nP:libssl3\nV:3.1.4-r5\nA:x86_64\no:openssl\nF:lib\nR:libssl.so.3\n\nP:lonely\nV:1-r0\n\n\n'
  assert.deepEqual(namesOf(apkInstalled, 'lib/apk/db/installed', text), [
    'libssl3 3.1.4-r5 (openssl 3.1.4-r5)',
    'lonely 1-r0 (lonely 1-r0)',
  ])
  assert.equal(
    apkInstalled.extract('lib/apk/db/installed', Buffer.from('ADB.xyz')).problems.length,
    1,
  )
})

test('npm and Python: name and version from the package’s own metadata', () => {
  const path = 'node_modules/lodash/package.json'
  assert.deepEqual(namesOf(npmInstalled, path, '{"name":"lodash","version":"4.17.20"}'), [
    'lodash 4.17.20',
  ])
  assert.deepEqual(npmInstalled.extract(path, Buffer.from('{"type":"module"}')), {
    instances: [],
    problems: [],
  })
  assert.equal(npmInstalled.extract(path, Buffer.from('{')).problems.length, 1)
  assert.equal(npmInstalled.extract(path, Buffer.from('{"name":"x"}')).problems.length, 1)
  const metadata =
    'Metadata-Version: 2.1\nName: Django\nVersion: 3.2.0\nSummary: x\n\nName: not this'
  assert.deepEqual(namesOf(pythonMetadata, 'a/Django-3.2.0.dist-info/METADATA', metadata), [
    'Django 3.2.0',
  ])
})

test('no extractor throws or hangs on any bytes', () => {
  for (const extractor of allExtractors()) {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 400 }), (bytes) => void extractor.extract('p', bytes)),
      { numRuns: 500 },
    )
    fc.assert(
      fc.property(
        fc.string({ maxLength: 400 }),
        (text) =>
          void extractor.extract('p', Buffer.from(`Package: ${text}\nP:${text}\nName: ${text}`)),
      ),
      { numRuns: 500 },
    )
  }
})

test('os-release: quotes, comments and a missing ID', () => {
  const text =
    '# comment\nNAME="Debian GNU/Linux"\nID=debian\nVERSION_ID="12"\nVERSION_CODENAME=bookworm\nID_LIKE=\'a b\'\n'
  assert.deepEqual(parseOsRelease(Buffer.from(text)), {
    id: 'debian',
    versionId: '12',
    codename: 'bookworm',
    idLike: ['a', 'b'],
  })
  assert.equal(parseOsRelease(Buffer.from('NAME=x')), undefined)
})
