import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { readTokenTags } from './id-token-tags.ts'

const ns = 'https://aws.amazon.com/tags'
const identity = 'https://aws.amazon.com/source_identity'
const many = Object.fromEntries(Array.from({ length: 51 }, (_, n) => [`k${n}`, 'v']))

/** Claims that mean to say something and do not. */
const unreadable: readonly (readonly [string, Readonly<Record<string, unknown>>, RegExp])[] = [
  ['tags that are a text', { [ns]: 'team=blue' }, /is no object/],
  ['tags that are a list', { [ns]: [{ principal_tags: { team: 'blue' } }] }, /is no object/],
  ['tags that are null', { [ns]: null }, /is no object/],
  ['principal_tags that are a list', { [ns]: { principal_tags: ['a'] } }, /principal_tags/],
  ['a tag of two values', { [ns]: { principal_tags: { team: ['a', 'b'] } } }, /one value/],
  ['a tag of no value', { [ns]: { principal_tags: { team: [] } } }, /one value/],
  ['a number', { [ns]: { principal_tags: { team: 7 } } }, /one value/],
  ['an empty key', { [`${ns}/principal_tags/`]: 'x' }, /one key/],
  ['a key too long', { [`${ns}/principal_tags/${'k'.repeat(129)}`]: 'x' }, /one key/],
  ['a value too long', { [`${ns}/principal_tags/k`]: 'x'.repeat(257) }, /one value/],
  ['a value with a line break', { [`${ns}/principal_tags/k`]: 'x\ny' }, /one value/],
  ['a variable as a value', { [`${ns}/principal_tags/k`]: '${aws:username}' }, /one value/],
  ['51 tags', { [ns]: { principal_tags: many } }, /more than 50 tags/],
  ['transitive keys that are none', { [ns]: { transitive_tag_keys: [7] } }, /no list of keys/],
  ['a source identity that is a list', { [identity]: ['ada'] }, /source_identity is no name/],
  ['a source identity of one letter', { [identity]: 'a' }, /source_identity is no name/],
  ['a source identity too long', { [identity]: 'a'.repeat(65) }, /source_identity is no name/],
  ['a source identity with a blank', { [identity]: 'ada lovelace' }, /source_identity is no name/],
]
for (const [what, payload, reason] of unreadable)
  test(`refuses ${what}`, () => {
    const reading = readTokenTags(payload)
    assert.ok(reading.kind === 'unreadable')
    assert.match(reading.reason, reason)
  })

test('a token without these claims wants nothing', () => {
  const nothing = { tags: [], transitiveKeys: [], sourceIdentity: undefined }
  for (const payload of [{}, { sub: 'x', [`${ns}x`]: 1 }, { [ns]: {} }])
    assert.deepEqual(readTokenTags(payload), { kind: 'read', token: nothing })
})

/** Source: IAM User Guide, "Passing session tags using AssumeRoleWithWebIdentity", both examples. */
test('reads nested and flattened tags alike', () => {
  const token = {
    tags: [
      { key: 'Project', value: 'Automation' },
      { key: 'CostCenter', value: '987654' },
    ],
    transitiveKeys: ['Project', 'CostCenter'],
    sourceIdentity: 'Admin',
  }
  const nested = {
    principal_tags: { Project: ['Automation'], CostCenter: '987654' },
    transitive_tag_keys: ['Project', 'CostCenter'],
  }
  const flat = {
    [`${ns}/principal_tags/Project`]: 'Automation',
    [`${ns}/principal_tags/CostCenter`]: ['987654'],
    [`${ns}/transitive_tag_keys`]: ['Project', 'CostCenter'],
  }
  const mixed = {
    [ns]: { principal_tags: { Project: 'Automation' }, transitive_tag_keys: 'Project' },
    [`${ns}/principal_tags/CostCenter`]: '987654',
    [`${ns}/transitive_tag_keys`]: ['CostCenter', 'Project'],
  }
  for (const claims of [{ [ns]: nested }, flat, mixed])
    assert.deepEqual(readTokenTags({ ...claims, [identity]: 'Admin' }), { kind: 'read', token })
})

test('whatever a provider writes there, what is read fits STS’s model', () => {
  const names = fc.constantFrom(ns, identity, `${ns}/principal_tags/a`, `${ns}/transitive_tag_keys`)
  fc.assert(
    fc.property(fc.dictionary(names, fc.jsonValue()), (payload) => {
      const reading = readTokenTags(payload)
      if (reading.kind === 'unreadable') return reading.reason !== ''
      const { tags, sourceIdentity = 'ok' } = reading.token
      return (
        tags.every(({ key, value }) => key.length <= 128 && value.length <= 256) &&
        /^[\w+=,.@-]{2,64}$/.test(sourceIdentity)
      )
    }),
  )
})
