import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseManifest } from '../oci/manifest.ts'
import { scannability } from './request-scan.ts'

const digest = `sha256:${'a'.repeat(64)}`
const imageConfig = 'application/vnd.oci.image.config.v1+json'

function kindOf(layers: readonly string[], members: object = {}): string {
  const mediaType = 'application/vnd.oci.image.manifest.v1+json'
  const manifest = {
    schemaVersion: 2,
    mediaType,
    config: { mediaType: imageConfig, digest, size: 2 },
    layers: layers.map((type) => ({ mediaType: type, digest, size: 1 })),
    ...members,
  }
  const parsed = parseManifest(Buffer.from(JSON.stringify(manifest)), mediaType)
  assert.ok(parsed.kind === 'parsed')
  return scannability(parsed.manifest)
}

test('what a node would run is an image, whatever it says of itself', () => {
  const tar = 'application/vnd.oci.image.layer.v1.tar+gzip'
  const artifactType = 'application/vnd.example.sbom'
  assert.equal(kindOf([tar]), 'image')
  assert.equal(kindOf([]), 'image')
  assert.equal(kindOf([tar], { artifactType }), 'image')
  assert.equal(kindOf(['text/spdx', tar], { artifactType }), 'image')
  assert.equal(kindOf(['application/vnd.erofs.layer.v1+zstd']), 'image')
  assert.equal(kindOf(['application/vnd.docker.image.rootfs.diff.tar.gzip']), 'image')
})

test('what holds no file system is a statement', () => {
  const artifactType = 'application/vnd.example.sbom'
  const config = { mediaType: 'application/vnd.cncf.helm.config.v1+json', digest, size: 2 }
  assert.equal(kindOf(['application/vnd.in-toto+json']), 'none')
  assert.equal(kindOf(['application/vnd.dev.cosign.simplesigning.v1+json']), 'none')
  assert.equal(kindOf([], { artifactType }), 'none')
  assert.equal(kindOf(['application/vnd.cncf.helm.chart.content.v1.tar+gzip'], { config }), 'none')
})
