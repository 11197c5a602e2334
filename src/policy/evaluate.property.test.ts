// Laws of evaluation, over random policies and requests of the whole language.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { decideDirectly } from '../../test/kit/direct-evaluator.ts'
import { fuzzRuns, fuzzSeed } from '../../test/kit/fuzz-runs.ts'
import { documentOf } from '../../test/kit/policies.ts'
import {
  compiled,
  policySetOf,
  requestOf,
  writtenPolicies,
  writtenQuestions,
  writtenStatements,
  type WrittenPolicies,
  type WrittenPolicy,
} from '../../test/kit/policy-arbitraries.ts'
import { compilePolicy, type PolicyType } from './compile.ts'
import type { ContextValues } from './context-values.ts'
import type { PolicyDocument } from './document.ts'
import { evaluate, type Decision, type PolicySet } from './evaluate.ts'
import { explain } from './explain.ts'
import { parsePolicy } from './parse-policy.ts'

const runs = { numRuns: fuzzRuns(1500), seed: fuzzSeed() }

test('compiled policies decide as the language reads', () => {
  const seen = new Map<string, number>()
  fc.assert(
    fc.property(writtenQuestions, (question) => {
      const decision = evaluate(requestOf(question.request), policySetOf(question.policies))
      assert.equal(decision.kind, decideDirectly(question))
      seen.set(decision.kind, (seen.get(decision.kind) ?? 0) + 1)
    }),
    runs,
  )
  // A generator that reached only one of them would prove nothing.
  for (const kind of ['allow', 'explicit-deny', 'implicit-deny']) {
    assert.ok((seen.get(kind) ?? 0) > runs.numRuns / 20, `${kind}: ${seen.get(kind) ?? 0}`)
  }
})

const places = ['identity', 'resource', 'boundary', 'session', 'scp', 'rcp'] as const

/** The same policies with one more in the place: of the guard rails on a level of its own, which allows as the others do. */
function withPolicy(
  policies: PolicySet,
  place: (typeof places)[number],
  policy: WrittenPolicy,
): PolicySet {
  const added = compiled(place, [policy])
  if (place === 'scp' || place === 'rcp') {
    return { ...policies, [place]: policies[place].map((level) => [...level, ...added]) }
  }
  const before = policies[place]
  return before === undefined ? policies : { ...policies, [place]: [...before, ...added] }
}

test('a Deny never loses: whatever else is said, one that applies to all denies', () => {
  const question = fc.tuple(writtenQuestions, fc.constantFrom(...places))
  fc.assert(
    fc.property(question, ([{ policies, request }, place]) => {
      const isPrincipal = place === 'resource' || place === 'rcp'
      const statement = {
        Effect: 'Deny',
        ...(isPrincipal ? { Principal: '*' } : {}),
        Action: '*',
        Resource: '*',
      }
      const before = policySetOf(policies)
      const after = withPolicy(before, place, { Version: '2012-10-17', Statement: [statement] })
      const isBound = policies[place] !== undefined && policies[place].length > 0
      const asked = requestOf(request)
      // Two exceptions have cases of their own: guard rails of accounts, and root before its own repository's policy.
      if (place === 'scp' && !('account' in asked.requester)) return
      if (place === 'resource' && request.action === 'ecr:SetRepositoryPolicy') return
      const isList = place === 'identity' || place === 'resource'
      if (isBound || isList) assert.equal(evaluate(asked, after).kind, 'explicit-deny')
    }),
    runs,
  )
})

test('adding an Allow never denies', () => {
  const question = fc.constantFrom(...places).chain((place) =>
    fc.record({
      question: writtenQuestions,
      place: fc.constant(place),
      statement: writtenStatements(place).filter(({ Effect: effect }) => effect === 'Allow'),
    }),
  )
  fc.assert(
    fc.property(question, ({ question: { policies, request }, place, statement }) => {
      const before = policySetOf(policies)
      const after = withPolicy(before, place, { Version: '2012-10-17', Statement: [statement] })
      const asked = requestOf(request)
      const order = { 'explicit-deny': 0, 'implicit-deny': 1, allow: 2 }
      assert.ok(order[evaluate(asked, after).kind] >= order[evaluate(asked, before).kind])
    }),
    runs,
  )
})

test('a statement that no longer denies never denies', () => {
  fc.assert(
    fc.property(writtenQuestions, ({ policies, request }) => {
      const asked = requestOf(request)
      const without = mapPolicies(policies, (policy) => ({
        ...policy,
        Statement: policy.Statement.filter(({ Effect: effect }) => effect === 'Allow'),
      }))
      assert.notEqual(evaluate(asked, policySetOf(without)).kind, 'explicit-deny')
    }),
    runs,
  )
})

test('the order of statements, policies and values never matters', () => {
  fc.assert(
    fc.property(writtenQuestions, ({ policies, request }) => {
      const asked = requestOf(request)
      const turned = mapPolicies(policies, (policy) => ({
        ...policy,
        Statement: reversed(policy.Statement) as WrittenPolicy['Statement'],
      }))
      const backwards: WrittenPolicies = {
        ...turned,
        identity: turned.identity.toReversed(),
        resource: turned.resource.toReversed(),
        scp: turned.scp.toReversed().map((level) => level.toReversed()),
        rcp: turned.rcp.toReversed().map((level) => level.toReversed()),
      }
      const [forth, back] = [policies, backwards].map((set) => evaluate(asked, policySetOf(set)))
      assert.equal(back?.kind, forth?.kind)
      assert.deepEqual(missingOf(back), missingOf(forth))
    }),
    runs,
  )
})

function missingOf(decision: Decision | undefined): readonly PolicyType[] {
  return decision?.kind === 'implicit-deny' ? decision.missing : []
}

function reversed(value: unknown): unknown {
  if (Array.isArray(value)) return value.map((one: unknown) => reversed(one)).toReversed()
  if (typeof value !== 'object' || value === null) return value
  const parts = Object.entries(value).map(([name, part]) => [name, reversed(part)] as const)
  return Object.fromEntries(parts.toReversed())
}

function mapPolicies(
  policies: WrittenPolicies,
  change: (policy: WrittenPolicy) => WrittenPolicy,
): WrittenPolicies {
  const { identity, resource, boundary, session, scp, rcp } = policies
  return {
    identity: identity.map(change),
    resource: resource.map(change),
    boundary: boundary?.map(change),
    session: session?.map(change),
    scp: scp.map((level) => level.map(change)),
    rcp: rcp.map((level) => level.map(change)),
  }
}

test('evaluation never throws, whatever the documents and the context hold', () => {
  const noise = fc.oneof(
    fc.string({ unit: 'binary', maxLength: 40 }),
    fc.constantFrom('${', '*', ''),
  )
  const document = fc.record({
    Version: fc.constantFrom('2008-10-17', '2012-10-17'),
    Statement: fc.array(
      fc.record({
        Effect: fc.constantFrom('Allow', 'Deny'),
        Action: fc.array(noise, { maxLength: 3 }),
        NotResource: fc.array(noise, { maxLength: 3 }),
        Condition: fc.dictionary(
          fc.oneof(noise, fc.constantFrom('DateEquals', 'IpAddress', 'ArnLike', 'NumericEquals')),
          fc.dictionary(noise, fc.array(noise, { maxLength: 3 }), { maxKeys: 2 }),
          { maxKeys: 2 },
        ),
      }),
      { maxLength: 3 },
    ),
  })
  const value = fc.oneof(noise, fc.array(noise, { maxLength: 3 }), fc.constant(undefined))
  fc.assert(
    fc.property(document, writtenQuestions, value, (policy, { request }, had) => {
      const identity = [compilePolicy(documentOf(policy), { type: 'identity', id: 'p' }, new Map())]
      const context: ContextValues = { get: () => had }
      const set = policySetOf({
        identity: [],
        resource: [],
        boundary: undefined,
        session: undefined,
        scp: [],
        rcp: [],
      })
      const asked = { ...requestOf(request), context }
      const decision = evaluate(asked, { ...set, identity })
      assert.ok(!('fault' in decision))
      assert.equal(explain(asked, { ...set, identity }).decision.kind, decision.kind)
    }),
    runs,
  )
})

test('a source of context that fails is a deny with the fault, and an explanation of nothing', () => {
  const fault = new Error('no such header')
  const context: ContextValues = {
    get() {
      throw fault
    },
  }
  fc.assert(
    fc.property(writtenQuestions, ({ policies, request }) => {
      const asked = { ...requestOf(request), context }
      const decision = evaluate(asked, policySetOf(policies))
      if ('fault' in decision) {
        assert.equal(decision.fault, fault)
        assert.equal(decision.kind, 'implicit-deny')
        assert.deepEqual(decision.missing, [])
      }
      explain(asked, policySetOf(policies))
    }),
    { ...runs, numRuns: fuzzRuns(500) },
  )
})

test('an explanation shows as applying exactly what the decision rests on', () => {
  fc.assert(
    fc.property(writtenQuestions, ({ policies, request }) => {
      const asked = requestOf(request)
      const { decision, policies: explained } = explain(asked, policySetOf(policies))
      const applying = explained
        .filter(({ isBinding }) => isBinding)
        .flatMap(({ type, id, statements }) =>
          statements
            .filter(({ failures }) => failures.length === 0)
            .map(({ effect, index }) => ({ effect, name: `${type} ${id} ${index}` })),
        )
      const denying = applying.filter(({ effect }) => effect === 'Deny')
      if (decision.kind === 'implicit-deny') {
        const isRootsWay = request.action === 'ecr:SetRepositoryPolicy'
        assert.ok(denying.length === 0 || isRootsWay)
        return
      }
      const effect = decision.kind === 'allow' ? 'Allow' : 'Deny'
      for (const { type, policy, index } of decision.decidedBy) {
        if (policy === 'root') continue
        const name = `${type} ${policy} ${index}`
        assert.ok(
          applying.some((one) => one.effect === effect && one.name === name),
          name,
        )
      }
    }),
    runs,
  )
})

test('the parser reads the policies of these tests as they were meant', () => {
  let read = 0
  fc.assert(
    fc.property(writtenPolicies, ({ identity, resource, scp, rcp }) => {
      const written = [
        ...identity.map((policy) => ['identity', policy] as const),
        ...resource.map((policy) => ['repository', policy] as const),
        ...scp.flat().map((policy) => ['scp', policy] as const),
        ...rcp.flat().map((policy) => ['rcp', policy] as const),
      ]
      for (const [kind, policy] of written) {
        const reading = parsePolicy(JSON.stringify(policy), kind, { isStored: true })
        // What may be in an old registry, or in none, is evaluated here as well.
        if (reading.kind === 'malformed') continue
        read++
        assert.deepEqual(withoutPlaces(reading.document), withoutPlaces(documentOf(policy)))
      }
    }),
    runs,
  )
  assert.ok(read > runs.numRuns / 2, `${read} were policies`)
})

function withoutPlaces(document: PolicyDocument): unknown {
  return JSON.parse(JSON.stringify(document, (name, value: unknown) => (name === 'at' ? 0 : value)))
}
