import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { zstdDecompressSync } from 'node:zlib'
import { sharedData } from '../../test/kit/shared-data.ts'
import { readFixStatement } from './fix-state.ts'
import { parseOsvRecord } from './osv.ts'

const base = 'Ubuntu:22.04:LTS'
const pro = 'Ubuntu:Pro:22.04:LTS'

const cases: readonly (readonly [
  ecosystem: string,
  specific: Readonly<Record<string, unknown>>,
  isFixed: boolean,
  expected: string,
])[] = [
  [base, { status: 'ignored', note: 'end of life' }, false, 'willNotFix: ignored (end of life)'],
  [base, { status: 'ignored', note: 7 }, false, 'willNotFix: ignored'],
  [base, { status: 'deferred', note: '2024-02-02' }, false, 'deferred: deferred (2024-02-02)'],
  [base, { status: 'needs-triage' }, false, 'underInvestigation: needs-triage'],
  [base, { status: 'needed' }, false, 'notFixed: needed'],
  [base, { status: 'pending' }, false, 'notFixed: pending'],
  [base, { status: 'released' }, true, 'nothing'],
  [base, { status: 'toString' }, false, 'nothing'],
  [base, { status: ['ignored'] }, false, 'nothing'],
  [base, {}, false, 'nothing'],
  [base, { availability: 'No subscription required' }, true, 'nothing'],
  [
    base,
    { availability: 'Available with Ubuntu Pro: https://ubuntu.com/pro' },
    true,
    'needsSubscription: Ubuntu Pro: https://ubuntu.com/pro',
  ],
  [pro, { status: 'released' }, true, 'needsSubscription: Ubuntu Pro'],
  [pro, { status: 'needed' }, false, 'notFixed: needed'],
  ['Debian:9', { status: 'end-of-life' }, false, 'willNotFix: end-of-life'],
  ['Debian:12', { urgency: 'end-of-life' }, false, 'willNotFix: end-of-life'],
  ['Debian:12', { urgency: 'unimportant' }, false, 'nothing'],
  ['Debian:9', { status: 'unfixed' }, false, 'notFixed: unfixed'],
  [
    'Debian:11',
    { status: 'ignored', note: 'Minor issue', urgency: 'low' },
    false,
    'willNotFix: ignored (Minor issue)',
  ],
  ['Red Hat:enterprise_linux:9', { status: 'Affected' }, false, 'notFixed: Affected'],
  ['Red Hat:enterprise_linux:9', { status: 'Fix deferred' }, false, 'deferred: Fix deferred'],
  ['Red Hat:enterprise_linux:6', { status: 'Will not fix' }, false, 'willNotFix: Will not fix'],
  [
    'Red Hat:enterprise_linux:6',
    { status: 'Out of support scope' },
    false,
    'willNotFix: Out of support scope',
  ],
  [
    'Red Hat:enterprise_linux:9',
    { status: 'Under investigation' },
    false,
    'underInvestigation: Under investigation',
  ],
]

for (const [ecosystem, specific, isFixed, expected] of cases) {
  test(`${ecosystem} ${JSON.stringify(specific)} ${isFixed ? 'fixed' : 'open'}: ${expected}`, () => {
    const said = readFixStatement(ecosystem, specific, isFixed)
    assert.equal(said === undefined ? 'nothing' : `${said.state}: ${said.words}`, expected)
  })
}

const path = sharedData('advisories', 'ubuntu.ndjson.zst')

test(
  'every entry of the real records has its statement, and only subscribers’ fixes need one',
  { skip: path === undefined ? 'shared data is absent' : false },
  () => {
    const counts = new Map<string, number>()
    for (const line of zstdDecompressSync(readFileSync(path ?? ''))
      .toString()
      .split('\n')) {
      if (line === '') continue
      const reading = parseOsvRecord(JSON.parse(line))
      assert.ok(reading.kind === 'advisory')
      for (const { ecosystem, intervals, fix } of reading.advisory.affected) {
        const isFixed = intervals.some(({ end }) => end.kind === 'fixed')
        const isPro = ecosystem.includes(':Pro:')
        assert.equal(fix?.state === 'needsSubscription', isPro && isFixed)
        if (!isFixed) assert.ok(fix !== undefined, `${reading.advisory.id} ${ecosystem}`)
        const state = fix?.state ?? 'fixed'
        counts.set(state, (counts.get(state) ?? 0) + 1)
      }
    }
    for (const state of ['fixed', 'notFixed', 'willNotFix', 'deferred', 'underInvestigation'])
      assert.ok((counts.get(state) ?? 0) > 1000, state)
  },
)
