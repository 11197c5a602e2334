// Purpose:  which images are looked after, and why others are not: ListCoverage, ListCoverageStatistics.
// Spec:     Amazon Inspector2 API Reference, these operations.
// Input:    a request that was held against the model.
// Deviates: images are listed, repositories are not; of a group the statistics tell its count and what it was grouped by, the five largest.
// Unknowns: an image that could not be judged is told with the reason.
import { coveredImages, type CoveredImage } from '../../../scanning/list-coverage.ts'
import type { ImagePlace } from '../../../scanning/images-of-account.ts'
import { spellUse } from '../../../scanning/spell-finding.ts'
import { epochSeconds, type InspectorCall, type InspectorDeps } from './call.ts'
import { coverageCriteriaOf } from './coverage-inputs.ts'
import { cursorOf, nextTokenFor } from './page.ts'

type Shape = Readonly<Record<string, unknown>>

/** Images looked at for one page, whatever of them is shown. */
const imagesOfPage = 2000

export async function listCoverage(
  deps: InspectorDeps,
  input: {
    readonly filterCriteria?: object
    readonly maxResults?: number
    readonly nextToken?: string
  },
  { caller }: InspectorCall,
): Promise<Shape> {
  const { accountId: account } = caller
  const { filterCriteria, maxResults = 200 } = input
  const criteria = coverageCriteriaOf(filterCriteria)
  const list = { operation: 'ListCoverage', inputs: [account, criteria] }
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- sealed by this operation
  const from = cursorOf(deps, list, input.nextToken) as ImagePlace | undefined
  const shown: Shape[] = []
  let looked = 0
  for await (const { place, image } of coveredImages(deps, { account, criteria }, from)) {
    looked += 1
    if (image !== undefined) shown.push(renderCovered(image))
    if (shown.length === maxResults || looked === imagesOfPage)
      return { coveredResources: shown, ...nextTokenFor(deps, list, place) }
  }
  return { coveredResources: shown }
}

function renderCovered(image: CoveredImage): Shape {
  const { lastScannedAt, lastPulledAt, use } = image
  return {
    resourceType: 'AWS_ECR_CONTAINER_IMAGE',
    resourceId: image.arn,
    accountId: image.account,
    scanType: 'PACKAGE',
    scanStatus: { statusCode: image.statusCode, reason: image.reason },
    resourceMetadata: {
      ecrImage: {
        tags: image.tags,
        ...(lastPulledAt === undefined ? {} : { imagePulledAt: epochSeconds(lastPulledAt) }),
        ...spellUse(use, { time: epochSeconds }),
      },
      ecrRepository: { name: image.repository },
    },
    ...(lastScannedAt === undefined ? {} : { lastScannedAt: epochSeconds(lastScannedAt) }),
  }
}

const groupKeys: Readonly<Record<string, (image: CoveredImage) => string>> = {
  SCAN_STATUS_CODE: ({ statusCode }) => statusCode,
  SCAN_STATUS_REASON: ({ reason }) => reason,
  ACCOUNT_ID: ({ account }) => account,
  RESOURCE_TYPE: () => 'AWS_ECR_CONTAINER_IMAGE',
  ECR_REPOSITORY_NAME: ({ repository }) => repository,
}
const maxGroups = 5

export async function listCoverageStatistics(
  deps: InspectorDeps,
  input: { readonly filterCriteria?: object; readonly groupBy?: string },
  { caller }: InspectorCall,
): Promise<Shape> {
  const { accountId: account } = caller
  const { groupBy } = input
  const criteria = coverageCriteriaOf(input.filterCriteria)
  const nameOf = groupBy === undefined ? undefined : groupKeys[groupBy]
  const counts = new Map<string, number>()
  let totalCounts = 0
  for await (const { image } of coveredImages(deps, { account, criteria })) {
    if (image === undefined) continue
    totalCounts += 1
    const name = nameOf?.(image)
    if (name !== undefined) counts.set(name, (counts.get(name) ?? 0) + 1)
  }
  if (groupBy === undefined || counts.size === 0) return { totalCounts }
  const largest = [...counts.values()].toSorted((a, b) => b - a).slice(0, maxGroups)
  return { totalCounts, countsByGroup: largest.map((count) => ({ count, groupKey: groupBy })) }
}
