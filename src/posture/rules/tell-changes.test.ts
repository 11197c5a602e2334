import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { JudgedRule, JudgedSeen } from './judge-posture.ts'
import { tellChanges, type FailingPlaces } from './tell-changes.ts'
import { postureRules } from './table.ts'

const rule = postureRules[0] ?? assert.fail()

/** `a fail`, `a:1.0 fail` of the repository a, `b unknown`. */
function judged(outcome: JudgedRule['outcome'], ...seen: readonly string[]): readonly JudgedRule[] {
  const looks = seen.map((text): JudgedSeen => {
    const [resource = '', one = ''] = text.split(' ')
    const repository = resource.split(':')[0] ?? ''
    const how = one === 'fail' || one === 'unknown' ? one : 'pass'
    return { resource, outcome: how, words: 'w', values: { repository } }
  })
  return [{ rule, outcome, severity: rule.severity, seen: looks }]
}

/** What each of these judgements tells, one after another. */
function told(...judgements: readonly (readonly JudgedRule[])[]): readonly string[] {
  let before: FailingPlaces | undefined
  return judgements.map((rules) => {
    const { changes, failing } = tellChanges(rules, before)
    before = failing
    return changes
      .map(({ change, resources }) =>
        [change, ...resources.map(({ resource }) => resource)].join(' '),
      )
      .join('; ')
  })
}

test('what cannot be told neither fails nor is mended', () => {
  const seen = [judged('fail', 'a fail'), judged('unknown'), judged('fail', 'a fail')]
  assert.deepEqual(told(...seen), ['', '', ''])
  const mended = [
    judged('fail', 'a fail'),
    judged('unknown', 'a pass', 'b unknown'),
    judged('pass', 'a pass', 'b pass'),
  ]
  assert.deepEqual(told(...mended), ['', '', 'MENDED'])
})

test('another place that fails is told, another image of the same repository is not', () => {
  assert.deepEqual(
    told(
      judged('pass', 'a pass'),
      judged('fail', 'a:1.0 fail'),
      judged('fail', 'a:2.0 fail'),
      judged('fail', 'a:2.0 fail', 'b fail'),
      judged('fail', 'a pass', 'b fail'),
      judged('fail', 'a fail', 'b fail'),
    ),
    ['', 'FAILING a:1.0', '', 'FAILING b', '', 'FAILING a'],
  )
})

test('what goes away is mended, and what is suppressed is neither', () => {
  assert.deepEqual(told(judged('fail', 'a fail'), judged('not-applicable')), ['', 'MENDED'])
  assert.deepEqual(told(judged('fail', 'a fail'), judged('suppressed'), judged('pass', 'a pass')), [
    '',
    '',
    '',
  ])
})
