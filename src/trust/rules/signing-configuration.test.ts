import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import {
  profilesFor,
  signingFilterPattern,
  signingProfilePattern,
} from './signing-configuration.ts'

// oxlint-disable-next-line typescript/no-unsafe-type-assertion -- our own cases
const { cases } = JSON.parse(
  readFileSync(new URL('cases/signing-filters.json', import.meta.url), 'utf8'),
) as {
  readonly cases: readonly {
    readonly filter: string
    readonly named: readonly string[]
    readonly others: readonly string[]
  }[]
}

for (const { filter, named, others } of cases) {
  test(`the filter ${filter} names a repository as a whole`, () => {
    const rules = [{ profileArn: 'p', filters: [filter] }]
    for (const name of named) assert.deepEqual(profilesFor(rules, name), ['p'], name)
    for (const name of others) assert.deepEqual(profilesFor(rules, name), [], name)
  })
}

test('the grammars take what the model takes, in time that does not explode', () => {
  const filter = new RegExp(signingFilterPattern, 'u')
  for (const good of ['*', 'a/*', '*prod*', 'a.b_c-d/e*']) assert.match(good, filter)
  for (const bad of [
    '',
    'A',
    '/a',
    'a/',
    'a//b',
    'a..b',
    `${'a'.repeat(30_000)}!`,
    `${'a.'.repeat(9_000)}/!`,
  ])
    assert.doesNotMatch(bad, filter)
  const profile = new RegExp(signingProfilePattern, 'u')
  const arn = 'arn:aws:signer:eu-west-1:123456789012:/signing-profiles/my_profile'
  assert.match(arn, profile)
  for (const bad of [
    `${arn}/v1`,
    arn.replace(':/', ':'),
    arn.replace('my_profile', 'x'),
    arn.replace('signer', 'kms'),
  ])
    assert.doesNotMatch(bad, profile)
})
