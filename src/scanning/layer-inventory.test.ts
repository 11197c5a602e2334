import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { gzipSync, zstdCompressSync } from 'node:zlib'
import fc from 'fast-check'
import { listExtractor, parseTestOsRelease } from '../../test/kit/list-extractor.ts'
import { sharedData } from '../../test/kit/shared-data.ts'
import {
  file,
  folder,
  hardlink,
  pax,
  symlink,
  tar,
  tarEntry,
  unendedTar,
} from '../../test/kit/tar-builder.ts'
import type { Extractor } from '../ecosystems/ecosystem.ts'
import { digestOf, type Digest } from '../oci/digest.ts'
import {
  inventoryLayer,
  type LayerContents,
  type LayerInventory,
  type LayerReading,
} from './layer-inventory.ts'
import { defaultLayerLimits, type LayerLimits } from './layer-limits.ts'

const extractors: readonly Extractor[] = [
  listExtractor('dpkg-status', /^var\/lib\/dpkg\/status$/, { type: 'deb' }),
  listExtractor('list', /(?:^|\/)list$/),
]

async function* chunksOf(bytes: Uint8Array, step: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += step) yield bytes.subarray(at, at + step)
}

interface Options {
  readonly step?: number
  readonly limits?: Partial<LayerLimits>
  readonly expectedDiffId?: Digest
  readonly extractors?: readonly Extractor[]
}

async function read(bytes: Uint8Array, options: Options = {}): Promise<LayerReading> {
  const { expectedDiffId } = options
  return inventoryLayer(
    { extractors: options.extractors ?? extractors, parseOsRelease: parseTestOsRelease },
    {
      chunks: chunksOf(bytes, options.step ?? 64 * 1024),
      ...(expectedDiffId !== undefined && { expectedDiffId }),
    },
    { ...defaultLayerLimits, ...options.limits },
  )
}

async function readWhole(bytes: Uint8Array, options: Options = {}): Promise<LayerInventory> {
  const reading = await read(bytes, options)
  if (reading.kind !== 'read') assert.fail(`${reading.reason}: ${reading.message}`)
  return reading.inventory
}

async function reasonOf(bytes: Uint8Array, options: Options = {}): Promise<string> {
  const reading = await read(bytes, options)
  return reading.kind === 'unreadable' ? reading.reason : 'read'
}

function packagesOf({ files }: LayerContents): readonly string[] {
  return files.flatMap(({ path, extractions }) =>
    extractions.flatMap(({ instances }) =>
      instances.map((found) => `${path}: ${found.package.name} ${found.package.version}`),
    ),
  )
}

const layer = tar(
  folder('etc'),
  file('etc/os-release', 'ID=debian\n'),
  file('var/lib/dpkg/status', 'libc 2.36\nbash 5.2\n'),
  symlink('lib', 'usr/lib'),
  file('usr/lib/libx.so.1', 'x'.repeat(3000)),
  symlink('usr/lib/libx.so', 'libx.so.1'),
  file('opt/app/list', 'left-pad 1.0.0\n'),
  file('etc/.wh.gone'),
  file('srv/.wh..wh..opq'),
  file('srv/.wh..wh.plnk'),
)

test('reads packages, system, removals and links of a layer', async () => {
  const inventory = await readWhole(layer)
  assert.equal(inventory.diffId, digestOf(layer))
  assert.equal(inventory.entries, 10)
  assert.deepEqual(packagesOf(inventory), [
    'var/lib/dpkg/status: libc 2.36',
    'var/lib/dpkg/status: bash 5.2',
    'opt/app/list: left-pad 1.0.0',
  ])
  assert.deepEqual(
    inventory.files.map(({ path, distribution, database }) => [path, distribution?.id, database]),
    [
      ['etc/os-release', 'debian', undefined],
      ['var/lib/dpkg/status', undefined, 'dpkg'],
      ['opt/app/list', undefined, undefined],
    ],
  )
  assert.deepEqual(inventory.removals, [
    { kind: 'whiteout', path: 'etc/gone' },
    { kind: 'opaque', path: 'srv' },
  ])
  assert.deepEqual(
    inventory.tree.filter(({ kind }) => kind === 'symlink'),
    [{ kind: 'symlink', path: 'lib', target: 'usr/lib', wantedBy: [] }],
  )
  assert.deepEqual(inventory.extractors, [
    { id: 'dpkg-status', revision: 1 },
    { id: 'list', revision: 1 },
  ])
  assert.deepEqual(inventory.problems, [])
})

test('an inventory survives JSON', async () => {
  const inventory = await readWhole(layer)
  assert.deepEqual(JSON.parse(JSON.stringify(inventory)), inventory)
})

test('the diff id is of the decompressed bytes, for gzip, zstd and plain alike', async () => {
  const frames = [layer.subarray(0, 700), layer.subarray(700)].map((part) => zstdCompressSync(part))
  for (const blob of [layer, gzipSync(layer), Buffer.concat(frames)]) {
    const { diffId, files } = await readWhole(blob, { expectedDiffId: digestOf(layer) })
    assert.equal(diffId, digestOf(layer))
    assert.equal(files.length, 3)
  }
})

test('any chunking gives the same inventory', async () => {
  const expected = await readWhole(layer)
  const blobs = [layer, gzipSync(layer), zstdCompressSync(layer)]
  await fc.assert(
    fc.asyncProperty(fc.nat(2), fc.integer({ min: 1, max: 5000 }), async (which, step) => {
      const inventory = await readWhole(blobs[which] ?? layer, { step })
      assert.deepEqual({ ...inventory, compressedBytes: layer.length }, expected)
    }),
    { numRuns: 40 },
  )
})

test('a layer with another diff id is unreadable, with what it holds as partial', async () => {
  const reading = await read(layer, { expectedDiffId: digestOf(Buffer.from('other')) })
  assert.equal(reading.kind === 'unreadable' && reading.reason, 'DIFF_ID_MISMATCH')
  assert.equal(reading.kind === 'unreadable' && reading.partial?.files.length, 3)
  assert.equal(reading.kind === 'unreadable' && reading.partial?.problems[0]?.code, 'UNREADABLE')
})

test('a truncated layer is unreadable wherever it was cut', async () => {
  const expectedDiffId = digestOf(layer)
  for (const blob of [layer, gzipSync(layer), zstdCompressSync(layer)]) {
    for (let length = 0; length < blob.length; length += 101) {
      const reading = await read(blob.subarray(0, length), { expectedDiffId })
      assert.equal(reading.kind, 'unreadable', `length ${length} of ${blob.length}`)
    }
  }
})

test('without an end marker only a diff id vouches for the whole', async () => {
  const open = unendedTar(file('opt/list', 'a 1'))
  assert.equal(await reasonOf(open), 'TRUNCATED')
  assert.equal(await reasonOf(open, { expectedDiffId: digestOf(open) }), 'read')
})

test('bytes after the end marker count for the diff id and for nothing else', async () => {
  const padded = Buffer.concat([layer, tar(file('smuggled/list', 'evil 1'))])
  const inventory = await readWhole(padded)
  assert.equal(inventory.diffId, digestOf(padded))
  assert.equal(inventory.files.length, 3)
})

test('foreign bytes after a gzip make it unreadable, as they do to container runtimes', async () => {
  const blob = Buffer.concat([gzipSync(layer), Buffer.from('garbage')])
  assert.equal(await reasonOf(blob, { expectedDiffId: digestOf(layer) }), 'MALFORMED')
})

test('tells apart what is no layer, damaged, and not fetched', async () => {
  assert.equal(await reasonOf(Buffer.from('BZh91AY&SY')), 'UNSUPPORTED')
  assert.equal(await reasonOf(Buffer.alloc(0)), 'TRUNCATED')
  assert.equal(await reasonOf(gzipSync('not a tar'.repeat(100))), 'MALFORMED')
  const damaged = Buffer.from(layer)
  damaged[600] = 7
  assert.equal(await reasonOf(damaged), 'MALFORMED')
  async function* broken(): AsyncGenerator<Uint8Array> {
    yield layer.subarray(0, 2000)
    throw new Error('connection lost')
  }
  const reading = await inventoryLayer(
    { extractors, parseOsRelease: parseTestOsRelease },
    { chunks: broken() },
    defaultLayerLimits,
  )
  assert.equal(reading.kind === 'unreadable' && reading.reason, 'SOURCE_FAILED')
  assert.equal(reading.kind === 'unreadable' && reading.message, 'connection lost')
})

const stoppedBy: readonly { name: string; blob: Buffer; limits: Partial<LayerLimits> }[] = [
  { name: 'compressed bytes', blob: layer, limits: { compressedBytes: 3000 } },
  { name: 'decompressed bytes', blob: gzipSync(layer), limits: { decompressedBytes: 3000 } },
  {
    name: 'the ratio',
    blob: gzipSync(Buffer.concat([layer, Buffer.alloc(4_000_000)])),
    limits: { ratioFreeBytes: 1_000_000 },
  },
  { name: 'entries', blob: layer, limits: { entries: 4 } },
]

for (const { name, blob, limits } of stoppedBy) {
  test(`stops at the limit of ${name} and keeps what it saw`, async () => {
    const reading = await read(blob, { limits, step: 1000 })
    assert.equal(reading.kind === 'unreadable' && reading.reason, 'LIMIT_HIT')
    const partial = reading.kind === 'unreadable' ? reading.partial : undefined
    assert.equal(partial?.problems[0]?.code, 'LIMIT_HIT')
  })
}

test('a bomb of 10 GiB of zeros ends early', async () => {
  const zeros = gzipSync(Buffer.alloc(64 * 1024 * 1024))
  async function* bomb(): AsyncGenerator<Uint8Array> {
    yield gzipSync(tarEntry({ name: 'zeros', size: 10 * 1024 ** 3, isBase256: true }))
    for (let member = 0; member < 160; member++) yield zeros
  }
  const reading = await inventoryLayer(
    { extractors, parseOsRelease: parseTestOsRelease },
    { chunks: bomb() },
    defaultLayerLimits,
  )
  if (reading.kind !== 'unreadable') assert.fail('was read')
  assert.equal(reading.reason, 'LIMIT_HIT')
  assert.ok((reading.partial?.decompressedBytes ?? Infinity) < 80 * 1024 * 1024)
})

test('a file above a limit is a problem of that file, and the layer is read on', async () => {
  const small = [listExtractor('list', /list$/, { maxBytes: 10 })]
  const blob = tar(file('a/list', 'much 1.0.0.0'), file('b/list', 'few 1'))
  for (const options of [
    { extractors: small },
    { limits: { fileBytes: 10 } },
    { limits: { totalFileBytes: 10 } },
  ]) {
    const inventory = await readWhole(blob, options)
    assert.deepEqual(packagesOf(inventory), ['b/list: few 1'])
    assert.equal(inventory.files[0]?.extractions[0]?.problems[0]?.code, 'LIMIT_HIT')
  }
})

test('a sparse file counts with its holes', async () => {
  const records = [
    ['GNU.sparse.map', '0,1'],
    ['GNU.sparse.size', '1000000000000'],
  ] as const
  const inventory = await readWhole(tar(pax(records), file('a/list', 'x')))
  assert.equal(inventory.files[0]?.extractions[0]?.problems[0]?.code, 'LIMIT_HIT')
})

test('an inventory that grows too large is cut and says so once', async () => {
  const many = Array.from({ length: 50 }, (_, index) => file(`${index}/list`, 'a 1\nb 2\n'))
  const inventory = await readWhole(tar(...many), { limits: { inventoryBytes: 2000 } })
  assert.ok(inventory.files.length > 0 && inventory.files.length < 20)
  assert.deepEqual(
    inventory.problems.map(({ code }) => code),
    ['LIMIT_HIT'],
  )
})

test('a package whose name or version is beyond reason is a problem, and the others are kept', async () => {
  const long = '~1.gita'.repeat(700)
  const { files } = await readWhole(tar(file('a/list', `x ${long}\n${long} 1\ny 1`)))
  const [{ instances, problems } = { instances: [], problems: [] }] = files[0]?.extractions ?? []
  assert.deepEqual(
    instances.map(({ package: { name } }) => name),
    ['y'],
  )
  assert.deepEqual(
    problems.map(({ code, path, reason }) => [code, path, reason.slice(0, 15)]),
    [['LIMIT_HIT', 'a/list', '2 packages have']],
  )
})

test('problems are counted when they are too many to be listed', async () => {
  const many = Array.from({ length: 50 }, (_, index) => file(`../${index}`))
  const { problems } = await readWhole(tar(...many), { limits: { problems: 3 } })
  assert.equal(problems.length, 4)
  assert.deepEqual(problems[3], {
    code: 'LIMIT_HIT',
    path: '',
    reason: '47 more problems are not listed',
  })
})

test('names that escape, and links that do, are passed over with a problem', async () => {
  const inventory = await readWhole(
    tar(
      file('../../etc/list', 'evil 1'),
      pax([['path', 'a\0/list']]),
      file('x', 'evil 1'),
      hardlink('b/list', '../../etc/passwd'),
      file('.wh.'),
      file('.wh...'),
      file('/abs/list', 'fine 1'),
    ),
  )
  assert.deepEqual(packagesOf(inventory), ['abs/list: fine 1'])
  assert.equal(inventory.problems.length, 5)
  assert.ok(inventory.problems.every(({ code }) => code === 'UNREADABLE'))
})

test('devices, pipes and unknown kinds are counted and not read', async () => {
  const inventory = await readWhole(
    tar(
      { name: 'a/list', type: '6' },
      { name: 'b/list', type: '3' },
      { name: 'c/list', type: '4' },
      { name: 'd/list', type: 'Z', content: 'evil 1' },
    ),
  )
  assert.equal(inventory.ignoredEntries, 4)
  assert.deepEqual(inventory.files, [])
})

test('names that are not UTF-8 stay apart and can be shown', async () => {
  const inventory = await readWhole(
    tar(file('\xff/list', 'a 1'), file('\xfe/list', 'b 1'), file('\xc3\xa9/list', 'c 1')),
  )
  assert.deepEqual(
    inventory.files.map(({ path, extractions }) => [path, extractions[0]?.instances[0]?.path]),
    [
      ['\xff/list', '\ufffd/list'],
      ['\xfe/list', '\ufffd/list'],
      ['\xc3\xa9/list', 'é/list'],
    ],
  )
})

test('an extractor that throws costs its file only', async () => {
  const failing: Extractor = {
    ...listExtractor('failing', /bad$/),
    extract() {
      throw new RangeError('out of bounds')
    },
  }
  const inventory = await readWhole(tar(file('bad', 'x'), file('list', 'a 1')), {
    extractors: [failing, ...extractors],
  })
  assert.deepEqual(packagesOf(inventory), ['list: a 1'])
  assert.match(inventory.files[0]?.extractions[0]?.problems[0]?.reason ?? '', /out of bounds/)
})

const fixtures = [
  { name: 'whiteout.tar', removals: [{ kind: 'whiteout', path: 'etc/profile' }] },
  {
    name: 'whiteout_advanced.tar',
    removals: [
      { kind: 'whiteout', path: 'a/a_file.txt' },
      { kind: 'whiteout', path: 'a_root_file.txt' },
      { kind: 'whiteout', path: 'b' },
    ],
  },
  // `b/not.a.wh..wh..opq` is a file like any other.
  { name: 'whiteout_opaque.tar', removals: [{ kind: 'opaque', path: 'a' }] },
]

for (const { name, removals } of fixtures) {
  const path = sharedData('fixtures', 'layers', name)
  test(
    `reads ${name} of claircore`,
    { skip: path === undefined && 'shared data is absent' },
    async () => {
      const inventory = await readWhole(readFileSync(path ?? ''))
      assert.deepEqual(inventory.removals, removals)
      assert.deepEqual(inventory.problems, [])
    },
  )
}

test('mutated layers end in a reading', async () => {
  const mutation = fc.array(fc.tuple(fc.nat(layer.length - 1), fc.nat(255)), { maxLength: 5 })
  await fc.assert(
    fc.asyncProperty(mutation, async (changes) => {
      const bytes = Buffer.from(layer)
      for (const [at, byte] of changes) bytes[at] = byte
      const reading = await read(bytes, { expectedDiffId: digestOf(layer) })
      assert.equal(reading.kind, bytes.equals(layer) ? 'read' : 'unreadable')
    }),
    { numRuns: 300 },
  )
})
