import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import {
  flawMeets,
  imageMeets,
  imageTextFields,
  namedValues,
  recordTextFields,
  textMeets,
  type FindingCriteria,
  type FlawFacts,
  type ImageFacts,
  type TextCriterion,
} from './finding-criteria.ts'

const word: fc.Arbitrary<string> = fc.constantFrom('a', 'ab', 'b', '')
const criterion: fc.Arbitrary<TextCriterion> = fc.record({
  comparison: fc.constantFrom('EQUALS', 'PREFIX', 'NOT_EQUALS'),
  value: word,
})
const nothing: ImageFacts = { texts: {}, moments: {}, numbers: {}, tags: [] }
const flaw: FlawFacts = { texts: {}, moments: {}, numbers: {}, packages: [] }

test('of filters of one field a wanted one must hold, and every unwanted one', () => {
  fc.assert(
    fc.property(
      fc.array(criterion, { minLength: 1, maxLength: 6 }),
      fc.array(word),
      (asked, values) => {
        const holds = ({ comparison, value }: TextCriterion): boolean =>
          comparison === 'PREFIX'
            ? values.some((one) => one.startsWith(value))
            : comparison === 'EQUALS'
              ? values.includes(value)
              : !values.includes(value)
        const wanted = asked.filter(({ comparison }) => comparison !== 'NOT_EQUALS')
        const unwanted = asked.filter(({ comparison }) => comparison === 'NOT_EQUALS')
        const expected = (wanted.length === 0 || wanted.some(holds)) && unwanted.every(holds)
        assert.equal(textMeets(asked, values), expected)
      },
    ),
  )
})

test('values that the criteria name leave no finding with another one', () => {
  fc.assert(
    fc.property(fc.array(criterion, { minLength: 1, maxLength: 6 }), word, (asked, value) => {
      const named = namedValues({ vulnerabilityId: asked }, 'vulnerabilityId')
      if (named !== undefined && textMeets(asked, [value])) assert.ok(named.includes(value))
    }),
  )
})

test('no field that is not known is equal to anything, and each may be said not to be something', () => {
  const parts: readonly (readonly [readonly string[], (criteria: FindingCriteria) => boolean])[] = [
    [imageTextFields, (criteria) => imageMeets(criteria, nothing)],
    [recordTextFields, (criteria) => flawMeets(criteria, flaw)],
  ]
  for (const [fields, meets] of parts) {
    for (const field of fields) {
      const asked = (comparison: TextCriterion['comparison']): FindingCriteria => ({
        [field]: [{ comparison, value: 'x' }],
      })
      assert.equal(meets(asked('EQUALS')), false, field)
      assert.equal(meets(asked('PREFIX')), false, field)
      assert.equal(meets(asked('NOT_EQUALS')), true, field)
    }
  }
  assert.equal(imageMeets({ ecrImageInUseCount: [{ lowerInclusive: 0 }] }, nothing), false)
  assert.equal(imageMeets({ ecrImageLastInUseAt: [{ startInclusive: 0 }] }, nothing), false)
  assert.equal(imageMeets({ portRange: [{ beginInclusive: 0 }] }, nothing), false)
})

test('all that a filter of packages says must hold of one package', () => {
  const found = (name: string, version: string) => ({
    texts: { name, version },
    epoch: 1,
    qualifiers: new Map([['arch', 'amd64']]),
  })
  const two: FlawFacts = { ...flaw, packages: [found('a', '1'), found('b', '2')] }
  const is = (value: string): TextCriterion => ({ comparison: 'EQUALS', value })
  assert.equal(flawMeets({ vulnerablePackages: [{ name: is('a'), version: is('1') }] }, two), true)
  assert.equal(flawMeets({ vulnerablePackages: [{ name: is('a'), version: is('2') }] }, two), false)
  assert.equal(flawMeets({ vulnerablePackages: [{ epoch: { lowerInclusive: 2 } }] }, two), false)
  const arch = (value?: string) => ({
    comparison: 'EQUALS' as const,
    key: 'arch',
    ...(value === undefined ? {} : { value }),
  })
  assert.equal(flawMeets({ vulnerablePackages: [{ purlQualifier: arch() }] }, two), true)
  assert.equal(flawMeets({ vulnerablePackages: [{ purlQualifier: arch('arm64') }] }, two), false)
})
