import assert from 'node:assert/strict'
import { Readable } from 'node:stream'
import { test } from 'node:test'
import { importRecords, osvRecord } from '../../test/kit/advisories.ts'
import { openVexOf } from '../../test/kit/attestations.ts'
import { cycloneDxJudge } from '../../test/kit/cyclonedx-schema.ts'
import { temporaryDirectory } from '../../test/kit/database.ts'
import { insertImages, layerOf } from '../../test/kit/image-builder.ts'
import {
  dpkg,
  npmPackage,
  osRelease,
  push,
  repositoryId,
  request,
  runScan,
  scanPlace,
  type ScanPlace,
} from '../../test/kit/scanning.ts'
import { accountOf } from '../../test/kit/principals.ts'
import type { Digest } from '../oci/digest.ts'
import { digestOf } from '../oci/digest.ts'
import { mediaTypes } from '../oci/media-type.ts'
import { describeSbom, type StoredSbomInput } from './describe-sbom.ts'
import type { ScannedInstance } from './image-scan.ts'
import { putVexDocument } from './put-vex-document.ts'
import { openSuppressions } from './suppressions.ts'
import { sbomsOfArchive } from './sbom-of-archive.ts'

const tool = { name: 'pratique', version: '1.2.3' }
const { signal } = new AbortController()
const faultsOf = cycloneDxJudge('1.6')

const system = layerOf({
  'etc/os-release': osRelease.debian12,
  'var/lib/dpkg/status': dpkg(['bash', '5.2-1']),
})
const leftPad = layerOf({ ...npmPackage('left-pad', '1.0.0') })

async function describe(
  place: ScanPlace,
  digest: Digest,
  more: Partial<StoredSbomInput> = {},
): Promise<string> {
  const deps = { reader: place.database, content: place.images.content, tool }
  const text = await describeSbom(deps, {
    repositoryId,
    name: 'team/app',
    digest,
    platform: undefined,
    format: 'cyclonedx',
    withFindings: false,
    ...more,
  })
  assert.ok(text !== undefined)
  return text
}

interface Document {
  readonly serialNumber: string
  readonly metadata: unknown
  readonly compositions: readonly { readonly aggregate: string }[]
  readonly components: readonly { readonly name: string; readonly purl?: string }[]
  readonly vulnerabilities?: readonly unknown[]
}

function parse(text: string): Document {
  const document = JSON.parse(text) as Document
  assert.deepEqual(faultsOf(document), [])
  return document
}

function refusedWith(code: string, message: RegExp): (error: unknown) => true {
  return (error) => {
    assert.ok(error instanceof Error && 'code' in error)
    assert.equal(error.code, code)
    assert.match(error.message, message)
    return true
  }
}

test('an image that was never scanned, is being scanned, or could not be, has no document', async (t) => {
  const place = await scanPlace(t)
  const unasked = place.images.addImage({ layers: [leftPad] })
  await assert.rejects(
    describe(place, unasked.digest),
    refusedWith('INVENTORY_UNKNOWN', /never scanned/),
  )
  await request(place, unasked.digest)
  await assert.rejects(
    describe(place, unasked.digest),
    refusedWith('INVENTORY_PENDING', /is being scanned/),
  )
  const cut = await push(place, { layers: [system], stored: { 0: Buffer.alloc(0) } })
  await runScan(place, cut.digest)
  await assert.rejects(
    describe(place, cut.digest),
    refusedWith('INVENTORY_UNREADABLE', /has no bytes/),
  )
  const packed = await push(place, { layers: [leftPad], stored: { 0: Buffer.from('BZh91AY&SY') } })
  await runScan(place, packed.digest)
  await assert.rejects(describe(place, packed.digest), refusedWith('INVENTORY_UNREADABLE', /layer/))
  const windows = await push(place, { layers: [layerOf({ x: 'y' })], os: 'windows' })
  await runScan(place, windows.digest)
  await assert.rejects(
    describe(place, windows.digest),
    refusedWith('INVENTORY_UNREADABLE', /Windows/),
  )
})

test('an image scanned by other extractors is to be scanned anew', async (t) => {
  const place = await scanPlace(t)
  const { digest } = await push(place, { layers: [system] })
  await runScan(place, digest)
  await place.database.transaction((tx) =>
    tx.run(`UPDATE layer_inventories SET extractor_revision = 'older'`),
  )
  await assert.rejects(
    describe(place, digest),
    refusedWith('INVENTORY_OUTDATED', /another version/),
  )
})

test('a scanned image is described without a layer being read, twice in the same bytes', async (t) => {
  const place = await scanPlace(t)
  const { digest, layers } = await push(place, { layers: [system, leftPad] })
  await runScan(place, digest)
  const text = await describe(place, digest)
  place.clock.advance(1_000_000)
  assert.equal(await describe(place, digest), text)
  for (const layer of layers) assert.equal(place.images.opened.get(layer), 1)
  const { components, compositions, vulnerabilities } = parse(text)
  assert.deepEqual(
    components.map(({ name, purl }) => purl ?? name),
    ['debian', 'pkg:npm/left-pad@1.0.0', 'pkg:deb/debian/bash@5.2-1?arch=amd64&distro=debian-12'],
  )
  assert.deepEqual(compositions, [{ aggregate: 'complete', assemblies: ['image'] }])
  assert.equal(vulnerabilities, undefined)
  const spdx = await describe(place, digest, { format: 'spdx' })
  assert.match(spdx, /"spdxVersion": "SPDX-2.3"/)
})

test('what the scan could not see is said in the document', async (t) => {
  const place = await scanPlace(t)
  const layer = layerOf({ 'etc/os-release': osRelease.fedora, 'var/lib/rpm/Packages.db': 'x' })
  const { digest } = await push(place, { layers: [layer, leftPad] })
  await runScan(place, digest)
  const document = parse(await describe(place, digest))
  assert.equal(document.compositions[0]?.aggregate, 'incomplete')
  assert.match(JSON.stringify(document.metadata), /pratique:coverage/)
})

test('findings are written on request, with the revision of the data and what they leave out', async (t) => {
  const place = await scanPlace(t)
  await importRecords(place, [
    osvRecord({ id: 'GHSA-1', aliases: ['CVE-2026-0001'], fixed: '2.0.0' }),
  ])
  const { digest } = await push(place, { layers: [system, leftPad] })
  await runScan(place, digest)
  const { vulnerabilities, metadata } = parse(await describe(place, digest, { withFindings: true }))
  assert.partialDeepStrictEqual(vulnerabilities, [
    { id: 'CVE-2026-0001', affects: [{ versions: [{ version: '1.0.0', status: 'affected' }] }] },
  ])
  assert.match(JSON.stringify(metadata), /pratique:data-revision","value":"[0-9]+"/)
  assert.match(
    JSON.stringify(metadata),
    /findings-coverage","value":"there is no vulnerability data/,
  )
})

test('what a believed document says holds a finding back is told with it', async (t) => {
  const place = await scanPlace(t)
  await importRecords(place, [osvRecord({ id: 'CVE-2026-0001', fixed: '2.0.0' })])
  const { digest } = await push(place, { layers: [system, leftPad] })
  await runScan(place, digest)
  const account = accountOf('123456789012')
  const claim = {
    vulnerability: { name: 'CVE-2026-0001' },
    products: [{ '@id': 'pkg:npm/left-pad@1.0.0' }],
    status: 'not_affected',
    justification: 'vulnerable_code_not_present',
  }
  const content = Buffer.from(JSON.stringify(openVexOf([claim])))
  await putVexDocument(place, { account, principal: 'somebody', content })
  const { database: reader, clock } = place
  const suppressions = openSuppressions({ reader, clock, keys: [], hosts: () => [] })
  const repository = { id: repositoryId, name: 'team/app' }
  const deps = {
    reader,
    content: place.images.content,
    tool,
    inForce: async (instances: readonly ScannedInstance[]) =>
      suppressions.inForce({ account, repository, instances }),
  }
  const input = { repositoryId, name: 'team/app', digest, platform: undefined } as const
  const text = await describeSbom(deps, { ...input, format: 'cyclonedx', withFindings: true })
  assert.partialDeepStrictEqual(parse(text ?? '').vulnerabilities, [
    {
      id: 'CVE-2026-0001',
      analysis: { state: 'not_affected', justification: 'code_not_present' },
    },
  ])
})

test('of an index one platform is described, and which there are is said where it is unclear', async (t) => {
  const place = await scanPlace(t)
  const images = [[system], [leftPad]].map((layers) => place.images.addImage({ layers }))
  for (const { digest } of images) {
    await request(place, digest)
    await runScan(place, digest)
  }
  const platforms = [
    { os: 'linux', architecture: 'amd64' },
    { os: 'linux', architecture: 'arm64', variant: 'v8' },
  ]
  const manifests = images.map(({ digest }, at) => ({
    mediaType: mediaTypes.ociManifest,
    digest,
    size: 1,
    platform: platforms[at],
  }))
  const index = place.images.addManifest({ manifests }, mediaTypes.ociIndex)
  await place.database.transaction((tx) => insertImages(tx, repositoryId, [index]))
  for (const platform of [undefined, 'linux/s390x']) {
    await assert.rejects(
      describe(place, index, { platform }),
      refusedWith('PLATFORM_UNCLEAR', /linux\/amd64, linux\/arm64\/v8/),
    )
  }
  const { components, metadata } = parse(await describe(place, index, { platform: 'linux/arm64' }))
  assert.deepEqual(
    components.map(({ name }) => name),
    ['left-pad'],
  )
  assert.match(JSON.stringify(metadata), /"pratique:platform","value":"linux\/arm64\/v8"/)
  const deps = { reader: place.database, content: place.images.content, tool }
  const input = { repositoryId, name: 'x', platform: undefined, format: 'spdx' } as const
  const digest = digestOf(Buffer.from('no such image'))
  assert.equal(await describeSbom(deps, { ...input, digest, withFindings: false }), undefined)
})

test('a directory is described as it is sent; what is no archive says why there is no document', async (t) => {
  const place = await scanPlace(t)
  await importRecords(place, [osvRecord({ id: 'GHSA-1', fixed: '2.0.0' })])
  const deps = { ...place, temporaryDirectory: await temporaryDirectory(t), tool }
  const input = { kind: 'rootfs', name: 'my-app', format: 'cyclonedx' } as const
  const send = async (bytes: Buffer, withFindings: boolean): ReturnType<typeof sbomsOfArchive> =>
    sbomsOfArchive(deps, { ...input, body: Readable.from([bytes]), withFindings }, { signal })
  const [found] = await send(leftPad, true)
  const { components, metadata, vulnerabilities } = parse(found?.document ?? '')
  assert.deepEqual(
    components.map(({ purl }) => purl),
    ['pkg:npm/left-pad@1.0.0'],
  )
  assert.match(JSON.stringify(metadata), /"type":"file","bom-ref":"image","name":"my-app"/)
  assert.equal(vulnerabilities?.length, 1)
  const [plain] = await send(leftPad, false)
  assert.equal(parse(plain?.document ?? '').vulnerabilities, undefined)
  const [broken] = await send(Buffer.from('noise'), false)
  assert.deepEqual([broken?.document, typeof broken?.reason], [undefined, 'string'])
})
