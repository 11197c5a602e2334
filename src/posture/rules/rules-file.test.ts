import assert from 'node:assert/strict'
import { test } from 'node:test'
import { defaultExpectations, parseRulesFile } from './rules-file.ts'

const now = Date.UTC(2026, 10, 26)
const read = (text: string): ReturnType<typeof parseRulesFile> =>
  parseRulesFile(text, { ids: ['REG-001', 'REG-021'], now })

const entry = (without: string, more = ''): string =>
  ['rule: REG-021', 'owner: team', 'reason: base image', 'until: 2027-01-31']
    .filter((line) => !line.startsWith(without))
    .map((line, at) => `${at === 0 ? '  - ' : '    '}${line}\n`)
    .join('')
    .concat(more)

for (const [text, line, problem] of [
  ['', 1, 'begins with version: 1'],
  ['- a', 1, 'begins with version: 1'],
  ['version: 2', 1, 'the version is 1'],
  ['accounts: ["111122223333"]', 1, 'expected version: 1'],
  ['version: 1\nacounts: []', 2, 'did you mean accounts?'],
  ['version: 1\nversion: 1', 2, 'version is given twice'],
  ['version: 1\naccounts: ["12"]', 2, 'write 12 digits'],
  ['version: 1\nthreshold: awful', 2, 'threshold is critical'],
  ['version: 1\ngrace: soon', 2, 'grace is a duration'],
  ['version: 1\nunknown: maybe', 2, 'unknown is fail or allow'],
  ['version: 1\nsuppress: no', 2, 'suppress is a list'],
  [`version: 1\nsuppress:\n${entry('rule')}`, 3, 'the suppression has no rule'],
  [`version: 1\nsuppress:\n${entry('owner')}`, 3, 'the suppression has no owner'],
  [`version: 1\nsuppress:\n${entry('reason')}`, 3, 'the suppression has no reason'],
  [`version: 1\nsuppress:\n${entry('until')}`, 3, 'the suppression has no until'],
  [`version: 1\nsuppress:\n${entry('until', '    until: someday\n')}`, 6, 'expected a date'],
  [`version: 1\nsuppress:\n${entry('until', '    until: 2028-01-31\n')}`, 6, 'within a year'],
  [`version: 1\nsuppress:\n${entry('rule', '    rule: REG-999\n')}`, 6, 'there is no rule'],
] as const) {
  test(`refuses ${JSON.stringify(text.slice(0, 60))}: ${problem}`, () => {
    const reading = read(text)
    assert.equal(reading.kind, 'refused')
    if (reading.kind !== 'refused') return
    const found = reading.faults.find((fault) => fault.problem.includes(problem))
    assert.equal(found?.line, line, JSON.stringify(reading.faults))
  })
}

test('takes what it says, and the usual for the rest', () => {
  const reading = read(
    `version: 1\naccounts: ["011122223333"]\ngrace: 2d\nsuppress:\n${entry('x')}`,
  )
  assert.ok(reading.kind === 'read', JSON.stringify(reading))
  const { expectations, unknown, suppress } = reading.file
  assert.deepEqual(expectations.accounts, ['011122223333'])
  assert.equal(expectations.graceMs, 2 * 86_400_000)
  assert.deepEqual(expectations.production, defaultExpectations.production)
  assert.equal(unknown, 'fail')
  // The last day counts to its end.
  assert.equal(suppress[0]?.endsAt, Date.UTC(2027, 1, 1))
})

test('thousands of members are refused as soon as a few', () => {
  const names = Array.from({ length: 8000 }, (_, at) => `k${at}: 1`).join('\n')
  const reading = read(names)
  assert.ok(reading.kind === 'refused')
  assert.equal(reading.faults.length, 50)
})

test('a file that is nested without end is refused', () => {
  assert.equal(read(`version: ${'['.repeat(50_000)}`).kind, 'refused')
})
