import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { faultText } from './document-reader.ts'
import { parseLifecycle, type LifecycleLimits } from './parse-lifecycle.ts'

interface Case {
  readonly name: string
  readonly limits?: LifecycleLimits
  readonly policy?: unknown
  readonly text?: string
  /** `WORDS @ POINTER`; the words may be a part. None: it is read. */
  readonly faults: readonly string[]
}

// oxlint-disable-next-line typescript/no-unsafe-type-assertion -- our own cases
const { cases } = JSON.parse(
  readFileSync(new URL('cases/grammar.json', import.meta.url), 'utf8'),
) as { readonly cases: readonly Case[] }

for (const { name, limits = 'secure', policy, text, faults } of cases) {
  test(name, () => {
    const read = parseLifecycle(text ?? JSON.stringify(policy, undefined, 2), { limits })
    const found = read.kind === 'read' ? [] : read.faults
    assert.equal(found.length, faults.length, JSON.stringify(found))
    for (const [index, wanted] of faults.entries()) {
      const [words = '', pointer] = wanted.split(' @ ')
      const fault = found[index]
      assert.ok(fault !== undefined && containsParts(fault.words, words), fault?.words)
      if (pointer !== undefined) assert.equal(fault.at.pointer, pointer.trim())
    }
  })
}

/** The words as a whole, or with something in round brackets left out. */
function containsParts(text: string, words: string): boolean {
  return (
    text.includes(words) || words.split(' not found in enum').every((part) => text.includes(part))
  )
}

test('a fault names the rule by its priority, the member, line and column', () => {
  const text = `{
  "rules": [
    { "rulePriority": 7, "action": { "type": "expire" },
      "selection": { "tagStatus": "any", "countType": "imageCountMoreThan", "countNumber": 0 } }
  ]
}`
  const read = parseLifecycle(text, { limits: 'secure' })
  assert.equal(read.kind, 'refused')
  assert.deepEqual(read.kind === 'refused' ? read.faults.map(faultText) : [], [
    'numeric instance is lower than the required minimum (minimum: 1, found: 0) at /rules/0/selection/countNumber (rule 7, line 4, column 92)',
  ])
})

test('rules are in the order of their priorities', () => {
  const rule = (priority: number, prefix: string): unknown => ({
    rulePriority: priority,
    selection: {
      tagStatus: 'tagged',
      tagPrefixList: [prefix],
      countType: 'imageCountMoreThan',
      countNumber: 1,
    },
    action: { type: 'expire' },
  })
  const text = JSON.stringify({ rules: [rule(3, 'c'), rule(1, 'a'), rule(2, 'b')] })
  const read = parseLifecycle(text, { limits: 'aws' })
  assert.deepEqual(
    read.kind === 'read' ? read.policy.rules.map(({ priority }) => priority) : [],
    [1, 2, 3],
  )
})
