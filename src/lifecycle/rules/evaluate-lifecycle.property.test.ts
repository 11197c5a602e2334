import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { fuzzRuns } from '../../../test/kit/fuzz-runs.ts'
import { lifecycleOf } from '../../../test/kit/lifecycle.ts'
import { carryOut } from './carry-out.ts'
import { evaluateLifecycle, isJudged, type Decision } from './evaluate-lifecycle.ts'
import type { LifecycleImage } from './lifecycle-image.ts'
import { dayMs } from './lifecycle-policy.ts'
import { parseLifecycle } from './parse-lifecycle.ts'
import { selectionTest } from './tag-selection.ts'

const now = Date.parse('2026-11-24T12:00:00Z')
const stems = ['prod', 'beta', 'feature-', 'v', 'main']

const age = fc.integer({ min: -1, max: 40 }).map((days) => now - days * dayMs)
const maybeAge = fc.option(age, { nil: undefined, freq: 3 })
const tag = fc
  .tuple(fc.constantFrom(...stems), fc.integer({ min: 0, max: 5 }))
  .map(([stem, number]) => `${stem}${number}`)

/** What lists or refers to what, by position: always to what comes before, as content addressing has it. */
const facts = fc.record({
  tags: fc.uniqueArray(tag, { maxLength: 3 }),
  pushedAt: age,
  lastPulledAt: maybeAge,
  archivedAt: fc.option(age, { nil: undefined, freq: 4 }),
  restoredAt: fc.option(age, { nil: undefined, freq: 6 }),
  parents: fc.array(fc.nat(), { maxLength: 2 }),
  subject: fc.option(fc.nat(), { nil: undefined, freq: 4 }),
})

const registry = fc.array(facts, { maxLength: 24 }).map((all) =>
  all.map((one, index): LifecycleImage => {
    const nameOf = (position: number): string => `d${position % index}`
    const { lastPulledAt, archivedAt, restoredAt } = one
    return {
      digest: `d${index}`,
      tags: one.tags,
      pushedAt: one.pushedAt,
      storageClass: archivedAt === undefined ? 'standard' : 'archive',
      heldBy: index === 0 ? [] : [...new Set(one.parents.map(nameOf))],
      ...(lastPulledAt === undefined ? {} : { lastPulledAt }),
      ...(archivedAt === undefined ? {} : { archivedAt }),
      ...(restoredAt === undefined ? {} : { restoredAt }),
      ...(index === 0 || one.subject === undefined ? {} : { subject: nameOf(one.subject) }),
    }
  }),
)

const measure = fc.oneof(
  fc.integer({ min: 1, max: 6 }).map((count) => `count:${count}`),
  fc
    .tuple(fc.constantFrom('pushed', 'pulled'), fc.integer({ min: 1, max: 30 }))
    .map(([event, days]) => `${event}:${days}d`),
)
const action = fc.constantFrom('', ' archive')

const policy = fc
  .record({
    lists: fc.uniqueArray(fc.constantFrom(...stems), { maxLength: 4 }),
    hasUntagged: fc.boolean(),
    hasAny: fc.boolean(),
    hasCold: fc.boolean(),
    measures: fc.array(measure, { minLength: 7, maxLength: 7 }),
    actions: fc.array(action, { minLength: 7, maxLength: 7 }),
  })
  .map(({ lists, hasUntagged, hasAny, hasCold, measures, actions }) => {
    const abouts = [
      ...lists.map((stem) => `prefix:${stem}`),
      ...(hasUntagged ? ['untagged'] : []),
      ...(hasAny || lists.length === 0 ? ['any'] : []),
    ]
    const rules = abouts.map(
      (about, index) => `${index + 1} ${about} ${measures[index] ?? ''}${actions[index] ?? ''}`,
    )
    return hasCold ? [...rules, '99 cold any archived:5d'] : rules
  })

const runs = { numRuns: fuzzRuns(3000) }

/** As if nothing listed it and it referred to nothing. */
function withoutOthers(image: LifecycleImage): LifecycleImage {
  const alone = { ...image, heldBy: [] }
  delete alone.subject
  return alone
}

function acted(decisions: readonly Decision[]): readonly Decision[] {
  return decisions.filter(({ verdict }) => verdict.kind === 'act')
}

test('the order in which images are listed changes nothing', () => {
  fc.assert(
    fc.property(
      registry,
      policy,
      fc.array(fc.nat(), { minLength: 24, maxLength: 24 }),
      (images, rules, keys) => {
        const read = lifecycleOf(rules)
        const keyed = images.map((image, index) => ({ image, key: keys[index] ?? 0 }))
        const shuffled = keyed.toSorted((left, right) => left.key - right.key)
        const first = evaluateLifecycle(read, images, { now })
        const second = evaluateLifecycle(
          read,
          shuffled.map(({ image }) => image),
          { now },
        )
        assert.deepEqual(second, first)
      },
    ),
    runs,
  )
})

test('no image that a stored index lists is acted on, and none whose subject is there', () => {
  fc.assert(
    fc.property(registry, policy, (images, rules) => {
      const present = new Set(images.map(({ digest }) => digest))
      for (const { image } of acted(evaluateLifecycle(lifecycleOf(rules), images, { now }))) {
        assert.deepEqual(image.heldBy, [])
        assert.ok(image.subject === undefined || !present.has(image.subject))
      }
    }),
    runs,
  )
})

test('each image has one decision, by the first rule that is about it, and acting is that rule’s action', () => {
  fc.assert(
    fc.property(registry, policy, (images, rules) => {
      const { rules: read } = lifecycleOf(rules)
      const decisions = evaluateLifecycle({ rules: read }, images, { now })
      assert.equal(decisions.length, images.length)
      const present = new Set(images.map(({ digest }) => digest))
      for (const { image, verdict } of decisions) {
        const about = read.filter(({ selection }) => selectionTest(selection)(image))
        const judged = isJudged(image, (digest) => present.has(digest))
        assert.equal(verdict.rule, judged ? about[0]?.priority : undefined)
        if (verdict.kind === 'act') assert.equal(verdict.action, about[0]?.action)
        else if (verdict.claimedFrom !== undefined) {
          assert.ok(about.slice(1).some(({ priority }) => priority === verdict.claimedFrom))
        }
      }
    }),
    runs,
  )
})

test('a count leaves the youngest, as many as it says, and those that something else keeps', () => {
  fc.assert(
    fc.property(registry, fc.integer({ min: 1, max: 8 }), (images, keep) => {
      const read = lifecycleOf([`1 any count:${keep}`])
      const present = new Set(images.map(({ digest }) => digest))
      const decisions = evaluateLifecycle(read, images, { now })
      const judged = decisions.filter(
        ({ image }) =>
          image.storageClass === 'standard' && isJudged(image, (digest) => present.has(digest)),
      )
      const stays = judged.filter(({ verdict }) => verdict.kind === 'keep')
      const held = judged.slice(keep).filter(({ image }) => image.heldBy.length > 0)
      assert.equal(stays.length, Math.min(keep, judged.length) + held.length)
      const times = judged.map(({ image }) => image.pushedAt)
      assert.deepEqual(
        times,
        times.toSorted((left, right) => right - left),
      )
    }),
    runs,
  )
})

test('of one age rule, an image that goes is older than one that stays for its age', () => {
  fc.assert(
    fc.property(registry, fc.integer({ min: 1, max: 30 }), (images, days) => {
      const decisions = evaluateLifecycle(lifecycleOf([`1 any pushed:${days}d`]), images, { now })
      const gone = acted(decisions).map(({ image }) => image.pushedAt)
      const young = decisions.flatMap(({ image, verdict }) =>
        verdict.kind === 'keep' && verdict.reason.kind === 'not-old-enough' ? [image.pushedAt] : [],
      )
      assert.ok(gone.length === 0 || young.length === 0 || Math.max(...gone) < Math.min(...young))
    }),
    runs,
  )
})

test('judged again at the same moment, no count acts on what it left, and ages have nothing new to act on', () => {
  fc.assert(
    fc.property(registry, policy, (images, rules) => {
      const read = lifecycleOf(rules)
      const flat = images.map(withoutOthers)
      const left = carryOut(evaluateLifecycle(read, flat, { now }), now)
      const again = acted(evaluateLifecycle(read, left, { now }))
      const before = new Map(flat.map(({ digest, storageClass }) => [digest, storageClass]))
      // What was archived a moment ago may be another rule's now; nothing else is.
      for (const { image } of again) assert.notEqual(image.storageClass, before.get(image.digest))
    }),
    runs,
  )
})

test('a lower rule more takes nothing from a higher one', () => {
  fc.assert(
    fc.property(registry, measure, measure, (images, first, second) => {
      const alone = evaluateLifecycle(lifecycleOf([`1 prefix:v ${first}`]), images, { now })
      const both = evaluateLifecycle(
        lifecycleOf([`1 prefix:v ${first}`, `2 any ${second}`]),
        images,
        { now },
      )
      const ofFirst = (decisions: readonly Decision[]): readonly string[] =>
        acted(decisions).flatMap(({ image, verdict }) => (verdict.rule === 1 ? [image.digest] : []))
      assert.deepEqual(ofFirst(both), ofFirst(alone))
    }),
    runs,
  )
})

test('whatever text is given, it is read or refused with a place', () => {
  const json = fc.json({ maxDepth: 4 })
  fc.assert(
    fc.property(fc.oneof(fc.string(), json), fc.constantFrom('aws', 'secure'), (text, limits) => {
      const read = parseLifecycle(text, { limits })
      if (read.kind === 'refused') assert.ok(read.faults.every(({ at }) => at.line >= 1))
      else assert.ok(read.policy.rules.length > 0)
    }),
    runs,
  )
})
