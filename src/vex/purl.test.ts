import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { parsePurl, type Purl } from '../lib/purl.ts'
import { matchPackage, packageKey } from './purl.ts'

function purl(text: string): Purl {
  const parsed = parsePurl(text)
  assert.ok(parsed !== undefined, text)
  return parsed
}

test('takes for no purl what is none', () => {
  const none = [
    '',
    'lodash',
    'http://example.com/pkg:npm/x',
    'pkg:',
    'pkg:npm',
    'pkg:npm/',
    'pkg:/lodash',
    'pkg:1npm/lodash',
    'pkg:npm/%E0%A4%A',
    'pkg:npm/lodash@%zz',
    'pkg:npm/lodash?novalue',
    'pkg:npm/lodash?=x',
    `pkg:npm/${'a'.repeat(9000)}`,
    `pkg:npm/a?${Array.from({ length: 70 }, (_, n) => `k${n}=v`).join('&')}`,
  ]
  for (const text of none) assert.equal(parsePurl(text), undefined, text)
})

test('reads the parts of a purl', () => {
  // purl-spec, "Some purl examples"; the last two as tools write them.
  const cases: readonly (readonly [string, Partial<Purl>])[] = [
    [
      'pkg:deb/debian/curl@7.50.3-1?arch=i386&distro=jessie',
      { type: 'deb', namespace: 'debian', name: 'curl', version: '7.50.3-1' },
    ],
    [
      'pkg:golang/google.golang.org/genproto#googleapis/api/annotations',
      { namespace: 'google.golang.org', name: 'genproto' },
    ],
    [
      'PKG:npm/%40angular/animation@12.3.1',
      { type: 'npm', namespace: '@angular', name: 'animation', version: '12.3.1' },
    ],
    [
      'pkg://npm/@angular/animation@12.3.1',
      { namespace: '@angular', name: 'animation', version: '12.3.1' },
    ],
    ['pkg:npm/@angular/animation', { namespace: '@angular', name: 'animation' }],
    ['pkg:oci/app@sha256%3Aabc?repository_url=ghcr.io/x', { name: 'app', version: 'sha256:abc' }],
  ]
  for (const [text, expected] of cases) {
    const { qualifiers: _, ...parts } = purl(text)
    assert.deepEqual({ ...parts, ...expected }, parts, text)
  }
  assert.equal(purl('pkg:npm/lodash').version, undefined)
  assert.deepEqual(
    [...purl('pkg:deb/debian/curl@1?Arch=i386&empty=').qualifiers],
    [['arch', 'i386']],
  )
})

test('compares names by the rules of their types', () => {
  const same: readonly (readonly [string, string])[] = [
    ['pkg:pypi/Django_Rest.Framework', 'pkg:pypi/django-rest-framework'],
    ['pkg:nuget/Newtonsoft.Json', 'pkg:nuget/newtonsoft.json'],
    ['pkg:composer/Laravel/Framework', 'pkg:composer/laravel/framework'],
    ['pkg:cargo/serde_json', 'pkg:cargo/serde-json'],
    ['pkg:rpm/RedHat/bash', 'pkg:rpm/redhat/bash'],
  ]
  for (const [a, b] of same) assert.equal(packageKey(purl(a)), packageKey(purl(b)), a)
  const different: readonly (readonly [string, string])[] = [
    ['pkg:npm/Lodash', 'pkg:npm/lodash'],
    ['pkg:maven/org.Apache/x', 'pkg:maven/org.apache/x'],
    ['pkg:rpm/redhat/ImageMagick', 'pkg:rpm/redhat/imagemagick'],
    ['pkg:npm/@a/b', 'pkg:npm/b'],
    ['pkg:deb/debian/curl', 'pkg:deb/ubuntu/curl'],
  ]
  for (const [a, b] of different) assert.notEqual(packageKey(purl(a)), packageKey(purl(b)), a)
})

test('matches by name, version where given, and qualifiers where given', () => {
  const curl = purl('pkg:deb/debian/libcurl4@7.88.1-10?arch=amd64&distro=debian-12&upstream=curl')
  const cases: readonly (readonly [string, 'none' | 'named' | 'pinned'])[] = [
    ['pkg:deb/debian/libcurl4', 'named'],
    ['pkg:deb/debian/libcurl4@7.88.1-10', 'pinned'],
    ['pkg:deb/debian/libcurl4@7.88.1-10?distro=debian-12', 'pinned'],
    ['pkg:deb/debian/libcurl4@7.88.1-10?distro=debian-12&arch=amd64', 'pinned'],
    ['pkg:deb/debian/curl?arch=source', 'named'],
    ['pkg:deb/debian/libcurl4?upstream=curl@7.88.1-10', 'named'],
    ['pkg:deb/debian/libcurl4@7.88.1', 'none'],
    ['pkg:deb/debian/libcurl4@7.88.1-10?distro=debian-11', 'none'],
    ['pkg:deb/debian/libcurl4@7.88.1-10?arch=arm64', 'none'],
    ['pkg:deb/debian/libcurl4?checksum=sha256:00', 'none'],
    ['pkg:deb/debian/curl', 'none'],
    ['pkg:deb/libcurl4', 'none'],
    ['pkg:npm/libcurl4', 'none'],
  ]
  for (const [named, expected] of cases)
    assert.equal(matchPackage(purl(named), curl), expected, named)
})

test('takes an epoch of rpm in the version and beside it, and a v before a version of Go', () => {
  const pairs: readonly (readonly [string, string])[] = [
    ['pkg:rpm/redhat/bind@9.16-1?epoch=32', 'pkg:rpm/redhat/bind@32:9.16-1'],
    ['pkg:rpm/redhat/bash@0:5.1-2', 'pkg:rpm/redhat/bash@5.1-2'],
    ['pkg:golang/github.com/x/y@v1.2.3', 'pkg:golang/github.com/x/y@1.2.3'],
  ]
  for (const [a, b] of pairs) assert.equal(matchPackage(purl(a), purl(b)), 'pinned', a)
  assert.equal(
    matchPackage(purl('pkg:rpm/redhat/bind@9.16-1'), purl('pkg:rpm/redhat/bind@32:9.16-1')),
    'none',
  )
})

test('a distribution named by its release speaks of its minor releases', () => {
  const musl = purl('pkg:apk/alpine/musl@1.2?distro=alpine-3.19.1')
  assert.equal(matchPackage(purl('pkg:apk/alpine/musl?distro=alpine-3.19'), musl), 'named')
  assert.equal(matchPackage(purl('pkg:apk/alpine/musl?distro=alpine-3.1'), musl), 'none')
})

test('never throws, and what it reads matches itself', () => {
  fc.assert(
    fc.property(fc.string({ maxLength: 80 }), (text) => {
      const parsed = parsePurl(`pkg:npm/${text}`)
      if (parsed === undefined) return
      assert.notEqual(matchPackage(parsed, parsed), 'none')
    }),
  )
})
