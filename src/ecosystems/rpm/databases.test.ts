import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { bytesOf, ownCases } from '../../../test/kit/extractor-cases.ts'
import {
  headerOf,
  ndbOf,
  numberEntry,
  textEntry,
  type HeaderEntry,
} from '../../../test/kit/rpm-headers.ts'
import { sharedData } from '../../../test/kit/shared-data.ts'
import type { Extraction, Extractor } from '../ecosystem.ts'
import { collectInstalled } from './installed-packages.ts'
import { rpmContainerManifest } from './container-manifest.ts'
import { rpmdbBerkeley } from './rpmdb-berkeley.ts'
import { rpmdbJournal } from './rpmdb-journal.ts'
import { rpmdbNdb } from './rpmdb-ndb.ts'
import { rpmdbSqlite } from './rpmdb-sqlite.ts'

function caseNamed(name: string): Buffer {
  const found = ownCases().find((one) => one.name === name)
  assert.ok(found !== undefined, name)
  return bytesOf(found.file)
}

const sqlite = caseNamed(
  'epochs, a source of another name and version, and a module label; rows longer than a page',
)
const berkeley = caseNamed('a database written on a big-endian machine')

function altered(bytes: Buffer, alter: (copy: Buffer) => unknown): Buffer {
  const copy = Buffer.from(bytes)
  alter(copy)
  return copy
}

/** Calls with the offset of each page after the first. */
function eachPage(bytes: Buffer, size: number, call: (at: number, number: number) => void): void {
  for (let at = size; at < bytes.length; at += size) call(at, at / size)
}

interface Damaged {
  readonly name: string
  readonly bytes: Buffer
  readonly packages: number
  readonly problems: readonly string[]
}

function assertDamage(extractor: Extractor, cases: readonly Damaged[]): void {
  for (const { name, bytes, packages, problems } of cases) {
    const extraction = extractor.extract('p', bytes)
    const reasons = extraction.problems.map(({ reason }) => reason)
    assert.equal(extraction.instances.length, packages, name)
    assert.equal(reasons.length, problems.length, `${name}: ${JSON.stringify(reasons)}`)
    problems.forEach((problem, index) =>
      assert.match(reasons[index] ?? '', new RegExp(problem), name),
    )
  }
}

test('SQLite: what is damaged is said, loops end, and whole packages are still listed', () => {
  const [pageSize, leaf] = [1024, 0x0d]
  const rootAt = findTable(sqlite, pageSize)
  const leafAt = (sqlite.readUInt32BE(rootAt + 8) - 1) * pageSize
  const root = rootAt / pageSize + 1
  assertDamage(rpmdbSqlite, [
    {
      name: 'cut off',
      bytes: sqlite.subarray(0, sqlite.length - 2 * pageSize),
      packages: 2,
      problems: ['is cut off: 9216 bytes of 11264', 'page 10 is not in the file'],
    },
    {
      name: 'overflow pages that lead to themselves',
      bytes: altered(sqlite, (copy) => {
        eachPage(copy, pageSize, (at, number) => {
          if (copy[at] !== leaf && at !== rootAt) copy.writeUInt32BE(number + 1, at)
        })
      }),
      packages: 3,
      problems: ['a row is not whole: page [0-9]+ is used twice'],
    },
    {
      name: 'a tree that leads to itself',
      bytes: altered(sqlite, (copy) => {
        copy[rootAt] = 5
        copy.writeUInt16BE(0, rootAt + 3)
        copy.writeUInt32BE(root, rootAt + 8)
      }),
      packages: 0,
      problems: [`page ${root} is used twice`],
    },
    {
      name: 'a tree that leads out of the file',
      bytes: altered(sqlite, (copy) => {
        copy[rootAt] = 5
        copy.writeUInt16BE(0, rootAt + 3)
        copy.writeUInt32BE(4_000_000, rootAt + 8)
      }),
      packages: 0,
      problems: ['page 4000000 is not in the file'],
    },
    {
      name: 'an index in the place of the table',
      bytes: altered(sqlite, (copy) => (copy[rootAt] = 0x0a)),
      packages: 0,
      problems: [`page ${root} is no page of a table`],
    },
    {
      name: 'cells beyond the page',
      bytes: altered(sqlite, (copy) => copy.fill(0xff, leafAt + 8, leafAt + 10)),
      packages: 3,
      problems: ['a row in page [0-9]+ cannot be read'],
    },
    {
      name: 'a table of another name',
      bytes: Buffer.from(sqlite.toString('latin1').replaceAll('Packages', 'Pockages'), 'latin1'),
      packages: 0,
      problems: ['has no table Packages'],
    },
    {
      name: 'pages of no size',
      bytes: altered(sqlite, (copy) => copy.writeUInt16BE(1000, 16)),
      packages: 0,
      problems: ['has pages of 1000 bytes'],
    },
    {
      name: 'another encoding',
      bytes: altered(sqlite, (copy) => copy.writeUInt32BE(2, 56)),
      packages: 0,
      problems: ['UTF-16'],
    },
    {
      name: 'a newer format',
      bytes: altered(sqlite, (copy) => copy.writeUInt8(3, 19)),
      packages: 0,
      problems: ['newer format'],
    },
  ])
})

/** The root of the packages' table, which is the only one that has leaves below it. */
function findTable(bytes: Buffer, pageSize: number): number {
  let found = 0
  eachPage(bytes, pageSize, (at) => {
    if (bytes[at] === 0x05) found = at
  })
  assert.ok(found > 0)
  return found
}

test('Berkeley DB: what is damaged is said, loops end, and what it is not is told apart', () => {
  const [pageSize, overflow] = [512, 7]
  const onOverflow = (call: (copy: Buffer, at: number, number: number) => void): Buffer =>
    altered(berkeley, (copy) => {
      eachPage(copy, pageSize, (at, number) => {
        if (copy[at + 25] === overflow) call(copy, at, number)
      })
    })
  assertDamage(rpmdbBerkeley, [
    {
      name: 'overflow pages that lead to themselves',
      bytes: onOverflow((copy, at, number) => copy.writeUInt32BE(number, at + 16)),
      packages: 0,
      problems: ['used twice', 'used twice', 'used twice', 'used twice'],
    },
    {
      name: 'overflow pages of another type',
      bytes: onOverflow((copy, at) => copy.writeUInt8(13, at + 25)),
      packages: 0,
      problems: ['no part', 'no part', 'no part', 'no part'],
    },
    {
      name: 'overflow pages that hold more than a page',
      bytes: onOverflow((copy, at) => copy.writeUInt16BE(65_535, at + 22)),
      packages: 0,
      problems: ['no part', 'no part', 'no part', 'no part'],
    },
    {
      name: 'cut off',
      bytes: berkeley.subarray(0, 2 * pageSize),
      packages: 0,
      problems: ['is cut off: 1024 bytes of 9216', 'longer than the file', 'longer than the file'],
    },
    {
      name: 'encrypted',
      bytes: altered(berkeley, (copy) => (copy[24] = 1)),
      packages: 0,
      problems: ['is encrypted'],
    },
    {
      name: 'a tree',
      bytes: altered(berkeley, (copy) => copy.writeUInt32BE(0x00053162, 12)),
      packages: 0,
      problems: ['is not a Berkeley DB hash'],
    },
    {
      name: 'checksums',
      bytes: altered(berkeley, (copy) => (copy[26] = 1)),
      packages: 0,
      problems: ['has checksums'],
    },
    {
      name: 'another kind of metadata',
      bytes: altered(berkeley, (copy) => (copy[25] = 9)),
      packages: 0,
      problems: ['is no hash'],
    },
    {
      name: 'pages of no size',
      bytes: altered(berkeley, (copy) => copy.writeUInt32BE(100, 20)),
      packages: 0,
      problems: ['has pages of 100 bytes'],
    },
  ])
})

const bash = [textEntry(1000, 'bash'), textEntry(1001, '5.1.8'), textEntry(1002, '6.el9')]

test('NDB: what is damaged is said, and whole packages are still listed', () => {
  const whole = ndbOf(headerOf(...bash), headerOf(...bash, textEntry(1022, 'noarch')))
  const [first, second] = [whole.indexOf('BlbS'), whole.lastIndexOf('BlbS')]
  const slot = 32
  assertDamage(rpmdbNdb, [
    { name: 'nothing', bytes: whole, packages: 2, problems: [] },
    { name: 'no database', bytes: Buffer.from('RpmP'), packages: 0, problems: ['is not an NDB'] },
    {
      name: 'a version of later',
      bytes: altered(whole, (copy) => (copy[4] = 7)),
      packages: 0,
      problems: ['of version 7'],
    },
    {
      name: 'more slots than are read',
      bytes: altered(whole, (copy) => copy.writeUInt32LE(1_000_000, 12)),
      packages: 0,
      problems: ['has 1000000 pages of slots'],
    },
    {
      name: 'cut off within its slots',
      bytes: whole.subarray(0, 100),
      packages: 0,
      problems: ['is cut off within its slots', 'package 1 lies beyond', 'package 2 lies beyond'],
    },
    {
      name: 'cut off',
      bytes: whole.subarray(0, whole.length - 16),
      packages: 1,
      problems: ['package 2 lies beyond the end'],
    },
    {
      name: 'a damaged slot',
      bytes: altered(whole, (copy) => copy.fill(1, slot, slot + 16)),
      packages: 1,
      problems: ['the slot at byte 32 is damaged'],
    },
    {
      name: 'a package of another number',
      bytes: altered(whole, (copy) => (copy[second + 4] = 9)),
      packages: 1,
      problems: ['package 2 has no beginning'],
    },
    {
      name: 'a package longer than its room',
      bytes: altered(whole, (copy) => copy.writeUInt32LE(60_000, first + 12)),
      packages: 1,
      problems: ['package 1 has no end'],
    },
    {
      name: 'a length that its end does not know',
      bytes: altered(whole, (copy) => copy.writeUInt32LE(8, first + 12)),
      packages: 1,
      problems: ['package 1 has two lengths'],
    },
    {
      name: 'slots of the same bytes',
      bytes: altered(whole, (copy) => {
        for (let at = slot; at < 4096; at += 16) copy.copy(copy, at, slot, slot + 16)
      }),
      packages: 1,
      problems: ['package 1 is listed twice'],
    },
    {
      name: 'packages within packages',
      bytes: nested(),
      packages: 1,
      problems: ['its packages overlap'],
    },
  ])
})

/** A package whose bytes hold most of themselves again, as another one with its own slot. */
function nested(): Buffer {
  const inner = ndbOf(headerOf(...bash, textEntry(1022, 'x'.repeat(6000))))
  const blob = inner.subarray(4096)
  const header = headerOf(...bash)
  const outer = ndbOf(Buffer.concat([header, Buffer.alloc(16 - (header.length % 16)), blob]))
  const [at, slot] = [outer.lastIndexOf('BlbS'), outer.subarray(48, 64)]
  outer.writeUInt32LE(2, at + 4)
  slot.write('Slot')
  slot.writeUInt32LE(2, 4)
  slot.writeUInt32LE(at / 16, 8)
  slot.writeUInt32LE(blob.length / 16, 12)
  return outer
}

function collect(...blobs: readonly Uint8Array[]): Extraction {
  return collectInstalled(
    'p',
    blobs.map((bytes) => ({ kind: 'blob', bytes })),
  )
}

test('headers: what is missing or damaged is said once, and keys are no packages', () => {
  const cases: readonly (readonly [Buffer, string | undefined])[] = [
    [Buffer.from('short'), 'a header is shorter than its beginning'],
    [headerOf(), 'a header says that it has 0 entries'],
    [headerOf(...bash).subarray(0, 60), 'a header is cut off'],
    [headerOf(textEntry(1001, '1')), 'a package has no name and no release'],
    [headerOf(...bash.slice(0, 2)), 'package bash has no release'],
    [headerOf(...bash.slice(0, 2), numberEntry(1002, 6)), 'package bash has no release'],
    [headerOf(...bash.slice(1), textEntry(1000, 'x'.repeat(2000))), 'overlong'],
    [headerOf(...bash.slice(1), textEntry(1000, 'gpg-pubkey')), undefined],
  ]
  for (const [blob, reason] of cases) {
    const { instances, problems } = collect(blob, blob)
    assert.deepEqual(instances, [])
    assert.equal(problems.length, reason === undefined ? 0 : 1)
    assert.ok(problems[0]?.reason.includes(reason ?? '') ?? true, problems[0]?.reason)
  }
})

test('headers: entries after the package’s own replace them, as at installation', () => {
  const { instances } = collect(headerOf(...bash, textEntry(1002, '7.el9')))
  assert.equal(instances[0]?.package.version, '5.1.8-7.el9')
})

test('headers: files, licences and needs, by who provides them', () => {
  const named = (name: string, ...more: readonly HeaderEntry[]): Buffer =>
    headerOf(textEntry(1000, name), ...bash.slice(1), ...more)
  const { instances, owned, problems } = collect(
    named(
      'app',
      textEntry(1014, 'MIT'),
      textEntry(1049, 'libc.so.6()(64bit)', '/bin/sh', 'either', 'app', 'shell'),
      textEntry(1118, '/usr/lib/app/', '/opt/'),
      textEntry(1117, 'a.js', 'b', 'lost'),
      numberEntry(1116, 0, 1, 7),
    ),
    named('glibc', textEntry(1047, 'glibc', 'libc.so.6()(64bit)', 'either')),
    named('musl', textEntry(1047, 'musl', 'either', 'shell')),
    named('shell', textEntry(1047, 'shell', '/bin/sh')),
  )
  assert.deepEqual(problems, [])
  assert.deepEqual(instances[0]?.dependsOn, ['glibc', 'shell'])
  assert.deepEqual(instances[0]?.licenses, ['MIT'])
  assert.deepEqual(owned, [{ owner: 'app', paths: ['usr/lib/app/a.js', 'opt/b'] }])
})

test('each extractor wants its file in the folders where rpm keeps it, and nothing else', () => {
  const wanted: readonly (readonly [Extractor, readonly string[]])[] = [
    [rpmdbSqlite, ['rpmdb.sqlite']],
    [rpmdbNdb, ['Packages.db']],
    [rpmdbBerkeley, ['Packages']],
    [rpmdbJournal, ['rpmdb.sqlite-wal', 'rpmdb.sqlite-journal']],
  ]
  const folders = ['var/lib/rpm/', 'usr/lib/sysimage/rpm/', 'usr/share/rpm/']
  for (const [extractor, names] of wanted) {
    const paths = folders.flatMap((folder) => names.map((name) => folder + name))
    for (const path of paths) assert.ok(extractor.wants(path), path)
    for (const path of paths) {
      for (const other of [
        `x/${path}`,
        `${path}x`,
        path.replace('rpm/', 'rpm/old/'),
        path.slice(1),
      ])
        assert.ok(!extractor.wants(other), other)
    }
  }
  assert.ok(!rpmContainerManifest.wants('var/lib/rpmmanifest/container-manifest-1'))
})

const fixture = (name: string): string | undefined => sharedData('fixtures', 'rpm', name)
const skip = fixture('expected.json') === undefined ? 'shared data is absent' : false

/** `name version architecture sourceRpm vendor licence` of each package, sorted. */
function linesOf({ instances }: Extraction): readonly string[] {
  return instances
    .map(({ package: it, licenses = [] }) => {
      const source = it.source === undefined ? '' : `${it.source.name}-${it.source.version}.src.rpm`
      return [it.name, it.version, it.architecture, source, it.vendor, ...licenses].join(' ')
    })
    .toSorted()
}

test('public NDB database: the packages that its origin expects', { skip }, () => {
  const { 'sle15-bci.Packages.db': expected } = JSON.parse(
    readFileSync(fixture('expected.json') ?? '', 'utf8'),
  ) as Record<string, { packages: Record<string, string>[] }>
  const extraction = rpmdbNdb.extract('p', readFileSync(fixture('sle15-bci.Packages.db') ?? ''))
  const lines = expected?.packages.map((it) =>
    [
      it['name'],
      `${it['version']}-${it['release']}`,
      it['arch'],
      it['sourceRpm'],
      it['vendor'],
      it['licence'],
    ].join(' '),
  )
  assert.deepEqual(extraction.problems, [])
  assert.deepEqual(linesOf(extraction), lines?.toSorted())
})

test('public SQLite database: what rpm itself lists, with every file', { skip }, () => {
  const extraction = rpmdbSqlite.extract(
    'p',
    readFileSync(fixture('cbl-mariner-2.0.rpmdb.sqlite') ?? ''),
  )
  assert.deepEqual(extraction.problems, [])
  assert.equal(extraction.instances.length, 129)
  // rpm 4.18.0 --dbpath DIR -qa --qf '%{NAME} %{EVR} %{ARCH} %{SOURCERPM} %{VENDOR} %{LICENSE}\n', sorted
  assert.equal(
    digestOf(linesOf(extraction)),
    '3cf10940506f4d991aeb8aba685206e65c2257931bc07ec7d1edd6eeaf04e993',
  )
  const files = extraction.owned?.flatMap(({ owner, paths }) =>
    paths.map((at) => `${owner} /${at}`),
  )
  // … -qa --qf '[%{=NAME} %{FILENAMES}\n]', sorted, each once
  assert.equal(
    digestOf([...new Set(files)].toSorted()),
    'c99abae1fcbf1f3ce8d3333eee805b069ec2b5a60ce1e5418877558287b7c9f1',
  )
})

function digestOf(lines: readonly string[]): string {
  return createHash('sha256')
    .update(`${lines.join('\n')}\n`)
    .digest('hex')
}

test('public databases of one package and of none', { skip }, () => {
  const one = rpmdbBerkeley.extract('p', readFileSync(fixture('libuuid.Packages') ?? ''))
  assert.deepEqual(linesOf(one), [
    'libuuid 2.32.1-42.el8_8 x86_64 util-linux-2.32.1-42.el8_8.src.rpm Red Hat, Inc. BSD',
  ])
  assert.deepEqual(one.problems, [])
  const none = rpmdbSqlite.extract('p', readFileSync(fixture('no_packages.sqlite') ?? ''))
  assert.deepEqual(none.instances, [])
  // rpm itself cannot open it: it has no table of packages.
  assert.equal(none.problems[0]?.reason, 'has no table Packages')
})
