import assert from 'node:assert/strict'
import { readdir } from 'node:fs/promises'
import { Readable } from 'node:stream'
import { test, type TestContext } from 'node:test'
import { gzipSync } from 'node:zlib'
import { importRecords, osvRecord } from '../../test/kit/advisories.ts'
import { temporaryDirectory } from '../../test/kit/database.ts'
import { imageConfig, layerOf, MemoryImages } from '../../test/kit/image-builder.ts'
import {
  npmPackage,
  push,
  result,
  runScan,
  scanPlace,
  type ScanPlace,
} from '../../test/kit/scanning.ts'
import { file, tar, unendedTar, type TarSpec } from '../../test/kit/tar-builder.ts'
import { digestOf, type Digest } from '../oci/digest.ts'
import { mediaTypes } from '../oci/media-type.ts'
import { scanArchive, type ArchiveDeps, type ArchiveScan } from './scan-archive.ts'

const { signal } = new AbortController()
const leftPad = layerOf({ ...npmPackage('left-pad', '1.0.0') })
const other = layerOf({ ...npmPackage('other', '1.0.0') })

type Place = ScanPlace & ArchiveDeps

async function archivePlace(t: TestContext): Promise<Place> {
  const place = await scanPlace(t)
  await importRecords(place, [osvRecord({ id: 'GHSA-1', fixed: '2.0.0' })])
  return { ...place, temporaryDirectory: await temporaryDirectory(t) }
}

async function scanBytes(
  place: Place,
  bytes: Buffer,
  kind: 'archive' | 'rootfs' = 'archive',
): Promise<ArchiveScan> {
  const found = await scanArchive(place, { kind, body: Readable.from([bytes]) }, { signal })
  assert.deepEqual(await readdir(place.temporaryDirectory), [])
  return found
}

test('scans a root file system as one layer', async (t) => {
  const place = await archivePlace(t)
  for (const bytes of [leftPad, gzipSync(leftPad)]) {
    const { images, dataRevision, dataUpdatedAt } = await scanBytes(place, bytes, 'rootfs')
    assert.equal(dataRevision, 1)
    assert.deepEqual(dataUpdatedAt, place.clock.now())
    assert.partialDeepStrictEqual(images, [
      {
        status: 'scanned',
        packages: 1,
        findings: [
          {
            vulnerability: 'GHSA-1',
            fixedVersion: '2.0.0',
            package: {
              type: 'npm',
              name: 'left-pad',
              path: 'app/node_modules/left-pad/package.json',
            },
          },
        ],
      },
    ])
  }
})

test('fails a root file system that is cut or no archive, and calls an empty one unsupported', async (t) => {
  const place = await archivePlace(t)
  const unended = unendedTar(file('etc/hostname', 'x'))
  for (const bytes of [gzipSync(leftPad).subarray(0, -9), unended, Buffer.from('noise')]) {
    const { images } = await scanBytes(place, bytes, 'rootfs')
    assert.deepEqual(
      images.map(({ status }) => status),
      ['failed'],
    )
    assert.notEqual(images[0]?.reason, undefined)
  }
  const { images } = await scanBytes(place, layerOf({ x: 'y' }), 'rootfs')
  assert.deepEqual(
    images.map(({ status }) => status),
    ['unsupported'],
  )
})

test('scans every platform of an OCI archive, by the names it has there', async (t) => {
  const place = await archivePlace(t)
  const images = new MemoryImages()
  const one = images.addImage({ layers: [leftPad] }).digest
  const two = images.addImage({ layers: [other] }).digest
  const index = images.addManifest(
    {
      manifests: [
        { ...described(images, one), platform: { os: 'linux', architecture: 'amd64' } },
        { ...described(images, two), platform: { os: 'linux', architecture: 'arm64' } },
      ],
    },
    mediaTypes.ociIndex,
  )
  const found = await scanBytes(place, ociArchive(images, [index], 'app:1'))
  assert.deepEqual(
    found.images.map(({ name, platform, digest, status, findings }) => ({
      name,
      platform,
      digest,
      status,
      findings: findings.length,
    })),
    [
      { name: 'app:1', platform: 'linux/amd64', digest: one, status: 'scanned', findings: 1 },
      { name: 'app:1', platform: 'linux/arm64', digest: two, status: 'scanned', findings: 0 },
    ],
  )
})

test('scans a docker archive', async (t) => {
  const place = await archivePlace(t)
  const archive = tar(
    file('config.json', imageConfig([leftPad])),
    file('one/layer.tar', leftPad),
    file(
      'manifest.json',
      JSON.stringify([{ Config: 'config.json', RepoTags: ['app:1'], Layers: ['one/layer.tar'] }]),
    ),
  )
  const { images } = await scanBytes(place, archive)
  assert.partialDeepStrictEqual(images, [{ name: 'app:1', status: 'scanned' }])
  assert.equal(images[0]?.findings.length, 1)
})

test('fails an image of which a layer is cut, and still scans the one beside it', async (t) => {
  const place = await archivePlace(t)
  const images = new MemoryImages()
  const cut = images.addImage({ layers: [other], stored: { 0: gzipSync(other).subarray(0, -9) } })
  const whole = images.addImage({ layers: [leftPad] })
  const found = await scanBytes(place, ociArchive(images, [cut.digest, whole.digest]))
  assert.deepEqual(
    found.images.map(({ status }) => status),
    ['failed', 'scanned'],
  )
  assert.match(found.images[0]?.reason ?? '', new RegExp(cut.layers[0] ?? '-'))
})

test('does not take a file for the blob that its name says', async (t) => {
  const place = await archivePlace(t)
  const images = new MemoryImages()
  const image = images.addImage({ layers: [leftPad] })
  const entries = blobEntries(images)
  const layer = image.layers[0] ?? image.digest
  const renamed = entries.map((entry) =>
    entry.name === blobName(layer) ? file(entry.name, gzipSync(other)) : entry,
  )
  const found = await scanBytes(place, tar(...renamed, indexEntry(images, [image.digest])))
  assert.notEqual(found.images[0]?.status, 'scanned')
})

test('cannot be made to remember other content for a layer, by a name that comes twice', async (t) => {
  const place = await archivePlace(t)
  const images = new MemoryImages()
  const empty = layerOf({ x: 'y' })
  const real = gzipSync(leftPad)
  const layer = digestOf(real)
  const config = images.addBlob(imageConfig([empty]))
  const manifest = images.addManifest(
    {
      config: { mediaType: mediaTypes.ociConfig, digest: config, size: 1 },
      layers: [
        { mediaType: 'application/vnd.oci.image.layer.v1.tar+gzip', digest: layer, size: 1 },
      ],
    },
    mediaTypes.ociManifest,
  )
  const archive = tar(
    ...blobEntries(images),
    indexEntry(images, [manifest]),
    file('a', 'first'),
    file('a', real),
    file('b', gzipSync(empty)),
  )
  const found = await scanBytes(place, archive)
  assert.notEqual(found.images[0]?.status, 'scanned')

  const pushed = await push(place, { layers: [leftPad] })
  assert.equal(pushed.layers[0], layer)
  await runScan(place, pushed.digest)
  const { scan, findings } = await result(place, pushed.digest)
  assert.equal(scan.status, 'COMPLETE')
  assert.equal(findings.length, 1)
})

test('opens indexes that list each other’s children many times in bounded time', async (t) => {
  const place = await archivePlace(t)
  const images = new MemoryImages()
  let child = images.addImage({ layers: [leftPad] }).digest
  for (let level = 0; level < 7; level++) {
    const manifests = Array.from({ length: 500 }, () => described(images, child))
    child = images.addManifest({ manifests }, mediaTypes.ociIndex)
  }
  const found = await scanBytes(place, ociArchive(images, [child, child]))
  assert.equal(found.images.length, 1)
})

test('refuses an archive with too many images, with none, and what is no archive', async (t) => {
  const place = await archivePlace(t)
  const images = new MemoryImages()
  const absent = Array.from({ length: 300 }, (_, at) => digestOf(Buffer.from(String(at))))
  const chart = images.addImage({
    layers: [leftPad],
    configMediaType: 'application/vnd.cncf.helm.config.v1+json',
  })
  const cases = {
    'too many': ociArchive(new MemoryImages(), absent),
    'an empty index': ociArchive(images, []),
    'a chart only': ociArchive(images, [chart.digest]),
    'an empty list': tar(file('manifest.json', '[]')),
    'no index': tar(file('x', 'y')),
    'an empty archive': tar(),
    'an index of noise': tar(file('index.json', '{')),
    'an index of another shape': tar(file('index.json', '{"manifests":7}')),
    'a docker list that names nothing': tar(
      file('manifest.json', '[{"Config":"../../etc/passwd"}]'),
    ),
    noise: Buffer.from('noise'.repeat(1000)),
    'a cut archive': ociArchive(images, [chart.digest]).subarray(0, 700),
    nothing: Buffer.alloc(0),
  }
  for (const [name, bytes] of Object.entries(cases))
    await assert.rejects(scanBytes(place, bytes), { code: 'ARCHIVE_UNREADABLE' }, name)
  assert.deepEqual(await readdir(place.temporaryDirectory), [])
})

test('removes what it wrote when the caller goes away', async (t) => {
  const place = await archivePlace(t)
  const leaving = new AbortController()
  async function* halfway(): AsyncGenerator<Buffer> {
    yield ociArchive(new MemoryImages(), []).subarray(0, 700)
    leaving.abort(new Error('the caller left'))
    yield Buffer.alloc(512)
  }
  const body = Readable.from(halfway())
  await assert.rejects(scanArchive(place, { kind: 'archive', body }, { signal: leaving.signal }))
  assert.deepEqual(await readdir(place.temporaryDirectory), [])
})

function described(images: MemoryImages, digest: Digest): Readonly<Record<string, unknown>> {
  const { mediaType, bytes } = images.manifests.get(digest) ?? { mediaType: '', bytes: '' }
  return { mediaType, digest, size: bytes.length }
}

function blobName(digest: Digest): string {
  return `blobs/${digest.replace(':', '/')}`
}

function blobEntries({ blobs, manifests }: MemoryImages): readonly TarSpec[] {
  return [
    ...[...blobs].map(([digest, bytes]) => file(blobName(digest), bytes)),
    ...[...manifests].map(([digest, { bytes }]) => file(blobName(digest), bytes)),
  ]
}

function indexEntry(images: MemoryImages, roots: readonly Digest[], name?: string): TarSpec {
  const annotations = name === undefined ? {} : { 'org.opencontainers.image.ref.name': name }
  const manifests = roots.map((digest) => ({ ...described(images, digest), annotations }))
  return file('index.json', JSON.stringify({ schemaVersion: 2, manifests }))
}

function ociArchive(images: MemoryImages, roots: readonly Digest[], name?: string): Buffer {
  return tar(
    file('oci-layout', '{"imageLayoutVersion":"1.0.0"}'),
    ...blobEntries(images),
    indexEntry(images, roots, name),
  )
}
