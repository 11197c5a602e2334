import assert from 'node:assert/strict'
import { test } from 'node:test'
import { accountOf } from '../../test/kit/principals.ts'
import type { AccountId } from '../policy/account-id.ts'
import { memorySegments, testLog, type TestLog } from '../../test/kit/segments.ts'
import { exportLog } from './export-log.ts'
import type { EventQuery } from './rules/match-event.ts'
import { packClosed } from './pack-closed.ts'
import { openPackedSegments } from './packed-segments.ts'
import { searchLog, type SearchCursor, type SearchPage } from './search-log.ts'
import { verifyFiles, type VerifyEvent } from './verify-log.ts'
import { auditKey } from '../../test/kit/segments.ts'

const account = accountOf('123456789012')
const other = accountOf('210987654321')
const { signal } = new AbortController()

interface Sample {
  readonly id: number
  readonly name?: string
  readonly arn?: string
  readonly of?: string
  readonly recipient?: string
  /** The account of a repository that is read beside. */
  readonly from?: string
  readonly decision?: string
  readonly readOnly?: boolean
  readonly decidedBy?: readonly object[]
}

function record(clock: TestLog['clock'], sample: Sample): string {
  const { id, name = 'PutImage', of = account, recipient = of, decision = 'allow' } = sample
  return JSON.stringify({
    eventVersion: '1.11',
    eventTime: `${clock.now().toISOString().slice(0, 19)}Z`,
    userIdentity: {
      type: 'IAMUser',
      arn: sample.arn ?? `arn:aws:iam::${of}:user/dev`,
      accountId: of,
      accessKeyId: 'AKIAIOSFODNN7EXAMPLE',
    },
    eventSource: 'ecr.amazonaws.com',
    eventName: name,
    eventID: `event-${id}`,
    readOnly: sample.readOnly ?? false,
    resources: [
      {
        ARN: `arn:aws:ecr:us-east-1:${recipient}:repository/team/app`,
        type: 'AWS::ECR::Repository',
      },
      ...(sample.from === undefined
        ? []
        : [{ ARN: `arn:aws:ecr:us-east-1:${sample.from}:repository/base` }]),
    ],
    recipientAccountId: recipient,
    pratique: { decision, decidedBy: sample.decidedBy, action: `ecr:${name}` },
  })
}

async function search(
  { segments: files, log }: TestLog,
  query: Partial<EventQuery> = {},
  page: { readonly limit?: number; readonly before?: SearchCursor } = {},
): Promise<SearchPage> {
  const input = { query: { account, ...query }, limit: page.limit ?? 100, before: page.before }
  const segments = openPackedSegments(files)
  return searchLog({ segments, log }, input, { signal })
}

const idsOf = ({ events }: SearchPage): readonly string[] => events.map(({ id }) => id)

/** Ten events a day for three days, in segments of their own. */
async function threeDays(): Promise<TestLog> {
  const made = await testLog()
  for (let id = 0; id < 30; id += 1) {
    await made.log.recordDurably(record(made.clock, { id }))
    made.clock.advance(86_400_000 / 10)
  }
  return made
}

test('nothing is found in a log that has not begun', async () => {
  assert.deepEqual(await search(await testLog()), { events: [], next: undefined })
})

test('an account sees what it did and what was done to it, and nothing else', async () => {
  const made = await testLog()
  const samples = [
    { id: 1 },
    { id: 2, of: other },
    { id: 3, of: other, recipient: account },
    { id: 4, recipient: other },
  ]
  for (const sample of samples) made.log.record(record(made.clock, sample))
  assert.deepEqual(idsOf(await search(made)), ['event-4', 'event-3', 'event-1'])
  assert.deepEqual(idsOf(await search(made, { account: other })), ['event-4', 'event-3', 'event-2'])
  assert.equal((await search(made, { account: undefined })).events.length, 4)
})

const role = `arn:aws:sts::${account}:assumed-role/ci/build-7`
const questions: readonly (readonly [string, Partial<EventQuery>, readonly number[]])[] = [
  ['an id', { eventId: 'event-2' }, [2]],
  ['a name', { eventName: 'BatchGetImage' }, [3]],
  ['a source', { eventSource: 'iam.amazonaws.com' }, []],
  ['reads', { readOnly: true }, [3]],
  ['a key', { accessKeyId: 'AKIAIOSFODNN7EXAMPLE' }, [4, 3, 2, 1]],
  ['another key', { accessKeyId: 'AKIAOTHEREXAMPLE0000' }, []],
  ['a session', { userName: 'build-7' }, [4]],
  ['a principal', { principal: role }, [4]],
  ['an action', { action: 'ecr:PutImage' }, [4, 2, 1]],
  ['an action without its service', { action: 'BatchGetImage' }, [3]],
  [
    'a resource by its ARN',
    { resource: `arn:aws:ecr:us-east-1:${account}:repository/team/app` },
    [4, 3, 2, 1],
  ],
  ['a resource by its name', { resource: 'app' }, [4, 3, 2, 1]],
  ['half a name', { resource: 'pp' }, []],
  ['a kind of resource', { resourceType: 'AWS::IAM::User' }, []],
  ['denials', { denied: true }, [2]],
  ['two things at once', { denied: true, eventName: 'BatchGetImage' }, []],
]

for (const [what, query, ids] of questions) {
  test(`finds by ${what}`, async () => {
    const made = await testLog()
    const samples: readonly Sample[] = [
      { id: 1 },
      { id: 2, decision: 'deny' },
      { id: 3, name: 'BatchGetImage', readOnly: true },
      { id: 4, arn: role },
    ]
    for (const sample of samples) made.log.record(record(made.clock, sample))
    assert.deepEqual(
      idsOf(await search(made, query)),
      ids.map((id) => `event-${id}`),
    )
  })
}

test('finds what is within a time, over several segments', async () => {
  const made = await threeDays()
  const day = 86_400_000
  const begin = Date.parse('2026-11-24T12:00:00Z')
  const from = new Date(begin + day)
  const to = new Date(begin + 2 * day - 1000)
  const ids = idsOf(await search(made, { from, to }))
  assert.deepEqual([ids.length, ids[0], ids.at(-1)], [10, 'event-19', 'event-10'])
})

test('a walk over pages finds every event once, while others are recorded', async () => {
  const made = await threeDays()
  const found: string[] = []
  let before: SearchCursor | undefined
  do {
    const page = await search(made, {}, { limit: 7, ...(before === undefined ? {} : { before }) })
    found.push(...idsOf(page))
    before = page.next
    await made.log.recordDurably(record(made.clock, { id: 100 + found.length }))
  } while (before !== undefined)
  assert.deepEqual(
    found,
    Array.from({ length: 30 }, (_, index) => `event-${29 - index}`),
  )
})

test('lines longer than what is read at once are passed over, and those beside them found', async () => {
  const made = await testLog()
  made.log.record(record(made.clock, { id: 1 }))
  const filler = 'x'.repeat(700 * 1024)
  made.log.record(JSON.stringify({ filler, pratique: {} }))
  for (let id = 2; id < 600; id += 1) made.log.record(record(made.clock, { id }))
  const ids = idsOf(await search(made, {}, { limit: 1000 }))
  assert.equal(new Set(ids).size, ids.length)
  assert.ok(ids.includes('event-1'))
  assert.ok(ids.length >= 598, String(ids.length))
})

test('a search that nobody waits for any more ends', async () => {
  const made = await threeDays()
  const input = { query: { account }, limit: 5, before: undefined }
  const stopped = AbortSignal.abort(new Error('gone'))
  await assert.rejects(searchLog(made, input, { signal: stopped }), /gone/)
})

async function exported(
  { segments: files, log, clock }: TestLog,
  times: { readonly from?: Date; readonly to?: Date } = {},
): Promise<Buffer> {
  const pieces: Buffer[] = []
  const input = { from: times.from, to: times.to }
  const segments = openPackedSegments(files)
  const deps = { segments, log, clock, key: auditKey }
  for await (const piece of exportLog(deps, input, { signal })) pieces.push(piece)
  return Buffer.concat(pieces)
}

async function verdictOf(bytes: Buffer): Promise<VerifyEvent | undefined> {
  const file = { name: 'export', pieces: streamOf(bytes) }
  const known = { key: auditKey, head: undefined, anchor: undefined, mayBeginAnywhere: true }
  let last: VerifyEvent | undefined
  for await (const event of verifyFiles(known, streamOf(file), { signal })) last = event
  return last
}

async function* streamOf<T>(value: T): AsyncGenerator<T> {
  yield Promise.resolve(value)
}

test('an export holds the lines of its time without a gap, and is verified by itself', async () => {
  const made = await threeDays()
  const begin = Date.parse('2026-11-24T12:00:00Z')
  const from = new Date(begin + 86_400_000)
  const to = new Date(begin + 2 * 86_400_000 - 1000)
  const part = await exported(made, { from, to })
  const ids = [...part.toString().matchAll(/"eventID":"(event-[0-9]+)"/g)].map(([, id]) => id)
  assert.deepEqual([ids.length, ids[0], ids.at(-1)], [10, 'event-10', 'event-19'])
  const verdict = await verdictOf(part)
  assert.ok(verdict?.kind === 'intact')
  assert.deepEqual([verdict.report.end, verdict.report.records], ['anchor', 10])
  const whole = await verdictOf(await exported(made))
  assert.ok(whole?.kind === 'intact')
  assert.equal(whole.report.records, 30)
  const cut = part.toString().split('\n').toSpliced(5, 1).join('\n')
  assert.equal((await verdictOf(Buffer.from(cut)))?.kind, 'broken')
})

test('searches and exports find the same when segments are compressed, a page at a time', async () => {
  const made = await threeDays()
  const before = [idsOf(await search(made)), (await exported(made)).toString()] as const
  // A copy of which every segment but the open one is as it was written.
  const plain = memorySegments(new Map(made.segments.files))
  await packClosed(openPackedSegments(plain), { signal })
  assert.ok([...plain.files.keys()].some((name) => name.endsWith('.zst')))
  const packed = { ...made, segments: plain }
  assert.deepEqual([idsOf(await search(packed)), (await exported(packed)).toString()], before)
  const seen: string[] = []
  for (let page = await search(packed, {}, { limit: 7 }); ;) {
    seen.push(...idsOf(page))
    if (page.next === undefined) break
    page = await search(packed, {}, { limit: 7, before: page.next })
  }
  assert.deepEqual(seen, before[0])
})

test('an export of a time in which nothing happened is empty', async () => {
  const made = await threeDays()
  assert.equal((await exported(made, { from: new Date('2027-01-01T00:00:00Z') })).byteLength, 0)
})

test('a record that two accounts share shows each of them the statements of its own policies', async () => {
  const made = await testLog()
  const byCaller = { type: 'identity', policy: 'inline:p', index: 0, sid: 'Callers' }
  const byOwner = { type: 'resource', policy: 'repository policy', index: 0, sid: 'Owners' }
  const sample = { id: 1, recipient: other, decidedBy: [byCaller, byOwner] }
  const line = record(made.clock, sample)
  made.log.record(line)
  const shown = async (asker: AccountId | undefined): Promise<string> =>
    (await search(made, { account: asker })).events[0]?.text ?? ''
  assert.ok((await shown(account)).includes(`"decidedBy":${JSON.stringify([byCaller])}`))
  assert.ok((await shown(other)).includes(`"decidedBy":${JSON.stringify([byOwner])}`))
  assert.ok((await shown(undefined)).includes(JSON.stringify(sample.decidedBy)))
})

test('an account finds what was read in its repository by way of another, without the statements that decided', async () => {
  const made = await testLog()
  const decidedBy = [{ type: 'identity', policy: 'inline:p', index: 0 }]
  made.log.record(record(made.clock, { id: 1, from: other, decidedBy }))
  const { events } = await search(made, { account: other, resource: 'base' })
  assert.deepEqual(
    events.map(({ text }) => text.includes('"decidedBy":[]')),
    [true],
  )
  assert.deepEqual((await search(made, { account: accountOf('111122223333') })).events, [])
})
