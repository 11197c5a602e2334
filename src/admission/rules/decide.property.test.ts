import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import {
  admissionEvidence,
  admissionNow as now,
  admissionPolicy,
  decisionContext,
  findingFacts,
  imageFacts,
} from '../../../test/kit/admission.ts'
import { fuzzRuns, fuzzSeed } from '../../../test/kit/fuzz-runs.ts'
import type { AdmissionPolicy } from './admission-policy.ts'
import { decide, type DecisionInput } from './decide.ts'
import { severityWords, type Evidence, type FindingFacts, type ScanFacts } from './evidence.ts'
import { reasonCodes } from './reason.ts'

const dayMs = 86_400_000
const options = { numRuns: fuzzRuns(200), seed: fuzzSeed() }
const order = ['allow', 'warn', 'deny']

const moment = fc.integer({ min: -3, max: 3 }).map((days) => now + days * dayMs)
const flaw = fc.constantFrom('CVE-2026-1', 'CVE-2026-2', 'CVE-2026-3')

const finding: fc.Arbitrary<FindingFacts> = fc
  .record({
    vulnerability: flaw,
    severity: fc.constantFrom(...severityWords),
    epss: fc.constantFrom<FindingFacts['epss']>(
      { kind: 'scored', score: 0.1 },
      { kind: 'scored', score: 0.9 },
      { kind: 'unscored' },
      { kind: 'unknown' },
    ),
    kev: fc.constantFrom('listed' as const, 'unlisted' as const, 'unknown' as const),
    fix: fc.constantFrom<FindingFacts['fix']>(
      { kind: 'available', version: '2' },
      { kind: 'none' },
      { kind: 'unknown' },
    ),
    firstKnown: fc.oneof(
      fc.constant({ kind: 'unknown' as const }),
      moment.map((at) => ({ kind: 'known' as const, at })),
    ),
  })
  .map(findingFacts)

const findings = fc.array(finding, { maxLength: 5 })
const scan: fc.Arbitrary<ScanFacts> = fc.oneof(
  {
    weight: 4,
    arbitrary: findings.map((found) => ({ kind: 'scanned' as const, findings: found })),
  },
  {
    weight: 2,
    arbitrary: fc.record({ found: findings, at: moment }).map(({ found, at }) => ({
      kind: 'scanned' as const,
      findings: found,
      dataAt: at,
    })),
  },
  fc
    .tuple(fc.constantFrom('failed', 'unsupported', 'partial', 'stale'), findings)
    .map(([kind, found]): ScanFacts => ({ kind, why: 'because', findings: found })),
  fc.constantFrom<ScanFacts>({ kind: 'not-scanned' }, { kind: 'running', why: 'PENDING' }),
)

const verdict = fc
  .record({
    result: fc.constantFrom(
      'verified' as const,
      'untrusted' as const,
      'invalid' as const,
      'revoked' as const,
      'none' as const,
      'unknown' as const,
    ),
    validUntil: fc.option(moment, { nil: undefined }),
  })
  .map(({ result, validUntil }) => ({
    result,
    ...(validUntil === undefined ? {} : { validUntil }),
  }))

const evidence: fc.Arbitrary<Evidence> = fc
  .record({
    scans: fc.array(scan, { minLength: 1, maxLength: 3 }),
    signature: fc.option(verdict, { nil: undefined }),
    attestations: fc.option(fc.array(verdict, { maxLength: 2 }), { nil: undefined }),
  })
  .map(({ scans, signature, attestations }) =>
    admissionEvidence({
      platforms: scans.map((one, index) => ({ platform: `linux/${index}`, scan: one })),
      signatures: signature === undefined ? {} : { release: signature },
      provenance:
        attestations === undefined
          ? { kind: 'unknown', why: 'nobody tells' }
          : {
              kind: 'known',
              attestations: attestations.map((one) => ({ ...one, builder: 'https://b/1' })),
            },
    }),
  )

const condition = fc
  .record(
    {
      severity: fc.constantFrom('critical', 'high', 'any'),
      fixable: fc.boolean(),
      kev: fc.boolean(),
      epss: fc.constantFrom(0.05, 0.5),
      grace: fc.constantFrom('1d', '2d'),
    },
    { requiredKeys: ['severity'] },
  )
  .map((members) => members)

const rule = fc
  .tuple(fc.constantFrom('fail', 'warn'), condition)
  .map(([outcome, when]) => ({ [outcome]: when }))

const exemption = fc
  .record({
    vulnerability: fc.oneof(flaw, fc.constant('*')),
    code: fc.option(fc.constantFrom('*', 'not-scanned', 'finding-unclear', 'signature-revoked'), {
      nil: undefined,
    }),
    isFlaw: fc.boolean(),
    days: fc.integer({ min: -3, max: 3 }),
  })
  .map(({ vulnerability, code, isFlaw, days }) => ({
    match:
      code === undefined || isFlaw
        ? { vulnerability, ...(code === undefined ? {} : { code }) }
        : { code },
    owner: 'o',
    reason: 'r',
    until: new Date(now + days * dayMs).toISOString().replace('.000', ''),
  }))

const policyDocument = fc
  .record({
    rules: fc.array(rule, { maxLength: 3 }),
    signature: fc.boolean(),
    provenance: fc.boolean(),
    maxDataAge: fc.option(fc.constantFrom('1d', '2d'), { nil: undefined }),
    unknown: fc.constantFrom('fail', 'warn', 'allow'),
    mode: fc.constantFrom('enforce', 'enforce', 'warn'),
    exempt: fc.array(exemption, { maxLength: 3 }),
  })
  .map(({ rules, signature, provenance, maxDataAge, ...rest }) => ({
    version: 1,
    name: 'p',
    ...rest,
    rules: rules.map((one, index) => ({ id: `r${index}`, ...one })),
    require: {
      ...(signature ? { signature: { trust: 'release' } } : {}),
      ...(provenance ? { provenance: { builder: 'https://b/*' } } : {}),
      ...(maxDataAge === undefined ? {} : { maxDataAge }),
    },
  }))

const policy = policyDocument.map(admissionPolicy)

function inputOf(policies: readonly AdmissionPolicy[], told: Evidence): DecisionInput {
  return { image: imageFacts(), context: decisionContext(), policies, evidence: told }
}

function rankOf(input: DecisionInput, at = now): number {
  return order.indexOf(decide(input, at).decision)
}

test('what cannot be told never passes, unless a policy says that it does', () => {
  const property = fc.property(policy, evidence, (one, told) => {
    const strict: AdmissionPolicy = { ...one, unknown: 'fail', mode: 'enforce', exempt: [] }
    const decision = decide(inputOf([strict], told), now)
    const unclear = decision.reasons.filter(({ code }) => reasonCodes[code] === 'unknown')
    if (unclear.some(({ code }) => code !== 'finding-unclear'))
      assert.equal(decision.decision, 'deny')
    if (unclear.length > 0) assert.notEqual(decision.decision, 'allow')
    const isScanned = told.platforms.every(({ scan: { kind } }) => kind === 'scanned')
    if (!isScanned) assert.equal(decision.decision, 'deny')
    assert.equal(
      decision.basis === 'unknown',
      decision.decision === 'deny' &&
        decision.reasons.every(
          ({ code, outcome }) => outcome !== 'deny' || reasonCodes[code] === 'unknown',
        ),
    )
  })
  fc.assert(property, options)
})

test('a further rule, a further policy and further findings never let pass what did not', () => {
  const more = fc.record({
    rules: fc.array(rule, { minLength: 1, maxLength: 2 }),
    other: policy,
    finding,
  })
  const property = fc.property(
    policyDocument,
    evidence,
    more,
    (document, told, { rules, other, finding: found }) => {
      const before = rankOf(inputOf([admissionPolicy(document)], told))
      const added = rules.map((one, index) => ({ id: `more${index}`, ...one }))
      const longer = admissionPolicy({ ...document, rules: [...document.rules, ...added] })
      assert.ok(rankOf(inputOf([longer], told)) >= before)
      assert.ok(rankOf(inputOf([admissionPolicy(document), other], told)) >= before)
      const platforms = told.platforms.map((one) =>
        'findings' in one.scan
          ? { ...one, scan: { ...one.scan, findings: [...one.scan.findings, found] } }
          : one,
      )
      assert.ok(rankOf(inputOf([admissionPolicy(document)], { ...told, platforms })) >= before)
    },
  )
  fc.assert(property, options)
})

test('a signature that is verified never makes it worse', () => {
  const property = fc.property(policy, evidence, (one, told) => {
    const before = rankOf(inputOf([one], told))
    const signed = { ...told, signatures: { release: { result: 'verified' as const } } }
    assert.ok(rankOf(inputOf([one], signed)) <= before)
    const { provenance } = told
    const attested: Evidence['provenance'] = {
      kind: 'known',
      attestations: [
        ...(provenance.kind === 'known' ? provenance.attestations : []),
        { result: 'verified', builder: 'https://b/2' },
      ],
    }
    assert.ok(rankOf(inputOf([one], { ...told, provenance: attested })) <= before)
  })
  fc.assert(property, options)
})

test('an exemption that is over changes nothing, and is told', () => {
  const property = fc.property(policy, evidence, (one, told) => {
    const without = { ...one, exempt: one.exempt.filter(({ endsAt }) => endsAt > now) }
    const [a, b] = [decide(inputOf([one], told), now), decide(inputOf([without], told), now)]
    assert.equal(a.decision, b.decision)
    assert.deepEqual(
      a.reasons.filter(({ code }) => code !== 'exemption-expired'),
      b.reasons,
    )
  })
  fc.assert(property, options)
})

test('an exemption never makes it worse', () => {
  const property = fc.property(policy, evidence, (one, told) => {
    assert.ok(rankOf(inputOf([one], told)) <= rankOf(inputOf([{ ...one, exempt: [] }], told)))
  })
  fc.assert(property, options)
})

test('the order of findings, rules and platforms does not matter', () => {
  const property = fc.property(policy, evidence, (one, told) => {
    const turned = told.platforms.toReversed().map((platform) =>
      'findings' in platform.scan
        ? {
            ...platform,
            scan: { ...platform.scan, findings: platform.scan.findings.toReversed() },
          }
        : platform,
    )
    const a = decide(inputOf([one], told), now)
    const rules = one.rules.toReversed()
    const b = decide(inputOf([{ ...one, rules }], { ...told, platforms: turned }), now)
    const words = (all: typeof a): readonly string[] =>
      all.reasons.map((reason) => JSON.stringify(reason)).toSorted()
    assert.deepEqual([a.decision, a.basis, a.until], [b.decision, b.basis, b.until])
    assert.deepEqual(words(a), words(b))
  })
  fc.assert(property, options)
})

test('until a decision’s end it stays what it is', () => {
  const property = fc.property(policy, evidence, (one, told) => {
    const input = inputOf([one], told)
    const { decision, until } = decide(input, now)
    const later = until === undefined ? now + 30 * dayMs : until - 1
    assert.equal(decide(input, later).decision, decision)
  })
  fc.assert(property, options)
})

test('a thousand findings, rules and exemptions are judged in one pass', () => {
  const many = Array.from({ length: 3000 }, (_, index) =>
    findingFacts({ vulnerability: `CVE-1-${index}` }),
  )
  const one = admissionPolicy({
    version: 1,
    name: 'p',
    rules: [{ id: 'r', fail: { severity: 'high' } }],
    exempt: Array.from({ length: 2000 }, (_, index) => ({
      match: { vulnerability: `CVE-1-${index}` },
      owner: 'o',
      reason: 'r',
      until: '2027-01-01',
    })),
  })
  const told = admissionEvidence({ platforms: [{ scan: { kind: 'scanned', findings: many } }] })
  const { reasons } = decide(inputOf([one], told), now)
  assert.equal(reasons.filter(({ outcome }) => outcome === 'info').length, 2000)
  assert.equal(reasons.filter(({ outcome }) => outcome === 'deny').length, 1000)
})
