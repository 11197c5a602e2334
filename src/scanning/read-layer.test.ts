import assert from 'node:assert/strict'
import { Readable } from 'node:stream'
import { test, type TestContext } from 'node:test'
import { gzipSync } from 'node:zlib'
import { file, tar } from '../../test/kit/tar-builder.ts'
import { digestOf } from '../oci/digest.ts'
import type { LayerReading } from './layer-inventory.ts'
import { defaultLayerLimits, type LayerLimits } from './layer-limits.ts'
import { openLayerReaders, readLayer, type LayerReaders } from './read-layer.ts'

const never = new AbortController().signal
const status = 'Package: bash\nStatus: install ok installed\nVersion: 5.2\nArchitecture: amd64\n\n'
const layer = tar(file('var/lib/dpkg/status', status), file('big', 'x'.repeat(900_000)))

/** A worker of the test's own; it may import by absolute address. */
function workerOf(source: string): URL {
  return new URL(`data:text/javascript,${encodeURIComponent(source)}`)
}

function readersOf(
  t: TestContext,
  options: { workers?: number; limits?: Partial<LayerLimits>; entry?: URL } = {},
): LayerReaders {
  const { entry, workers = 1, limits } = options
  const readers = openLayerReaders({
    workers,
    limits: { ...defaultLayerLimits, ...limits },
    ...(entry !== undefined && { entry }),
  })
  t.after(() => readers.close())
  return readers
}

function streamOf(bytes: Uint8Array, step = 65_536): Readable {
  const chunks: Uint8Array[] = []
  for (let at = 0; at < bytes.length; at += step) chunks.push(bytes.subarray(at, at + step))
  return Readable.from(chunks)
}

function reasonOf(reading: LayerReading): string {
  return reading.kind === 'read' ? 'read' : reading.reason
}

test('reads layers in workers with the extractors of every ecosystem', async (t) => {
  const readers = readersOf(t, { workers: 2 })
  const readings = await Promise.all(
    Array.from({ length: 5 }, (_, index) =>
      readLayer(
        readers,
        { stream: streamOf(index % 2 === 0 ? layer : gzipSync(layer)) },
        { signal: never },
      ),
    ),
  )
  for (const reading of readings) {
    if (reading.kind !== 'read') assert.fail(reading.message)
    assert.equal(reading.inventory.diffId, digestOf(layer))
    const [database] = reading.inventory.files
    assert.deepEqual(
      database?.extractions.flatMap(({ instances }) =>
        instances.map((found) => found.package.name),
      ),
      ['bash'],
    )
  }
})

test('leaves the buffers of its stream to their owner', async (t) => {
  const chunk = new Uint8Array(layer)
  await readLayer(readersOf(t), { stream: Readable.from([chunk]) }, { signal: never })
  assert.ok(Buffer.from(layer).equals(chunk))
})

test('never says a layer with another diff id was read', async (t) => {
  const expectedDiffId = digestOf(Buffer.from('other'))
  const reading = await readLayer(
    readersOf(t),
    { stream: streamOf(layer), expectedDiffId },
    { signal: never },
  )
  assert.equal(reasonOf(reading), 'DIFF_ID_MISMATCH')
})

test('takes no more of the stream than the worker does', async (t) => {
  const zeros = gzipSync(Buffer.alloc(64 * 1024 * 1024))
  let taken = 0
  async function* bomb(): AsyncGenerator<Uint8Array> {
    for (; taken < 10_000; taken++) {
      yield zeros
      await new Promise((resolve) => setImmediate(resolve))
    }
  }
  const stream = Readable.from(bomb())
  const reading = await readLayer(readersOf(t), { stream }, { signal: never })
  assert.equal(reasonOf(reading), 'LIMIT_HIT')
  // Two MiB may be under way; each member is 64 KiB.
  assert.ok(taken < 200, `took ${taken}`)
  assert.equal(stream.destroyed, true)
})

test('a stream that fails or is not of bytes is unreadable', async (t) => {
  const readers = readersOf(t)
  async function* broken(): AsyncGenerator<Uint8Array> {
    yield layer.subarray(0, 1000)
    throw new Error('connection lost')
  }
  const failed = await readLayer(readers, { stream: Readable.from(broken()) }, { signal: never })
  assert.equal(reasonOf(failed), 'SOURCE_FAILED')
  const text = await readLayer(readers, { stream: Readable.from(['text']) }, { signal: never })
  assert.equal(reasonOf(text), 'SOURCE_FAILED')
  const next = await readLayer(readers, { stream: streamOf(layer) }, { signal: never })
  assert.equal(next.kind, 'read')
})

const deaths: readonly { name: string; source: string }[] = [
  { name: 'ends by itself', source: 'process.exit(3)' },
  { name: 'throws', source: 'throw new Error("broken")' },
  {
    name: 'runs out of memory',
    source: 'const all = []; for (;;) all.push(new Array(100_000).fill(1.5))',
  },
]

for (const { name, source } of deaths) {
  test(`a worker that ${name} makes its layer unreadable and not the next one wait`, async (t) => {
    const readers = readersOf(t, { entry: workerOf(source) })
    for (let attempt = 0; attempt < 2; attempt++) {
      const reading = await readLayer(readers, { stream: streamOf(layer) }, { signal: never })
      assert.equal(reasonOf(reading), 'WORKER_DIED')
    }
  })
}

test('a layer that takes too long is stopped, with what was seen', async (t) => {
  const readers = readersOf(t, { limits: { wallTimeMs: 200 } })
  async function* slow(): AsyncGenerator<Uint8Array> {
    yield layer.subarray(0, 2048)
    await new Promise(() => undefined)
  }
  const reading = await readLayer(readers, { stream: Readable.from(slow()) }, { signal: never })
  assert.equal(reasonOf(reading), 'LIMIT_HIT')
  assert.equal(reading.kind === 'unreadable' && reading.partial?.files.length, 1)
})

test('a worker that hears nothing is ended some time after its limit', async (t) => {
  const readers = readersOf(t, {
    limits: { wallTimeMs: 50, graceMs: 50 },
    entry: workerOf('for (;;);'),
  })
  const reading = await readLayer(readers, { stream: streamOf(layer) }, { signal: never })
  assert.equal(reasonOf(reading), 'LIMIT_HIT')
})

test('an aborted signal rejects, also while waiting for a turn, and leaves the readers usable', async (t) => {
  const readers = readersOf(t)
  const controller = new AbortController()
  async function* endless(): AsyncGenerator<Uint8Array> {
    yield layer.subarray(0, 2048)
    controller.abort(new Error('no longer wanted'))
    await new Promise(() => undefined)
  }
  const options = { signal: controller.signal }
  const waiting = streamOf(layer)
  await Promise.all([
    assert.rejects(
      readLayer(readers, { stream: Readable.from(endless()) }, options),
      /no longer wanted/,
    ),
    assert.rejects(readLayer(readers, { stream: waiting }, options), /no longer wanted/),
    assert.doesNotReject(readLayer(readers, { stream: streamOf(layer) }, { signal: never })),
  ])
  assert.equal(waiting.destroyed, true)
})

test('closed readers read nothing more', async () => {
  const readers = openLayerReaders({ workers: 1 })
  await readers.close()
  await assert.rejects(readLayer(readers, { stream: streamOf(layer) }, { signal: never }), /closed/)
})
