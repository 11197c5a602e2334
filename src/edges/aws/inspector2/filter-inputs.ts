// The service model's FilterCriteria and what it is made of.
import { Type, type TSchema } from 'typebox'
import {
  foreignMomentFields,
  foreignNumberFields,
  foreignTextFields,
  imageMomentFields,
  imageNumberFields,
  imageTextFields,
  packageTextFields,
  recordMomentFields,
  recordNumberFields,
  recordTextFields,
  type FindingCriteria,
} from '../../../scanning/rules/finding-criteria.ts'

const textFilter = Type.Object({
  comparison: Type.Enum(['EQUALS', 'PREFIX', 'NOT_EQUALS']),
  value: Type.String({ minLength: 1, maxLength: 1024 }),
})
const momentFilter = Type.Object({
  startInclusive: Type.Optional(Type.Number()),
  endInclusive: Type.Optional(Type.Number()),
})
const numberFilter = Type.Object({
  lowerInclusive: Type.Optional(Type.Number()),
  upperInclusive: Type.Optional(Type.Number()),
})
const tagFilter = Type.Object({
  comparison: Type.Enum(['EQUALS']),
  key: Type.String({ minLength: 1, maxLength: 128 }),
  value: Type.Optional(Type.String({ maxLength: 256 })),
})
const port = Type.Integer({ minimum: 0, maximum: 65_535 })
const portFilter = Type.Object({
  beginInclusive: Type.Optional(port),
  endInclusive: Type.Optional(port),
})

export function listOf<T extends TSchema>(member: T, minItems = 1, maxItems = 10) {
  return Type.Array(member, { minItems, maxItems })
}

function each<T extends TSchema>(
  fields: readonly string[],
  member: T,
): Readonly<Record<string, ReturnType<typeof Type.Optional<T>>>> {
  return Object.fromEntries(fields.map((field) => [field, Type.Optional(member)]))
}

export const textFilters = listOf(textFilter)
export const momentFilters = listOf(momentFilter)
export const numberFilters = listOf(numberFilter)

const packageFilter = Type.Object({
  ...each(packageTextFields, textFilter),
  epoch: Type.Optional(numberFilter),
  purlQualifier: Type.Optional(tagFilter),
})

export const filterCriteria = Type.Object({
  ...each([...imageTextFields, ...recordTextFields, ...foreignTextFields], textFilters),
  ...each([...imageMomentFields, ...recordMomentFields, ...foreignMomentFields], momentFilters),
  ...each([...imageNumberFields, ...recordNumberFields, ...foreignNumberFields], numberFilters),
  resourceTags: Type.Optional(listOf(tagFilter)),
  portRange: Type.Optional(listOf(portFilter)),
  vulnerablePackages: Type.Optional(listOf(packageFilter)),
})

const criteriaNames: ReadonlySet<string> = new Set(Object.keys(filterCriteria.properties))

/** What was held against the model, without members that it does not have. */
export function criteriaOf(input: object | undefined): FindingCriteria {
  const known = Object.entries(input ?? {}).filter(([name]) => criteriaNames.has(name))
  return Object.fromEntries(known)
}
