// Every form of one audit whose names are hostile.
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { Ajv } from 'ajv'
import { judgePosture } from '../../../src/posture/rules/judge-posture.ts'
import { postureRules } from '../../../src/posture/rules/table.ts'
import { postureEvidence, postureNow, type PostureChange } from '../../../test/kit/posture.ts'
import { sarifJudge } from '../../../test/kit/sarif-schema.ts'
import type { PostureReport } from '../posture-report.ts'
import { writePostureJson } from './json.ts'
import { writePostureHtml } from './html.ts'
import { writePostureJunit } from './junit.ts'
import { writePostureMarkdown } from './markdown.ts'
import { writePostureSarif } from './sarif.ts'
import { renderPosture } from './table.ts'

const schema: unknown = JSON.parse(
  readFileSync(new URL('../../../docs/schemas/audit-report-1.json', import.meta.url), 'utf8'),
)
const isReport = new Ajv({ allErrors: true }).compile(Object(schema))

const hostile = `prod/<script>alert(1)</script>"'\`\u001b[31m]]>\n| x |`

function reportOf(change: PostureChange, members: Partial<PostureReport> = {}): PostureReport {
  const posture = judgePosture(postureRules, postureEvidence(change), [
    {
      rule: 'REG-004',
      owner: 'team <a@b>',
      reason: hostile,
      until: '2026-12-31',
      endsAt: postureNow + 1,
      line: 4,
    },
    {
      rule: 'REG-033',
      owner: 'team',
      reason: 'nothing tells it yet',
      until: '2026-12-31',
      endsAt: postureNow + 1,
      line: 9,
    },
  ])
  return {
    target: 'pratique',
    account: '123456789012',
    judgedAt: new Date(postureNow),
    posture,
    shown: posture.rules,
    minimum: 'info',
    exitCode: 3,
    history: undefined,
    ...members,
  }
}

const report = reportOf({
  repository: {
    name: hostile,
    mutability: 'MUTABLE',
    lifecycle: { kind: 'told', value: undefined },
  },
  evidence: {
    address: { kind: 'unknown', why: 'nobody tells' },
    admission: { kind: 'unknown', why: hostile, action: 'ecr:Something' },
  },
})

test('the table shows control characters, and names the right that is missing', () => {
  const text = renderPosture(report)
  assert.ok(!text.includes('\u001b'))
  assert.match(text, /✗ REG-003 MEDIUM/)
  assert.match(text, /allow ecr:Something to who audits/)
  assert.match(text, /aws ecr put-image-tag-mutability --repository-name 'prod\/<script>/)
  assert.match(text, /1 cannot be told \(in no share of the score\)/)
  assert.match(text, /Suppressed:/)
  assert.match(
    text,
    /REG-033 +all of it +nobody tells +team until 2026-12-31: nothing tells it yet/,
  )
})

test('JSON keeps to its schema, also with a history and without a score', () => {
  const entry = { at: '2026-11-25T12:00:00.000Z', target: 'pratique', account: '123456789012' }
  const counts = { points: 90, passed: 1, failed: 2, unknown: 3, failing: ['REG-003'] }
  const nothing = { kind: 'unknown', why: 'no' } as const
  const parts = Object.keys(postureEvidence()).filter(
    (key) => !['now', 'expectations'].includes(key),
  )
  const unknown = { evidence: Object.fromEntries(parts.map((key) => [key, nothing])) }
  for (const one of [
    report,
    reportOf({}, { exitCode: 0, history: [{ ...entry, ...counts }] }),
    reportOf(unknown, { exitCode: 6 }),
  ]) {
    const written: unknown = JSON.parse(writePostureJson(one))
    assert.ok(isReport(written), JSON.stringify(isReport.errors))
  }
})

test('SARIF is valid, and what cannot be told is open there', () => {
  const log: unknown = JSON.parse(writePostureSarif(report, '1.0.0'))
  assert.deepEqual(sarifJudge()(log), [])
  const text = JSON.stringify(log)
  assert.match(text, /"kind":"open","level":"none"/)
  assert.match(text, /"suppressions":\[\{"kind":"external"/)
})

test('JUnit escapes what it is given, and tells failures from what cannot be told', () => {
  const text = writePostureJunit(report)
  assert.ok(!text.includes('<script'))
  // oxlint-disable-next-line no-control-regex -- exactly these break a parser
  assert.doesNotMatch(text, /[\u0000-\u0008\u001b]/)
  assert.match(text, /tests="36" failures="1" errors="1" skipped="\d+"/)
})

test('HTML is one file that runs nothing and asks for nothing', () => {
  const text = writePostureHtml(report)
  assert.doesNotMatch(text, /<script|<img|<link|<iframe|\bon[a-z]+=|javascript:|@import|url\(/i)
  assert.match(text, /default-src 'none'/)
  assert.match(text, /&lt;script&gt;/)
  assert.ok(text.includes('id="REG-036"'))
})

test('Markdown keeps names within their spans', () => {
  const text = writePostureMarkdown(report)
  const line = text.split('\n').find((one) => one.includes('every tag can be moved')) ?? ''
  assert.match(line, /^- `` prod\/<script>/)
  assert.ok(!text.includes('\u001b'))
  assert.ok(!text.split('\n').some((one) => one.startsWith('| x |')))
})
