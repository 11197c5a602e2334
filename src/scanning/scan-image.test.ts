import assert from 'node:assert/strict'
import { gzipSync } from 'node:zlib'
import { test } from 'node:test'
import { importRecords, osvRecord } from '../../test/kit/advisories.ts'
import { imageConfig, layerOf } from '../../test/kit/image-builder.ts'
import {
  dpkg,
  npmPackage,
  osRelease,
  push,
  repositoryId,
  request,
  result,
  runScan,
  scan,
  scanPlace,
  testAccount,
  type ScanPlace,
} from '../../test/kit/scanning.ts'
import { file, tar } from '../../test/kit/tar-builder.ts'
import { digestOf } from '../oci/digest.ts'
import { mediaTypes } from '../oci/media-type.ts'
import { maxScannedLayers } from './examine-image.ts'
import { requestScansOfPush } from './request-scan.ts'
import { scanImage } from './scan-image.ts'

const { signal } = new AbortController()
const leftPadLayer = layerOf({ ...npmPackage('left-pad', '1.0.0') })
const leftPadRecord = osvRecord({ id: 'GHSA-1', aliases: ['CVE-2026-0001'], fixed: '2.0.0' })

test('says UNSUPPORTED_IMAGE of an empty image, never clean', async (t) => {
  const place = await scanPlace(t)
  await importRecords(place, [leftPadRecord])
  for (const layers of [[], [layerOf({ 'bin/server': '\x7fELF' })]]) {
    const { scan: found, findings } = await scan(place, { layers })
    assert.equal(found.status, 'UNSUPPORTED_IMAGE')
    assert.match(found.reason ?? '', /package/)
    assert.deepEqual(findings, [])
  }
})

test('finds libraries on an image without an operating system', async (t) => {
  const place = await scanPlace(t)
  await importRecords(place, [leftPadRecord])
  const { scan: found, findings } = await scan(place, { layers: [leftPadLayer] })
  assert.equal(found.status, 'COMPLETE')
  assert.match(found.notes.join('; '), /os-release/)
  assert.deepEqual(
    findings.map(({ vulnerability, paths }) => [vulnerability, ...paths]),
    [['CVE-2026-0001', 'app/node_modules/left-pad/package.json']],
  )
})

test('says UNSUPPORTED_IMAGE of a distribution that nobody can speak for', async (t) => {
  const place = await scanPlace(t)
  await importRecords(place, [leftPadRecord])
  const layer = layerOf({
    'etc/os-release': 'ID=cobalt\nVERSION_ID=7\n',
    'var/lib/dpkg/status': dpkg(['openssl', '1.0.0']),
  })
  const { scan: found } = await scan(place, { layers: [layer] })
  assert.equal(found.status, 'UNSUPPORTED_IMAGE')
  assert.match(found.reason ?? '', /cobalt/)
})

test('says UNSUPPORTED_IMAGE of Windows and of a package database that nothing reads', async (t) => {
  const place = await scanPlace(t)
  const windows = await scan(place, { layers: [leftPadLayer], os: 'windows' })
  assert.equal(windows.scan.status, 'UNSUPPORTED_IMAGE')
  assert.match(windows.scan.reason ?? '', /Windows/)
  const layer = layerOf({ 'etc/os-release': osRelease.fedora, 'var/lib/rpm/Packages': 'x' })
  const fedora = await scan(place, { layers: [layer] })
  assert.equal(fedora.scan.status, 'UNSUPPORTED_IMAGE')
})

test('fails with the layer named when a layer is cut, damaged or another than the config says', async (t) => {
  const place = await scanPlace(t)
  const whole = gzipSync(leftPadLayer)
  const damaged = Buffer.from(whole)
  damaged.fill(0xff, 20, 40)
  const cases = [
    { layers: [leftPadLayer], stored: { 0: whole.subarray(0, -20) } },
    { layers: [leftPadLayer], stored: { 0: damaged } },
    { layers: [leftPadLayer], stored: { 0: gzipSync(layerOf({ other: 'x' })) } },
    { layers: [leftPadLayer], stored: { 0: Buffer.alloc(0) } },
  ]
  for (const parts of cases) {
    const image = await push(place, parts)
    assert.deepEqual(await runScan(place, image.digest), { attempts: 1 })
    const { scan: found } = await result(place, image.digest)
    assert.equal(found.status, 'FAILED')
    assert.match(found.reason ?? '', new RegExp(image.layers[0] ?? '-'))
  }
})

test('ends in a state that says why, and never in a throw, whatever the image is', async (t) => {
  const place = await scanPlace(t)
  await importRecords(place, [leftPadRecord])
  const { layers } = { layers: [leftPadLayer] }
  const many = imageConfig([leftPadLayer, leftPadLayer])
  const cases = {
    'a config that is no JSON': { layers, config: Buffer.from('{') },
    'a config that nests without end': { layers, config: Buffer.from('['.repeat(100_000)) },
    'a config without layers': { layers, config: Buffer.from('{"os":"linux"}') },
    'diff ids that are none': { layers, config: Buffer.from('{"rootfs":{"diff_ids":[1]}}') },
    'more diff ids than layers': { layers, config: many },
    'a config that is too large': { layers, config: Buffer.alloc(5 * 1024 * 1024, ' ') },
    'a layer of noise': { layers, stored: { 0: Buffer.from('no archive at all'.repeat(99)) } },
    'a layer of zeros': { layers: [Buffer.alloc(64 * 1024)] },
    'a layer with paths that climb out': { layers: [tar(file('../../etc/passwd', 'x'))] },
    'a file where a folder is': {
      layers: [layerOf({ app: 'x' }), leftPadLayer, layerOf({ 'app/node_modules': '' })],
    },
    'a status file of noise': {
      layers: [layerOf({ 'var/lib/dpkg/status': Buffer.alloc(100_000, 0xfe) })],
    },
  }
  for (const [name, parts] of Object.entries(cases)) {
    const image = await push(place, parts)
    assert.deepEqual(await runScan(place, image.digest), { attempts: 1 }, name)
    const { scan: found } = await result(place, image.digest)
    assert.match(found.status, /^(?:FAILED|UNSUPPORTED_IMAGE)$/, name)
    assert.notEqual(found.reason ?? '', '', name)
  }
})

test('refuses an image of more layers than any runtime takes, before it reads one', async (t) => {
  const place = await scanPlace(t)
  const empty = layerOf({})
  const layers = Array.from({ length: maxScannedLayers + 1 }, () => empty)
  const image = await push(place, { layers })
  await runScan(place, image.digest)
  const { scan: found } = await result(place, image.digest)
  assert.equal(found.status, 'FAILED')
  assert.match(found.reason ?? '', /layers/)
  assert.equal(place.images.opened.get(digestOf(gzipSync(empty))), undefined)
})

test('says that a layer is absent, and does not speak for the rest', async (t) => {
  const place = await scanPlace(t)
  await importRecords(place, [leftPadRecord])
  const image = await push(place, { layers: [leftPadLayer, layerOf({ x: 'y' })] })
  place.images.blobs.delete(image.layers[1] ?? image.digest)
  await runScan(place, image.digest)
  const { scan: found } = await result(place, image.digest)
  assert.equal(found.status, 'UNSUPPORTED_IMAGE')
  assert.match(found.reason ?? '', new RegExp(image.layers[1] ?? '-'))
})

test('tries three times when a layer cannot be had, and then fails instead of looping', async (t) => {
  const place = await scanPlace(t)
  const image = await push(place, { layers: [leftPadLayer] })
  const { content } = place.images
  const broken: ScanPlace = {
    ...place,
    contentOf: () => ({
      ...content,
      async openBlob(digest) {
        const blob = await content.openBlob(digest)
        if (digest === image.layers[0]) blob?.stream.destroy(new Error('the disk is away'))
        return blob
      },
    }),
  }
  assert.deepEqual(await runScan(broken, image.digest), { attempts: 3 })
  const { scan: found } = await result(place, image.digest)
  assert.equal(found.status, 'FAILED')
  assert.match(found.reason ?? '', /the disk is away/)
})

test('does not read an image again on which the server died three times', async (t) => {
  const place = await scanPlace(t)
  const image = await push(place, { layers: [leftPadLayer] })
  await scanImage(place, { repositoryId, digest: image.digest }, { signal, attempt: 4 })
  const { scan: found } = await result(place, image.digest)
  assert.equal(found.status, 'FAILED')
  assert.match(found.reason ?? '', /attempts/)
  assert.equal(place.images.opened.size, 0)
})

test('reads a layer once for all images that have it, and again when the extractors change', async (t) => {
  const place = await scanPlace(t)
  await importRecords(place, [leftPadRecord])
  const first = await push(place, { layers: [leftPadLayer] })
  await runScan(place, first.digest)
  const second = await push(place, { layers: [leftPadLayer, layerOf({ x: 'y' })] })
  await runScan(place, second.digest)
  const shared = first.layers[0] ?? first.digest
  assert.equal(place.images.opened.get(shared), 1)
  assert.equal((await result(place, second.digest)).findings.length, 1)
  await place.database.transaction((tx) =>
    tx.run(`UPDATE layer_inventories SET extractor_revision = 'older'`),
  )
  await runScan(place, second.digest)
  assert.equal(place.images.opened.get(shared), 2)
})

test('does not take the inventory of a known layer for one whose config says otherwise', async (t) => {
  const place = await scanPlace(t)
  const honest = await push(place, { layers: [leftPadLayer] })
  await runScan(place, honest.digest)
  const config = imageConfig([layerOf({ other: 'x' })])
  const { scan: found } = await scan(place, { layers: [leftPadLayer], config })
  assert.equal(found.status, 'FAILED')
})

test('gives the same result when it is killed between two layers and runs again', async (t) => {
  const parts = {
    layers: [
      layerOf({ 'etc/os-release': osRelease.debian12, 'var/lib/dpkg/status': dpkg(['bash', '5']) }),
      leftPadLayer,
      layerOf({ ...npmPackage('minimist', '1.2.0') }),
    ],
  }
  const records = [
    leftPadRecord,
    osvRecord({ id: 'DSA-1', ecosystem: 'Debian:12', name: 'bash', upstream: ['CVE-2026-0002'] }),
  ]
  const undisturbed = await scanPlace(t)
  await importRecords(undisturbed, records)
  const expected = await scan(undisturbed, parts)

  const place = await scanPlace(t)
  await importRecords(place, records)
  const image = await push(place, parts)
  const killed = new AbortController()
  const { content } = place.images
  const dying: ScanPlace = {
    ...place,
    contentOf: () => ({
      ...content,
      async openBlob(digest) {
        if (digest === image.layers[1]) killed.abort(new Error('killed'))
        return content.openBlob(digest)
      },
    }),
  }
  await assert.rejects(runScan(dying, image.digest, killed.signal), /killed/)
  assert.equal((await result(place, image.digest)).scan.status, 'IN_PROGRESS')
  await runScan(place, image.digest)
  await runScan(place, image.digest)
  const { scan: found, ...findings } = await result(place, image.digest)
  const { scan: expectedScan, ...expectedFindings } = expected
  assert.deepEqual(findings, expectedFindings)
  assert.deepEqual(found, expectedScan)
  assert.equal(place.images.opened.get(image.layers[0] ?? image.digest), 1)
})

test('layers that are read at once give what they give one after another', async (t) => {
  const layers = Array.from({ length: 9 }, (_, at) =>
    layerOf({ ...npmPackage(`p${at}`, '1.0.0'), ...npmPackage('shared', `1.0.${at}`) }),
  )
  const results = []
  for (const workers of [1, 3]) {
    const place = await scanPlace(t, { workers })
    await importRecords(place, [osvRecord({ id: 'GHSA-1', name: 'shared' })])
    results.push(await scan(place, { layers }))
  }
  assert.deepEqual(results[1], results[0])
  assert.equal(results[1]?.findings[0]?.package.version, '1.0.8')
})

test('of several layers that cannot be read at once the lowest is told, and none after it is begun', async (t) => {
  const place = await scanPlace(t, { workers: 2 })
  const broken = (mark: string): Buffer => Buffer.from(`${mark} is no tar`.repeat(100))
  const layers = [leftPadLayer, broken('a'), broken('b'), broken('c'), broken('d'), broken('e')]
  const image = await push(place, { layers })
  await runScan(place, image.digest)
  const { scan: found } = await result(place, image.digest)
  assert.notEqual(found.status, 'COMPLETE')
  assert.ok(String(found.reason).includes(image.layers[1] ?? 'none'), found.reason)
  assert.equal(place.images.opened.get(image.layers[5] ?? image.digest), undefined)
})

test('does nothing for an image that was deleted, and tells of nothing', async (t) => {
  const place = await scanPlace(t)
  const gone = await push(place, { layers: [leftPadLayer] })
  await place.database.transaction((tx) => tx.run('DELETE FROM manifests'))
  await runScan(place, gone.digest)
  assert.equal(await countEvents(place), 0)

  const image = await push(place, { layers: [leftPadLayer, layerOf({ x: 'y' })] })
  const { content } = place.images
  const racing: ScanPlace = {
    ...place,
    contentOf: () => ({
      ...content,
      async openBlob(digest) {
        await place.database.transaction((tx) => tx.run('DELETE FROM manifests'))
        return content.openBlob(digest)
      },
    }),
  }
  await runScan(racing, image.digest)
  assert.equal(await countEvents(place), 0)
})

test('tells of the completed scan with the severities found', async (t) => {
  const place = await scanPlace(t)
  const severity = 'CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H'
  await importRecords(place, [{ ...osvRecord({ id: 'GHSA-1', severity }) }])
  const { scan: found } = await scan(place, { layers: [leftPadLayer] })
  assert.equal(found.status, 'COMPLETE')
  const row = await place.database.first(
    `SELECT account, resource, detail FROM events WHERE kind = 'ScanCompleted'`,
  )
  assert.equal(row?.['account'], '123456789012')
  assert.equal(row['resource'], 'team/app1')
  const detail: unknown = JSON.parse(String(row['detail']))
  assert.partialDeepStrictEqual(detail, { status: 'COMPLETE', counts: { CRITICAL: 1 } })
})

test('asks for scans of images only: not of signatures, attestations, charts or indexes', async (t) => {
  const place = await scanPlace(t)
  const { images, database, clock } = place
  const layers = [leftPadLayer]
  const simpleSigning = 'application/vnd.dev.cosign.simplesigning.v1+json'
  const notImages = [
    images.addImage({ layers, layerMediaType: 'application/vnd.in-toto+json' }).digest,
    images.addImage({ layers, layerMediaType: simpleSigning }).digest,
    images.addImage({ layers, configMediaType: 'application/vnd.cncf.helm.config.v1+json' }).digest,
    images.addManifest({ manifests: [] }, mediaTypes.ociIndex),
    images.addManifest({ config: 1 }, mediaTypes.ociManifest),
    digestOf(Buffer.from('absent')),
  ]
  for (const digest of notImages)
    await requestScansOfPush(
      { database, clock },
      images.content,
      { repositoryId, digest },
      testAccount,
    )
  assert.deepEqual(await database.all('SELECT digest FROM image_scans'), [])
  assert.equal((await database.all('SELECT kind FROM jobs')).length, 0)

  const { digest } = images.addImage({ layers })
  await request(place, digest)
  await requestScansOfPush(
    { database, clock },
    images.content,
    { repositoryId, digest },
    testAccount,
  )
  const jobs = await database.all('SELECT kind, key FROM jobs')
  assert.deepEqual(
    jobs.map(({ kind, key }) => [kind, key]),
    [['scan-image', `1/${digest}`]],
  )
})

async function countEvents({ database }: ScanPlace): Promise<unknown> {
  return (await database.first('SELECT COUNT(*) AS n FROM events'))?.['n']
}
