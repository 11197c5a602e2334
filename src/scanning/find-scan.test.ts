import assert from 'node:assert/strict'
import { Readable } from 'node:stream'
import { test } from 'node:test'
import { importRecords, ndjson, osvRecord } from '../../test/kit/advisories.ts'
import { layerOf } from '../../test/kit/image-builder.ts'
import {
  dpkg,
  npmPackage,
  osRelease,
  push,
  repositoryId,
  result,
  runScan,
  scan,
  scanPlace,
  type ScanPlace,
} from '../../test/kit/scanning.ts'
import { digestOf, type Digest } from '../oci/digest.ts'
import { mediaTypes } from '../oci/media-type.ts'
import { findScan } from './find-scan.ts'
import { importAdvisories } from './import-advisories.ts'

const leftPad = layerOf({ ...npmPackage('left-pad', '1.0.0') })
const harmless = layerOf({ ...npmPackage('harmless', '1.0.0') })
const debianLayer = layerOf({
  'etc/os-release': osRelease.debian12,
  'var/lib/dpkg/status': dpkg(['bash', '5']),
})

test('knows nothing of an image that nobody asked to scan', async (t) => {
  const { database, images } = await scanPlace(t)
  const { digest } = images.addImage({ layers: [leftPad] })
  const index = indexOf({ images }, [{ digest, os: 'linux', architecture: 'amd64' }])
  for (const each of [digest, index, digestOf(Buffer.from('absent'))])
    assert.equal(
      await findScan(database, images.content, { repositoryId, digest: each }),
      undefined,
    )
})

test('an index with more platforms than are looked at is not known, never clean', async (t) => {
  const { database, images } = await scanPlace(t)
  const children = Array.from({ length: 201 }, (_, number) => ({
    digest: digestOf(Buffer.from(String(number))),
    os: 'linux',
    architecture: `a${number}`,
  }))
  const found = await findScan(database, images.content, {
    repositoryId,
    digest: indexOf({ images }, children),
  })
  assert.equal(found?.status, 'FAILED')
  assert.match(found?.reason ?? '', /201 platforms; at most 200/)
})

test('walks from PENDING to COMPLETE', async (t) => {
  const place = await scanPlace(t)
  await importRecords(place, [osvRecord({ id: 'GHSA-1' })])
  const image = await push(place, { layers: [leftPad] })
  assert.equal((await result(place, image.digest)).scan.status, 'PENDING')
  await runScan(place, image.digest)
  assert.equal((await result(place, image.digest)).scan.status, 'COMPLETE')
})

test('is unsupported while there is no data for an ecosystem', async (t) => {
  const place = await scanPlace(t)
  await importRecords(place, [osvRecord({ id: 'GHSA-1' })])
  const { scan: found } = await scan(place, { layers: [debianLayer] })
  assert.equal(found.status, 'UNSUPPORTED_IMAGE')
  assert.match(found.reason ?? '', /no vulnerability data for Debian:12/)
})

test('does not take records of an unfinished import for data', async (t) => {
  const place = await scanPlace(t)
  const image = await push(place, { layers: [debianLayer] })
  await runScan(place, image.digest)
  const records = Array.from({ length: 1000 }, (_, at) =>
    osvRecord({ id: `DSA-${at}-1`, ecosystem: 'Debian:12', name: 'bash' }),
  )
  const statuses = new Set<string>()
  async function* slowly(): AsyncGenerator<Buffer> {
    for (const record of records) {
      yield Buffer.from(ndjson([record]))
      if (record['id'] === 'DSA-900-1') {
        assert.notEqual(
          await place.database.first('SELECT 1 AS one FROM advisory_packages'),
          undefined,
        )
        statuses.add((await result(place, image.digest)).scan.status)
      }
    }
  }
  const input = {
    source: 'debian',
    origin: 'import',
    bytes: Readable.from(slowly()),
    snapshot: true,
  } as const
  await importAdvisories(place, input, { signal: new AbortController().signal })
  assert.deepEqual([...statuses], ['UNSUPPORTED_IMAGE'])
  // Visible, but this image's packages were not held against them yet: still not clean.
  assert.equal((await result(place, image.digest)).scan.status, 'UNSUPPORTED_IMAGE')
})

test('answers for an index with the findings of all platforms, each place once', async (t) => {
  const place = await scanPlace(t)
  await importRecords(place, [
    osvRecord({ id: 'GHSA-1' }),
    osvRecord({ id: 'GHSA-2', name: 'harmless' }),
  ])
  const one = await push(place, { layers: [leftPad] })
  const two = await push(place, { layers: [harmless] })
  await runScan(place, one.digest)
  await runScan(place, two.digest)
  const amd64 = { digest: one.digest, os: 'linux', architecture: 'amd64' }
  const arm64 = { digest: two.digest, os: 'linux', architecture: 'arm64' }
  const index = indexOf(place, [amd64, arm64, amd64, amd64])
  const { scan: found, findings } = await result(place, index)
  assert.equal(found.status, 'COMPLETE')
  assert.equal(found.instances.length, 2)
  assert.deepEqual(
    findings.map(({ vulnerability }) => vulnerability),
    ['GHSA-1', 'GHSA-2'],
  )
})

test('names the platform of an index that is not complete', async (t) => {
  const place = await scanPlace(t)
  await importRecords(place, [osvRecord({ id: 'GHSA-1' })])
  const whole = await push(place, { layers: [leftPad] })
  const cut = await push(place, { layers: [harmless], stored: { 0: Buffer.from('noise') } })
  const empty = await push(place, { layers: [layerOf({ x: 'y' })] })
  for (const { digest } of [whole, cut, empty]) await runScan(place, digest)
  const amd64 = { digest: whole.digest, os: 'linux', architecture: 'amd64' }
  const unknown = indexOf(place, [
    amd64,
    { digest: empty.digest, os: 'linux', architecture: 's390x' },
  ])
  assert.equal((await result(place, unknown)).scan.status, 'UNSUPPORTED_IMAGE')
  const failing = indexOf(place, [
    amd64,
    { digest: cut.digest, os: 'linux', architecture: 'arm64' },
  ])
  const { scan: found, findings } = await result(place, failing)
  assert.notEqual(found.status, 'COMPLETE')
  assert.match(found.reason ?? '', /linux\/arm64/)
  assert.equal(findings.length, 1)
})

test('is not complete for an index of which a platform was never scanned', async (t) => {
  const place = await scanPlace(t)
  await importRecords(place, [osvRecord({ id: 'GHSA-1' })])
  const done = await push(place, { layers: [harmless] })
  await runScan(place, done.digest)
  const never = place.images.addImage({ layers: [leftPad] })
  for (const digest of [never.digest, digestOf(Buffer.from('never pushed'))]) {
    const index = indexOf(place, [
      { digest: done.digest, os: 'linux', architecture: 'amd64' },
      { digest, os: 'linux', architecture: 'arm64' },
    ])
    const { scan: found } = await result(place, index)
    assert.notEqual(found.status, 'COMPLETE')
    assert.match(found.reason ?? '', /linux\/arm64: was not scanned/)
  }
})

test('leaves out attestations, but not an image that is called one', async (t) => {
  const place = await scanPlace(t)
  await importRecords(place, [osvRecord({ id: 'GHSA-1' })])
  const clean = await push(place, { layers: [harmless] })
  await runScan(place, clean.digest)
  const statement = place.images.addImage({
    layers: [leftPad],
    layerMediaType: 'application/vnd.in-toto+json',
  })
  const annotations = { 'vnd.docker.reference.type': 'attestation-manifest' }
  const amd64 = { digest: clean.digest, os: 'linux', architecture: 'amd64' }
  const honest = indexOf(place, [
    amd64,
    { digest: statement.digest, os: 'unknown', architecture: 'unknown', annotations },
    {
      digest: place.images.addImage({
        layers: [debianLayer],
        layerMediaType: 'application/vnd.in-toto+json',
      }).digest,
      os: 'linux',
      architecture: 'amd64',
      annotations,
    },
  ])
  assert.equal((await result(place, honest)).scan.status, 'COMPLETE')

  // A runtime on arm64 would run it, whatever the annotation says.
  const hidden = await push(place, { layers: [leftPad] })
  await runScan(place, hidden.digest)
  const lying = indexOf(place, [
    amd64,
    { digest: hidden.digest, os: 'linux', architecture: 'arm64', annotations },
  ])
  assert.deepEqual(
    (await result(place, lying)).findings.map(({ vulnerability }) => vulnerability),
    ['GHSA-1'],
  )
})

interface Child {
  readonly digest: Digest
  readonly os: string
  readonly architecture: string
  readonly annotations?: Readonly<Record<string, string>>
}

function indexOf({ images }: Pick<ScanPlace, 'images'>, children: readonly Child[]): Digest {
  const manifests = children.map(({ digest, os, architecture, annotations }) => ({
    mediaType: mediaTypes.ociManifest,
    digest,
    size: images.manifests.get(digest)?.bytes.length ?? 1,
    platform: { os, architecture },
    ...(annotations === undefined ? {} : { annotations }),
  }))
  return images.addManifest({ manifests }, mediaTypes.ociIndex)
}
