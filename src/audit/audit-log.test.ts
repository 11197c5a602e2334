import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  auditKey,
  linesOf,
  sampleRecord,
  testLog,
  type MemorySegments,
} from '../../test/kit/segments.ts'
import { openPackedSegments } from './packed-segments.ts'
import { StorageFullError } from '../storage/storage-full.ts'
import { verifyLog, type VerifyEvent } from './verify-log.ts'
import type { LogPosition } from './segment-writer.ts'

async function verdictOf(segments: MemorySegments, position?: LogPosition): Promise<VerifyEvent> {
  const { signal } = new AbortController()
  let last: VerifyEvent | undefined
  const input = { position, anchor: undefined }
  const deps = { segments: openPackedSegments(segments), key: auditKey }
  for await (const event of verifyLog(deps, input, { signal })) last = event
  if (last === undefined) throw new Error('no event')
  return last
}

function remarksOf(verdict: VerifyEvent): readonly string[] {
  return verdict.kind === 'intact' ? verdict.report.remarks : ['broken']
}

/** In either form. */
const segmentNames = ({ files }: MemorySegments): readonly string[] =>
  [...new Set([...files.keys()].map((name) => name.replace(/\.zst$/, '')))].toSorted()

const kindsOf = (segments: MemorySegments): readonly string[] =>
  linesOf(segments).map((line) => /^\{"pratique":\{"kind":"([a-z-]+)"/.exec(line)?.[1] ?? 'record')

test('what is recorded durably is written and synced when its promise resolves, with what came before it', async () => {
  const { log, segments } = await testLog()
  log.record(sampleRecord(1))
  await log.recordDurably(sampleRecord(2))
  assert.deepEqual(kindsOf(segments).slice(0, 3), ['segment-opened', 'record', 'record'])
  assert.equal(segments.syncs, 1)
  await log.close()
})

test('the records of one turn are written together', async () => {
  const { log, segments } = await testLog()
  await Promise.all([1, 2, 3, 4].map((number) => log.recordDurably(sampleRecord(number))))
  assert.equal(segments.syncs, 1)
  assert.equal(kindsOf(segments).filter((kind) => kind === 'record').length, 4)
  await log.close()
})

test('a full disk refuses changes, lets reads go on, and its gap is a record afterwards', async () => {
  const { log, segments, faults, clock } = await testLog()
  await log.recordDurably(sampleRecord(0))
  segments.isFull = true
  log.record(sampleRecord(1))
  log.record(sampleRecord(2))
  await assert.rejects(log.recordDurably(sampleRecord(3)), StorageFullError)
  await assert.rejects(log.requireWritable(), /audit log cannot be written/)
  log.record(sampleRecord(4))
  await log.flush()
  assert.equal(faults.length, 1)
  segments.isFull = false
  clock.advance(5000)
  await log.requireWritable()
  await log.recordDurably(sampleRecord(5))
  await log.close()
  const text = linesOf(segments).join('\n')
  // The change that was refused its record had perhaps been done: it is told, late.
  for (const number of [0, 3, 5]) assert.ok(text.includes(`"number":${number}`), String(number))
  for (const number of [1, 2, 4]) assert.ok(!text.includes(`"number":${number}`), String(number))
  const verdict = await verdictOf(segments)
  assert.match(remarksOf(verdict).join(), /3 records were lost/)
})

test('where the log is best effort a full disk refuses nothing', async () => {
  const { log, segments } = await testLog({ isRequired: false })
  segments.isFull = true
  await log.recordDurably(sampleRecord(1))
  await log.requireWritable()
  segments.isFull = false
  await log.close()
  assert.match(linesOf(segments).join('\n'), /"number":1/)
})

test('a log that cannot be written takes no more memory than it may, and says how much it lost', async () => {
  const { log, segments } = await testLog({ isRequired: false })
  segments.isFull = true
  await log.recordDurably(sampleRecord(0))
  const big = JSON.stringify({ filler: 'x'.repeat(1024 * 1024), pratique: {} })
  for (let number = 0; number < 40; number += 1) log.record(big)
  for (let number = 0; number < 20; number += 1) await log.recordDurably(big)
  segments.isFull = false
  await log.recordDurably(sampleRecord(1))
  await log.close()
  const held = linesOf(segments).filter((line) => line.includes('filler')).length
  assert.ok(held >= 8 && held <= 16, String(held))
  const lost = /"kind":"records-lost","at":"[^"]+","count":([0-9]+)/.exec(
    linesOf(segments).join('\n'),
  )
  assert.equal(Number(lost?.[1]) + held, 60)
})

test('goes on in the same segment after a clean end, without a remark', async () => {
  const first = await testLog()
  await first.log.recordDurably(sampleRecord(1))
  await first.log.close()
  const second = await testLog({ segments: first.segments, clock: first.clock })
  await second.log.recordDurably(sampleRecord(2))
  await second.log.close()
  assert.equal(first.segments.files.size, 1)
  const verdict = await verdictOf(first.segments)
  assert.deepEqual(remarksOf(verdict), [])
  assert.deepEqual(second.faults, [])
})

test('a kill at any byte of a write leaves a chain that goes on, and the cut is told', async () => {
  const { log, segments, clock } = await testLog()
  for (const number of [1, 2, 3]) await log.recordDurably(sampleRecord(number))
  await log.close()
  const [[name, whole] = ['', Buffer.alloc(0)]] = [...segments.files]
  const ends = new Set([...whole.entries()].filter(([, byte]) => byte === 10).map(([at]) => at + 1))
  for (let bytes = 0; bytes < whole.byteLength; bytes += 7) {
    segments.files.clear()
    segments.files.set(name, Buffer.from(whole.subarray(0, bytes)))
    const again = await testLog({ segments, clock })
    await again.log.recordDurably(sampleRecord(9))
    const position = await again.log.position()
    const verdict = await verdictOf(segments, position)
    assert.equal(verdict.kind, 'intact', JSON.stringify(verdict))
    const isTold = kindsOf(segments).includes('recovered')
    assert.ok(isTold || bytes === 0 || ends.has(bytes), `cut at ${bytes}`)
    await again.log.close()
  }
})

test('a start behind an altered segment goes on in a new one, says so, and does not prove what it found', async () => {
  const { log, segments, clock } = await testLog()
  for (const number of [1, 2, 3]) await log.recordDurably(sampleRecord(number))
  await log.close()
  const [[name, whole] = ['', Buffer.alloc(0)]] = [...segments.files]
  segments.files.set(name, Buffer.from(whole.toString().replace('event-2', 'event-7')))
  const again = await testLog({ segments, clock })
  await again.log.recordDurably(sampleRecord(4))
  await again.log.close()
  assert.equal(again.faults.length, 1)
  assert.equal(segments.files.size, 2)
  const verdict = await verdictOf(segments)
  assert.ok(verdict.kind === 'broken')
  assert.deepEqual([verdict.fault.kind, verdict.fault.sequence], ['altered', 4])
})

test('a log that another key sealed goes on in a new segment, and proof begins there', async () => {
  const { log, segments, clock } = await testLog({ key: Buffer.alloc(32, 9) })
  await log.recordDurably(sampleRecord(1))
  await log.close()
  const again = await testLog({ segments, clock })
  await again.log.recordDurably(sampleRecord(2))
  await again.log.close()
  const verdict = await verdictOf(segments)
  assert.ok(verdict.kind === 'intact')
  const { provenFrom, last, provenUpTo } = verdict.report
  assert.equal(provenFrom, 4)
  assert.equal(provenUpTo, last - 1)
})

test('a segment ends with the day and when it is full', async () => {
  const { log, segments, clock } = await testLog({ maxSegmentBytes: 6 * 1024 })
  for (let number = 0; number < 40; number += 1) await log.recordDurably(sampleRecord(number))
  const filled = segmentNames(segments).length
  assert.ok(filled > 1)
  for (const content of segments.files.values()) assert.ok(content.byteLength <= 8 * 1024)
  clock.advance(86_400_000)
  await log.recordDurably(sampleRecord(41))
  assert.equal(segmentNames(segments).length, filled + 1)
  assert.match(segmentNames(segments).at(-1) ?? '', /-20261125\.ndjson$/)
  await log.close()
  assert.equal((await verdictOf(segments)).kind, 'intact')
})

test('a running server knows its own end: a line that was cut off behind its back is missed', async () => {
  const { log, segments } = await testLog()
  await log.recordDurably(sampleRecord(1))
  await log.recordDurably(sampleRecord(2))
  const position = await log.position()
  const [[name, whole] = ['', Buffer.alloc(0)]] = [...segments.files]
  const end = whole.lastIndexOf(10, -2) + 1
  segments.files.set(name, Buffer.from(whole.subarray(0, end)))
  const verdict = await verdictOf(segments, position)
  assert.ok(verdict.kind === 'broken')
  assert.deepEqual([verdict.fault.kind, verdict.fault.sequence], ['cut', position.head.sequence])
  await log.close()
})
