import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  destinationsFor,
  faultOfReplication,
  hasDestination,
  replicationFilterPattern,
  type Destination,
  type ReplicationRule,
} from './replication-rules.ts'

const at = (text: string): Destination => {
  const [region = '', registry = ''] = text.split(' ')
  return { region, registry }
}
const rule = (destinations: readonly string[], prefixes?: readonly string[]): ReplicationRule => ({
  destinations: destinations.map(at),
  prefixes,
  deletions: undefined,
})
const here = at('us-east-1 123456789012')

test('the source itself is refused as a destination, with its place', () => {
  const rules = [rule(['eu-west-1 1']), rule(['eu-west-1 1', 'us-east-1 123456789012'])]
  assert.match(
    faultOfReplication(rules, here) ?? '',
    /^Replication destination cannot be the same as the source registry: rules\.2\.member\.destinations\.2\.member is region us-east-1 of registry 123456789012$/,
  )
  const others = ['us-east-1 210987654321', 'eu-west-1 123456789012']
  assert.equal(faultOfReplication([rule(others)], here), undefined)
  assert.equal(faultOfReplication([], here), undefined)
})

test('a repository goes where each rule says that names it by a prefix or has none, to each place once', () => {
  const rules = [
    rule(['eu-west-1 1', 'eu-west-2 1'], ['prod', 'team/']),
    rule(['eu-west-1 1', 'eu-west-1 2']),
    rule(['ap-south-1 1'], ['app']),
  ]
  const wordsOf = (name: string): readonly string[] =>
    destinationsFor(rules, name).map(({ region, registry }) => `${region} ${registry}`)
  assert.deepEqual(wordsOf('prod-x/y'), ['eu-west-1 1', 'eu-west-2 1', 'eu-west-1 2'])
  assert.deepEqual(wordsOf('team/x'), ['eu-west-1 1', 'eu-west-2 1', 'eu-west-1 2'])
  assert.deepEqual(wordsOf('my/app'), ['eu-west-1 1', 'eu-west-1 2'], 'a prefix begins the name')
  assert.deepEqual(wordsOf('app'), ['eu-west-1 1', 'eu-west-1 2', 'ap-south-1 1'])
  assert.ok(hasDestination(rules, at('ap-south-1 1')))
  assert.ok(!hasDestination(rules, at('ap-south-1 2')))
})

test('the grammar of prefixes is the model’s, and takes no time on hostile text', () => {
  const filter = new RegExp(replicationFilterPattern, 'u')
  for (const good of ['prod', 'team/', 'team/a-', 'a.b_c']) assert.match(good, filter)
  for (const bad of ['A', '*', 'a*', ' a', `${'a'.repeat(30_000)}!`, `${'a-'.repeat(9_000)}/!`])
    assert.doesNotMatch(bad, filter)
})
