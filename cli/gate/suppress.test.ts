import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseSuppressionRules } from '../../src/vex/suppression-rules.ts'
import { imageOfState } from '../sarif/scanned-image.ts'
import type { GateFinding, ScanState, Target } from './findings.ts'
import { judge } from './judge.ts'
import { renderGate } from './report.ts'
import { GateSuppressions } from './suppress.ts'

const digest = `sha256:${'a'.repeat(64)}`
const index = `sha256:${'b'.repeat(64)}`
const target: Target = {
  repository: 'team/app',
  registryId: undefined,
  digest,
  platform: undefined,
  index,
}
const now = new Date('2026-11-20T12:00:00Z')

/** As AWS's basic scanning tells it: no type, no path. */
const basic: GateFinding = {
  vulnerability: 'CVE-2024-0001',
  severity: 'HIGH',
  packageName: 'openssl',
  packageVersion: '3.0.11-1',
  fixedVersion: undefined,
  path: undefined,
  layer: undefined,
  url: undefined,
  aliases: [],
  packageType: undefined,
  purl: undefined,
  remark: undefined,
}
/** As Inspector tells it. */
const enhanced: GateFinding = {
  ...basic,
  vulnerability: 'CVE-2021-44228',
  packageName: 'org.apache.logging.log4j:log4j-core',
  packageVersion: '2.14.1',
  packageType: 'maven',
  path: 'opt/app/app.jar',
  aliases: ['GHSA-jfh8-c2jp-5v3q'],
}

function suppressionsOf(...rules: readonly object[]): GateSuppressions {
  const whole = rules.map((rule) => ({
    vulnerability: ['CVE-2024-0001', 'GHSA-jfh8-c2jp-5v3q'],
    reason: 'r',
    owner: 'o',
    until: '2027-01-01',
    ...rule,
  }))
  const reading = parseSuppressionRules(JSON.stringify(whole))
  assert.ok(reading.kind === 'read', JSON.stringify(reading))
  return new GateSuppressions(reading.rules)
}

function scanned(...findings: readonly GateFinding[]): ScanState {
  return { kind: 'scanned', findings, dataUpdatedAt: undefined, note: undefined }
}

function held(finding: GateFinding, rule: object): boolean {
  const state = suppressionsOf(rule).apply(scanned(finding), target, now)
  assert.ok(state.kind === 'scanned')
  assert.equal(state.findings.length + (state.suppressed?.length ?? 0), 1)
  return state.suppressed?.length === 1
}

test('what AWS does not tell of a finding is no match', () => {
  for (const rule of [
    { package: 'pkg:deb/debian/openssl' },
    { package: { type: 'deb', name: 'openssl' } },
    { path: 'usr/**' },
    { image: 'team/other' },
    { vulnerability: 'CVE-1' },
  ])
    assert.equal(held(basic, rule), false, JSON.stringify(rule))
  for (const rule of [
    { package: 'pkg:maven/org.apache.logging.log4j/log4j-core@2.17.1' },
    { path: 'srv/**' },
    { image: { digest: `sha256:${'c'.repeat(64)}` } },
  ])
    assert.equal(held(enhanced, rule), false, JSON.stringify(rule))
})

test('holds back by what AWS and Pratique tell', () => {
  for (const rule of [
    {},
    { package: { name: 'openssl' } },
    { image: 'team/*' },
    { image: { digest } },
    { image: { digest: index } },
  ])
    assert.equal(held(basic, rule), true, JSON.stringify(rule))
  for (const rule of [
    { package: 'pkg:maven/org.apache.logging.log4j/log4j-core' },
    { path: '**/*.jar' },
  ])
    assert.equal(held(enhanced, rule), true, JSON.stringify(rule))
  const ours = {
    ...basic,
    packageType: 'deb',
    purl: 'pkg:deb/debian/openssl@3.0.11-1?arch=amd64&distro=debian-12',
  }
  assert.equal(held(ours, { package: 'pkg:deb/debian/openssl?distro=debian-12' }), true)
  assert.equal(held(ours, { package: 'pkg:deb/debian/openssl?distro=debian-11' }), false)
})

test('the gate says yes to what is left, and lists what is held back', () => {
  const suppressions = suppressionsOf(
    { package: { name: 'openssl' } },
    { package: { name: 'zlib' } },
    { until: '2026-01-01', package: 'pkg:maven/org.apache.logging.log4j/log4j-core' },
  )
  const rules = {
    failOn: 'high',
    fixableOnly: false,
    undefinedSeverity: 'fail',
    maxAgeMs: undefined,
  } as const
  const state = suppressions.apply(scanned(basic, enhanced), target, now)
  const verdict = judge(state, rules, now)
  assert.equal(verdict.kind, 'fail')
  const passing = suppressions.apply(scanned(basic), target, now)
  assert.equal(judge(passing, rules, now).kind, 'pass')
  assert.deepEqual(
    suppressions.unused.map(({ number }) => number),
    [2],
  )
  assert.deepEqual(
    suppressions.ended.map(({ number }) => number),
    [3],
  )
  const images = [
    { reference: 'team/app:1', target, state: passing, verdict: judge(passing, rules, now) },
  ]
  const report = {
    schema: 'pratique.gate/1',
    failOn: 'high',
    verdict: 'pass',
    images,
    unusedRules: suppressions.unused,
    endedRules: suppressions.ended,
  } as const
  const text = renderGate(report, () => true)
  assert.match(
    text,
    /1 not counted:\n +SEVERITY +ID +PACKAGE +NOT COUNTED +BY +UNTIL +WHY\n +HIGH +CVE-2024-0001 +openssl 3\.0\.11-1 +rule +o +2027-01-01 +r/,
  )
  assert.match(text, /PASS: no findings that count/)
  assert.match(
    text,
    /rule 3 \(line 1, o\) ended on 2026-01-01: its findings count again\nrule 2 \(line 1, o\) matched nothing/,
  )
})

test('a scan that runs, or that cannot speak for the image, stays what it is', () => {
  const running: ScanState = { kind: 'running', status: 'PENDING' }
  assert.deepEqual(suppressionsOf({}).apply(running, target, now), running)
  const partial: ScanState = {
    kind: 'unavailable',
    status: 'FAILED',
    reason: 'why',
    findings: [basic],
  }
  const state = suppressionsOf({}).apply(partial, target, now)
  const rules = {
    failOn: 'any',
    fixableOnly: false,
    undefinedSeverity: 'fail',
    maxAgeMs: undefined,
  } as const
  assert.equal(judge(state, rules, now).kind, 'cannotTell')
})

test('a SARIF log lists what a rule holds back, as suppressed and with the reason', () => {
  const state = suppressionsOf({ package: { name: 'openssl' } }).apply(
    scanned(basic, enhanced),
    target,
    now,
  )
  const { findings } = imageOfState('team/app:1', { target, state })
  assert.deepEqual(
    findings.map(({ vulnerability, suppressed }) => [vulnerability, suppressed]),
    [
      ['CVE-2021-44228', undefined],
      ['CVE-2024-0001', 'kind: rule; by: o; reason: r; until: 2027-01-01'],
    ],
  )
})
