import assert from 'node:assert/strict'
import { test } from 'node:test'
import { admissionNow as now, findingFacts } from '../../../test/kit/admission.ts'
import { judgeFinding } from './judge-finding.ts'

test('only what is new counts where that is asked, and what nobody held against anything is unclear', () => {
  const kindOf = (novelty: 'new' | 'old' | 'unknown' | undefined): string =>
    judgeFinding(
      findingFacts(novelty === undefined ? {} : { novelty }),
      { severity: 'high', isNew: true },
      now,
    ).kind
  assert.deepEqual(
    [kindOf('new'), kindOf('old'), kindOf('unknown'), kindOf(undefined)],
    ['met', 'unmet', 'unclear', 'unclear'],
  )
})

test('all that is not told is named', () => {
  const told = judgeFinding(
    findingFacts({
      fix: { kind: 'unknown' },
      kev: 'unknown',
      epss: { kind: 'unknown' },
      firstKnown: { kind: 'unknown' },
    }),
    { fixable: true, kev: true, epss: 0.1, graceMs: 1, isNew: true },
    now,
  )
  assert.deepEqual(told, {
    kind: 'unclear',
    of: [
      'whether it has a fix',
      'whether it is exploited',
      'how likely it is exploited',
      'whether it is new',
      'since when it is known',
    ],
  })
})

test('within its grace it does not count, whatever else is not told', () => {
  const finding = findingFacts({ kev: 'unknown', firstKnown: { kind: 'known', at: now } })
  const told = judgeFinding(finding, { kev: true, graceMs: 1000 }, now)
  assert.deepEqual(told, { kind: 'in-grace', until: now + 1000 })
})
