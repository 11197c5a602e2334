import { parseArn } from '../../../policy/arn.ts'
import type { FindingRecord } from '../../../scanning/finding-record.ts'
import { imagesOfFindings } from '../../../scanning/list-records.ts'
import { openRecordReader } from '../../../scanning/read-records.ts'
import { findRecordedImage } from '../../../scanning/recorded-image-store.ts'
import { dayOf, findingArn } from '../../../scanning/spell-finding.ts'
import { epochSeconds, type InspectorCall, type InspectorDeps } from './call.ts'

type Shape = Readonly<Record<string, unknown>>

/** What is known of findings beside what lists tell: CISA's catalogue, EPSS, where the flaw is written about. */
export async function batchGetFindingDetails(
  deps: InspectorDeps,
  { findingArns }: { readonly findingArns: readonly string[] },
  { caller }: InspectorCall,
): Promise<Shape> {
  const found = await findRecords(deps, findingArns, caller.accountId)
  const findingDetails: Shape[] = []
  const errors: Shape[] = []
  for (const arn of new Set(findingArns)) {
    const record = found.get(arn)
    if (record !== undefined) findingDetails.push(detailsOf(arn, record))
    else
      errors.push({
        findingArn: arn,
        errorCode: 'FINDING_DETAILS_NOT_FOUND',
        errorMessage: 'the account has no such finding; list those that there are: ListFindings',
      })
  }
  return { findingDetails, ...(errors.length === 0 ? {} : { errors }) }
}

async function findRecords(
  deps: InspectorDeps,
  arns: readonly string[],
  account: string,
): Promise<ReadonlyMap<string, FindingRecord>> {
  const own = arns.filter((arn) => parseArn(arn)?.account === account)
  const wanted = new Set(own)
  const reader = await openRecordReader(deps)
  const found = new Map<string, FindingRecord>()
  for (const key of await imagesOfFindings(deps, own)) {
    const image = await findRecordedImage(deps.reader, key)
    if (image?.account !== account) continue
    for (const record of await reader.read(image)) {
      const arn = findingArn(deps.region, record)
      if (wanted.has(arn)) found.set(arn, record)
    }
  }
  return found
}

function detailsOf(arn: string, record: FindingRecord): Shape {
  const { kev, epss } = record.exploitation
  return {
    findingArn: arn,
    ...(kev === undefined
      ? {}
      : {
          cisaData: {
            dateAdded: epochSeconds(dayOf(kev.addedOn)),
            ...(kev.dueOn === undefined ? {} : { dateDue: epochSeconds(dayOf(kev.dueOn)) }),
          },
        }),
    ...(epss === undefined ? {} : { epssScore: epss.score }),
    referenceUrls: [record.sourceUrl],
  }
}
