import assert from 'node:assert/strict'
import { test } from 'node:test'
import { postureEvidence, type PostureChange } from '../../../test/kit/posture.ts'
import type { Told } from './evidence.ts'
import { judgePosture } from './judge-posture.ts'
import { planFixes, type CreationTemplate, type FixPlan } from './plan-fixes.ts'
import type { PostureSuppression } from './rules-file.ts'
import { postureRules } from './table.ts'

const rulesOf = (selection: object): string =>
  JSON.stringify({
    rules: [
      {
        rulePriority: 1,
        selection: {
          ...selection,
          countType: 'sinceImagePushed',
          countUnit: 'days',
          countNumber: 9,
        },
        action: { type: 'expire' },
      },
    ],
  })
const untagged = rulesOf({ tagStatus: 'untagged' })
const told = <T>(value: T): Told<T> => ({ kind: 'told', value })
const unknown = { kind: 'unknown', why: 'not allowed' } as const

function plan(
  change: PostureChange,
  {
    templates = told<readonly CreationTemplate[]>([{ prefix: 'prod', lifecyclePolicy: untagged }]),
    suppress = [],
  }: {
    readonly templates?: Told<readonly CreationTemplate[]>
    readonly suppress?: readonly PostureSuppression[]
  } = {},
): FixPlan {
  const evidence = postureEvidence(change)
  const { rules } = judgePosture(postureRules, evidence, suppress)
  return planFixes({ rules, evidence, templates })
}

function commands({ fixes }: FixPlan): readonly string[] {
  return fixes.map(({ rule, command }) => `${rule} ${command}`)
}

function whyLeft({ left }: FixPlan, rule: string): string {
  return left.find((one) => one.rule === rule)?.why ?? ''
}

const noLifecycle = { repository: { lifecycle: told(undefined) } } as const

test('what would have to be decided is left, and says why', () => {
  const moving = plan({
    repository: { mutability: 'MUTABLE' },
    image: { tags: ['1.0.3', 'latest'] },
  })
  assert.match(
    whyLeft(
      plan({ repository: { mutability: 'IMMUTABLE_WITH_EXCLUSION', exclusions: ['*'] } }),
      'REG-003',
    ),
    /exclusions/,
  )
  assert.deepEqual(commands(moving), [])
  const untold = plan({ repository: { mutability: 'MUTABLE', images: unknown } })
  assert.match(whyLeft(untold, 'REG-003'), /cannot be told/)
  assert.deepEqual(commands(untold), [])
  const key = plan({ evidence: { rootKeys: told(true) } })
  assert.match(whyLeft(key, 'REG-028'), /is a decision/)
})

test('a lifecycle policy comes from the template that is about the repository, and only for untagged images', () => {
  const [one = ''] = commands(plan(noLifecycle))
  assert.equal(
    one,
    `REG-004 aws ecr put-lifecycle-policy --repository-name prod/app --lifecycle-policy-text '${untagged}'`,
  )
  const from = (templates: Told<readonly CreationTemplate[]>): FixPlan =>
    plan(noLifecycle, { templates })
  assert.match(whyLeft(from(told([])), 'REG-004'), /no creation template/)
  assert.match(whyLeft(from(unknown), 'REG-004'), /not allowed/)
  const other = told([{ prefix: 'pro', lifecyclePolicy: untagged }])
  assert.match(whyLeft(from(other), 'REG-004'), /no creation template/)
  const deleting = told([{ prefix: 'ROOT', lifecyclePolicy: rulesOf({ tagStatus: 'any' }) }])
  assert.match(whyLeft(from(deleting), 'REG-004'), /images with tags/)
  const both = told([
    { prefix: 'ROOT', lifecyclePolicy: rulesOf({ tagStatus: 'any' }) },
    { prefix: 'prod', lifecyclePolicy: untagged },
  ])
  assert.equal(commands(from(both)).length, 1)
})

test('tags that no tag of the repository speaks against become immutable, and a scan by hand one on push', () => {
  const change = {
    repository: { mutability: 'MUTABLE', scanFrequency: told('MANUAL' as const) },
    image: { tags: ['1.0.3'] },
    expectations: { production: [] },
  } as const
  assert.deepEqual(commands(plan(change)), [
    'REG-001 aws ecr put-image-scanning-configuration --repository-name prod/app --image-scanning-configuration scanOnPush=true',
    'REG-003 aws ecr put-image-tag-mutability --repository-name prod/app --image-tag-mutability IMMUTABLE',
  ])
})

test('what is suppressed, passes or cannot be told is not mended', () => {
  const suppress = [
    { rule: 'REG-004', owner: 'o', reason: 'r', until: '2026-12-31', endsAt: Infinity, line: 1 },
  ]
  const { fixes, left } = plan(noLifecycle, { suppress })
  assert.deepEqual([fixes, left], [[], []])
  assert.deepEqual(plan({ repository: { lifecycle: unknown } }).fixes, [])
})
