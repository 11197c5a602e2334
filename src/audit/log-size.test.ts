// A log of a greatest size: nothing fills the disk, and nothing is lost without a word.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  auditKey,
  linesOf,
  memorySegments,
  sampleRecord,
  testLog,
  type MemorySegments,
  type TestLog,
} from '../../test/kit/segments.ts'
import { StorageFullError } from '../storage/storage-full.ts'
import { openPackedSegments } from './packed-segments.ts'
import type { Anchor } from './rules/notices.ts'
import { verifyLog, type VerifyEvent } from './verify-log.ts'

const maxBytes = 64 * 1024
const limits = { maxBytes, maxSegmentBytes: maxBytes / 4 }
const { signal } = new AbortController()

async function verdictOf(segments: MemorySegments, anchor?: Anchor): Promise<VerifyEvent> {
  const deps = { segments: openPackedSegments(segments), key: auditKey }
  let last: VerifyEvent | undefined
  const events = verifyLog(deps, { position: undefined, anchor }, { signal })
  for await (const event of events) last = event
  assert.ok(last !== undefined)
  return last
}

/** Nothing that could be compressed: as large as it is stored. */
function record(number: number): string {
  const noise = Array.from({ length: 24 }, (_, at) =>
    (((number + 1) * 7919 * (at + 3)) % 2 ** 31).toString(36),
  )
  return JSON.stringify({ eventID: `event-${number}`, noise: noise.join(''), pratique: { number } })
}

async function fill({ log }: TestLog, count: number, from = 0): Promise<void> {
  for (let number = from; number < from + count; number += 1)
    await log.recordDurably(record(number))
}

/** Until it is refused though everything that is closed is compressed; the number of records. */
async function fillUp(
  { log, segments }: TestLog,
  attempt = async (number: number): Promise<void> => {
    await log.requireWritable()
    await log.recordDurably(record(number))
  },
): Promise<number> {
  const isSettled = async (): Promise<boolean> =>
    (await openPackedSegments(segments).stored()).slice(0, -1).every(({ isPacked }) => isPacked)
  for (let number = 0; ; number += 1) {
    assert.ok(number < 5000, 'it never fills up')
    try {
      await attempt(number)
    } catch (error) {
      assert.ok(error instanceof StorageFullError)
      if (await isSettled()) return number
      while (!(await isSettled())) await new Promise(setImmediate)
    }
  }
}

async function storedBytes(segments: MemorySegments): Promise<number> {
  const stored = await openPackedSegments(segments).stored()
  return stored.reduce((sum, one) => sum + one.storedBytes, 0)
}

test('at its greatest size a required log refuses what would change something, and says why', async () => {
  const full = await testLog({ ...limits, atMax: 'refuse' })
  const taken = await fillUp(full, (number) => full.log.recordDurably(record(number)))
  assert.ok(taken > 100, String(taken))
  await assert.rejects(full.log.requireWritable(), /audit log cannot be written/)
  const [fault] = full.faults
  assert.ok(fault instanceof StorageFullError && fault.cause instanceof Error)
  assert.match(fault.cause.message, /greatest size \(PRATIQUE_AUDIT_MAX_MIB\)/)
  assert.ok((await storedBytes(full.segments)) <= maxBytes + 4096)
  assert.ok(linesOf(full.segments).join('\n').includes('"event-0"'), 'nothing was removed')
  await full.log.close()
  assert.equal((await verdictOf(full.segments)).kind, 'intact')

  // With more room it goes on, and what was refused its record is told.
  const { segments, clock } = full
  const again = await testLog({ segments, clock, ...limits, maxBytes: 10 * maxBytes })
  await again.log.recordDurably(record(taken + 1))
  await again.log.close()
  assert.equal((await verdictOf(full.segments)).kind, 'intact')
})

test('what would change something is refused before it is done, while there is room for the record of what is under way', async () => {
  const world = await testLog({ ...limits, atMax: 'refuse' })
  const number = await fillUp(world)
  await world.log.recordDurably(record(number))
  await assert.rejects(world.log.requireWritable(), StorageFullError)
  const told = world.faults.length
  await assert.rejects(world.log.requireWritable(), StorageFullError)
  assert.equal(world.faults.length, told, 'told once')
  await world.log.close()
  // A start finds it so, before anything is tried.
  const { segments, clock } = world
  const again = await testLog({ segments, clock, ...limits, atMax: 'refuse' })
  await assert.rejects(again.log.requireWritable(), StorageFullError)
  await again.log.close()
  const larger = await testLog({ segments, clock, ...limits, maxBytes: 2 * maxBytes })
  await larger.log.requireWritable()
  await larger.log.close()
})

test('a log that is best effort goes on without its records', async () => {
  const full = await testLog({ ...limits, atMax: 'refuse', isRequired: false })
  await fill(full, 2000)
  await full.log.requireWritable()
  full.log.record(record(5000))
  await full.log.flush()
  assert.ok((await storedBytes(full.segments)) <= maxBytes + 4096)
  // Each time that what was compressed made room for a little more.
  assert.ok(full.faults.length > 0)
  for (const fault of full.faults) assert.ok(fault instanceof StorageFullError)
  await full.log.close()
})

test('where the oldest give way nothing is refused, the log says what is gone, and its rest is whole', async () => {
  const world = await testLog({ ...limits, atMax: 'remove-oldest' })
  await fill(world, 20)
  const early = await world.log.anchor()
  await fill(world, 3000, 20)
  const late = await world.log.anchor()
  assert.ok((await storedBytes(world.segments)) <= maxBytes + 4096)
  assert.deepEqual(world.faults, [])
  assert.ok(world.removed.length > 0)
  const { firstSequence = 0 } = world.removed.at(-1) ?? {}
  await world.log.close()
  const verdict = await verdictOf(world.segments, late)
  assert.ok(verdict.kind === 'intact', JSON.stringify(verdict))
  const { report } = verdict
  assert.deepEqual(
    [report.beginning, report.end, report.first],
    ['expired', 'anchor', firstSequence],
  )
  assert.match(
    report.remarks.join('\n'),
    /oldest segments were removed, since the log had its greatest size/,
  )
  // An anchor over what is gone does not make the rest broken.
  assert.equal((await verdictOf(world.segments, early)).kind, 'intact')

  // What somebody else removes is still missed.
  const [oldest = ''] = [...world.segments.files.keys()].toSorted()
  world.segments.files.delete(oldest)
  const broken = await verdictOf(world.segments)
  assert.ok(broken.kind === 'broken' && broken.fault.kind === 'removed')
})

test('closed segments are compressed beside it, so that more of them fit, and are searched and verified as before', async () => {
  const world = await testLog({ ...limits, atMax: 'remove-oldest' })
  const clear = (number: number): string =>
    JSON.stringify({ eventID: `event-${number}`, filler: 'x'.repeat(200), pratique: { number } })
  for (let number = 0; number < 1000; number += 1) {
    await world.log.recordDurably(clear(number))
    // As time goes by between them.
    if (number % 50 === 0) await new Promise(setImmediate)
  }
  await world.log.close()
  const again = await testLog({ segments: world.segments, clock: world.clock, ...limits })
  await again.log.recordDurably(sampleRecord(1))
  const verdict = await verdictOf(world.segments)
  assert.ok(verdict.kind === 'intact', JSON.stringify(verdict))
  assert.ok([...world.segments.files.keys()].some((name) => name.endsWith('.zst')))
  assert.ok(verdict.report.records > 400, String(verdict.report.records))
  await again.log.close()
})

test('a start behind a damaged compressed segment leaves it for verification to find', async () => {
  const world = await testLog({ maxSegmentBytes: 16 * 1024 })
  await fill(world, 200)
  await world.log.close()
  const store = openPackedSegments(world.segments)
  for (const { name } of await store.list()) await store.pack(name, { signal })
  const names = [...world.segments.files.keys()].toSorted()
  const last = names.at(-1) ?? ''
  const bytes = world.segments.files.get(last) ?? Buffer.alloc(0)
  const segments = memorySegments(new Map(world.segments.files))
  segments.files.set(last, Buffer.from(bytes.subarray(0, -3)))
  const again = await testLog({ segments, clock: world.clock })
  await again.log.recordDurably(sampleRecord(1))
  await again.log.close()
  assert.equal(again.faults.length, 1, 'the start says that the chain is broken')
  assert.ok(segments.files.has(last))
  assert.equal((await verdictOf(segments)).kind, 'broken')
})
