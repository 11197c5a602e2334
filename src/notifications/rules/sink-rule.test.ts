import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { FindingNotice, NoticeBody, ScanNotice } from './notice.ts'
import { noticeKinds } from './notice.ts'
import { wants, type SinkRule } from './sink-rule.ts'

const all: SinkRule = {
  kinds: noticeKinds,
  minSeverity: undefined,
  unrated: 'tell',
  kevOnly: false,
  minEpss: undefined,
  fixableOnly: false,
  changes: ['NEW', 'CHANGED', 'CLOSED'],
  repositories: [],
}

function finding(change: Partial<FindingNotice> = {}): FindingNotice {
  return {
    kind: 'finding',
    change: 'NEW',
    repository: 'team/app',
    digest: 'sha256:a',
    tags: [],
    severity: 'HIGH',
    vulnerability: 'CVE-2026-1000',
    package: { name: 'lodash', version: '1' },
    isKev: false,
    url: 'https://osv.dev',
    record: {},
    ...change,
  }
}

const scan: ScanNotice = {
  kind: 'scan',
  repository: 'team/app',
  digest: 'sha256:a',
  tags: [],
  status: 'COMPLETE',
  counts: { MEDIUM: 2 },
}

const cases: readonly (readonly [
  says: string,
  rule: Partial<SinkRule>,
  body: NoticeBody,
  isWanted: boolean,
])[] = [
  ['everything where nothing is said', {}, finding(), true],
  ['no kind that is not named', { kinds: ['scan'] }, finding(), false],
  ['a severity at the limit', { minSeverity: 'HIGH' }, finding(), true],
  ['none below it', { minSeverity: 'CRITICAL' }, finding(), false],
  [
    'an unrated finding as if it were severe',
    { minSeverity: 'CRITICAL' },
    finding({ severity: 'UNDEFINED' }),
    true,
  ],
  [
    'no unrated finding where it is left out',
    { unrated: 'leave-out' },
    finding({ severity: 'UNDEFINED' }),
    false,
  ],
  [
    'a finding that leaves the reach of the rule',
    { minSeverity: 'HIGH' },
    finding({ change: 'CHANGED', severity: 'LOW', previousSeverity: 'HIGH' }),
    true,
  ],
  [
    'a finding that comes into it',
    { minSeverity: 'HIGH' },
    finding({ change: 'CHANGED', severity: 'HIGH', previousSeverity: 'LOW' }),
    true,
  ],
  ['no flaw that nobody exploits', { kevOnly: true }, finding(), false],
  ['an exploited one', { kevOnly: true }, finding({ isKev: true }), true],
  ['none below an EPSS score', { minEpss: 0.5 }, finding({ epss: 0.4 }), false],
  ['none whose EPSS score nobody knows', { minEpss: 0.5 }, finding(), false],
  ['one that reaches it', { minEpss: 0.5 }, finding({ epss: 0.5 }), true],
  ['none without a fix', { fixableOnly: true }, finding(), false],
  ['one with a fix', { fixableOnly: true }, finding({ fixedVersion: '2' }), true],
  ['no change that is not named', { changes: ['NEW'] }, finding({ change: 'CLOSED' }), false],
  ['a repository by its whole name', { repositories: ['team/app'] }, finding(), true],
  ['none that only contains it', { repositories: ['app'] }, finding(), false],
  ['one by a pattern', { repositories: ['x', 'team/*'] }, finding(), true],
  [
    'none beside the pattern',
    { repositories: ['team/*'] },
    finding({ repository: 'teams/app' }),
    false,
  ],
  ['a scan that found something so severe', { minSeverity: 'MEDIUM' }, scan, true],
  ['no scan that found less', { minSeverity: 'HIGH' }, scan, false],
  [
    'a scan that found what nobody rates',
    { minSeverity: 'HIGH' },
    { ...scan, counts: { UNDEFINED: 1 } },
    true,
  ],
  [
    'a scan that failed, whatever the severity',
    { minSeverity: 'CRITICAL' },
    { ...scan, status: 'FAILED', counts: {} },
    true,
  ],
  [
    'a test, whatever the rule',
    { kinds: ['scan'], repositories: ['none'] },
    { kind: 'test', sink: 'ops' },
    true,
  ],
]

for (const [says, rule, body, isWanted] of cases) {
  test(`wants ${says}`, () => {
    assert.equal(wants({ ...all, ...rule }, body), isWanted)
  })
}

test('a hostile pattern costs little', () => {
  const repositories = [`${'a*'.repeat(120)}b`]
  assert.equal(wants({ ...all, repositories }, finding({ repository: 'a'.repeat(256) })), false)
})

test('a rule of the audit is told by its severity, whatever the repositories of the sink', () => {
  const body = {
    kind: 'posture',
    change: 'FAILING',
    rule: 'REG-001',
    title: 't',
    severity: 'medium',
    why: 'w',
    resources: [],
    count: 1,
  } as const
  const rule = { ...all, kinds: ['posture'], repositories: ['other/*'] } as const
  assert.ok(wants(rule, body))
  assert.ok(!wants({ ...rule, kinds: ['finding'] }, body))
  assert.ok(!wants({ ...rule, minSeverity: 'HIGH' }, body))
  assert.ok(wants({ ...rule, minSeverity: 'MEDIUM' }, body))
})
