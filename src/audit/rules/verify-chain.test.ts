import assert from 'node:assert/strict'
import { before, test } from 'node:test'
import fc from 'fast-check'
import { auditKey, linesOf, sampleRecord, testLog } from '../../../test/kit/segments.ts'
import { hashLine, type ChainHead } from './chain.ts'
import { anchorLine, anchorOf, readAnchor } from './notices.ts'
import { ChainVerifier, type KnownOfLog } from './verify-chain.ts'

const at = new Date('2026-11-24T12:00:00Z')
let written: readonly string[] = []
let head: ChainHead = { sequence: 0, hash: '' }

/** Some seconds of a server's life: records with a seal after each second, and a restart. */
before(async () => {
  const first = await testLog()
  for (let number = 0; number < 12; number += 1) {
    first.log.record(sampleRecord(number))
    await first.log.flush()
    first.clock.advance(400)
  }
  await first.log.close()
  const second = await testLog({ segments: first.segments, clock: first.clock })
  for (let number = 0; number < 5; number += 1) await second.log.recordDurably(sampleRecord(number))
  await second.log.close()
  written = linesOf(first.segments)
  head = { sequence: written.length, hash: hashLine(Buffer.from(written.at(-1) ?? '')) }
})

function verify(lines: readonly (string | Buffer)[], change: Partial<KnownOfLog> = {}) {
  const known = { key: auditKey, head, anchor: undefined, mayBeginAnywhere: false, ...change }
  const verifier = new ChainVerifier(known)
  for (const [index, line] of lines.entries()) {
    verifier.take(Buffer.from(line), { file: 'log', number: index + 1 })
  }
  return verifier.end()
}

function faultOf(lines: readonly (string | Buffer)[], change: Partial<KnownOfLog> = {}) {
  const result = verify(lines, change)
  return result.kind === 'broken' ? result.fault : undefined
}

const place = (): fc.Arbitrary<number> => fc.nat({ max: written.length - 1 })

test('finds the line that was removed, wherever it stood', () => {
  for (const key of [auditKey, undefined]) {
    for (const index of written.keys()) {
      const fault = faultOf(written.toSpliced(index, 1), { key })
      assert.equal(fault?.sequence, index + 1)
      assert.equal(fault.kind, index === written.length - 1 ? 'cut' : 'removed')
    }
  }
})

test('finds the line that was altered, by whichever byte', () => {
  fc.assert(
    fc.property(place(), fc.nat(), fc.integer({ min: 1, max: 255 }), (index, where, flip) => {
      const line = Buffer.from(written[index] ?? '')
      const byte = where % line.byteLength
      line.writeUInt8(line.readUInt8(byte) ^ flip, byte)
      // A line feed in the middle makes two lines of one, as the reader would see it.
      const pieces = line
        .toString('latin1')
        .split('\n')
        .map((text) => Buffer.from(text, 'latin1'))
      const fault = faultOf(written.toSpliced(index, 1).toSpliced(index, 0, ...pieces.map(String)))
      assert.equal(fault?.sequence, index + 1)
    }),
  )
})

test('finds the first of two neighbours that were both altered', () => {
  for (let index = 0; index + 1 < written.length; index += 1) {
    const lines = [...written]
    for (const number of [index, index + 1]) {
      lines[number] = (lines[number] ?? '').replace(/2026|event/, 'other')
    }
    assert.equal(faultOf(lines)?.sequence, index + 1)
  }
})

test('finds the first of two lines that changed places', () => {
  fc.assert(
    fc.property(place(), place(), (one, other) => {
      fc.pre(one !== other)
      const lines = [...written]
      lines[one] = written[other] ?? ''
      lines[other] = written[one] ?? ''
      assert.equal(faultOf(lines)?.sequence, Math.min(one, other) + 1)
    }),
  )
})

test('finds where the log was cut, and what was put in', () => {
  for (let length = 0; length < written.length; length += 1) {
    const fault = faultOf(written.slice(0, length))
    assert.deepEqual([fault?.kind, fault?.sequence], ['cut', length + 1])
  }
  for (let index = 1; index < written.length; index += 1) {
    const fault = faultOf(written.toSpliced(index, 0, written[index - 1] ?? ''))
    assert.deepEqual([fault?.kind, fault?.sequence], ['inserted', index + 1])
  }
})

test('a forged history does not pass for who has the key, and passes only as unproven for who has not', async () => {
  const forger = await testLog({ key: Buffer.alloc(32, 8) })
  await forger.log.recordDurably(sampleRecord(1))
  await forger.log.close()
  const forged = linesOf(forger.segments)
  const own = verify(forged, { head: undefined })
  assert.equal(own.kind, 'intact')
  assert.equal(own.kind === 'intact' ? own.report.provenUpTo : 0, undefined)
  // A forger who writes the right key's id beside his own seal.
  const genuineId = /"key":"([0-9a-f]{16})"/.exec(written[0] ?? '')?.[1] ?? ''
  const disguised = forged.map((line) =>
    line.replace(/"key":"[0-9a-f]{16}"/, `"key":"${genuineId}"`),
  )
  assert.equal(faultOf(disguised, { head: undefined })?.kind, 'forged')
})

test('says what it could not look at', () => {
  const without = verify(written, { key: undefined, head: undefined })
  assert.ok(without.kind === 'intact')
  const { provenUpTo, end, beginning, lines } = without.report
  assert.deepEqual([provenUpTo, end, beginning], [undefined, 'not-checked', 'first-line'])
  assert.equal(lines, written.length)
  const part = verify(written.slice(4), { mayBeginAnywhere: true })
  assert.ok(part.kind === 'intact')
  assert.equal(part.report.beginning, 'not-checked')
})

test('proves all lines before the last seal to who has the key', () => {
  const result = verify(written)
  assert.ok(result.kind === 'intact')
  const { provenFrom, provenUpTo, end, records } = result.report
  assert.deepEqual([provenFrom, provenUpTo, end], [1, written.length - 1, 'head'])
  assert.equal(records, 17)
})

test('an anchor shows that lines behind it are missing, and is worth nothing when it is not the key’s', () => {
  const anchor = anchorOf(auditKey, head, at)
  assert.deepEqual(readAnchor(JSON.stringify(anchor)), anchor)
  const alone = { head: undefined, anchor }
  assert.equal(verify(written, alone).kind, 'intact')
  for (const key of [auditKey, undefined]) {
    const fault = faultOf(written.slice(0, -3), { ...alone, key })
    assert.deepEqual([fault?.kind, fault?.sequence], ['cut', written.length - 2])
  }
  const forged = {
    ...anchor,
    mac: anchor.mac.replace(/^./, anchor.mac.startsWith('0') ? '1' : '0'),
  }
  assert.equal(faultOf(written, { head: undefined, anchor: forged })?.kind, 'forged')
})

test('the anchor that ends an export is held against it', () => {
  const whole = [...written, anchorLine(anchorOf(auditKey, head, at))]
  const result = verify(whole, { head: undefined })
  assert.ok(result.kind === 'intact')
  assert.deepEqual([result.report.end, result.report.provenUpTo], ['anchor', written.length])
  const last = written.length - 1
  assert.equal(faultOf(whole.toSpliced(last, 1), { head: undefined })?.kind, 'cut')
  for (const key of [auditKey, undefined]) {
    const altered = whole.toSpliced(last, 1, (written[last] ?? '').replace('12:', '13:'))
    assert.equal(faultOf(altered, { head: undefined, key })?.sequence, written.length)
  }
})

test('a beginning is missed, unless the log says that its time was over', async () => {
  assert.equal(faultOf(written.slice(2))?.sequence, 1)
  const kept = await testLog({ keepDays: 3 })
  for (let day = 0; day < 8; day += 1) {
    await kept.log.recordDurably(sampleRecord(day))
    kept.clock.advance(86_400_000)
  }
  await kept.log.close()
  const lines = linesOf(kept.segments)
  const result = verify(lines, { head: undefined })
  assert.ok(result.kind === 'intact')
  assert.equal(result.report.beginning, 'expired')
  assert.ok(result.report.first > 1)
  assert.equal(kept.segments.files.size, 4)
})

test('where nothing behind the last line tells, both lines in doubt are named', () => {
  const last = written.length - 2
  const lines = written.slice(0, last + 1)
  lines[last - 1] = (lines[last - 1] ?? '').replace(/2026|event/, 'other')
  const fault = faultOf(lines, { key: undefined, head: undefined })
  assert.equal(fault?.sequence, last)
  assert.match(fault.message, /; or line [0-9]+ was/)
})

test('an empty log is whole, and misses all that is known of it', () => {
  const empty = verify([], { head: { sequence: 0, hash: '0'.repeat(64) } })
  assert.ok(empty.kind === 'intact')
  assert.equal(empty.report.last, 0)
  assert.deepEqual([faultOf([])?.kind, faultOf([])?.sequence], ['cut', 1])
})

test('a line of nothing at the beginning is the first line, altered', () => {
  const fault = faultOf(['nonsense', ...written.slice(1)], { mayBeginAnywhere: true })
  assert.deepEqual([fault?.kind, fault?.sequence], ['altered', 1])
})

test('lines that the server did not write are put in', () => {
  const known = { sequence: written.length - 1, hash: hashLine(Buffer.from(written.at(-2) ?? '')) }
  const fault = faultOf(written, { head: known })
  assert.deepEqual([fault?.kind, fault?.sequence], ['inserted', written.length])
})

test('an anchor over another line at its place shows that the line is another', () => {
  const anchor = anchorOf(auditKey, { sequence: 3, hash: 'f'.repeat(64) }, at)
  const fault = faultOf(written, { head: undefined, anchor })
  assert.deepEqual([fault?.kind, fault?.sequence], ['altered', 3])
})

test('a torn piece ends the log, also behind a line in doubt', () => {
  const torn = (lines: readonly string[]) => {
    const known = { key: auditKey, head, anchor: undefined, mayBeginAnywhere: false }
    const verifier = new ChainVerifier(known)
    for (const [index, line] of lines.entries()) {
      verifier.take(Buffer.from(line), { file: 'log', number: index + 1 })
    }
    verifier.takeTorn({ file: 'log', number: lines.length + 1 })
    verifier.takeTorn({ file: 'log', number: lines.length + 2 })
    const result = verifier.end()
    return result.kind === 'broken' ? [result.fault.kind, result.fault.sequence] : []
  }
  assert.deepEqual(torn(written.slice(0, 4)), ['cut', 5])
  assert.deepEqual(torn([]), ['cut', 1])
  assert.deepEqual(torn([...written.slice(0, 4), written[5] ?? '']), ['removed', 5])
})
