// Purpose:  count open findings by account, repository, image, layer, package or title: ListFindingAggregations.
// Spec:     Amazon Inspector2 API Reference, ListFindingAggregations.
// Input:    a request that was held against the model.
// Deviates: pages of one answer are of one count, which is made anew after a minute; while a large registry is counted the answer is
//           ThrottlingException, and asking again brings it on.
// Unknowns: of kinds that no image has there are no groups; a severity that nobody rates is counted as untriaged.
import type { FindingGroup } from '../../../scanning/aggregate-records.ts'
import {
  groupKinds,
  type GroupFilters,
  type GroupKind,
} from '../../../scanning/rules/record-groups.ts'
import type { TextCriterion } from '../../../scanning/rules/finding-criteria.ts'
import { spellUse } from '../../../scanning/spell-finding.ts'
import { epochSeconds, type InspectorCall, type InspectorDeps } from './call.ts'
import { textMeets } from '../../../scanning/rules/finding-criteria.ts'
import { cursorOf, nextTokenFor } from './page.ts'

type Shape = Readonly<Record<string, unknown>>

/** The member of the request and of the answer for each kind. */
const members: Readonly<Record<GroupKind, string>> = {
  ACCOUNT: 'accountAggregation',
  FINDING_TYPE: 'findingTypeAggregation',
  REPOSITORY: 'repositoryAggregation',
  AWS_ECR_CONTAINER: 'awsEcrContainerAggregation',
  IMAGE_LAYER: 'imageLayerAggregation',
  PACKAGE: 'packageAggregation',
  TITLE: 'titleAggregation',
}

interface Asked extends GroupFilters {
  readonly sortBy?: string
  readonly sortOrder?: 'ASC' | 'DESC'
  readonly findingType?: string
  readonly resourceType?: string
}

export async function listFindingAggregations(
  deps: InspectorDeps,
  input: {
    readonly aggregationType: string
    readonly accountIds?: readonly TextCriterion[]
    readonly aggregationRequest?: Readonly<Record<string, Asked | undefined>>
    readonly maxResults?: number
    readonly nextToken?: string
  },
  { caller }: InspectorCall,
): Promise<Shape> {
  const { aggregationType, accountIds, maxResults = 100 } = input
  const { accountId: account } = caller
  const kind = groupKinds.find((known) => known === aggregationType)
  const isOwn = accountIds === undefined || textMeets(accountIds, [account])
  if (kind === undefined || !isOwn) return { aggregationType, responses: [] }
  const asked = input.aggregationRequest?.[members[kind]] ?? {}
  if (!isAboutImages(asked)) return { aggregationType, responses: [] }
  const { sortBy = 'ALL', sortOrder = 'DESC', ...filters } = asked
  const list = { operation: 'ListFindingAggregations', inputs: [account, kind, asked] }
  const cursor = cursorOf(deps, list, input.nextToken)
  const start = typeof cursor === 'number' ? cursor : 0
  const groups = await deps.aggregations.groups({ account, kind, filters })
  const sorted = groups.toSorted((a, b) => compareGroups(a, b, { sortBy, sortOrder }))
  const end = start + maxResults
  return {
    aggregationType,
    responses: sorted
      .slice(start, end)
      .map((group) => ({ [members[kind]]: renderGroup(kind, group) })),
    ...nextTokenFor(deps, list, end < sorted.length ? end : undefined),
  }
}

function isAboutImages({ findingType, resourceType }: Asked): boolean {
  return (
    (findingType === undefined || findingType === 'PACKAGE_VULNERABILITY') &&
    (resourceType === undefined || resourceType === 'AWS_ECR_CONTAINER_IMAGE')
  )
}

function compareGroups(
  a: FindingGroup,
  b: FindingGroup,
  { sortBy, sortOrder }: { readonly sortBy: string; readonly sortOrder: string },
): number {
  const difference = weightOf(a, sortBy) - weightOf(b, sortBy)
  return (sortOrder === 'ASC' ? difference : -difference) || compareNames(a, b)
}

function weightOf({ counts, all, images }: FindingGroup, sortBy: string): number {
  switch (sortBy) {
    case 'CRITICAL':
      return counts.CRITICAL
    case 'HIGH':
      return counts.HIGH
    case 'AFFECTED_IMAGES':
      return images
    default:
      return all
  }
}

function compareNames(a: FindingGroup, b: FindingGroup): number {
  const [first, second] = [a, b].map(({ names }) => Object.values(names).join('\n'))
  if (first === second) return 0
  return (first ?? '') < (second ?? '') ? -1 : 1
}

function renderGroup(kind: GroupKind, group: FindingGroup): Shape {
  const { names, counts, image } = group
  const severityCounts = {
    all: group.all,
    critical: counts.CRITICAL,
    high: counts.HIGH,
    medium: counts.MEDIUM,
    low: counts.LOW,
    informational: counts.INFORMATIONAL,
    untriaged: counts.UNDEFINED,
  }
  const shape = { ...names, severityCounts }
  if (kind === 'ACCOUNT' || kind === 'FINDING_TYPE')
    return { ...shape, exploitAvailableCount: group.exploited, fixAvailableCount: group.fixable }
  if (kind === 'REPOSITORY') return { ...shape, affectedImages: group.images }
  if (kind !== 'AWS_ECR_CONTAINER') return shape
  return {
    ...shape,
    imageSha: image.digest,
    repository: image.repository,
    ...(image.architecture === undefined ? {} : { architecture: image.architecture }),
    imageTags: image.tags,
    ...spellUse(image.use, { time: epochSeconds }),
  }
}
