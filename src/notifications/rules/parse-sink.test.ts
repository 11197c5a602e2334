import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { fuzzRuns, fuzzSeed } from '../../../test/kit/fuzz-runs.ts'
import { noticeKinds } from './notice.ts'
import { parseSink, parseSinkChange } from './parse-sink.ts'

const webhook = { name: 'ops', kind: 'webhook', url: 'https://hooks.example.com/a?token=b' }
const mail = {
  name: 'team',
  kind: 'smtp',
  smtp: { host: 'mail.example.com', from: 'registry@example.com', to: ['team@example.com'] },
}

function problemsOf(value: unknown): string {
  const reading = parseSink(value)
  return reading.kind === 'refused' ? reading.problems.join('; ') : ''
}

test('a webhook with nothing but its address is told of everything in one form', () => {
  const reading = parseSink(webhook)
  assert.ok(reading.kind === 'read')
  const { settings, rule, digestSeconds, url } = reading.input
  assert.deepEqual(settings, {
    kind: 'webhook',
    form: 'eventbridge',
    origin: 'https://hooks.example.com',
  })
  assert.deepEqual(
    rule.kinds,
    noticeKinds.filter((kind) => kind !== 'inspector-scan'),
  )
  assert.equal(digestSeconds, undefined)
  assert.equal(url, webhook.url)
})

test('mail goes by STARTTLS, and tells people of findings alone', () => {
  const reading = parseSink({ ...mail, digestMinutes: 60 })
  assert.ok(reading.kind === 'read')
  assert.partialDeepStrictEqual(reading.input.settings, { security: 'starttls', port: 587 })
  assert.deepEqual(reading.input.rule.kinds, ['finding'])
  assert.equal(reading.input.digestSeconds, 3600)
})

const refusals: readonly (readonly [says: string, value: unknown, problem: RegExp])[] = [
  ['what is no object', [], /the body must be an object/],
  ['a name that is none', { ...webhook, name: '../x' }, /^name must be 1 to 64/],
  ['a kind that nobody knows', { ...webhook, kind: 'fax' }, /kind must be one of webhook, slack/],
  ['no address', { name: 'ops', kind: 'webhook' }, /url must be/],
  ['an address with credentials', { ...webhook, url: 'https://u:p@example.com/' }, /url must be/],
  ['another scheme', { ...webhook, url: 'file:///etc/passwd' }, /url must be/],
  ['a member that is not known', { ...webhook, urls: [] }, /"urls" is not known; known are name/],
  [
    'a slip of the pen in a rule',
    { ...webhook, rule: { minSeverty: 'HIGH' } },
    /rule\."minSeverty" is not known/,
  ],
  [
    'a severity that is none',
    { ...webhook, rule: { minSeverity: 'UNDEFINED' } },
    /rule\.minSeverity must be one of/,
  ],
  [
    'an empty list of kinds',
    { ...webhook, rule: { kinds: [] } },
    /rule\.kinds must be a list of some/,
  ],
  [
    'a pattern with blanks',
    { ...webhook, rule: { repositories: ['a b'] } },
    /rule\.repositories must be/,
  ],
  [
    'too many patterns',
    { ...webhook, rule: { repositories: Array.from({ length: 51 }, (_, i) => `r${i}`) } },
    /0 to 50/,
  ],
  [
    'a digest of no time',
    { ...webhook, digestMinutes: 0 },
    /digestMinutes must be a whole number from 1/,
  ],
  [
    'mail to nobody',
    { ...mail, smtp: { ...mail.smtp, to: [] } },
    /smtp\.to must be a list of 1 to 50/,
  ],
  [
    'an address that ends a line',
    { ...mail, smtp: { ...mail.smtp, to: ['a@b.example\r\nBcc: x@y.example'] } },
    /smtp\.to/,
  ],
  ['a host that is a command', { ...mail, smtp: { ...mail.smtp, host: 'a b' } }, /smtp\.host/],
  ['a user without a password', { ...mail, smtp: { ...mail.smtp, user: 'u' } }, /belong together/],
]

for (const [says, value, problem] of refusals) {
  test(`refuses ${says}`, () => {
    assert.match(problemsOf(value), problem)
  })
}

test('all that is wrong is told at once', () => {
  const problems = problemsOf({ kind: 'fax', rule: { kevOnly: 'yes' }, x: 1 })
  for (const part of ['name', 'kind', 'url', 'rule.kevOnly', '"x"'])
    assert.ok(problems.includes(part), part)
})

test('a change reads what is given, and nothing that would send the messages elsewhere', () => {
  assert.deepEqual(parseSinkChange({ digestMinutes: 0, enabled: false }, 'slack'), {
    kind: 'read',
    change: { digestSeconds: null, enabled: false },
  })
  assert.equal(parseSinkChange({ url: 'https://other.example/' }, 'webhook').kind, 'refused')
})

const members = fc.dictionary(
  fc.constantFrom(
    'name',
    'kind',
    'url',
    'form',
    'smtp',
    'rule',
    'digestMinutes',
    'caBundle',
    '__proto__',
  ),
  fc.oneof(
    fc.jsonValue({ maxDepth: 3 }),
    fc.constantFrom('webhook', 'slack', 'smtp', 'ops', 'https://example.com/'),
    fc.dictionary(
      fc.constantFrom(
        'kinds',
        'minSeverity',
        'changes',
        'repositories',
        'host',
        'to',
        'from',
        'port',
      ),
      fc.jsonValue({ maxDepth: 2 }),
    ),
  ),
)

test('whatever is asked for is read or refused with sentences, and never half', () => {
  fc.assert(
    fc.property(fc.oneof(members, fc.jsonValue()), (value) => {
      const reading = parseSink(value)
      if (reading.kind === 'refused') {
        assert.ok(reading.problems.length > 0)
        assert.ok(reading.problems.every((problem) => problem.length < 2000))
        return
      }
      const { name, rule, settings } = reading.input
      assert.match(name, /^[a-z0-9._-]{1,64}$/)
      assert.ok(rule.kinds.length > 0 && rule.repositories.length <= 50)
      if (settings.kind !== 'smtp') assert.match(settings.origin, /^https?:\/\/[^/]+$/)
      // What was accepted is accepted again as it was kept.
      assert.equal(parseSinkChange({ rule }, settings.kind).kind, 'read')
    }),
    { numRuns: fuzzRuns(1000), seed: fuzzSeed() },
  )
})
