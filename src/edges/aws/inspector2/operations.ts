// The Inspector operations that are served: input model, IAM action, resource, and what runs. Constraints are the service model's.
import { Type } from 'typebox'
import { requestTagKeys, type RequestKeys } from '../../../access/request-context.ts'
import { groupKinds } from '../../../scanning/rules/record-groups.ts'
import { sortFields } from '../../../scanning/rules/record-order.ts'
import { operation, type Operation, type ResourceScope } from '../protocol/operation.ts'
import { accountOperations } from './account-operations.ts'
import { batchGetFindingDetails } from './batch-get-finding-details.ts'
import type { InspectorCall, InspectorDeps } from './call.ts'
import { createFilter } from './create-filter.ts'
import { deleteFilter } from './delete-filter.ts'
import {
  filterCriteria,
  listOf,
  momentFilters,
  numberFilters,
  textFilters,
} from './filter-inputs.ts'
import { filterIdOf } from './filter-shape.ts'
import { listFindingAggregations } from './list-finding-aggregations.ts'
import { listFilters } from './list-filters.ts'
import { listFindings } from './list-findings.ts'
import { everything, maxResults, nextToken, rest } from './operation-parts.ts'
import { inspectorPaths } from './operation-paths.ts'
import { reportOperations } from './report-operations.ts'
import { listTagsForResource, tagResource, untagResource } from './resource-tags.ts'
import { updateFilter } from './update-filter.ts'

type InspectorOperation = Operation<InspectorDeps, InspectorCall>

const findingArn = Type.String({
  minLength: 1,
  maxLength: 100,
  pattern:
    '^arn:(aws[a-zA-Z-]*)?:inspector2:[a-z]{2}(-gov)?-[a-z]+-\\d{1}:\\d{12}:finding/[a-f0-9]{32}$',
})

const aggregationTypes = [
  ...groupKinds,
  'AMI',
  'AWS_EC2_INSTANCE',
  'AWS_LAMBDA_FUNCTION',
  'LAMBDA_LAYER',
  'CODE_REPOSITORY',
  'VM_INSTANCE',
  'CONTAINER_IMAGE',
  'SERVERLESS_FUNCTION',
]
/** The members of all kinds together: each kind reads its own. */
const aggregation = Type.Object({
  repositories: Type.Optional(textFilters),
  resourceIds: Type.Optional(textFilters),
  imageShas: Type.Optional(textFilters),
  architectures: Type.Optional(textFilters),
  imageTags: Type.Optional(textFilters),
  layerHashes: Type.Optional(textFilters),
  packageNames: Type.Optional(textFilters),
  titles: Type.Optional(textFilters),
  vulnerabilityIds: Type.Optional(textFilters),
  lastInUseAt: Type.Optional(momentFilters),
  inUseCount: Type.Optional(numberFilters),
  findingType: Type.Optional(Type.String({ maxLength: 64 })),
  resourceType: Type.Optional(Type.String({ maxLength: 64 })),
  sortOrder: Type.Optional(Type.Enum(['ASC', 'DESC'])),
  sortBy: Type.Optional(Type.String({ maxLength: 64 })),
})

const filterArnText = Type.String({ minLength: 1, maxLength: 128 })
const filterName = Type.String({ minLength: 1, maxLength: 128 })
const filterText = Type.Optional(Type.String({ minLength: 1, maxLength: 512 }))
const filterAction = Type.Enum(['NONE', 'SUPPRESS'])
const tags = Type.Record(
  Type.String({ minLength: 1, maxLength: 128 }),
  Type.String({ maxLength: 256 }),
)
const resourceArn = Type.String({ minLength: 1, maxLength: 1011 })

/** Only what has the form of a filter's ARN can be asked about; another one is none of the account's. */
function onFilter(arn: string, { region, account }: ResourceScope): readonly string[] {
  filterIdOf(region, account, arn)
  return [arn]
}

function tagKeysOf(given: Readonly<Record<string, string>> = {}): RequestKeys {
  return requestTagKeys(Object.entries(given).map(([key, value]) => ({ key, value })))
}

const filterRows: readonly InspectorOperation[] = [
  operation({
    name: 'CreateFilter',
    input: Type.Object({
      name: filterName,
      action: filterAction,
      filterCriteria,
      description: filterText,
      reason: filterText,
      tags: Type.Optional(tags),
    }),
    action: 'inspector2:CreateFilter',
    resources: everything,
    keys: (input) => tagKeysOf(input.tags),
    ...rest,
    run: createFilter,
  }),
  operation({
    name: 'UpdateFilter',
    input: Type.Object({
      filterArn: filterArnText,
      name: Type.Optional(filterName),
      action: Type.Optional(filterAction),
      filterCriteria: Type.Optional(filterCriteria),
      description: filterText,
      reason: filterText,
    }),
    action: 'inspector2:UpdateFilter',
    resources: (input, scope) => onFilter(input.filterArn, scope),
    ...rest,
    run: updateFilter,
  }),
  operation({
    name: 'DeleteFilter',
    input: Type.Object({ arn: filterArnText }),
    action: 'inspector2:DeleteFilter',
    resources: (input, scope) => onFilter(input.arn, scope),
    ...rest,
    run: deleteFilter,
  }),
  operation({
    name: 'ListFilters',
    input: Type.Object({
      arns: Type.Optional(Type.Array(filterArnText, { maxItems: 100 })),
      action: Type.Optional(filterAction),
      maxResults: maxResults(100),
      nextToken,
    }),
    action: 'inspector2:ListFilters',
    resources: everything,
    ...rest,
    run: listFilters,
  }),
  operation({
    name: 'ListTagsForResource',
    input: Type.Object({ resourceArn }),
    action: 'inspector2:ListTagsForResource',
    resources: everything,
    ...rest,
    run: listTagsForResource,
  }),
  operation({
    name: 'TagResource',
    input: Type.Object({ resourceArn, tags }),
    action: 'inspector2:TagResource',
    resources: (input, scope) => onFilter(input.resourceArn, scope),
    keys: (input) => tagKeysOf(input.tags),
    ...rest,
    run: tagResource,
  }),
  operation({
    name: 'UntagResource',
    input: Type.Object({
      resourceArn,
      tagKeys: Type.Array(Type.String({ minLength: 1, maxLength: 128 }), { maxItems: 50 }),
    }),
    action: 'inspector2:UntagResource',
    resources: (input, scope) => onFilter(input.resourceArn, scope),
    keys: (input) => requestTagKeys(input.tagKeys.map((key) => ({ key }))),
    ...rest,
    run: untagResource,
  }),
]

const rows: readonly InspectorOperation[] = [
  ...filterRows,
  ...reportOperations,
  ...accountOperations,
  operation({
    name: 'ListFindings',
    input: Type.Object({
      filterCriteria: Type.Optional(filterCriteria),
      sortCriteria: Type.Optional(
        Type.Object({ field: Type.Enum([...sortFields]), sortOrder: Type.Enum(['ASC', 'DESC']) }),
      ),
      maxResults: maxResults(100),
      nextToken,
    }),
    action: 'inspector2:ListFindings',
    resources: everything,
    ...rest,
    run: listFindings,
  }),
  operation({
    name: 'ListFindingAggregations',
    input: Type.Object({
      aggregationType: Type.Enum(aggregationTypes),
      accountIds: Type.Optional(textFilters),
      aggregationRequest: Type.Optional(Type.Record(Type.String(), aggregation)),
      maxResults: maxResults(100),
      nextToken,
    }),
    action: 'inspector2:ListFindingAggregations',
    resources: everything,
    ...rest,
    run: listFindingAggregations,
  }),
  operation({
    name: 'BatchGetFindingDetails',
    input: Type.Object({ findingArns: listOf(findingArn) }),
    action: 'inspector2:BatchGetFindingDetails',
    resources: everything,
    ...rest,
    run: batchGetFindingDetails,
  }),
]

export const inspectorOperations: ReadonlyMap<string, InspectorOperation> = new Map(
  rows.map((row) => [row.name, row]),
)

/** Operations of the service's model (2020-06-08) that this version does not serve. */
export const unservedInspectorOperations: ReadonlySet<string> = new Set(
  [...inspectorPaths.keys()].filter((name) => !inspectorOperations.has(name)),
)
