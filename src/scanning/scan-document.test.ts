import assert from 'node:assert/strict'
import { Readable } from 'node:stream'
import { test, type TestContext } from 'node:test'
import { gzipSync } from 'node:zlib'
import { importRecords, osvRecord } from '../../test/kit/advisories.ts'
import { temporaryDirectory } from '../../test/kit/database.ts'
import { layerOf } from '../../test/kit/image-builder.ts'
import { npmPackage, scanPlace } from '../../test/kit/scanning.ts'
import { scanArchive, type ArchiveImage } from './scan-archive.ts'
import { sbomsOfArchive } from './sbom-of-archive.ts'

const { signal } = new AbortController()

async function openPlace(t: TestContext): Promise<Parameters<typeof scanArchive>[0]> {
  const place = await scanPlace(t)
  await importRecords(place, [osvRecord({ id: 'GHSA-1', fixed: '2.0.0' })])
  return { ...place, temporaryDirectory: await temporaryDirectory(t) }
}

async function scanText(
  place: Parameters<typeof scanArchive>[0],
  text: string,
): Promise<ArchiveImage | undefined> {
  // In pieces, as it comes from the network.
  const body = Readable.from([text.slice(0, 3), text.slice(3)].map((piece) => Buffer.from(piece)))
  const { images } = await scanArchive(place, { kind: 'archive', body }, { signal })
  return images[0]
}

function bomOf(...components: readonly object[]): string {
  const metadata = { component: { type: 'application', name: 'my-app' } }
  return JSON.stringify({ bomFormat: 'CycloneDX', specVersion: '1.5', metadata, components })
}

test('a document that cannot be read is refused with what is wrong', async (t) => {
  const place = await openPlace(t)
  for (const text of ['{"bomFormat":"CycloneDX","specVersion":"9"}', '{', '<bom/>', '{}']) {
    await assert.rejects(scanText(place, text), (error) => {
      assert.ok(error instanceof Error && 'code' in error)
      assert.equal(error.code, 'SBOM_UNREADABLE', text)
      return true
    })
  }
})

test('a document without packages is never clean', async (t) => {
  const image = await scanText(
    await openPlace(t),
    bomOf({ type: 'library', name: 'x', version: '1' }),
  )
  assert.equal(image?.status, 'unsupported')
  assert.match(image.reason ?? '', /lists no package that can be looked up/)
  assert.match(image.coverage.join('\n'), /1 component is not looked at/)
})

test('what a document declares is held against advisories, and that nobody looked is said', async (t) => {
  const place = await openPlace(t)
  const purl = 'pkg:npm/left-pad@1.0.0'
  const image = await scanText(
    place,
    bomOf(
      { type: 'library', name: 'left-pad', purl },
      { type: 'library', name: 'x', purl: 'pkg:cocoapods/x@1' },
    ),
  )
  assert.partialDeepStrictEqual(image, {
    name: 'my-app',
    status: 'scanned',
    packages: 2,
    findings: [{ vulnerability: 'GHSA-1', package: { name: 'left-pad', version: '1.0.0' } }],
  })
  const coverage = image?.coverage.join('\n') ?? ''
  assert.match(coverage, /declared only: .*CycloneDX 1\.5/)
  assert.match(coverage, /1 package was not held against advisories: .*CocoaPods/)
  const forTests = bomOf({ type: 'library', name: 'left-pad', purl, scope: 'excluded' })
  assert.deepEqual((await scanText(place, forTests))?.findings, [])
})

test('our own documents have the findings of what they were made from', async (t) => {
  const place = await openPlace(t)
  const layer = gzipSync(layerOf({ ...npmPackage('left-pad', '1.0.0') }))
  for (const format of ['cyclonedx', 'spdx'] as const) {
    const [made] = await sbomsOfArchive(
      { ...place, tool: { name: 'pratique', version: '1' } },
      {
        kind: 'rootfs',
        body: Readable.from([layer]),
        name: 'my-app',
        format,
        withFindings: false,
      },
      { signal },
    )
    const image = await scanText(place, made?.document ?? '')
    assert.deepEqual(
      [image?.name, image?.findings.map((it) => [it.vulnerability, it.package.path])],
      ['my-app', [['GHSA-1', 'app/node_modules/left-pad/package.json']]],
    )
    // The directory had no system: the document says so, and so does what is read from it.
    assert.match(image?.coverage.join('\n') ?? '', /no readable os-release .*names the system/)
  }
})
