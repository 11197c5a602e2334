// Executables and what hangs on them, altered at will: each extractor ends in packages or problems of its own, whatever the file says of
// its sections, segments, addresses, lengths and lists.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { deflateSync } from 'node:zlib'
import fc from 'fast-check'
import type { Extractor } from '../../src/ecosystems/ecosystem.ts'
import { formatPurl } from '../../src/ecosystems/purl.ts'
import { cargo } from '../../src/ecosystems/cargo/ecosystem.ts'
import { generic } from '../../src/ecosystems/generic/ecosystem.ts'
import { golang } from '../../src/ecosystems/golang/ecosystem.ts'
import { elfOf, fatOf, machOOf, peOf } from '../kit/executable-builder.ts'
import { bytesOf, ownCases } from '../kit/extractor-cases.ts'
import { alteredBytes, hostileText, runs } from './hostile-input.ts'

const rows = [golang, cargo, generic]
const ids = new Set(rows.flatMap(({ extractors }) => extractors.map(({ id }) => id)))
const cases = ownCases().filter(({ extractor }) => ids.has(extractor))

function readAll(path: string, bytes: Buffer): void {
  for (const row of rows)
    for (const extractor of row.extractors.filter((it) => it.wants(path))) {
      for (const { package: found } of readWith(extractor, path, bytes)) {
        assert.ok(found.name !== '' && found.version !== '')
        assert.match(formatPurl(found, undefined), /^pkg:/)
        row.lookup(found, undefined)
        row.compareVersions(found.version, '1.0.0')
      }
    }
}

function readWith(
  extractor: Extractor,
  path: string,
  bytes: Buffer,
): ReturnType<Extractor['extract']>['instances'] {
  extractor.recognises?.(bytes.subarray(0, 4096))
  const { instances, problems } = extractor.extract(path, bytes)
  for (const problem of problems) {
    assert.equal(problem.path, path)
    assert.ok(problem.reason.length > 3 && problem.reason.length < 1000)
  }
  return instances
}

test('altered real files are packages or problems', () => {
  assert.ok(cases.length > 10)
  for (const { path, file } of cases)
    fc.assert(
      fc.property(alteredBytes(bytesOf(file)), (bytes) => readAll(path, bytes)),
      runs(150),
    )
})

const moduleText = hostileText(
  'mod\t',
  'dep\t',
  '=>\t',
  'path\t',
  'build\t',
  '-ldflags="-X a.version=1"',
  'a/b',
  'v1.0.0',
  '(devel)',
  './x',
  '\t',
  '\n',
)
const head = Buffer.from('\xff Go buildinf:\x08\x02'.padEnd(32, '\0'), 'latin1')
const blob = fc
  .tuple(hostileText('go1.22.3', 'devel', ' ', 'rc1'), moduleText, fc.nat(255))
  .map(([version, list, length]) => {
    const framed = `0123456789abcdef${list}\n0123456789abcdef`
    const modules = Buffer.from(framed)
    const size = [(modules.length & 0x7f) | 0x80, (modules.length >> 7) & 0x7f]
    return Buffer.concat([
      head,
      Buffer.from([version.length & 0x7f]),
      Buffer.from(version),
      Buffer.from(size),
      modules,
      Buffer.from([length]),
    ])
  })
const crates = fc
  .json({ maxDepth: 4 })
  .map((text) =>
    deflateSync(`{"packages":[{"name":"a","version":"1.0.0","dependencies":${text}},${text}]}`),
  )
const texts = hostileText(
  'nginx version: nginx/',
  '1.25.1',
  '\0',
  'node.js/v',
  'OpenSSL ',
  ' 30 May 2023',
  '0'.repeat(40),
  'Python-',
).map((text) => Buffer.from(text))
const section = fc.record({
  name: fc.constantFrom(
    '.go.buildinfo',
    '__go_buildinfo',
    '.data',
    '.dep-v0',
    '.rodata',
    'UPX0',
    '',
  ),
  bytes: fc.oneof(blob, crates, texts),
  address: fc.nat(2 ** 31),
})

test('executables of any sections, altered or whole, are packages or problems', () => {
  const built = fc
    .tuple(
      fc.array(section, { minLength: 1, maxLength: 5 }),
      fc.constantFrom(4 as const, 8 as const),
      fc.boolean(),
      fc.nat(3),
    )
    .map(([sections, pointerBytes, isBigEndian, kind]) => {
      const options = { pointerBytes, isBigEndian }
      if (kind === 0) return elfOf(sections, options)
      if (kind === 1) return peOf(sections.map((it) => ({ ...it, address: 0x400000 + it.address })))
      const mac = machOOf(sections, options)
      return kind === 2 ? mac : fatOf([mac, elfOf(sections, options), mac])
    })
  const altered = built.chain((bytes) => fc.oneof(fc.constant(bytes), alteredBytes(bytes)))
  fc.assert(
    fc.property(
      altered,
      fc.constantFrom('usr/sbin/nginx', 'usr/bin/node', 'opt/python3.11'),
      (bytes, path) => readAll(path, bytes),
    ),
    runs(1500),
  )
})

test('lock files of hostile text are packages or problems', () => {
  const toml = hostileText(
    '[[package]]\n',
    'name = "a"\n',
    'version = "1.0.0"\n',
    'dependencies = ["a 1"]\n',
    '[',
    '{',
    '"',
    '"""',
    '=',
    '__proto__ = 1\n',
  )
  const mod = hostileText(
    'require (',
    'replace ',
    ' => ',
    'a/b',
    ' v1.0.0',
    '\n',
    ')',
    '"',
    '// ',
    '../x',
  )
  fc.assert(
    fc.property(toml, mod, (cargoText, modText) => {
      readAll('app/Cargo.lock', Buffer.from(cargoText))
      readAll('app/go.mod', Buffer.from(modText))
      readAll('app/vendor/modules.txt', Buffer.from(`# ${modText}`))
    }),
    runs(1500),
  )
})
