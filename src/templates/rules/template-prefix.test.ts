import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { fuzzRuns } from '../../../test/kit/fuzz-runs.ts'
import { parseRepositoryName, type RepositoryName } from '../../oci/repository-name.ts'
import {
  allUnder,
  chooseTemplate,
  isFor,
  parseTemplatePrefix,
  type Occasion,
  type TemplatePrefix,
} from './template-prefix.ts'

function prefixOf(text: string): TemplatePrefix {
  const prefix = parseTemplatePrefix(text)
  assert.ok(prefix !== undefined, text)
  return prefix
}

function nameOf(text: string): RepositoryName {
  const name = parseRepositoryName(text)
  assert.ok(name !== undefined, text)
  return name
}

test('refuses what is no namespace', () => {
  for (const text of [
    '',
    '/',
    'Prod',
    'Root',
    'ROOT/',
    'a//b',
    '/a',
    'a b',
    'a*',
    'prod//',
    '-a',
    'a-',
  ])
    assert.equal(parseTemplatePrefix(text), undefined, text)
  assert.equal(parseTemplatePrefix('a'.repeat(257)), undefined)
})

test('a slash at the end is always meant, and ROOT is no namespace', () => {
  assert.equal(prefixOf('prod/team/'), 'prod/team')
  assert.equal(prefixOf('prod'), prefixOf('prod/'))
  assert.equal(prefixOf('ROOT'), 'ROOT')
  assert.equal(allUnder(prefixOf('prod/')), 'prod/*')
  assert.equal(allUnder(prefixOf('ROOT')), '*')
})

test('a prefix is for what is below it: not for its own name, and not for its beginnings', () => {
  for (const name of ['prod/app', 'prod/team/app', 'prod/a'])
    assert.ok(isFor(prefixOf('prod'), nameOf(name)), name)
  for (const name of ['prod', 'production/app', 'my/prod/app', 'pro/d'])
    assert.ok(!isFor(prefixOf('prod'), nameOf(name)), name)
  for (const name of ['prod', 'x/y', 'root']) assert.ok(isFor(prefixOf('ROOT'), nameOf(name)), name)
})

test('of those for the occasion the longest is chosen', () => {
  const template = (text: string, ...appliedFor: readonly Occasion[]) => ({
    prefix: prefixOf(text),
    appliedFor,
  })
  const templates = [
    template('ROOT', 'CREATE_ON_PUSH', 'REPLICATION'),
    template('prod', 'CREATE_ON_PUSH'),
    template('prod/team', 'REPLICATION'),
    template('a', 'CREATE_ON_PUSH'),
  ]
  const chosen = (name: string, occasion: Occasion): string | undefined =>
    chooseTemplate(templates, nameOf(name), occasion)?.prefix
  assert.equal(chosen('prod/team/app', 'CREATE_ON_PUSH'), 'prod')
  assert.equal(chosen('prod/team/app', 'REPLICATION'), 'prod/team')
  assert.equal(chosen('prod/team/app', 'PULL_THROUGH_CACHE'), undefined)
  assert.equal(chosen('prod', 'CREATE_ON_PUSH'), 'ROOT')
  assert.equal(chosen('a/b', 'CREATE_ON_PUSH'), 'a', 'a prefix of one letter goes before ROOT')
  assert.equal(chooseTemplate([], nameOf('prod/app'), 'CREATE_ON_PUSH'), undefined)
})

test('whichever order templates are listed in, the same one is chosen', () => {
  const segment = fc.constantFrom('a', 'b', 'ab')
  const path = fc.array(segment, { minLength: 1, maxLength: 4 }).map((parts) => parts.join('/'))
  const prefix = fc.oneof({ weight: 5, arbitrary: path }, fc.constant('ROOT')).map(prefixOf)
  const list = fc.uniqueArray(prefix, { maxLength: 8 })
  fc.assert(
    fc.property(list, path, (prefixes, under) => {
      const name = nameOf(`${under}/x`)
      const templates = prefixes.map((one) => ({
        prefix: one,
        appliedFor: ['REPLICATION'] as const,
      }))
      const chosen = chooseTemplate(templates, name, 'REPLICATION')?.prefix
      assert.equal(chooseTemplate(templates.toReversed(), name, 'REPLICATION')?.prefix, chosen)
      if (chosen === undefined) return assert.ok(!prefixes.some((one) => isFor(one, name)))
      assert.ok(isFor(chosen, name))
      for (const one of prefixes)
        if (one !== 'ROOT' && isFor(one, name)) assert.ok(chosen.length >= one.length)
    }),
    { numRuns: fuzzRuns(100) },
  )
})
