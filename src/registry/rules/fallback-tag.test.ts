import assert from 'node:assert/strict'
import { test } from 'node:test'
import { digestOf, type Digest } from '../../oci/digest.ts'
import { parseManifest, type Manifest } from '../../oci/manifest.ts'
import { mediaTypes } from '../../oci/media-type.ts'
import { parseTag, type Tag } from '../../oci/tag.ts'
import { addedReferrers, fallbackTagOf, isFallbackTag, mayExtend } from './fallback-tag.ts'

function tagOf(text: string): Tag {
  const tag = parseTag(text)
  if (tag === undefined) throw new Error(text)
  return tag
}

function parsed(document: object): Manifest {
  const result = parseManifest(Buffer.from(JSON.stringify(document)), undefined)
  if (result.kind === 'refused') throw new Error(result.reason)
  return result.manifest
}

const digest = (text: string): Digest => digestOf(Buffer.from(text))
const entry = (text: string, members: object = {}): object => ({
  mediaType: mediaTypes.ociManifest,
  digest: digest(text),
  size: 100,
  artifactType: 'a/b',
  annotations: { created: '2026', by: 'me' },
  ...members,
})
const indexOf = (manifests: readonly object[], members: object = {}): Manifest =>
  parsed({ schemaVersion: 2, mediaType: mediaTypes.ociIndex, manifests, ...members })
const image = parsed({
  schemaVersion: 2,
  mediaType: mediaTypes.ociManifest,
  config: { mediaType: 'a/b', digest: digest('config'), size: 1 },
  layers: [],
})

test('the tag is the digest with a dash, cut after 64 digits (distribution-spec, Referrers Tag Schema)', () => {
  const sha256 = digest('subject')
  const sha512 = digestOf(Buffer.from('subject'), 'sha512')
  assert.equal(fallbackTagOf(sha256), sha256.replace(':', '-'))
  assert.equal(fallbackTagOf(sha512), sha512.replace(':', '-').slice(0, 7 + 64))
  for (const subject of [sha256, sha512]) assert.ok(isFallbackTag(tagOf(fallbackTagOf(subject))))
})

test('other tags are none, also those that only look like it', () => {
  const hex = 'a'.repeat(64)
  for (const text of [
    'latest',
    `sha256-${hex}.sig`,
    `sha256-${hex}a`,
    `sha256-${hex.slice(1)}`,
    `sha256-${hex.toUpperCase()}`,
    `sha384-${hex}`,
    `sha256_${hex}`,
  ]) {
    assert.ok(!isFallbackTag(tagOf(text)), text)
  }
})

test('an index that keeps everything and adds something tells what it adds', () => {
  const rows: readonly (readonly [readonly object[], readonly object[], readonly string[]])[] = [
    [[], [entry('a')], ['a']],
    [[entry('a')], [entry('a'), entry('b')], ['b']],
    [[entry('a'), entry('b')], [entry('c'), entry('b'), entry('a')], ['c']],
    [[entry('a')], [entry('a'), entry('a')], []],
    [[entry('a')], [entry('a', { annotations: { by: 'me', created: '2026' } })], []],
  ]
  for (const [current, offered, added] of rows) {
    assert.deepEqual(addedReferrers(indexOf(current), indexOf(offered)), added.map(digest))
  }
})

test('an index from which something is gone or described otherwise is none that adds', () => {
  const offers: readonly (readonly object[])[] = [
    [],
    [entry('b')],
    [entry('a')],
    [entry('a'), entry('c')],
    [entry('a'), entry('b', { size: 101 })],
    [entry('a'), entry('b', { artifactType: 'a/c' })],
    [entry('a'), entry('b', { annotations: {} })],
    [entry('a'), entry('b', { mediaType: mediaTypes.ociIndex })],
    [entry('a'), entry('b', { platform: { os: 'linux', architecture: 'arm64' } })],
  ]
  for (const offered of offers) {
    const current = indexOf([entry('a'), entry('b')])
    assert.equal(addedReferrers(current, indexOf(offered)), undefined, JSON.stringify(offered))
  }
})

test('what is no plain OCI index, now or then, does not move', () => {
  const more = indexOf([entry('a')])
  const list = indexOf([entry('a')], { mediaType: mediaTypes.dockerList })
  const referring = indexOf([entry('a')], { subject: entry('s') })
  for (const [current, offered] of [
    [image, more],
    [indexOf([]), image],
    [list, more],
    [indexOf([]), list],
    [indexOf([]), referring],
    [referring, more],
  ] as const) {
    assert.equal(addedReferrers(current, offered), undefined)
  }
})

test('only referrers of the very digest that the tag stands for may be added, and at least one', () => {
  const subject = digest('subject')
  const tag = tagOf(fallbackTagOf(subject))
  assert.ok(mayExtend(tag, [subject]))
  assert.ok(mayExtend(tag, [subject, subject]))
  for (const subjects of [[], [undefined], [digest('other')], [subject, undefined]]) {
    assert.ok(!mayExtend(tag, subjects))
  }
})
