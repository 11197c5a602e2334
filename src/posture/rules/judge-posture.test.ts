import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { postureEvidence, postureNow, type PostureChange } from '../../../test/kit/posture.ts'
import type { PostureEvidence } from './evidence.ts'
import { fillRemedy } from './fill-remedy.ts'
import { judgePosture, type Posture } from './judge-posture.ts'
import type { PostureSuppression } from './rules-file.ts'
import { secretIn } from './secrets.ts'
import { postureRules } from './table.ts'

interface Case {
  readonly rule: string
  readonly name: string
  readonly change?: PostureChange
  /** A policy of the repository, as a document. */
  readonly policy?: unknown
  readonly expected: 'pass' | 'fail' | 'unknown' | 'not-applicable'
  /** What the answer has to say. */
  readonly says?: string
  readonly source: string
}

const cases = JSON.parse(
  readFileSync(fileURLToPath(new URL('cases/rules.json', import.meta.url)), 'utf8'),
) as readonly Case[]

function evidenceOf({ change = {}, policy }: Case): PostureEvidence {
  if (policy === undefined) return postureEvidence(change)
  const text = { kind: 'told', value: JSON.stringify(policy) } as const
  return postureEvidence({ ...change, repository: { policy: text, ...change.repository } })
}

function judgedBy(id: string, posture: Posture): Posture['rules'][number] {
  const found = posture.rules.find(({ rule }) => rule.id === id)
  assert.ok(found, id)
  return found
}

for (const one of cases) {
  test(`${one.rule} ${one.name}`, () => {
    const found = judgedBy(one.rule, judgePosture(postureRules, evidenceOf(one), []))
    const words = [found.why, ...found.seen.map((seen) => `${seen.resource} ${seen.words}`)].join(
      '; ',
    )
    assert.equal(found.outcome, one.expected, words)
    if (one.says !== undefined) assert.ok(words.includes(one.says), words)
  })
}

test('each rule has a case in which it passes, fails and cannot be told', () => {
  for (const { id } of postureRules) {
    const outcomes = new Set(
      cases.filter(({ rule }) => rule === id).map(({ expected }) => expected),
    )
    for (const outcome of ['pass', 'fail', 'unknown'] as const)
      assert.ok(outcomes.has(outcome), `${id} ${outcome}`)
  }
})

test('the rules are REG-001 to REG-036, each once, with all of their words', () => {
  const wanted = Array.from({ length: 36 }, (_, at) => `REG-${String(at + 1).padStart(3, '0')}`)
  assert.deepEqual(
    postureRules.map(({ id }) => id),
    wanted,
  )
  for (const { title, why, remedy } of postureRules)
    for (const text of [title, why, remedy]) assert.ok(text.length > 10, text)
})

test('nothing passes where nothing is told', () => {
  const nothing = { kind: 'unknown', why: 'not allowed', action: 'ecr:Nothing' } as const
  const parts = Object.keys(postureEvidence()).filter(
    (key) => !['now', 'expectations'].includes(key),
  )
  const evidence = postureEvidence({
    evidence: Object.fromEntries(parts.map((key) => [key, nothing])),
  })
  const { rules, score } = judgePosture(postureRules, evidence, [])
  assert.deepEqual(
    rules.filter(({ outcome }) => outcome !== 'unknown').map(({ rule }) => rule.id),
    [],
  )
  assert.equal(score.points, undefined)
  assert.equal(score.unknown, 36)
})

const suppression = (members: Partial<PostureSuppression>): PostureSuppression => ({
  rule: 'REG-003',
  owner: 'team',
  reason: 'moving soon',
  until: '2026-12-31',
  endsAt: postureNow + 86_400_000,
  line: 3,
  ...members,
})

test('a suppression lets its resources pass, is told, and ends', () => {
  const evidence = postureEvidence({ repository: { mutability: 'MUTABLE' } })
  const judge = (...given: readonly PostureSuppression[]): Posture =>
    judgePosture(postureRules, evidence, given)
  assert.equal(judgedBy('REG-003', judge()).outcome, 'fail')
  const held = judge(suppression({ resource: 'prod/*' }))
  assert.equal(judgedBy('REG-003', held).outcome, 'suppressed')
  assert.equal(judgedBy('REG-003', held).seen[0]?.suppressedBy?.owner, 'team')
  const other = judge(suppression({ resource: 'team/*' }))
  assert.equal(judgedBy('REG-003', other).outcome, 'fail')
  assert.equal(other.unusedSuppressions.length, 1)
  const ended = judge(suppression({ endsAt: postureNow }))
  assert.equal(judgedBy('REG-003', ended).outcome, 'fail')
  assert.equal(ended.endedSuppressions.length, 1)
})

test('the score is the weighted share of what passes, and what cannot be told is in no share', () => {
  const all = judgePosture(postureRules, postureEvidence(), []).score
  assert.equal(all.points, 100)
  const failing = postureEvidence({ repository: { mutability: 'MUTABLE' } })
  const some = judgePosture(postureRules, failing, []).score
  assert.ok((some.points ?? 0) < 100)
  const untold = postureEvidence({ repository: { mutability: 'unknown' } })
  const rest = judgePosture(postureRules, untold, []).score
  assert.equal(rest.points, 100)
  assert.equal(rest.unknown, all.unknown + 1)
})

test('a remedy takes names from images as words of a shell, never as commands', () => {
  assert.equal(
    fillRemedy('tag {repository} --as {tag}', { repository: 'team/app', tag: "x'; rm -rf ~ #" }),
    String.raw`tag team/app --as 'x'\''; rm -rf ~ #'`,
  )
})

for (const [name, text, found] of [
  ['ANY', 'AKIAABCDEFGHIJKLMNOP', 'an AWS access key'],
  ['URL', 'postgres://user:hunter22@db/app', 'an address with a password'],
  ['URL', 'postgres://user:$PASSWORD@db/app', undefined],
  ['DB_PASSWORD', 'hunter2', 'a value under the name of a secret'],
  ['DB_PASSWORD', '$DB_PASSWORD', undefined],
  ['DB_PASSWORD_FILE', '/run/secrets/db', undefined],
  ['TOKENIZER', 'bert', undefined],
  ['PATH', '/usr/bin', undefined],
  ['', '-----BEGIN RSA PRIVATE KEY-----', 'a private key'],
] as const) {
  test(`${name}=${text.slice(0, 12)} is ${found ?? 'no secret'}`, () => {
    assert.equal(secretIn(name, text), found)
  })
}
