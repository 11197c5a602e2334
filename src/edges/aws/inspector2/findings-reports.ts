// Purpose:  reports of findings: CreateFindingsReport, GetFindingsReportStatus, CancelFindingsReport.
// Spec:     Amazon Inspector2 API Reference, these operations.
// Input:    a request that was held against the model.
// Deviates: the report stays in this registry for a week. Bucket and KMS key are kept and told as they were given, and nothing is put into
//           a bucket; once the report is there, destination.keyPrefix is an address that gives it to whoever has it for an hour.
//           A report without findings SUCCEEDED, with the code NO_FINDINGS_FOUND beside it.
// Unknowns: a report of another account is none.
import { cancelExport, getExport, startExport } from '../../../scanning/finding-exports.ts'
import type { InspectorCall, InspectorDeps } from './call.ts'
import { invalidField } from './errors.ts'
import { criteriaOf } from './filter-inputs.ts'
import { destinationOf, failureOf, type Destination } from './report-shape.ts'

type Shape = Readonly<Record<string, unknown>>

export async function createFindingsReport(
  deps: InspectorDeps,
  input: {
    readonly filterCriteria?: object
    readonly reportFormat: 'CSV' | 'JSON'
    readonly s3Destination: Destination
  },
  { caller }: InspectorCall,
): Promise<Shape> {
  const reportId = await startExport(deps, {
    account: caller.accountId,
    kind: 'findings',
    format: input.reportFormat,
    criteria: criteriaOf(input.filterCriteria),
    destination: input.s3Destination,
    madeBy: caller.principalArn,
  })
  deps.wake()
  return { reportId }
}

export async function getFindingsReportStatus(
  deps: InspectorDeps,
  { reportId }: { readonly reportId?: string },
  { caller }: InspectorCall,
): Promise<Shape> {
  const asked = { account: caller.accountId, kind: 'findings', id: requiredId(reportId) } as const
  const found = await getExport(deps.reader, asked)
  return {
    reportId: found.id,
    status: found.state,
    ...failureOf(found),
    destination: destinationOf(deps, found),
    filterCriteria: found.criteria,
  }
}

export async function cancelFindingsReport(
  deps: InspectorDeps,
  { reportId }: { readonly reportId: string },
  { caller }: InspectorCall,
): Promise<Shape> {
  await cancelExport(deps, { account: caller.accountId, kind: 'findings', id: reportId })
  return { reportId }
}

/** AWS tells of the newest one without it; here every report has an id, and its maker has it. */
export function requiredId(reportId: string | undefined): string {
  if (reportId !== undefined) return reportId
  throw invalidField('reportId', 'name the report: the id that its creation answered')
}
