// Purpose:  what needs no more than a look: ListAccountPermissions, ListUsageTotals.
// Spec:     Amazon Inspector2 API Reference, these operations.
// Input:    a request that was held against the model.
// Deviates: nothing costs anything: usage is told with a cost of 0.
// Unknowns: an account other than the caller's has no usage that is told.
import { countScannedImages } from '../../../scanning/recorded-image-store.ts'
import type { InspectorCall, InspectorDeps } from './call.ts'

type Shape = Readonly<Record<string, unknown>>

export async function listAccountPermissions(
  _deps: InspectorDeps,
  { service = 'ECR' }: { readonly service?: string },
): Promise<Shape> {
  const operations = service === 'ECR' ? ['ENABLE_SCANNING', 'DISABLE_SCANNING'] : []
  return Promise.resolve({ permissions: operations.map((operation) => ({ service, operation })) })
}

export async function listUsageTotals(
  { reader }: InspectorDeps,
  { accountIds }: { readonly accountIds?: readonly string[] },
  { caller }: InspectorCall,
): Promise<Shape> {
  const { accountId } = caller
  if (accountIds !== undefined && !accountIds.includes(accountId)) return { totals: [] }
  const total = await countScannedImages(reader, accountId)
  const usage = [{ type: 'ECR_INITIAL_SCAN', total, estimatedMonthlyCost: 0, currency: 'USD' }]
  return { totals: [{ accountId, usage }] }
}
