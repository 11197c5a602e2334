// The service model's CoverageFilterCriteria.
import { Type } from 'typebox'
import type { CoverageCriteria } from '../../../scanning/list-coverage.ts'
import type {
  MomentCriterion,
  NumberCriterion,
  TextCriterion,
} from '../../../scanning/rules/finding-criteria.ts'
import { listOf, momentFilters, numberFilters } from './filter-inputs.ts'

const textFilters = listOf(
  Type.Object({
    comparison: Type.Enum(['EQUALS', 'NOT_EQUALS']),
    value: Type.String({ minLength: 1, maxLength: 1024 }),
  }),
)
const tagFilters = listOf(
  Type.Object({
    comparison: Type.Enum(['EQUALS']),
    key: Type.String({ minLength: 1 }),
    value: Type.Optional(Type.String({ minLength: 1 })),
  }),
)
const textFields =
  `scanStatusCode scanStatusReason accountId resourceId resourceType scanType ecrRepositoryName ecrImageTags
  lambdaFunctionName lambdaFunctionRuntime scanMode codeRepositoryProjectName codeRepositoryProviderType
  codeRepositoryProviderTypeVisibility lastScannedCommitId cloudProvider cloudProviderAccountId cloudProviderRegion
  cloudContainerImageTags cloudContainerRepositoryName cloudContainerRegistryName cloudServerlessFunctionName
  cloudServerlessFunctionRuntime cloudProviderOrgId`.split(/\s+/)
const momentFields = ['lastScannedAt', 'imagePulledAt', 'ecrImageLastInUseAt']
const numberFields = ['ecrImageInUseCount']
const tagFields = `ec2InstanceTags lambdaFunctionTags machineImageTags cloudVmInstanceTags
  cloudServerlessFunctionTags`.split(/\s+/)

export const coverageFilterCriteria = Type.Object({
  ...Object.fromEntries(textFields.map((field) => [field, Type.Optional(textFilters)])),
  ...Object.fromEntries(momentFields.map((field) => [field, Type.Optional(momentFilters)])),
  ...Object.fromEntries(tagFields.map((field) => [field, Type.Optional(tagFilters)])),
  ...Object.fromEntries(numberFields.map((field) => [field, Type.Optional(numberFilters)])),
})

/** What was held against the model, by the kinds of its fields. */
export function coverageCriteriaOf(input: object = {}): CoverageCriteria {
  // oxlint-disable typescript/no-unsafe-type-assertion -- the schema above has these fields of these kinds
  const given = { ...input } as Readonly<Record<string, readonly TextCriterion[]>>
  const dated = { ...input } as Readonly<Record<string, readonly MomentCriterion[]>>
  const counted = { ...input } as Readonly<Record<string, readonly NumberCriterion[]>>
  // oxlint-enable typescript/no-unsafe-type-assertion
  return {
    texts: pick(given, textFields),
    moments: pick(dated, momentFields),
    numbers: pick(counted, numberFields),
    isForeign: tagFields.some((field) => field in given),
  }
}

function pick<T>(
  from: Readonly<Record<string, T>>,
  names: readonly string[],
): Readonly<Record<string, T>> {
  return Object.fromEntries(
    names.flatMap((name) => {
      const value = from[name]
      return value === undefined ? [] : [[name, value] as const]
    }),
  )
}
