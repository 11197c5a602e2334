import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { Package } from './ecosystem.ts'
import { parsePurl } from '../lib/purl.ts'
import { packageOfPurl } from './parse-purl.ts'
import { formatPurl } from './purl.ts'
import { ecosystems } from './table.ts'

/** purl-spec's examples, and how Syft, Trivy and Docker write the same. */
const parsed: readonly (readonly [purl: string, expected: readonly unknown[] | undefined])[] = [
  ['pkg:npm/%40angular/animation@12.3.1', ['npm', '@angular', 'animation', '12.3.1', {}]],
  ['pkg:npm/@angular/animation@12.3.1', ['npm', '@angular', 'animation', '12.3.1', {}]],
  ['pkg:npm/@angular/animation', ['npm', '@angular', 'animation', undefined, {}]],
  ['PKG:NPM/foobar@12.3.1', ['npm', undefined, 'foobar', '12.3.1', {}]],
  [
    'pkg://gem/ruby-advisory-db-check@0.12.4',
    ['gem', undefined, 'ruby-advisory-db-check', '0.12.4', {}],
  ],
  [
    'pkg:deb/debian/curl@7.50.3-1?arch=i386&distro=jessie',
    ['deb', 'debian', 'curl', '7.50.3-1', { arch: 'i386', distro: 'jessie' }],
  ],
  [
    'pkg:golang/google.golang.org/genproto@abcdedf#googleapis/api/annotations',
    ['golang', 'google.golang.org', 'genproto', 'abcdedf', {}],
  ],
  [
    'pkg:maven/org.apache.xmlgraphics/batik-anim@1.9.1?packaging=sources&repository_url=a%26b',
    [
      'maven',
      'org.apache.xmlgraphics',
      'batik-anim',
      '1.9.1',
      { packaging: 'sources', repository_url: 'a&b' },
    ],
  ],
  ['pkg:generic/x@refs/heads/main', ['generic', undefined, 'x', 'refs/heads/main', {}]],
  ['pkg:npm/x@1?empty=&a=b=c', ['npm', undefined, 'x', '1', { a: 'b=c' }]],
  ['pkg:npm/x@', ['npm', undefined, 'x', undefined, {}]],
  ['npm/x@1', undefined],
  ['pkg:npm', undefined],
  ['pkg:npm/', undefined],
  ['pkg:npm/x@%zz', undefined],
  ['pkg:npm/%ff@1', undefined],
  ['pkg:1npm/x@1', undefined],
  ['pkg:npm/x@1?=v', undefined],
  ['', undefined],
]

for (const [text, expected] of parsed) {
  test(`purl ${text.slice(0, 60)}`, () => {
    const purl = parsePurl(text)
    const shown =
      purl === undefined
        ? undefined
        : [purl.type, purl.namespace, purl.name, purl.version, Object.fromEntries(purl.qualifiers)]
    assert.deepEqual(shown, expected)
  })
}

test('a purl without end, and one with qualifiers without end, is none', () => {
  assert.equal(parsePurl(`pkg:npm/${'x'.repeat(10_000)}@1`), undefined)
  assert.equal(parsePurl(`pkg:npm/x@1?${'a=b&'.repeat(100)}`), undefined)
})

const named: readonly (readonly [purl: string, expected: unknown])[] = [
  [
    // Syft
    'pkg:deb/debian/gcc-12-base@12.2.0-14?arch=amd64&distro=debian-12&upstream=gcc-12%4012.2.0-14%2Bb1',
    [
      {
        type: 'deb',
        name: 'gcc-12-base',
        version: '12.2.0-14',
        architecture: 'amd64',
        source: { name: 'gcc-12', version: '12.2.0-14+b1' },
      },
      { id: 'debian', versionId: '12' },
    ],
  ],
  [
    'pkg:rpm/redhat/bash@5.1.8-6.el9?arch=x86_64&distro=rhel-9.3&epoch=1&upstream=bash-5.1.8-6.el9.src.rpm',
    [
      {
        type: 'rpm',
        name: 'bash',
        version: '1:5.1.8-6.el9',
        architecture: 'x86_64',
        source: { name: 'bash', version: '5.1.8-6.el9' },
      },
      { id: 'rhel', versionId: '9.3' },
    ],
  ],
  [
    // Trivy
    'pkg:apk/alpine/busybox@1.36.1-r15?arch=x86_64&distro=3.19.1',
    [
      { type: 'apk', name: 'busybox', version: '1.36.1-r15', architecture: 'x86_64' },
      { id: 'alpine', versionId: '3.19.1' },
    ],
  ],
  [
    'pkg:rpm/redhat/acl@2.3.1?arch=x86_64&distro=redhat-9.2',
    [
      { type: 'rpm', name: 'acl', version: '2.3.1', architecture: 'x86_64' },
      { id: 'rhel', versionId: '9.2' },
    ],
  ],
  [
    'pkg:deb/debian/login@4.8.1-1?distro=debian-11.0&epoch=1',
    [
      { type: 'deb', name: 'login', version: '1:4.8.1-1' },
      { id: 'debian', versionId: '11.0' },
    ],
  ],
  [
    // Docker
    'pkg:deb/debian/apt@2.6.1?os_distro=bookworm&os_name=debian&os_version=12',
    [
      { type: 'deb', name: 'apt', version: '2.6.1' },
      { id: 'debian', versionId: '12' },
    ],
  ],
  [
    'pkg:rpm/opensuse/zypper@1.14?distro=opensuse-leap-15.5',
    [
      { type: 'rpm', name: 'zypper', version: '1.14' },
      { id: 'opensuse-leap', versionId: '15.5' },
    ],
  ],
  ['pkg:deb/debian/curl@7?distro=jessie', [{ type: 'deb', name: 'curl', version: '7' }, undefined]],
  ['pkg:npm/%40a/b@1?distro=x-1', [{ type: 'npm', name: '@a/b', version: '1' }, undefined]],
  ['pkg:golang/a.b/c/d@v1', [{ type: 'golang', name: 'a.b/c/d', version: 'v1' }, undefined]],
  [
    'pkg:maven/org.apache.logging.log4j/log4j-core@2.14.1',
    [{ type: 'maven', name: 'org.apache.logging.log4j:log4j-core', version: '2.14.1' }, undefined],
  ],
  [
    'pkg:ebuild/dev-libs/openssl@3.0.9',
    [{ type: 'ebuild', name: 'dev-libs/openssl', version: '3.0.9' }, undefined],
  ],
  ['pkg:bitnami/x/y@1', [{ type: 'bitnami', name: 'x/y', version: '1' }, undefined]],
  ['pkg:npm/x', 'has no version'],
  ['npm:x', 'is not a package URL'],
]

for (const [text, expected] of named) {
  test(`package of ${text.slice(0, 60)}`, () => {
    const found = packageOfPurl(text)
    assert.deepEqual(
      found.kind === 'package' ? [found.package, found.release] : found.reason,
      expected,
    )
  })
}

const text = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 20 })
const segment = text.map((value) => value.replaceAll('/', '') || 'x')
const withoutAt = text.filter((value) => !value.includes('@'))
const anySource = fc.record({ name: withoutAt, version: withoutAt }, { noNullPrototype: true })

/** Packages as extractors find them: those of systems have an architecture and a source. */
const anyPackage: fc.Arbitrary<Package> = fc.constantFrom(...ecosystems).chain((ecosystem) => {
  const bare = segment.map((value) => value.toLowerCase())
  const pair = fc.tuple(bare, bare).map((both) => both.join('/'))
  // A system's packages whose names have two parts have them always: else the first could be the system.
  const parted = ecosystem.packageManager === 'OS' ? pair : fc.oneof(bare, pair)
  const name = ecosystem.purlName?.('a/b').namespace === undefined ? bare : parted
  const base = fc.record(
    { type: fc.constant(ecosystem.type), name, version: text },
    { noNullPrototype: true },
  )
  if (ecosystem.packageManager !== 'OS') return base
  return fc
    .tuple(
      base,
      fc.record(
        { architecture: text, source: anySource },
        { requiredKeys: [], noNullPrototype: true },
      ),
    )
    .map(([one, more]) => ({ ...one, ...more }))
})

test('what was written is read again as it was', () => {
  const release = fc.constantFrom(undefined, { id: 'debian', versionId: '12' }, { id: 'wolfi' })
  fc.assert(
    fc.property(anyPackage, release, (found, distribution) => {
      const purl = formatPurl(found, distribution)
      const again = packageOfPurl(purl)
      assert.ok(again.kind === 'package', purl)
      assert.equal(formatPurl(again.package, distribution), purl)
      const { name, ...rest } = again.package
      const { name: was, source, ...written } = found
      // A source of the same name and version is what is understood without a word.
      const isUnderstood = source?.name === was && source.version === parsePurl(purl)?.version
      assert.deepEqual(rest, {
        ...written,
        ...(source === undefined || isUnderstood ? {} : { source }),
      })
      // Names that differ in case only are one in some ecosystems.
      const ecosystem = ecosystems.find(({ type }) => type === found.type)
      assert.deepEqual(ecosystem?.purlName?.(name), ecosystem?.purlName?.(was))
      if (ecosystem?.purlName === undefined) assert.equal(name, was)
    }),
    { numRuns: 500 },
  )
})

test('no text makes the reader throw', () => {
  const piece = fc.constantFrom('pkg:', 'npm', '/', '@', '?', '=', '&', '#', '%', '%4', 'a', '..')
  const noise = fc.array(fc.oneof(piece, fc.string()), { maxLength: 20 }).map((all) => all.join(''))
  fc.assert(fc.property(noise, (said) => void packageOfPurl(said)))
})
