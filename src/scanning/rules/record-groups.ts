// Purpose:  which groups a finding counts in, when findings are counted by something they have in common.
// Spec:     Amazon Inspector2 API Reference, ListFindingAggregations: AggregationType, and the filters of each.
// Input:    what is known of an open finding, and the filters of one question.
// Deviates: of kinds that only functions, machines and other clouds have there are no groups.
// Unknowns: a severity that nobody rates is counted as untriaged.
import type { Severity } from '../../ecosystems/severity.ts'
import {
  momentMeets,
  numberMeets,
  textMeets,
  type MomentCriterion,
  type NumberCriterion,
  type TextCriterion,
} from './finding-criteria.ts'

export const groupKinds = [
  'ACCOUNT',
  'FINDING_TYPE',
  'REPOSITORY',
  'AWS_ECR_CONTAINER',
  'IMAGE_LAYER',
  'PACKAGE',
  'TITLE',
] as const
export type GroupKind = (typeof groupKinds)[number]

export type GroupFilters = Readonly<
  Partial<
    Record<
      | 'repositories'
      | 'resourceIds'
      | 'imageShas'
      | 'architectures'
      | 'imageTags'
      | 'layerHashes'
      | 'packageNames'
      | 'titles'
      | 'vulnerabilityIds',
      readonly TextCriterion[]
    > & {
      lastInUseAt: readonly MomentCriterion[]
      inUseCount: readonly NumberCriterion[]
    }
  >
>

export interface GroupableFinding {
  readonly severity: Severity
  readonly title: string
  readonly vulnerability: string
  readonly isFixable: boolean
  readonly isExploited: boolean
  readonly packages: readonly { readonly name: string; readonly layerDigest: string }[]
  readonly image: GroupableImage
}

export interface GroupableImage {
  readonly account: string
  readonly repository: string
  readonly digest: string
  readonly arn: string
  readonly tags: readonly string[]
  readonly architecture: string | undefined
  /** Containers that run it, and when it was last known to run; undefined where nobody told. */
  readonly use: { readonly units: number; readonly lastSeenAt: Date | undefined } | undefined
}

/** What a group is of: the members of its answer that name it. */
export type GroupNames = Readonly<Record<string, string>>

export function imageIsMeant(filters: GroupFilters, image: GroupableImage): boolean {
  const { repositories, resourceIds, imageShas, architectures, imageTags } = filters
  const { lastInUseAt, inUseCount } = filters
  return (
    is(repositories, [image.repository]) &&
    is(resourceIds, [image.arn]) &&
    is(imageShas, [image.digest]) &&
    is(architectures, image.architecture === undefined ? [] : [image.architecture]) &&
    is(imageTags, image.tags) &&
    (lastInUseAt === undefined || momentMeets(lastInUseAt, image.use?.lastSeenAt)) &&
    (inUseCount === undefined || inUseCount.some((one) => numberMeets(one, image.use?.units)))
  )
}

/** The groups of a finding whose image is meant; each once. */
export function groupsOf(
  kind: GroupKind,
  filters: GroupFilters,
  finding: GroupableFinding,
): readonly GroupNames[] {
  const { image, title, vulnerability, packages } = finding
  const { account: accountId, repository, arn: resourceId } = image
  switch (kind) {
    case 'ACCOUNT':
    case 'FINDING_TYPE':
      return [{ accountId }]
    case 'REPOSITORY':
      return [{ accountId, repository }]
    case 'AWS_ECR_CONTAINER':
      return [{ accountId, resourceId }]
    case 'IMAGE_LAYER':
      return distinct(packages.map(({ layerDigest }) => layerDigest))
        .filter((layerHash) => is(filters.layerHashes, [layerHash]))
        .map((layerHash) => ({ accountId, repository, resourceId, layerHash }))
    case 'PACKAGE':
      return distinct(packages.map(({ name }) => name))
        .filter((packageName) => is(filters.packageNames, [packageName]))
        .map((packageName) => ({ accountId, packageName }))
    case 'TITLE':
      return is(filters.titles, [title]) && is(filters.vulnerabilityIds, [vulnerability])
        ? [{ accountId, title, vulnerabilityId: vulnerability }]
        : []
  }
}

function is(asked: readonly TextCriterion[] | undefined, values: readonly string[]): boolean {
  return asked === undefined || textMeets(asked, values)
}

function distinct(values: readonly string[]): readonly string[] {
  return [...new Set(values)]
}
