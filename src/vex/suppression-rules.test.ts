import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { maxRulesBytes, parseSuppressionRules, type SuppressionRule } from './suppression-rules.ts'

const whole = {
  vulnerability: 'CVE-2021-44228',
  reason: 'the lookup is switched off',
  owner: 'platform team',
  until: '2027-01-31',
}

function faultsOf(text: string): readonly string[] {
  const reading = parseSuppressionRules(text)
  return reading.kind === 'read'
    ? []
    : reading.faults.map(({ line, column, problem }) => `${line}:${column} ${problem}`)
}

function rulesOf(text: string): readonly SuppressionRule[] {
  const reading = parseSuppressionRules(text)
  assert.deepEqual(faultsOf(text), [])
  return reading.kind === 'read' ? reading.rules : []
}

test('refuses a rule without reason, owner or end, and says where it begins', () => {
  const text =
    '# ours\n- vulnerability: CVE-2021-44228\n- {vulnerability: CVE-1, reason: r, owner: o}\n'
  assert.deepEqual(faultsOf(text), [
    '2:3 the rule has no reason',
    '2:3 the rule has no owner',
    '2:3 the rule has no until',
    '3:3 the rule has no until',
  ])
})

test('refuses what is no date, unknown members and empty values, with line and column', () => {
  const rule = (extra: string): string =>
    `- vulnerability: CVE-1\n  reason: r\n  owner: o\n${extra}`
  const cases: readonly (readonly [string, string])[] = [
    [rule('  until: soon'), '4:10 until is "soon"; expected a date such as 2027-01-31'],
    [rule('  until: 2027-02-30'), '4:10 until is "2027-02-30"; expected a date such as 2027-01-31'],
    [rule('  until: 2027-1-31'), '4:10 until is "2027-1-31"; expected a date such as 2027-01-31'],
    [
      rule('  until: 2027-01-31T25:00Z'),
      '4:10 until is "2027-01-31T25:00Z"; expected a date such as 2027-01-31',
    ],
    [
      rule('  until: 2027-01-31\n  pakage: pkg:npm/x'),
      '5:3 unknown member "pakage": did you mean package?',
    ],
    [rule('  until: 2027-01-31\n  package:'), '5:11 is empty; expected a purl'],
    [rule('  until: 2027-01-31\n  image: {}'), '5:10 image has neither repository nor digest'],
    [rule('  until: 2027-01-31\n  image: {digest: abc}'), '5:19 "abc" is no digest (sha256:…)'],
    [rule('  until: 2027-01-31\n  path: ""'), '5:9 is empty; expected a path'],
    [
      rule('  until: 2027-01-31\n  package: lodash'),
      '5:12 package is a purl (pkg:TYPE/NAME), or type, name, version',
    ],
    [rule('  until: 2027-01-31\n  owner: p'), '5:3 owner is given twice'],
    [
      '- vulnerability: CVE-*\n  reason: r\n  owner: o\n  until: 2027-01-31',
      '1:18 "CVE-*" is no id of a vulnerability',
    ],
    [
      '- vulnerability: []\n  reason: r\n  owner: o\n  until: 2027-01-31',
      '1:18 vulnerability is one id, or a list of 1 to 100',
    ],
    ['- reason: r\n  owner: o\n  until: 2027-01-31', '1:3 the rule names no vulnerability'],
    ['rules: []', '1:1 the file is no list of rules'],
    ['', '1:1 the file is no list of rules'],
    ['- CVE-1', '1:3 a rule is a mapping of members'],
  ]
  for (const [text, expected] of cases) assert.deepEqual(faultsOf(text)[0], expected, text)
})

test('a rule of as many members as a file holds is refused, and does not take a minute', () => {
  const many = Array.from({ length: 24_000 }, (_, index) => `${index.toString(36)}: 1`)
  assert.match(faultsOf(`- ${many.join('\n  ')}`)[0] ?? '', /unknown member "0"/)
})

test('refuses aliases, a second document, what is no YAML, and what is too large or too deep', () => {
  const anchored = '- &a {vulnerability: CVE-1, reason: r, owner: o, until: 2027-01-31}\n- *a\n'
  for (const text of [
    anchored,
    '- a\n---\n- b',
    '{[',
    '['.repeat(10_000),
    'x'.repeat(maxRulesBytes + 1),
  ])
    assert.notDeepEqual(faultsOf(text), [], text.slice(0, 20))
})

test('reads JSON and YAML alike, one id or several', () => {
  const yaml =
    '- vulnerability: [cve-2021-44228, GHSA-jfh8-c2jp-5v3q]\n  package: {type: maven, name: "org.x:log4j", version: "2.10"}\n' +
    '  image: team/*\n  path: opt/**\n  reason: r\n  owner: o\n  until: 2027-01-31\n'
  const json = JSON.stringify([
    {
      ...whole,
      package: 'pkg:npm/lodash@4.17.20',
      image: { digest: `sha256:${'a'.repeat(64)}`, repository: 'team/app' },
      until: '2027-01-31T12:00:00+02:00',
    },
  ])
  const [first] = rulesOf(yaml)
  assert.deepEqual(first, {
    vulnerabilities: ['CVE-2021-44228', 'GHSA-JFH8-C2JP-5V3Q'],
    package: { kind: 'named', type: 'maven', name: 'org.x:log4j', version: '2.10' },
    image: { repository: 'team/*' },
    path: 'opt/**',
    reason: 'r',
    owner: 'o',
    until: '2027-01-31',
    endsAt: Date.parse('2027-02-01T00:00:00Z'),
    number: 1,
    line: 1,
  })
  const [second] = rulesOf(json)
  assert.equal(second?.endsAt, Date.parse('2027-01-31T10:00:00Z'))
  assert.equal(second?.package?.kind, 'purl')
  assert.deepEqual(rulesOf('[]'), [])
})

test('gives every rule back, or a fault: nothing is passed over in silence', () => {
  const text = fc.constantFrom(
    '',
    ' ',
    'CVE-2020-1',
    'pkg:npm/x',
    '2027-01-31',
    'x',
    'é',
    '- a',
    '*',
  )
  const rule = fc.record(
    {
      vulnerability: fc.oneof(text, fc.array(text, { maxLength: 2 })),
      package: fc.oneof(text, fc.record({ name: text }, { requiredKeys: [] })),
      image: text,
      path: text,
      reason: text,
      owner: text,
      until: text,
    },
    { requiredKeys: [] },
  )
  fc.assert(
    fc.property(fc.array(rule, { maxLength: 4 }), (rules) => {
      const reading = parseSuppressionRules(JSON.stringify(rules))
      if (reading.kind === 'refused') assert.ok(reading.faults.length > 0)
      else {
        assert.equal(reading.rules.length, rules.length)
        for (const [index, read] of reading.rules.entries())
          for (const name of ['package', 'image', 'path'] as const)
            assert.equal(name in read, name in (rules[index] ?? {}))
      }
    }),
  )
})

test('never throws on text of any kind', () => {
  fc.assert(
    fc.property(
      fc.string({ maxLength: 100, unit: 'binary' }),
      (text) => void parseSuppressionRules(text),
    ),
  )
})
