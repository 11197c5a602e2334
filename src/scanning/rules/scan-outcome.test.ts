import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { CoverageNoteCode } from './coverage-notes.ts'
import { judgeOutcome, type OutcomeFacts } from './scan-outcome.ts'

const facts: OutcomeFacts = { notes: [], problems: [], packages: 0, unjudged: [] }

function noted(...codes: readonly CoverageNoteCode[]): OutcomeFacts['notes'] {
  return codes.map((code) => ({ code, message: `because of ${code}` }))
}

const cases: readonly {
  readonly name: string
  readonly facts: Partial<OutcomeFacts>
  readonly status: 'COMPLETE' | 'UNSUPPORTED_IMAGE'
  readonly reason?: RegExp
}[] = [
  {
    name: 'nothing found, and nothing noted',
    facts: {},
    status: 'UNSUPPORTED_IMAGE',
    reason: /no package/,
  },
  {
    name: 'an empty image',
    facts: { notes: noted('OS_UNKNOWN', 'NO_PACKAGE_DB') },
    status: 'UNSUPPORTED_IMAGE',
    reason: /NO_PACKAGE_DB/,
  },
  {
    name: 'libraries on an empty image',
    facts: { notes: noted('OS_UNKNOWN', 'NO_PACKAGE_DB'), packages: 1 },
    status: 'COMPLETE',
  },
  { name: 'packages that can all be judged', facts: { packages: 9 }, status: 'COMPLETE' },
  {
    name: 'packages that nobody can judge',
    facts: { packages: 9, unjudged: [{ reason: 'no advisories for cobalt 7' }] },
    status: 'UNSUPPORTED_IMAGE',
    reason: /cobalt 7/,
  },
  {
    name: 'a system that nobody can judge, beside libraries that somebody can',
    facts: { packages: 9, unjudged: [{ reason: 'no advisories for cobalt 7' }] },
    status: 'UNSUPPORTED_IMAGE',
    reason: /cobalt 7/,
  },
  {
    name: 'single packages of another builder, beside those that can be judged',
    facts: { packages: 9, unjudged: [{ reason: 'built by somebody', scope: 'package' }] },
    status: 'COMPLETE',
  },
  {
    name: 'single packages of another builder, when there are no others',
    facts: { packages: 1, unjudged: [{ reason: 'built by somebody', scope: 'package' }] },
    status: 'UNSUPPORTED_IMAGE',
    reason: /none of the 1 packages can be judged: built by somebody/,
  },
  {
    name: 'a link that was not followed, beside packages that can be judged',
    facts: { notes: noted('LINK_UNRESOLVED'), packages: 9 },
    status: 'COMPLETE',
  },
  ...(
    [
      'PACKAGE_DB_REMOVED',
      'PACKAGE_DB_UNREAD',
      'PACKAGE_DB_ELSEWHERE',
      'FOREIGN_PACKAGE_DB',
    ] as const
  ).map((code) => ({
    name: `${code}, beside packages that can be judged`,
    facts: { notes: noted(code), packages: 9 },
    status: 'UNSUPPORTED_IMAGE' as const,
    reason: new RegExp(code),
  })),
]

for (const { name, facts: given, status, reason } of cases) {
  test(`says ${status} of ${name}`, () => {
    const outcome = judgeOutcome({ ...facts, ...given })
    assert.equal(outcome.status, status)
    if (reason === undefined) assert.equal(outcome.reason, undefined)
    else assert.match(outcome.reason ?? '', reason)
  })
}

test('shows every note, and the first files that could not be read with how many there are more', () => {
  const problems = Array.from({ length: 25 }, (_, at) => ({ path: `f${at}`, reason: 'is cut' }))
  const notes = noted('OS_UNKNOWN')
  const outcome = judgeOutcome({ ...facts, notes, problems, packages: 1 })
  assert.equal(outcome.notes.length, 22)
  assert.equal(outcome.notes[1], 'f0: is cut')
  assert.equal(outcome.notes.at(-1), '5 more files could not be read')
})

test('says how many packages of each kind were not held against advisories', () => {
  const unjudged = [
    { reason: 'built by A', scope: 'package' },
    { reason: 'built by B', scope: 'package' },
    { reason: 'built by A', scope: 'package' },
  ] as const
  assert.deepEqual(judgeOutcome({ ...facts, packages: 9, unjudged }).notes, [
    '2 packages were not held against advisories: built by A',
    '1 package was not held against advisories: built by B',
  ])
})
