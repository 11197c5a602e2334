import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { openVexOf } from '../../test/kit/attestations.ts'
import { digestOf } from '../oci/digest.ts'
import {
  indexRules,
  judgePlace,
  nothingInForce,
  type InForce,
  type JudgedPlace,
  type PlaceJudgement,
} from './judge-suppression.ts'
import { parsePurl } from '../lib/purl.ts'
import { readVex } from './read-vex.ts'
import { indexStatements, type TrustedDocument } from './statement-index.ts'
import { parseSuppressionRules } from './suppression-rules.ts'

const digest = digestOf(Buffer.from('image'))
const index = digestOf(Buffer.from('index'))
const other = digestOf(Buffer.from('other'))
const now = new Date('2026-11-20T12:00:00Z')
const purl = 'pkg:npm/lodash@4.17.20'
const image = `pkg:oci/app@${encodeURIComponent(digest)}`

const place: JudgedPlace = {
  ids: ['CVE-2021-23337', 'GHSA-35JH-R3H4-6JHM'],
  package: { type: 'npm', name: 'lodash', version: '4.17.20', purl: parsePurl(purl) },
  image: { digests: [digest, index], repository: 'team/app', hosts: ['registry.example.com'] },
  path: 'app/node_modules/lodash/package.json',
}

function said(statement: object, at = '2026-01-01T00:00:00Z'): object {
  const products = [{ '@id': purl }]
  const by = { status: 'not_affected', justification: 'vulnerable_code_not_present', products }
  return { vulnerability: { name: 'CVE-2021-23337' }, timestamp: at, ...by, ...statement }
}

function trusted(statements: readonly object[], subject?: string): TrustedDocument {
  const reading = readVex(openVexOf(statements), { hasSubject: subject !== undefined })
  assert.ok(reading.kind === 'read', JSON.stringify(reading))
  return {
    document: reading.value,
    digest: 'sha256:doc',
    ...(subject === undefined ? {} : { subject }),
  }
}

function vexOf(...statements: readonly object[]): InForce {
  return { ...nothingInForce, statements: [indexStatements([trusted(statements)])] }
}

function rulesOf(...rules: readonly object[]): InForce {
  const whole = rules.map((rule) => ({
    vulnerability: 'CVE-2021-23337',
    reason: 'r',
    owner: 'o',
    until: '2026-11-20',
    ...rule,
  }))
  const reading = parseSuppressionRules(JSON.stringify(whole))
  assert.ok(reading.kind === 'read', JSON.stringify(reading))
  return { ...nothingInForce, rules: indexRules(reading.rules) }
}

function outcome(inForce: InForce, at: Partial<JudgedPlace> = {}, when = now): string {
  const { heldBack, claim, ended }: PlaceJudgement = judgePlace(inForce, { ...place, ...at }, when)
  if (heldBack?.kind === 'vex') return `vex ${heldBack.claim.status}`
  if (heldBack?.kind === 'rule') return `rule ${heldBack.rule.reason}`
  return (
    [claim?.status, ...ended.map(({ until }) => `ended ${until}`)]
      .filter((part) => part !== undefined)
      .join(' ') || 'counted'
  )
}

test('counts what no statement and no rule speaks of', () => {
  const misses: readonly InForce[] = [
    nothingInForce,
    vexOf(said({ vulnerability: { name: 'CVE-2021-0001' } })),
    vexOf(said({ products: [{ '@id': 'pkg:npm/lodash@4.17.21' }] })),
    vexOf(said({ products: [{ '@id': `pkg:oci/app@${other}` }] })),
    vexOf(said({ products: [{ '@id': `${image}?repository_url=ghcr.io/team/app` }] })),
    vexOf(
      said({ products: [{ '@id': `${image}?repository_url=registry.example.com/team/other` }] }),
    ),
    vexOf(said({ products: [{ '@id': image, subcomponents: [{ '@id': 'pkg:npm/other' }] }] })),
    vexOf(said({ products: [{ '@id': 'pkg:npm/lodash', subcomponents: [{ '@id': purl }] }] })),
    vexOf(said({ products: [{ '@id': 'cpe:2.3:a:lodash:lodash:*' }] })),
    vexOf(said({ products: [{ '@id': 'pkg:oci/app@v1' }] })),
    vexOf(said({ products: [{ '@id': 'pkg:oci/app?tag=v1' }] })),
    rulesOf({ vulnerability: 'CVE-2021-0001' }),
    rulesOf({ package: 'pkg:npm/lodash@1.0.0' }),
    rulesOf({ package: { type: 'pypi', name: 'lodash' } }),
    rulesOf({ package: { name: 'lodash', version: '1' } }),
    rulesOf({ image: 'team/other' }),
    rulesOf({ image: { digest: other } }),
    rulesOf({ path: 'app/*' }),
  ]
  for (const [number, inForce] of misses.entries())
    assert.equal(outcome(inForce), 'counted', String(number))
})

test('a statement means the image or the package, by each of their names', () => {
  const hits: readonly object[] = [
    { '@id': purl },
    { '@id': 'pkg:npm/lodash' },
    { '@id': image },
    { '@id': `pkg:oci/elsewhere@${digest}` },
    { '@id': `pkg:oci/app@${index}` },
    { '@id': `${image}?repository_url=registry.example.com/team/app` },
    { '@id': `${image}?repository_url=registry.example.com/team` },
    { '@id': 'pkg:oci/app' },
    { '@id': `pkg:docker/team/app@${digest}` },
    { '@id': 'pkg:docker/team/app' },
    { '@id': 'anything', hashes: { 'sha-256': digest.slice(7) } },
    { '@id': 'anything', identifiers: { purl } },
    { '@id': image, subcomponents: [{ '@id': 'pkg:npm/other' }, { '@id': 'pkg:npm/lodash' }] },
  ]
  for (const product of hits)
    assert.equal(
      outcome(vexOf(said({ products: [product] }))),
      'vex not_affected',
      JSON.stringify(product),
    )
  for (const name of ['cve-2021-23337', 'GHSA-35jh-r3h4-6jhm'])
    assert.equal(outcome(vexOf(said({ vulnerability: { name } }))), 'vex not_affected', name)
})

test('affected and under investigation hold nothing back, and stand beside the finding', () => {
  for (const status of ['affected', 'under_investigation'])
    assert.equal(outcome(vexOf(said({ status }))), status)
})

test('fixed counts where a version or a digest is named, since else every version would be', () => {
  const fixed = (product: object): InForce => vexOf(said({ status: 'fixed', products: [product] }))
  assert.equal(outcome(fixed({ '@id': 'pkg:npm/lodash' })), 'fixed')
  assert.equal(outcome(fixed({ '@id': 'pkg:oci/app' })), 'fixed')
  assert.equal(
    outcome(fixed({ '@id': 'pkg:oci/app', subcomponents: [{ '@id': 'pkg:npm/lodash' }] })),
    'fixed',
  )
  assert.equal(outcome(fixed({ '@id': purl })), 'vex fixed')
  assert.equal(
    outcome(fixed({ '@id': image, subcomponents: [{ '@id': 'pkg:npm/lodash' }] })),
    'vex fixed',
  )
  assert.equal(
    outcome(fixed({ '@id': 'pkg:oci/app', subcomponents: [{ '@id': purl }] })),
    'vex fixed',
  )
})

test('the newest statement wins over all documents, and of two at once the one that hides less', () => {
  const older = said({}, '2026-01-01T00:00:00Z')
  const newer = said({ status: 'affected', products: [{ '@id': image }] }, '2026-02-01T00:00:00Z')
  const both = {
    ...nothingInForce,
    statements: [indexStatements([trusted([newer])]), indexStatements([trusted([older])])],
  }
  assert.equal(outcome(both), 'affected')
  assert.equal(outcome(vexOf(said({}, '2026-03-01T00:00:00Z'), newer)), 'vex not_affected')
  assert.equal(
    outcome(vexOf(said({}), said({ status: 'under_investigation' }))),
    'under_investigation',
  )
  assert.equal(outcome(vexOf(said({ status: 'affected' }), said({}))), 'affected')
})

test('an attestation speaks of its subject alone', () => {
  const about = (subject: string): InForce => ({
    ...nothingInForce,
    statements: [
      indexStatements([
        trusted([said({}), said({ products: undefined, status: 'fixed' })], subject),
      ]),
    ],
  })
  assert.equal(outcome(about(other)), 'counted')
  assert.equal(outcome(about(digest)), 'vex fixed')
  assert.equal(outcome(about(index)), 'vex fixed')
})

test('a rule has effect to the end of its last day, and then says that it ended', () => {
  assert.equal(outcome(rulesOf({}), {}, new Date('2026-11-20T23:59:59.999Z')), 'rule r')
  assert.equal(outcome(rulesOf({}), {}, new Date('2026-11-21T00:00:00Z')), 'ended 2026-11-20')
  assert.equal(outcome(rulesOf({ until: '2026-11-19' })), 'ended 2026-11-19')
  assert.equal(outcome(rulesOf({ until: '2026-11-19' }, { reason: 'second' })), 'rule second')
})

test('a rule narrows by package, image and path, each where it is given', () => {
  const hits = [
    {},
    { vulnerability: ['CVE-1', 'ghsa-35jh-r3h4-6jhm'] },
    { package: 'pkg:npm/lodash' },
    { package: { type: 'npm', name: 'lodash', version: '4.17.20' } },
    { package: { name: 'lodash' } },
    { image: 'team/*' },
    { image: { digest: index, repository: '**' } },
    { path: '**/lodash/*' },
  ]
  for (const rule of hits) assert.equal(outcome(rulesOf(rule)), 'rule r', JSON.stringify(rule))
})

test('what is not known of a finding is never taken for a match', () => {
  const unknown = {
    package: { ...place.package, type: undefined, purl: undefined },
    image: { digests: [], hosts: [] },
  }
  for (const rule of [
    { package: purl },
    { package: { type: 'npm', name: 'lodash' } },
    { image: '**' },
    { image: { digest } },
  ])
    assert.equal(outcome(rulesOf(rule), unknown), 'counted', JSON.stringify(rule))
  assert.equal(
    outcome(vexOf(said({ products: [{ '@id': image }, { '@id': 'pkg:oci/app' }] })), unknown),
    'counted',
  )
})

test('a document that speaks of other flaws changes nothing, whatever else is in it', () => {
  const statement = fc.record({
    status: fc.constantFrom('not_affected', 'affected', 'fixed', 'under_investigation'),
    justification: fc.constant('component_not_present'),
    vulnerability: fc.nat(999).map((n) => ({ name: `CVE-2020-${n}` })),
    products: fc.constantFrom([{ '@id': purl }], [{ '@id': image }], [{ '@id': 'pkg:oci/app' }]),
  })
  const own = said({})
  fc.assert(
    fc.property(fc.array(statement, { maxLength: 10 }), (others) => {
      assert.equal(outcome(vexOf(...others, own)), outcome(vexOf(own)))
      if (others.length > 0) assert.equal(outcome(vexOf(...others)), 'counted')
    }),
  )
})

test('no later moment brings a rule back', () => {
  const day = fc.integer({ min: 0, max: 4000 }).map((days) => new Date(Date.UTC(2024, 0, 1 + days)))
  fc.assert(
    fc.property(day, day, day, (until, a, b) => {
      const inForce = rulesOf({ until: until.toISOString().slice(0, 10) })
      const [earlier, later] = a <= b ? [a, b] : [b, a]
      if (outcome(inForce, {}, later) === 'rule r')
        assert.equal(outcome(inForce, {}, earlier), 'rule r')
      assert.equal(
        outcome(inForce, {}, later) === 'rule r',
        later.getTime() < until.getTime() + 86_400_000,
      )
    }),
  )
})
