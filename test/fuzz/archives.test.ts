// Archives and package databases from outside, altered at will and cut into pieces of any size: each reader ends, by a value or by its
// own error, and what it says does not depend on how the bytes came.
import assert from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { test } from 'node:test'
import { gzipSync, zstdCompressSync } from 'node:zlib'
import fc from 'fast-check'
import { parseOsRelease } from '../../src/ecosystems/os-release.ts'
import { parseReleaseFile } from '../../src/ecosystems/release-files.ts'
import { formatPurl } from '../../src/ecosystems/purl.ts'
import { allExtractors, findEcosystem } from '../../src/ecosystems/table.ts'
import { ArchiveError } from '../../src/lib/archive/archive-error.ts'
import { decompress } from '../../src/lib/archive/decompress.ts'
import { TarWalker } from '../../src/lib/archive/tar-entries.ts'
import { inventoryLayer } from '../../src/scanning/layer-inventory.ts'
import { defaultLayerLimits } from '../../src/scanning/layer-limits.ts'
import { unpackArchive } from '../../src/scanning/unpack-archive.ts'
import { FeedError } from '../../src/storage/feeds/transport.ts'
import { readRecordTexts } from '../../src/storage/feeds/record-texts.ts'
import { readZipRecords } from '../../src/storage/feeds/zip.ts'
import { PratiqueError } from '../../src/lib/errors.ts'
import { temporaryDirectory } from '../kit/database.ts'
import { imageArchive } from './image-archive.ts'
import { file, folder, hardlink, pax, symlink, tar } from '../kit/tar-builder.ts'
import { zipOf } from '../kit/zip.ts'
import { alteredBytes, inPieces, runs } from './hostile-input.ts'

const read = (path: string): Buffer => readFileSync(new URL(`../../${path}`, import.meta.url))
const dpkgStatus = read('test/tour/base/dpkg-status')
const osRelease = read('test/tour/base/os-release')
const advisories = read('src/scanning/starter/advisories.ndjson').subarray(0, 20_000)
const apkInstalled = Buffer.from(
  'C:Q1abc=\nP:musl\nV:1.2.4-r2\nA:x86_64\no:musl\nL:MIT\n\nP:busybox\nV:1.36.1-r5\nA:x86_64\no:busybox\nF:bin\nR:busybox\n\n',
)
const packageJson = Buffer.from('{"name":"@babel/core","version":"7.23.0","license":"MIT"}')
const metadata = Buffer.from(
  'Metadata-Version: 2.1\nName: Requests\nVersion: 2.31.0\nSummary: a\n b\n\nText\n',
)
const files: Readonly<Record<string, Buffer>> = {
  'var/lib/dpkg/status': dpkgStatus,
  'etc/os-release': osRelease,
  'lib/apk/db/installed': apkInstalled,
  'usr/lib/node_modules/@babel/core/package.json': packageJson,
  'usr/lib/python3/site-packages/requests-2.31.0.dist-info/METADATA': metadata,
}
const layer = tar(
  folder('etc'),
  ...Object.entries(files).map(([name, content]) => file(name, content)),
  pax([['path', 'usr/ä']]),
  file('short', 'x'),
  symlink('usr/lib64', 'lib'),
  hardlink('usr/again', 'short'),
  file('var/.wh.gone'),
  file('opt/.wh..wh..opq'),
  { name: 'big', isBase256: true, content: 'abc' },
)
const pieces = fc.array(fc.integer({ min: 1, max: 3000 }), { minLength: 1, maxLength: 4 })

test('an altered tar is walked in the same way whatever the pieces it comes in', () => {
  fc.assert(
    fc.property(alteredBytes(layer), pieces, (bytes, sizes) => {
      assert.deepEqual(walk(bytes, sizes), walk(bytes, [bytes.length]))
    }),
    runs(500),
  )
})

function walk(bytes: Buffer, sizes: readonly number[]): readonly string[] {
  const seen: string[] = []
  const walker = new TarWalker({
    entry(entry) {
      seen.push(`${entry.kind} ${entry.path} ${entry.sizeBytes}`)
      if (entry.sizeBytes >= 9000) return 'skip'
      return entry.sizeBytes % 2 === 0 ? 'read' : 'peek'
    },
    head(entry, beginning) {
      seen.push(`${entry.path} begins ${beginning.toString('latin1')}`)
      return beginning.length % 3 === 0 ? 'skip' : 'read'
    },
    content(entry, content) {
      seen.push(`${entry.path} has ${content.toString('latin1')}`)
    },
    refused(name, reason) {
      seen.push(`${name}: ${reason}`)
    },
  })
  try {
    for (let at = 0, turn = 0; at < bytes.length; turn += 1) {
      const size = Math.max(1, sizes[turn % sizes.length] ?? 1)
      walker.write(bytes.subarray(at, at + size))
      at += size
    }
    seen.push(JSON.stringify(walker.end()))
  } catch (error) {
    if (!(error instanceof ArchiveError)) throw error
    seen.push(error.message)
  }
  return seen
}

test('altered gzip and zstd end in their bytes or in an error of their own', async () => {
  const packed = [
    gzipSync(layer),
    zstdCompressSync(layer),
    Buffer.concat([gzipSync('a'), gzipSync('b')]),
    Buffer.concat([zstdCompressSync(Buffer.from('a')), zstdCompressSync(Buffer.from('b'))]),
    layer,
  ]
  await fc.assert(
    fc.asyncProperty(alteredBytes(...packed), pieces, async (bytes, sizes) => {
      const [one, other] = [await unpack(bytes, sizes), await unpack(bytes, [bytes.length])]
      if (isDamageSeenOnce(bytes, one, other)) return
      assert.deepEqual(one, other)
    }),
    runs(300),
  )
  for (const bytes of packed.slice(0, 2)) {
    assert.deepEqual(await unpack(bytes, [100]), { bytes: layer.toString('latin1') })
  }
})

/** Damage to a zstd frame without a checksum is noticed or not by how its bytes come: the decoder reads into other buffers then. */
function isDamageSeenOnce(bytes: Buffer, ...outcomes: readonly object[]): boolean {
  const isZstd = bytes.length >= 4 && bytes.readUInt32LE(0) === 0xfd2fb528
  const seen = outcomes.filter((outcome) => JSON.stringify(outcome).includes('"malformed"'))
  return isZstd && seen.length === 1
}

async function unpack(bytes: Buffer, sizes: readonly number[]): Promise<object> {
  const unpacked = await decompress(inPieces(bytes, sizes))
  if (unpacked.kind === 'unsupported') return { format: unpacked.format }
  const chunks: Uint8Array[] = []
  try {
    for await (const chunk of unpacked.chunks) chunks.push(Buffer.from(chunk))
    return { bytes: Buffer.concat(chunks).toString('latin1') }
  } catch (error) {
    if (!(error instanceof ArchiveError)) throw error
    return { fault: error.fault }
  }
}

const parsers = { extractors: allExtractors(), parseOsRelease: parseReleaseFile }

test('an altered layer is an inventory, or unreadable for a reason', async () => {
  const layers = [layer, gzipSync(layer), zstdCompressSync(layer)]
  await fc.assert(
    fc.asyncProperty(alteredBytes(...layers), pieces, async (bytes, sizes) => {
      const chunks = inPieces(bytes, sizes)
      const reading = await inventoryLayer(parsers, { chunks }, defaultLayerLimits)
      if (reading.kind === 'unreadable') assert.ok(reading.message.length > 3)
    }),
    runs(300),
  )
})

test('altered package databases are packages or problems, of every ecosystem', () => {
  for (const [path, content] of Object.entries(files)) {
    const extractors = allExtractors().filter((extractor) => extractor.wants(path))
    fc.assert(
      fc.property(alteredBytes(content), (bytes) => {
        const distribution = parseOsRelease(bytes)
        for (const extractor of extractors) {
          const { instances, problems } = extractor.extract(path, bytes)
          for (const { reason } of problems) assert.ok(reason.length > 3)
          for (const instance of instances) {
            const { type, name, version } = instance.package
            assert.ok(name !== '' && version !== '')
            assert.match(formatPurl(instance.package, undefined), /^pkg:/)
            const ecosystem = findEcosystem(type)
            assert.ok(ecosystem !== undefined)
            ecosystem.lookup(instance.package, distribution)
            ecosystem.compareVersions(version, '1')
          }
        }
      }),
      runs(300),
    )
  }
})

const recordLimits = { maxRecordBytes: 64 * 1024, maxTotalBytes: 1024 * 1024 }

test('altered feeds are records or unreadable ones, whatever the pieces they come in', async () => {
  const list = Buffer.from(
    `[${advisories.toString().split('\n').filter(Boolean).slice(0, 5).join(',')}]`,
  )
  const whole = Buffer.from('{\n "id": "A-1",\n "affected": []\n}\n{\n "id": "A-2"\n}\n')
  const feeds = [advisories, list, whole, gzipSync(advisories), zstdCompressSync(list)]
  await fc.assert(
    fc.asyncProperty(alteredBytes(...feeds), pieces, async (bytes, sizes) => {
      const [one, other] = [await records(bytes, sizes), await records(bytes, [bytes.length])]
      if (isDamageSeenOnce(bytes, one, other)) return
      assert.deepEqual(one, other)
    }),
    runs(300),
  )
})

async function records(bytes: Buffer, sizes: readonly number[]): Promise<readonly unknown[]> {
  const seen: unknown[] = []
  try {
    for await (const record of readRecordTexts(inPieces(bytes, sizes), recordLimits)) {
      seen.push(record)
    }
  } catch (error) {
    if (!(error instanceof FeedError || error instanceof ArchiveError)) throw error
    // How far a damaged stream was read depends on its pieces; that it is damaged does not.
    return [error.fault]
  }
  return seen
}

test('altered zip archives are records or refused', async (t) => {
  const path = join(await temporaryDirectory(t), 'feed.zip')
  const zip = zipOf([
    { name: 'A-1.json', content: '{"id":"A-1"}' },
    { name: 'notes.txt', content: 'x' },
    { name: 'A-2.json', content: '{"id":"A-2"}', claimedSize: 99 },
  ])
  await fc.assert(
    fc.asyncProperty(alteredBytes(zip), async (bytes) => {
      writeFileSync(path, bytes)
      try {
        const limits = { ...recordLimits, maxEntries: 100 }
        for await (const record of readZipRecords(path, limits)) assert.ok(record.line > 0)
      } catch (error) {
        assert.ok(error instanceof FeedError, String(error))
      }
    }),
    runs(300),
  )
})

test('altered image archives are images or refused', async (t) => {
  const directory = await temporaryDirectory(t)
  const { signal } = new AbortController()
  let turn = 0
  await fc.assert(
    fc.asyncProperty(alteredBytes(...imageArchive(layer)), async (bytes) => {
      turn += 1
      const place = join(directory, String(turn))
      try {
        const unpacked = await unpackArchive(Readable.from(inPieces(bytes, [5000])), place, {
          signal,
        })
        for (const { digest } of unpacked.images) await unpacked.content.findManifest(digest)
        await unpacked.remove()
      } catch (error) {
        assert.ok(error instanceof PratiqueError, String(error))
      }
    }),
    runs(100),
  )
})
