import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { Ajv } from 'ajv'
import fc from 'fast-check'
import { admissionNow as now } from '../../../test/kit/admission.ts'
import { fuzzRuns, fuzzSeed } from '../../../test/kit/fuzz-runs.ts'
import { parse } from 'yaml'
import { matchesIdentity } from '../../signatures/sigstore/identity-pattern.ts'
import { parseAdmissionPolicy } from './parse-policy.ts'

const whole = `
# who may run in production
version: 1
name: production
mode: enforce
scopes:
  - { door: [gate, admission], cluster: "prod-*", namespace: "*", repository: "team/**" }
rules:
  - id: no-fixable-high
    fail: { severity: high, fixable: true, grace: 14d, undefinedSeverity: allow }
  - id: exploited
    fail: { kev: true }
  - id: likely
    warn: { epss: 0.2 }
require:
  signature: { trust: release, warn: [expired] }
  provenance: { builder: "https://github.com/*", source: "https://github.com/acme/*" }
  maxDataAge: 48h
  maxImageAge: 90d
  tagMutability: immutable
  digest: false
unknown: fail
otherRegistries: deny
exempt:
  - match: { vulnerability: CVE-2026-1234, package: "pkg:deb/debian/openssl", repository: "team/*" }
    owner: team-payments@example.org
    reason: vulnerable code not reachable
    justification: vulnerable_code_not_in_execute_path
    until: 2027-01-31
`

function faultsOf(text: string): readonly string[] {
  const reading = parseAdmissionPolicy(text, now)
  if (reading.kind === 'read') return []
  return reading.faults.map(
    ({ line, column, member, problem }) => `${line}:${column} ${member} ${problem}`,
  )
}

function document(members: object): string {
  return JSON.stringify({ version: 1, name: 'p', ...members })
}

const exemption = {
  match: { vulnerability: 'CVE-1' },
  owner: 'team',
  reason: 'why',
  until: '2027-01-31',
}

test('a mapping of as many members as a document holds is refused, and does not take a minute', () => {
  const many = Array.from({ length: 40_000 }, (_, index) => `${index.toString(36)}: 1`)
  for (const text of [`{${many.join(',').slice(0, 262_000)}}`, many.slice(0, 30_000).join('\n')])
    assert.match(faultsOf(text)[0] ?? '', /unknown member "0": known are version/)
  assert.match(faultsOf(`${'n'.repeat(1000)}: 1`)[0] ?? '', /unknown member "nnn/)
})

test('a fault is told with its place, its member and what it is', () => {
  const rows: readonly (readonly [what: object | string, told: RegExp])[] = [
    ['', /has no|is empty; expected a mapping/],
    ['[]', /is a list; expected a mapping/],
    ['version: 1\nname: p\nrulez: []', /^3:1 rulez unknown member "rulez": did you mean rules\?$/],
    ['name: p', /has no version/],
    ['version: 2\nname: p', /^1:10 version is 2; expected a number from 1 to 1$/],
    ['version: "1"\nname: p', /version is "1"; expected a number/],
    ['version: 1', /has no name/],
    ['version: 1\nname: 5', /^2:7 name is 5; expected a name$/],
    ['version: 1\nname: "a b"', /name is "a b"; expected at most 64 letters/],
    ['version: 1\nname: p\nname: q', /3:1 name is given twice/],
    ['version: 1\nname: p\nmode: off\n? !!str mode\n: enforce', /mode is given twice/],
    ['version: 1\nname: &a p\nmode: *a', /mode has no value, or one that is written elsewhere/],
    [{ mode: 'loud' }, /mode is "loud"; expected one of enforce, warn, off/],
    [{ unknown: 'ignore' }, /unknown is "ignore"; expected one of fail, warn, allow/],
    [{ unknown: true }, /unknown is true; expected one of/],
    [{ otherRegistries: 'maybe' }, /otherRegistries is "maybe"/],
    [{ scopes: [{}] }, /scopes\[0\] is empty/],
    [{ scopes: [] }, /scopes is an empty list; leave it out/],
    [{ scopes: [{ repository: '*' }] }, /repository is "\*", .*"\*\*" is about every name/],
    [{ scopes: [{ repository: 'Prod/*' }] }, /"Prod\/\*", which no name of a repository can match/],
    [{ scopes: [{ repository: 'prod/' }] }, /"prod\/", which no name of a repository can match/],
    [{ scopes: [{ door: 'window' }] }, /scopes\[0\]\.door is "window"/],
    [{ rules: {} }, /rules is a mapping; expected a list/],
    [{ rules: [{ fail: { kev: true } }] }, /rules\[0\] has no id/],
    [{ rules: [{ id: 'a' }] }, /rules\[0\] a rule has either fail or warn/],
    [{ rules: [{ id: 'a', fail: { kev: true }, warn: { kev: true } }] }, /either fail or warn/],
    [{ rules: [{ id: 'a', fail: {} }] }, /rules\[0\]\.fail names no finding/],
    [{ rules: [{ id: 'a', fail: { grace: '14d' } }] }, /rules\[0\]\.fail names no finding/],
    [
      { rules: [{ id: 'a', fail: { severity: 'severe' } }] },
      /rules\[0\]\.fail\.severity is "severe"; expected one of critical, high, medium, low, any/,
    ],
    [{ rules: [{ id: 'a', fail: { severity: 'HIGH' } }] }, /severity is "HIGH"/],
    [{ rules: [{ id: 'a', fail: { kev: 'yes' } }] }, /kev is "yes"; expected true or false/],
    [{ rules: [{ id: 'a', fail: { epss: 20 } }] }, /epss is 20; expected a number from 0 to 1/],
    [{ rules: [{ id: 'a', fail: { epss: '0.2' } }] }, /epss is "0.2"; expected a number/],
    [
      { rules: [{ id: 'a', fail: { kev: true, grace: 14 } }] },
      /rules\[0\]\.fail\.grace is 14; expected a duration such as 48h or 14d/,
    ],
    [{ rules: [{ id: 'a', fail: { kev: true, grace: 'soon' } }] }, /grace is "soon"/],
    [{ rules: [{ id: 'a', fail: { serverity: 'high' } }] }, /did you mean severity\?/],
    [{ rules: [1, 2].map(() => ({ id: 'a', fail: { kev: true } })) }, /rules has two rules "a"/],
    [{ require: { signature: {} } }, /require\.signature has no trust/],
    [{ require: { signature: { trust: 'r', warn: ['verified'] } } }, /warn\[0\] is "verified"/],
    [{ require: { provenance: { source: '*' } } }, /require\.provenance has no builder/],
    [{ require: { provenance: { builder: '*' } } }, /builder is "\*": a pattern begins with/],
    [
      { require: { provenance: { builder: 'https://*.example/ci' } } },
      /provenance\.builder is "https:\/\/\*\.example\/ci": the host of an identity is written out/,
    ],
    [
      { require: { provenance: { builder: 'https://b/*', source: 'https://git*/acme/app' } } },
      /provenance\.source is .*the host of an identity is written out/,
    ],
    [{ require: { maxDataAge: 48 } }, /require\.maxDataAge is 48; expected a duration/],
    [{ require: { tagMutability: 'mutable' } }, /tagMutability is "mutable"; expected one of/],
    [{ require: { digest: 'true' } }, /require\.digest is "true"/],
    [{ exempt: [{ ...exemption, owner: undefined }] }, /exempt\[0\] exemption 1 has no owner/],
    [{ exempt: [{ ...exemption, owner: '  ' }] }, /exempt\[0\]\.owner is empty/],
    [{ exempt: [exemption, { ...exemption, reason: undefined }] }, /exemption 2 has no reason/],
    [{ exempt: [{ ...exemption, until: undefined }] }, /exempt\[0\] exemption 1 has no until/],
    [{ exempt: [{ ...exemption, until: null }] }, /exempt\[0\]\.until has no value/],
    [{ exempt: [{ ...exemption, until: 'never' }] }, /until is "never"; expected a date such as/],
    [{ exempt: [{ ...exemption, until: '2027-02-30' }] }, /until is "2027-02-30"; expected a date/],
    [
      { exempt: [{ ...exemption, until: '2027-11-25' }] },
      /exempt\[0\]\.until is "2027-11-25", more than a year ahead; the latest is 2027-11-24/,
    ],
    [{ exempt: [{ ...exemption, match: undefined }] }, /exemption 1 has no match/],
    [{ exempt: [{ ...exemption, match: { repository: 'a' } }] }, /neither vulnerability nor code/],
    [
      { exempt: [{ ...exemption, match: { vulnerability: 'CVE-*' } }] },
      /match\.vulnerability is "CVE-\*"; expected an id of a vulnerability, or \*/,
    ],
    [{ exempt: [{ ...exemption, match: { code: 'findings' } }] }, /match\.code is "findings"/],
    [
      { exempt: [{ ...exemption, match: { vulnerability: 'CVE-1', package: 'pkg:' } }] },
      /match\.package is "pkg:"; expected a purl/,
    ],
    [{ exempt: [{ ...exemption, justification: 'because' }] }, /justification is "because"/],
    [{ rules: Array.from({ length: 101 }, () => 1) }, /rules has more than 100 elements/],
    [`version: 1\nname: p\n# ${'x'.repeat(256 * 1024)}`, /more than 262144 bytes/],
    ['['.repeat(20_000), /^1:1 {2}the document is nested too deeply to be read$/],
    ['{a: '.repeat(20_000), /nested too deeply/],
    [{ name: 'x'.repeat(2001) }, /name has more than 2000 characters/],
    [{ exempt: [{ ...exemption, reason: 'x'.repeat(2001) }] }, /reason has more than 2000/],
  ]
  for (const [what, told] of rows) {
    const faults = faultsOf(typeof what === 'string' ? what : document(what))
    assert.ok(
      faults.some((fault) => told.test(fault)),
      `${String(told)}: ${faults.join('\n')}`,
    )
  }
})

test('all faults are told at once', () => {
  assert.equal(faultsOf(document({ mode: 'x', unknown: 'y', exempt: [{}] })).length, 6)
})

test('a whole policy is read, in YAML with comments and in JSON', () => {
  const reading = parseAdmissionPolicy(whole, now)
  assert.ok(reading.kind === 'read', JSON.stringify(reading))
  const { policy } = reading
  assert.deepEqual(policy.rules[0]?.when, {
    severity: 'high',
    undefinedSeverity: 'allow',
    fixable: true,
    graceMs: 14 * 86_400_000,
  })
  assert.equal(policy.exempt[0]?.endsAt, Date.parse('2027-02-01'))
  assert.equal(policy.require.digest, undefined)
  assert.deepEqual(parseAdmissionPolicy(JSON.stringify(parse(whole)), now), reading)
})

test('an end of an exemption may be a year ahead, and may be over', () => {
  for (const until of ['2027-11-24', '2020-01-01', '2026-12-01T12:00:00+02:00'])
    assert.deepEqual(faultsOf(document({ exempt: [{ ...exemption, until }] })), [])
})

const schema: unknown = JSON.parse(
  readFileSync(new URL('../../../docs/schemas/admission-policy-1.json', import.meta.url), 'utf8'),
)
const isValid = new Ajv({ allErrors: true, allowUnionTypes: true }).compile(Object(schema))

test('what is read is valid by the schema that ships, and what the schema takes for another form is refused', () => {
  assert.ok(isValid(parse(whole)), JSON.stringify(isValid.errors))
  const part = fc.oneof(
    fc.constantFrom<unknown>(
      'high',
      'any',
      true,
      false,
      0.2,
      7,
      '14d',
      '48h',
      'release',
      [],
      {},
      null,
    ),
    fc.constantFrom<unknown>(exemption, { id: 'a', fail: { kev: true } }, { trust: 'release' }),
    fc.constantFrom<unknown>(
      'warn',
      'fail',
      'deny',
      'enforce',
      'immutable',
      '2027-01-31',
      'x'.repeat(70),
    ),
  )
  const places = pathsOf(parse(whole))
  const change = fc.tuple(fc.constantFrom(...places), part)
  const property = fc.property(fc.array(change, { minLength: 1, maxLength: 3 }), (changes) => {
    const changed: unknown = parse(whole)
    for (const [path, value] of changes) put(changed, path, value)
    const { kind } = parseAdmissionPolicy(JSON.stringify(changed), now)
    if (kind === 'read') assert.ok(isValid(changed), JSON.stringify([changed, isValid.errors]))
    // Dates, twins and durations have more grammar than the schema says.
    if (!isValid(changed)) assert.equal(kind, 'refused')
  })
  fc.assert(property, { numRuns: fuzzRuns(300), seed: fuzzSeed() })
})

type Path = readonly string[]

function pathsOf(value: unknown, path: Path = []): readonly Path[] {
  if (typeof value !== 'object' || value === null) return path.length === 0 ? [] : [path]
  const below = Object.entries(value).flatMap(([key, one]) => pathsOf(one, [...path, key]))
  return path.length === 0 ? [...below, ['more']] : [path, ...below, [...path, 'more']]
}

function put(value: unknown, [key = '', ...rest]: Path, to: unknown): void {
  if (typeof value !== 'object' || value === null) return
  if (Array.isArray(value) && key === 'more') value.push(to)
  else if (rest.length === 0) Object.assign(value, { [key]: to })
  else put(Object.entries(value).find(([name]) => name === key)?.[1], rest, to)
}

test('hostile text is refused or read, and never thrown at anybody', () => {
  const text = fc.oneof(
    fc.string({ maxLength: 200, unit: 'binary' }),
    fc
      .array(fc.constantFrom('version: 1', 'name: p', '- ', '{', '}', '*', '&a', '!!x', '\n', ': '))
      .map((all) => all.join('')),
  )
  fc.assert(
    fc.property(text, (any) => {
      parseAdmissionPolicy(any, now)
    }),
    { numRuns: fuzzRuns(300), seed: fuzzSeed() },
  )
})

test('a stored policy with a pattern that is refused now is read, and its pattern matches nothing', () => {
  const stored = JSON.stringify({
    version: 1,
    name: 'old',
    require: { provenance: { builder: '*' } },
  })
  assert.equal(parseAdmissionPolicy(stored, now).kind, 'refused')
  const reading = parseAdmissionPolicy(stored, now, { isStored: true })
  assert.ok(reading.kind === 'read')
  assert.deepEqual(reading.policy.require.provenance, { builder: '*' })
  assert.equal(matchesIdentity('*', 'https://github.com/actions/runner'), false)
})
