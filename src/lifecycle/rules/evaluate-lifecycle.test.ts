import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { test } from 'node:test'
import { guardOf, lifecycleImages, lifecycleOf } from '../../../test/kit/lifecycle.ts'
import { carryOut } from './carry-out.ts'
import { evaluateLifecycle, type Decision } from './evaluate-lifecycle.ts'
import { guardsOf, type LifecycleGuard } from './lifecycle-guard.ts'

interface Case {
  readonly name: string
  readonly now?: string
  readonly archiveMinimumDays?: number
  readonly guard?: Partial<LifecycleGuard>
  readonly rules: readonly string[]
  readonly images: Readonly<Record<string, string>>
  /** Action or reason, and the rule; images that are not named stay. */
  readonly expected: Readonly<Record<string, string>>
  readonly claimed?: Readonly<Record<string, number>>
  /** The same on the next run. */
  readonly then?: Readonly<Record<string, string>>
  /** Which images are there when all is carried out. */
  readonly left?: readonly string[]
}

const folder = new URL('cases/evaluation/', import.meta.url)

for (const file of readdirSync(folder)) {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- our own cases
  const { cases } = JSON.parse(readFileSync(new URL(file, folder), 'utf8')) as {
    readonly cases: readonly Case[]
  }
  for (const it of cases) test(`${file}: ${it.name}`, () => hold(it))
}

function hold(it: Case): void {
  const now = Date.parse(it.now ?? '2026-11-24T12:00:00Z')
  const policy = lifecycleOf(it.rules)
  const guards = it.guard === undefined ? [] : guardsOf([guardOf(it.guard)], 'team/app')
  const options = { now, guards, archiveMinimumDays: it.archiveMinimumDays ?? 0 }
  const decisions = evaluateLifecycle(policy, lifecycleImages(it.images, now), options)
  compare(decisions, it.expected)
  for (const [digest, rule] of Object.entries(it.claimed ?? {})) {
    const { verdict } = found(decisions, digest)
    assert.equal(verdict.kind === 'keep' ? verdict.claimedFrom : 'acts', rule, digest)
  }
  const left = carryOut(decisions, now)
  if (it.left !== undefined) {
    assert.deepEqual(left.map(({ digest }) => digest).toSorted(), it.left.toSorted())
  }
  if (it.then !== undefined) {
    compare(evaluateLifecycle(policy, left, { ...options, now: now + 3_600_000 }), it.then)
  }
}

function compare(decisions: readonly Decision[], expected: Readonly<Record<string, string>>): void {
  for (const { image, verdict } of decisions) {
    const wanted = expected[image.digest]
    if (wanted !== undefined) assert.equal(shown(verdict), wanted, image.digest)
    else assert.equal(verdict.kind, 'keep', `${image.digest}: ${shown(verdict)}`)
  }
  for (const digest of Object.keys(expected)) found(decisions, digest)
}

function found(decisions: readonly Decision[], digest: string): Decision {
  const decision = decisions.find(({ image }) => image.digest === digest)
  assert.ok(decision, `${digest} is not judged`)
  return decision
}

function shown(verdict: Decision['verdict']): string {
  const what = verdict.kind === 'act' ? verdict.action : verdict.reason.kind
  return verdict.rule === undefined ? what : `${what} ${verdict.rule}`
}
