import assert from 'node:assert/strict'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { temporaryDirectory } from '../../../test/kit/database.ts'
import { zipOf } from '../../../test/kit/zip.ts'
import type { RecordText } from './record-text.ts'
import { readZipRecords } from './zip.ts'

const limits = { maxEntries: 10, maxRecordBytes: 1000, maxTotalBytes: 5000 }

async function read(t: TestContext, archive: Buffer, cut = limits): Promise<readonly RecordText[]> {
  const path = join(await temporaryDirectory(t), 'all.zip')
  await writeFile(path, archive)
  const records: RecordText[] = []
  for await (const record of readZipRecords(path, cut)) records.push(record)
  return records
}

const good = { name: 'A-1.json', content: '{"id":"A-1"}' }

test('refuses what is no archive, or one cut short', async (t) => {
  const whole = zipOf([good])
  for (const bytes of [
    Buffer.from('no archive'),
    Buffer.alloc(0),
    whole.subarray(0, whole.length - 30),
  ]) {
    await assert.rejects(read(t, bytes), { name: 'FeedError', fault: 'malformed' })
  }
})

test('refuses more entries than allowed', async (t) => {
  const archive = zipOf(Array.from({ length: 11 }, () => good))
  await assert.rejects(read(t, archive), { fault: 'too-large' })
})

test('refuses more bytes in all than allowed', async (t) => {
  const archive = zipOf(
    Array.from({ length: 10 }, () => ({ name: 'x.json', content: 'x'.repeat(900) })),
  )
  await assert.rejects(read(t, archive), { fault: 'too-large' })
})

test('refuses names that leave the archive', async (t) => {
  await assert.rejects(read(t, zipOf([{ ...good, name: '../A-1.json' }])), { fault: 'malformed' })
})

test('says which entries are too long, lie about their length, or are damaged, and reads the others', async (t) => {
  const damaged = zipOf([{ name: 'd.json', content: `{"id":"${'d'.repeat(300)}"}` }])
  const records = await read(
    t,
    zipOf([
      { name: 'long.json', content: 'x'.repeat(1001) },
      { name: 'bomb.json', content: 'x'.repeat(900), claimedSize: 5 },
      { name: 'README.md', content: 'text' },
      good,
    ]),
  )
  assert.deepEqual(
    records.map(({ kind, line }) => [kind, line]),
    [
      ['unreadable', 1],
      ['unreadable', 2],
      ['text', 4],
    ],
  )
  damaged.fill(0xff, 40, 50)
  assert.equal((await read(t, damaged))[0]?.kind, 'unreadable')
})
