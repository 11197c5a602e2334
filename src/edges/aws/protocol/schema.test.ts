import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { Type } from 'typebox'
import { inputReader, invalidParameterText, validationText } from './schema.ts'

const read = inputReader(
  Type.Object({
    repositoryName: Type.String({ minLength: 2, maxLength: 256, pattern: '^[a-z]+$' }),
    registryIds: Type.Optional(
      Type.Array(Type.String({ pattern: '^[0-9]{12}$' }), { minItems: 1 }),
    ),
    imageIds: Type.Optional(
      Type.Array(Type.Object({ imageTag: Type.Optional(Type.String({ minLength: 1 })) }), {
        maxItems: 3,
      }),
    ),
    maxResults: Type.Optional(Type.Integer({ minimum: 1, maximum: 1000 })),
    force: Type.Optional(Type.Boolean()),
    tagStatus: Type.Optional(Type.Enum(['TAGGED', 'UNTAGGED'])),
  }),
)

/** Both spellings of what is wrong with a body. */
function spelled(body: unknown): readonly [ecr: string, validation: string] {
  const reading = read(body)
  assert.equal(reading.kind, 'invalid')
  if (reading.kind !== 'invalid') return ['', '']
  return [invalidParameterText(reading.violations), validationText(reading.violations)]
}

const cases: readonly [
  name: string,
  body: object,
  member: string,
  constraint: string,
  value: string,
][] = [
  ['a required member that is missing', {}, 'repositoryName', 'must not be null', 'null'],
  [
    'a required member that is null',
    { repositoryName: null },
    'repositoryName',
    'must not be null',
    'null',
  ],
  [
    'a string that is too short',
    { repositoryName: 'a' },
    'repositoryName',
    'must have length greater than or equal to 2',
    `'a'`,
  ],
  [
    'a number below its range',
    { repositoryName: 'app', maxResults: 0 },
    'maxResults',
    'must have value greater than or equal to 1',
    `'0'`,
  ],
  [
    'a number above its range',
    { repositoryName: 'app', maxResults: 1001 },
    'maxResults',
    'must have value less than or equal to 1000',
    `'1001'`,
  ],
  [
    'a word outside its set',
    { repositoryName: 'app', tagStatus: 'ALL' },
    'tagStatus',
    'must satisfy enum value set: [TAGGED, UNTAGGED]',
    `'ALL'`,
  ],
  [
    'a member inside a list, which counts from one',
    { repositoryName: 'app', imageIds: [{ imageTag: 'v1' }, { imageTag: '' }] },
    'imageIds.2.member.imageTag',
    'must have length greater than or equal to 1',
    `''`,
  ],
]
for (const [name, body, member, constraint, value] of cases) {
  test(`spells ${name}`, () => {
    const [ecr, validation] = spelled(body)
    assert.equal(
      ecr,
      `Invalid parameter at '${member}' failed to satisfy constraint: '${constraint}'`,
    )
    assert.equal(
      validation,
      `1 validation error detected: Value ${value} at '${member}' failed to satisfy constraint: Member ${constraint}`,
    )
  })
}

test('spells a pattern as the ECR API does, without its anchors', () => {
  const [ecr] = spelled({ repositoryName: 'BAD' })
  assert.equal(
    ecr,
    `Invalid parameter at 'repositoryName' failed to satisfy constraint: 'must satisfy regular expression '[a-z]+''`,
  )
})

test('counts several violations in one sentence', () => {
  const [, validation] = spelled({ repositoryName: 'a', maxResults: 0 })
  assert.match(validation, /^2 validation errors detected: Value 'a' at .*; Value '0' at /)
})

test('shows only the beginning of a long value', () => {
  const [ecr, validation] = spelled({ repositoryName: 'a'.repeat(100_000) })
  assert.ok(ecr.length < 300)
  assert.ok(validation.length < 500)
})

test('refuses a member of another type as malformed, a number in a string too', () => {
  const bodies = [
    { repositoryName: 5 },
    { maxResults: '5' },
    { maxResults: 1.5 },
    { force: 'true' },
  ]
  for (const members of [...bodies, { imageIds: {} }, { imageIds: ['v1'] }]) {
    assert.equal(read({ repositoryName: 'app', ...members }).kind, 'malformed')
  }
})

test('takes null as absent and ignores members that the model does not have', () => {
  const reading = read({ repositoryName: 'app', maxResults: null, tomorrow: { a: 1 } })
  assert.equal(reading.kind, 'valid')
  assert.equal(reading.kind === 'valid' && 'maxResults' in reading.input, false)
})

test('is not fooled by members named like those of every object', () => {
  const body: unknown = JSON.parse('{"__proto__":{"repositoryName":"app"},"constructor":null}')
  assert.equal(read(body).kind, 'invalid')
})

test('never throws on JSON of any shape', () => {
  fc.assert(
    fc.property(fc.jsonValue({ maxDepth: 5 }), (body) => {
      assert.match(read(body).kind, /^(valid|malformed|invalid)$/)
    }),
  )
})

test('spells a pattern as Smithy does for operations of newer design', () => {
  const [, validation] = spelled({ repositoryName: 'BAD' })
  assert.equal(
    validation,
    `1 validation error detected: Value 'BAD' at 'repositoryName' failed to satisfy constraint: Member must satisfy regular expression pattern: [a-z]+`,
  )
})

// Source: the ECR spelling was seen from the service, github.com/aws-actions/amazon-ecr-login issue 225.
test('names the list when one of its plain entries is wrong, once', () => {
  const [ecr, validation] = spelled({ repositoryName: 'app', registryIds: ['1', '2'] })
  const constraint =
    'Member must satisfy constraint: [Member must satisfy regular expression pattern: [0-9]{12}]'
  assert.equal(
    ecr,
    `Invalid parameter at 'registryIds' failed to satisfy constraint: '${constraint}'`,
  )
  assert.equal(
    validation,
    `1 validation error detected: Value '[1, 2]' at 'registryIds' failed to satisfy constraint: ${constraint}`,
  )
})

test('refuses a string that is too long for its pattern to be tried', () => {
  const readName = inputReader(
    Type.Object({
      name: Type.String({
        maxLength: 256,
        pattern: '^(?:[a-z]+(?:[.][a-z]+)*/)*[a-z]+(?:[.][a-z]+)*$',
      }),
    }),
  )
  assert.notEqual(readName({ name: `${'a.'.repeat(5_000_000)}!` }).kind, 'valid')
})
