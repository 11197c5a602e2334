import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  isEncrypted,
  isImageConfigMediaType,
  isIndexMediaType,
  isNonDistributable,
  mediaTypes,
  parseManifestMediaType,
} from './media-type.ts'

test('refuses types that are no manifest', () => {
  const refused = [
    '',
    ';',
    'application/json',
    'text/html',
    'application/vnd.docker.distribution.manifest.v1+json',
    'application/vnd.docker.distribution.manifest.v1+prettyjws',
    'application/vnd.oci.image.manifest.v2+json',
    'application/vnd.oci.image.manifest.v1+jsonx',
    `${mediaTypes.ociManifest},${mediaTypes.ociIndex}`,
    mediaTypes.ociConfig,
    mediaTypes.ociEmpty,
  ]
  for (const text of refused) {
    assert.equal(parseManifestMediaType(text), undefined, JSON.stringify(text))
  }
})

test('drops parameters, blanks and case, and gives the type as it is registered', () => {
  const written = [
    mediaTypes.ociManifest,
    `${mediaTypes.ociManifest}; charset=utf-8`,
    ` ${mediaTypes.ociManifest} ;a=b;c=d`,
    mediaTypes.ociManifest.toUpperCase(),
  ]
  for (const text of written) assert.equal(parseManifestMediaType(text), mediaTypes.ociManifest)
})

test('tells indexes, image configs and layers that may be absent', () => {
  assert.ok(isIndexMediaType(mediaTypes.ociIndex))
  assert.ok(isIndexMediaType(mediaTypes.dockerList))
  assert.ok(!isIndexMediaType(mediaTypes.dockerManifest))
  assert.ok(isImageConfigMediaType(mediaTypes.dockerConfig))
  assert.ok(!isImageConfigMediaType(mediaTypes.ociEmpty))
  assert.ok(isNonDistributable('application/vnd.oci.image.layer.nondistributable.v1.tar+gzip'))
  assert.ok(isNonDistributable('application/vnd.docker.image.rootfs.foreign.diff.tar.gzip'))
  assert.ok(!isNonDistributable('application/vnd.oci.image.layer.v1.tar+gzip'))
})

test('an encrypted layer is known by the end of its type', () => {
  assert.ok(isEncrypted('application/vnd.oci.image.layer.v1.tar+gzip+encrypted'))
  assert.ok(!isEncrypted('application/vnd.oci.image.layer.v1.tar+gzip'))
})
