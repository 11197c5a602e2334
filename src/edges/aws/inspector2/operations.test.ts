// What a client may send: anything. It is read or refused, never a fault, and what is read can be held against any finding.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { systemIds } from '../../../lib/ids.ts'
import { deriveKey } from '../../../access/rules/seal.ts'
import { parseAccountId } from '../../../policy/account-id.ts'
import { PratiqueError } from '../../../lib/errors.ts'
import { flawMeets, imageMeets } from '../../../scanning/rules/finding-criteria.ts'
import { coverageCriteriaOf } from './coverage-inputs.ts'
import { spellInspectorError } from './errors.ts'
import { criteriaOf, filterCriteria } from './filter-inputs.ts'
import { filterArn, filterIdOf } from './filter-shape.ts'
import { inspectorOperations } from './operations.ts'
import { cursorOf, nextTokenFor } from './page.ts'

const account = parseAccountId('123456789012')
assert.ok(account !== undefined)
const owner = account
const fields = Object.keys(filterCriteria.properties)
const filter = fc.record(
  {
    comparison: fc.constantFrom('EQUALS', 'PREFIX', 'NOT_EQUALS', 'LIKE', 1),
    value: fc.oneof(fc.string(), fc.integer(), fc.constant(null)),
    key: fc.string(),
    startInclusive: fc.oneof(fc.double(), fc.string()),
    endInclusive: fc.double(),
    lowerInclusive: fc.double(),
    upperInclusive: fc.oneof(fc.double(), fc.boolean()),
    name: fc.record({ comparison: fc.constant('EQUALS'), value: fc.string() }),
    epoch: fc.record({ lowerInclusive: fc.integer() }),
  },
  { requiredKeys: [] },
)
const criteria = fc.dictionary(
  fc.oneof(fc.constantFrom(...fields), fc.string()),
  fc.oneof(fc.array(filter, { maxLength: 12 }), fc.jsonValue()),
)

test('any criteria are read or refused, and what is read can be held against a finding of which nothing is known', () => {
  const row = inspectorOperations.get('ListFindings')
  assert.ok(row !== undefined)
  fc.assert(
    fc.property(criteria, (filterCriteriaText) => {
      const body: unknown = JSON.parse(JSON.stringify({ filterCriteria: filterCriteriaText }))
      const reading = row.read(body)
      if (reading.kind !== 'valid') return
      const { filterCriteria: read = {} } = reading.input as { readonly filterCriteria?: object }
      const known = criteriaOf(read)
      const isMet =
        imageMeets(known, { texts: {}, moments: {}, numbers: {}, tags: [] }) &&
        flawMeets(known, { texts: {}, moments: {}, numbers: {}, packages: [] })
      assert.equal(typeof isMet, 'boolean')
      assert.ok(Object.keys(known).every((name) => fields.includes(name)))
    }),
  )
})

test('any input of any operation is read or refused', () => {
  fc.assert(
    fc.property(fc.constantFrom(...inspectorOperations.values()), fc.jsonValue(), (row, body) => {
      const value = typeof body === 'object' && body !== null && !Array.isArray(body) ? body : {}
      assert.ok(['valid', 'invalid', 'malformed'].includes(row.read(value).kind))
    }),
  )
})

test('an ARN leads to a filter of the account in this region, and any other text to none', () => {
  const arn = filterArn('us-east-1', owner, '0011223344556677')
  assert.equal(filterIdOf('us-east-1', owner, arn), '0011223344556677')
  const others = [
    arn.replace('us-east-1', 'eu-west-1'),
    arn.replaceAll('123456789012', '210987654321'),
    `${arn}0`,
    arn.replace('filter', 'finding'),
    '',
  ]
  for (const other of others) {
    assert.throws(
      () => filterIdOf('us-east-1', owner, other),
      (error) => spellInspectorError(error)?.name === 'ResourceNotFoundException',
      other,
    )
  }
})

test('a token serves its own list alone, and an empty one is none', () => {
  const deps = { pagingKey: deriveKey(Buffer.alloc(32, 1), 'paging'), ids: systemIds }
  const list = { operation: 'ListFindings', inputs: [owner, {}, 7] }
  const { nextToken } = nextTokenFor(deps, list, { at: 1 })
  assert.deepEqual(cursorOf(deps, list, nextToken), { at: 1 })
  assert.equal(cursorOf(deps, list, ''), undefined)
  for (const other of [
    { ...list, inputs: [owner, {}, 8] },
    { ...list, operation: 'ListFilters' },
  ])
    assert.throws(() => cursorOf(deps, other, nextToken), PratiqueError)
})

test('coverage of what is no image is met by none', () => {
  assert.equal(coverageCriteriaOf({ ec2InstanceTags: [] }).isForeign, true)
  assert.equal(coverageCriteriaOf({ ecrRepositoryName: [] }).isForeign, false)
})
