import { readAdvisoryState } from '../../../scanning/advisory-state-store.ts'
import { listRecords, type RecordCursor } from '../../../scanning/list-records.ts'
import type { RecordOrder, SortField } from '../../../scanning/rules/record-order.ts'
import { spellFinding } from '../../../scanning/spell-finding.ts'
import { epochSeconds, type InspectorCall, type InspectorDeps } from './call.ts'
import { criteriaOf } from './filter-inputs.ts'
import { cursorOf, nextTokenFor } from './page.ts'

export interface ListFindingsInput {
  readonly filterCriteria?: object
  readonly sortCriteria?: { readonly field: SortField; readonly sortOrder: 'ASC' | 'DESC' }
  readonly maxResults?: number
  readonly nextToken?: string
}

const anyOrder: RecordOrder = { field: 'AWS_ACCOUNT_ID', descending: false }

/** Open, suppressed and lately closed findings of the caller's account, one for each flaw of an image. */
export async function listFindings(
  deps: InspectorDeps,
  input: ListFindingsInput,
  { caller }: InspectorCall,
): Promise<Readonly<Record<string, unknown>>> {
  const criteria = criteriaOf(input.filterCriteria)
  const { sortCriteria: sort, maxResults = 100 } = input
  const order =
    sort === undefined ? anyOrder : { field: sort.field, descending: sort.sortOrder === 'DESC' }
  const { revision } = await readAdvisoryState(deps.reader)
  const account = caller.accountId
  // A token is for one state of the data: in another one findings stand elsewhere in the order.
  const list = { operation: 'ListFindings', inputs: [account, criteria, order, revision] }
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- sealed by this operation
  const cursor = cursorOf(deps, list, input.nextToken) as RecordCursor | undefined
  const question = { account, criteria, order, limit: maxResults }
  const { records, next } = await listRecords(deps, question, cursor)
  const spelling = { region: deps.region, time: epochSeconds }
  return {
    findings: records.map((record) => spellFinding(record, spelling)),
    ...nextTokenFor(deps, list, next),
  }
}
