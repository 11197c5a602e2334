// Purpose:  exports of bills of materials: CreateSbomExport, GetSbomExport, CancelSbomExport.
// Spec:     Amazon Inspector2 API Reference, these operations.
// Input:    a request that was held against the model.
// Deviates: one compressed archive with a document for each image, kept and handed out as a report of findings is; what is asked for as
//           CycloneDX 1.4 is written as CycloneDX 1.6, which has a place for all that is known.
// Unknowns: an image whose packages cannot be told has a file that says why in the place of its document.
import { cancelExport, getExport, startExport } from '../../../scanning/finding-exports.ts'
import type { SbomCriteria } from '../../../scanning/export-sboms.ts'
import type { TextCriterion } from '../../../scanning/rules/finding-criteria.ts'
import type { InspectorCall, InspectorDeps } from './call.ts'
import { requiredId } from './findings-reports.ts'
import { destinationOf, failureOf, type Destination } from './report-shape.ts'

type Shape = Readonly<Record<string, unknown>>
type ResourceFilters = Readonly<Record<string, readonly TextCriterion[] | undefined>>

export async function createSbomExport(
  deps: InspectorDeps,
  input: {
    readonly resourceFilterCriteria?: object
    readonly reportFormat: 'CYCLONEDX_1_4' | 'SPDX_2_3'
    readonly s3Destination: Destination
  },
  { caller }: InspectorCall,
): Promise<Shape> {
  const reportId = await startExport(deps, {
    account: caller.accountId,
    kind: 'sbom',
    format: input.reportFormat,
    criteria: {
      asked: input.resourceFilterCriteria ?? {},
      ...criteriaOf(input.resourceFilterCriteria),
    },
    destination: input.s3Destination,
    madeBy: caller.principalArn,
  })
  deps.wake()
  return { reportId }
}

const own = [
  'accountId',
  'resourceId',
  'resourceType',
  'ecrRepositoryName',
  'ecrImageTags',
] as const

function criteriaOf(input: object = {}): SbomCriteria {
  const given: ResourceFilters = { ...input }
  const known = Object.fromEntries(
    own.flatMap((name) => (given[name] === undefined ? [] : [[name, given[name]]])),
  )
  const isForeign = Object.entries(given).some(
    ([name, filters]) =>
      !own.some((one) => one === name) &&
      filters?.some(({ comparison }) => comparison !== 'NOT_EQUALS') === true,
  )
  return { ...known, isForeign }
}

export async function getSbomExport(
  deps: InspectorDeps,
  { reportId }: { readonly reportId: string },
  { caller }: InspectorCall,
): Promise<Shape> {
  const asked = { account: caller.accountId, kind: 'sbom', id: requiredId(reportId) } as const
  const found = await getExport(deps.reader, asked)
  const { criteria } = found
  const filterCriteria =
    typeof criteria === 'object' && criteria !== null && 'asked' in criteria ? criteria.asked : {}
  return {
    reportId: found.id,
    format: found.format,
    status: found.state,
    ...failureOf(found),
    s3Destination: destinationOf(deps, found),
    filterCriteria,
  }
}

export async function cancelSbomExport(
  deps: InspectorDeps,
  { reportId }: { readonly reportId: string },
  { caller }: InspectorCall,
): Promise<Shape> {
  await cancelExport(deps, { account: caller.accountId, kind: 'sbom', id: reportId })
  return { reportId }
}
