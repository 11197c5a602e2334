import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  profilesFor,
  signingFilterPattern,
  signingProfilePattern,
} from './signing-configuration.ts'

/** Filter, names that it matches, names that it does not. Source: SigningRepositoryFilter of the service model. */
const cases: readonly (readonly [string, readonly string[], readonly string[]])[] = [
  ['myapp/*', ['myapp/a', 'myapp/a/b'], ['myapp', 'xmyapp/a']],
  ['*/production', ['a/production', 'a/b/production'], ['production', 'a/production/b']],
  ['*prod*', ['prod', 'a/prod', 'product/x'], ['pro', 'a/pr-od']],
  ['team/app', ['team/app'], ['team/app2', 'my-team/app', 'team/ap']],
  ['a*b*c', ['abc', 'axbxc', 'a/b/b/c'], ['ac', 'abcd']],
  ['*', ['a', 'a/b/c'], []],
]

for (const [filter, matched, others] of cases) {
  test(`the filter ${filter} names a repository as a whole`, () => {
    const rules = [{ profileArn: 'p', filters: [filter] }]
    for (const name of matched) assert.deepEqual(profilesFor(rules, name), ['p'], name)
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
