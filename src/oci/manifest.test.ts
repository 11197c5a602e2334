import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { digestOf } from './digest.ts'
import { artifactTypeOf, parseManifest, type Manifest } from './manifest.ts'
import { mediaTypes } from './media-type.ts'

const config = {
  mediaType: mediaTypes.ociConfig,
  digest: digestOf(Buffer.from('config')),
  size: 6,
}
const layer = {
  mediaType: 'application/vnd.oci.image.layer.v1.tar+gzip',
  digest: digestOf(Buffer.from('layer')),
  size: 5,
}
const child = {
  mediaType: mediaTypes.ociManifest,
  digest: digestOf(Buffer.from('child')),
  size: 5,
}
const image = { schemaVersion: 2, mediaType: mediaTypes.ociManifest, config, layers: [layer] }
const index = { schemaVersion: 2, mediaType: mediaTypes.ociIndex, manifests: [child] }

function parse(document: unknown, declared?: string): ReturnType<typeof parseManifest> {
  return parseManifest(Buffer.from(JSON.stringify(document)), declared)
}

function manifestOf(document: unknown, declared?: string): Manifest {
  const result = parse(document, declared)
  if (result.kind === 'refused') assert.fail(result.reason)
  return result.manifest
}

interface Refused {
  readonly name: string
  readonly document: unknown
  readonly declared?: string
  readonly reason: RegExp
}

const refused: readonly Refused[] = [
  { name: 'no object', document: [], reason: /is not a JSON object/ },
  { name: 'null', document: null, reason: /is not a JSON object/ },
  { name: 'an empty object', document: {}, reason: /media type "" is not supported/ },
  // CVE-2021-41190: what reads both as image and as index.
  { name: 'index and layers', document: { ...index, layers: [] }, reason: /has both "manifests"/ },
  { name: 'index and config', document: { ...index, config }, reason: /has both "manifests"/ },
  { name: 'image and manifests', document: { ...image, manifests: [] }, reason: /has both/ },
  {
    name: 'both without a type',
    document: { schemaVersion: 2, config, layers: [], manifests: [] },
    reason: /has both/,
  },
  {
    name: 'both, null',
    document: { ...image, manifests: null },
    reason: /has both/,
  },
  {
    name: 'a Content-Type that the body contradicts',
    document: image,
    declared: mediaTypes.dockerManifest,
    reason: /Content-Type is .*docker.*the manifest says mediaType ".*oci/,
  },
  {
    name: 'an index sent as an image',
    document: { schemaVersion: 2, manifests: [] },
    declared: mediaTypes.ociManifest,
    reason: /does not have the members/,
  },
  {
    name: 'an image sent as an index',
    document: { schemaVersion: 2, config, layers: [] },
    declared: mediaTypes.ociIndex,
    reason: /does not have the members/,
  },
  {
    name: 'an unknown Content-Type',
    document: image,
    declared: 'application/json',
    reason: /media type "application\/json" is not supported/,
  },
  { name: 'an unknown type', document: { ...image, mediaType: 'a/b' }, reason: /"a\/b" is not/ },
  { name: 'a type that is no text', document: { ...image, mediaType: 2 }, reason: /not a string/ },
  { name: 'a null type', document: { ...image, mediaType: null }, reason: /not a string/ },
  {
    name: 'a type with a parameter',
    document: { ...image, mediaType: `${mediaTypes.ociManifest}; a=b` },
    reason: /says mediaType/,
  },
  { name: 'schema 1', document: { ...image, schemaVersion: 1 }, reason: /schemaVersion is not 2/ },
  { name: 'schema as text', document: { ...image, schemaVersion: '2' }, reason: /schemaVersion/ },
  { name: 'no schema', document: { ...index, schemaVersion: undefined }, reason: /schemaVersion/ },
  { name: 'no layers', document: { ...image, layers: undefined }, reason: /layers is not a list/ },
  { name: 'layers null', document: { ...image, layers: null }, reason: /layers is not a list/ },
  { name: 'no config', document: { ...image, config: undefined }, reason: /config is not/ },
  {
    name: 'a bad layer',
    document: { ...image, layers: [layer, { ...layer, size: -1 }] },
    reason: /^layers\[1\]\.size/,
  },
  {
    name: 'a bad child',
    document: { ...index, manifests: [{ ...child, digest: 'x' }] },
    reason: /^manifests\[0\]\.digest/,
  },
  { name: 'manifests null', document: { ...index, manifests: null }, reason: /not a list/ },
  { name: 'a bad subject', document: { ...image, subject: {} }, reason: /^subject\.mediaType/ },
  { name: 'a bad subject of an index', document: { ...index, subject: 1 }, reason: /^subject is/ },
  {
    name: 'too many layers',
    document: { ...image, layers: Array.from({ length: 10_001 }, () => layer) },
    reason: /more than 10000 entries/,
  },
  {
    name: 'a type longer than any',
    document: { ...image, artifactType: 'a/'.padEnd(1025, 'b') },
    reason: /^artifactType has more than 1024 characters/,
  },
  {
    name: 'an artifact type that UTF-8 cannot hold',
    document: { ...image, artifactType: 'a/\ud800' },
    reason: /^artifactType holds half of a surrogate pair/,
  },
  {
    name: 'a layer of a type that UTF-8 cannot hold',
    document: { ...image, layers: [{ ...layer, mediaType: 'a/\udc00' }] },
    reason: /^layers\[0\]\.mediaType holds half of a surrogate pair/,
  },
  {
    name: 'layers whose sizes together are no number that can be kept',
    document: { ...image, layers: [layer, { ...layer, size: Number.MAX_SAFE_INTEGER - 10 }] },
    reason: /^the sizes of its blobs add up to more than 9007199254740991 bytes/,
  },
  {
    name: 'a key that some clients read as another',
    document: { ...image, Config: config },
    reason: /^the manifest has the key "Config"/,
  },
]

test('refuses what is no manifest, or could be taken for two', () => {
  for (const { name, document, declared, reason } of refused) {
    const result = parse(document, declared)
    assert.ok(result.kind === 'refused', name)
    assert.match(result.reason, reason, name)
  }
})

test('the type is that of the Content-Type, else of the body, else of the members', () => {
  const bare = { schemaVersion: 2, config, layers: [] }
  assert.equal(manifestOf(bare).mediaType, mediaTypes.ociManifest)
  assert.equal(manifestOf({ schemaVersion: 2, manifests: [] }).mediaType, mediaTypes.ociIndex)
  assert.equal(manifestOf(bare, mediaTypes.dockerManifest).mediaType, mediaTypes.dockerManifest)
  assert.equal(manifestOf(image).mediaType, mediaTypes.ociManifest)
  const withParameter = `${mediaTypes.ociManifest}; charset=utf-8`
  assert.equal(manifestOf(image, withParameter).mediaType, mediaTypes.ociManifest)
  const list = { ...index, mediaType: mediaTypes.dockerList }
  assert.equal(manifestOf(list, mediaTypes.dockerList).kind, 'index')
})

test('empty lists are valid, and members that nobody knows are no obstacle', () => {
  assert.deepEqual(manifestOf({ ...image, layers: [], 'org.example': { a: 1 } }), {
    kind: 'image',
    mediaType: mediaTypes.ociManifest,
    config: { ...config, hasUrls: false },
    layers: [],
  })
  assert.deepEqual(manifestOf({ ...index, manifests: [] }), {
    kind: 'index',
    mediaType: mediaTypes.ociIndex,
    manifests: [],
  })
})

test('the artifact type is the manifest’s own, else the config’s where that is no image config', () => {
  const empty = { ...config, mediaType: mediaTypes.ociEmpty }
  const own = { ...config, mediaType: 'application/vnd.example.config' }
  const cases: readonly (readonly [object, string | undefined])[] = [
    [{ ...image, artifactType: 'a/b' }, 'a/b'],
    [{ ...image, artifactType: 'a/b', config: own }, 'a/b'],
    [{ ...image, config: own }, own.mediaType],
    [{ ...image, artifactType: '', config: own }, own.mediaType],
    [{ ...image, artifactType: 1, config: own }, own.mediaType],
    [{ ...image, config: empty }, mediaTypes.ociEmpty],
    [image, undefined],
    [{ ...index, artifactType: 'a/b' }, 'a/b'],
    [index, undefined],
  ]
  for (const [document, expected] of cases) {
    assert.equal(manifestOf(document).artifactType, expected)
  }
})

test('subject and annotations of images and indexes; Docker’s types have no subject', () => {
  const subject = child
  const annotations = { 'org.example.ä': '✓' }
  for (const document of [image, index]) {
    const manifest = manifestOf({ ...document, subject, annotations })
    assert.equal(manifest.subject?.digest, child.digest)
    assert.deepEqual(manifest.annotations, annotations)
    assert.equal(manifestOf({ ...document, subject: null }).subject, undefined)
  }
  for (const document of [
    { ...image, mediaType: mediaTypes.dockerManifest },
    { ...index, mediaType: mediaTypes.dockerList },
  ]) {
    assert.equal(manifestOf({ ...document, subject }).subject, undefined)
  }
})

test('the artifact manifest that was dropped is read with its blobs as layers', () => {
  const artifact = { mediaType: mediaTypes.ociArtifact, artifactType: 'a/b', subject: child }
  const manifest = manifestOf({ ...artifact, blobs: [layer] })
  assert.ok(manifest.kind === 'image')
  assert.equal(manifest.config, undefined)
  assert.deepEqual(manifest.layers, [{ ...layer, hasUrls: false }])
  assert.equal(manifest.subject?.digest, child.digest)
  const bare = manifestOf(artifact)
  assert.deepEqual(bare.kind === 'image' && bare.layers, [])
})

test('an image is what its artifactType says, else what its config is; an index need not say', () => {
  const named = { artifactType: 'a/b' }
  assert.equal(artifactTypeOf(manifestOf({ ...image, ...named })), 'a/b')
  assert.equal(artifactTypeOf(manifestOf(image)), config.mediaType)
  assert.equal(artifactTypeOf(manifestOf({ ...index, ...named })), 'a/b')
  assert.equal(artifactTypeOf(manifestOf(index)), undefined)
})

test('no document makes the parser throw', () => {
  const members = fc.record(
    {
      schemaVersion: fc.constantFrom(1, 2, '2', null),
      mediaType: fc.constantFrom(...Object.values(mediaTypes), 'a/b', '', null, 1),
      config: fc.oneof(fc.constant(config), fc.jsonValue()),
      layers: fc.oneof(fc.array(fc.constant(layer)), fc.jsonValue()),
      blobs: fc.jsonValue(),
      manifests: fc.oneof(fc.array(fc.constant(child)), fc.jsonValue()),
      subject: fc.oneof(fc.constant(child), fc.jsonValue()),
      annotations: fc.jsonValue(),
    },
    { requiredKeys: [] },
  )
  const declared = fc.option(fc.constantFrom(...Object.values(mediaTypes)), { nil: undefined })
  fc.assert(
    fc.property(fc.oneof(members, fc.jsonValue()), declared, (document, type) => {
      assert.ok(['parsed', 'refused'].includes(parse(document, type).kind))
    }),
    { numRuns: 1000 },
  )
})
