import assert from 'node:assert/strict'
import { test } from 'node:test'
import { plainJson, selectFields } from './named-fields.ts'

const cases: readonly (readonly [string, unknown, unknown])[] = [
  ['nothing', undefined, undefined],
  ['what is no object', 'repositoryName', undefined],
  ['an object of which no name is listed', { token: 'x' }, undefined],
  ['a null', { repositoryName: null }, undefined],
  ['a number and a truth', { maxResults: 3, force: false }, { maxResults: 3, force: false }],
  ['a name that is no text', { repositoryName: { deep: 1 } }, undefined],
  ['a list without a listed name', { secrets: ['x'] }, undefined],
  ['a list of what is neither', { imageIds: [null, 'v1', Symbol.iterator] }, { imageIds: ['v1'] }],
  [
    'Query’s spelling',
    { UserName: 'dev', PolicyArns: ['a'] },
    { userName: 'dev', policyArns: ['a'] },
  ],
  [
    'tags in both spellings',
    { Tags: [{ Key: 'team', Value: 'blue', Secret: 'x' }, { key: 'a', value: 'b' }, 'c', {}] },
    {
      tags: [
        { key: 'team', value: 'blue' },
        { key: 'a', value: 'b' },
      ],
    },
  ],
  ['tags that are no list', { Tags: { Key: 'a', Value: 'b' } }, undefined],
  [
    'the tags of a session',
    { PrincipalTags: { team: 'blue', deep: { a: 'b' } } },
    { principalTags: { team: 'blue' } },
  ],
  ['tags of a session that are no object', { PrincipalTags: ['a'] }, undefined],
  [
    'a configuration that is an object',
    { signingConfiguration: { rules: [] }, replicationConfiguration: 'x' },
    {
      signingConfiguration: {
        sha256: 'da506c8a9c8a9f31aa00eaeef23d49764b9ace97158a1a0a7aa628e6d446b0fb',
        characters: 12,
      },
    },
  ],
  [
    'where images are to be copied',
    { destination: { region: 'eu-west-1', registryId: '1', secret: 'x' } },
    { destination: { region: 'eu-west-1', registryId: '1' } },
  ],
  [
    'an answer in an answer',
    { Role: { Arn: 'a', Role: { Arn: 'b', Role: { Arn: 'c', Role: { Arn: 'd' } } } } },
    { role: { arn: 'a', role: { arn: 'b', role: { arn: 'c' } } } },
  ],
]

for (const [name, value, expected] of cases) {
  test(`picks of ${name} what is listed by name`, () => {
    assert.deepEqual(selectFields(value), expected)
  })
}

test('a request of thousands of parameters makes no long record', () => {
  const many = Object.fromEntries(Array.from({ length: 5000 }, (_, index) => [`x${index}`, 1]))
  assert.equal(selectFields(many), undefined)
  const spellings = Array.from({ length: 400 }, (_, index) => `max${'-'.repeat(index)}results`)
  const fields = selectFields(Object.fromEntries(spellings.map((name) => [name, 1])))
  assert.ok(Object.keys(fields ?? {}).length <= 80)
})

test('fifty long tags are cut short, and it is said how many are left out', () => {
  const Tags = Array.from({ length: 50 }, (_, index) => ({
    Key: `${index}`,
    Value: 'v'.repeat(256),
  }))
  const kept: unknown = selectFields({ Tags })?.['tags']
  assert.ok(Array.isArray(kept) && kept.length > 25)
  assert.equal(kept.at(-1), `and ${50 - (kept.length - 1)} more`)
})

test('JSON is ASCII and means the same', () => {
  const text = 'naïve \u009b31m \u202e \u2028 😀'
  const json = plainJson({ text })
  assert.match(json, /^[\u0020-\u007e]+$/)
  assert.deepEqual(JSON.parse(json), { text })
})
