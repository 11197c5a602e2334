import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readVexBytes } from '../../src/vex/read-vex.ts'
import { indexStatements } from '../../src/vex/statement-index.ts'
import { openVexOf } from '../../test/kit/attestations.ts'
import { parseSuppressionRules } from '../../src/vex/suppression-rules.ts'
import { gateFinding, gateReport, judged } from '../../test/kit/gate.ts'
import { imageOfState } from '../sarif/scanned-image.ts'
import type { ScanState, Target } from './findings.ts'
import type { GateFinding } from './gate-finding.ts'
import { verdictOf } from './judge-reference.ts'
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
const basic = gateFinding()
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
  const state = suppressions.apply(scanned(basic, enhanced), target, now)
  assert.equal(verdictOf(judged({ '': state }).decision), 'deny')
  const passing = judged({ '': suppressions.apply(scanned(basic), target, now) })
  assert.equal(verdictOf(passing.decision), 'allow')
  const { unused: unusedRules, ended: endedRules } = suppressions
  assert.deepEqual(
    unusedRules.map(({ number }) => number),
    [2],
  )
  assert.deepEqual(
    endedRules.map(({ number }) => number),
    [3],
  )
  const text = renderGate(gateReport([passing], { unusedRules, endedRules }), () => true)
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

test('a VEX document that is named holds back, and says who says so', () => {
  const statement = {
    vulnerability: { name: 'CVE-2021-44228' },
    products: [{ '@id': 'pkg:maven/org.apache.logging.log4j/log4j-core@2.14.1' }],
    status: 'not_affected',
    justification: 'vulnerable_code_not_present',
  }
  const reading = readVexBytes(Buffer.from(JSON.stringify(openVexOf([statement]))))
  assert.ok(reading.kind === 'read', JSON.stringify(reading))
  const documents = indexStatements([{ document: reading.value, digest }])
  const state = new GateSuppressions([], [documents]).apply(scanned(basic, enhanced), target, now)
  assert.ok(state.kind === 'scanned')
  assert.deepEqual(
    state.findings.map(({ vulnerability }) => vulnerability),
    ['CVE-2024-0001'],
  )
  assert.equal(state.suppressed?.[0]?.suppression.kind, 'vex')
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
  assert.equal(verdictOf(judged({ '': state }, { flags: { failOn: 'any' } }).decision), 'unknown')
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
