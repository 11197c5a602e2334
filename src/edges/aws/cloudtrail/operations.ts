// The operations of CloudTrail that are served: the one by which people look for events.
import { Type } from 'typebox'
import { PratiqueError } from '../../../lib/errors.ts'
import type { AwsError } from '../protocol/aws-error.ts'
import { operation, type Operation } from '../protocol/operation.ts'
import {
  attributeKeys,
  lookupEvents,
  type CloudTrailCall,
  type CloudTrailDeps,
} from './lookup-events.ts'

/** What stands before an operation's name in X-Amz-Target. */
export const cloudTrailTarget = 'com.amazonaws.cloudtrail.v20131101.CloudTrail_20131101'

const attribute = Type.Object({
  AttributeKey: Type.Enum(attributeKeys),
  AttributeValue: Type.String({ minLength: 1, maxLength: 2000 }),
})

const rows: readonly Operation<CloudTrailDeps, CloudTrailCall>[] = [
  operation({
    name: 'LookupEvents',
    input: Type.Object({
      LookupAttributes: Type.Optional(Type.Array(attribute, { maxItems: 8 })),
      StartTime: Type.Optional(Type.Number()),
      EndTime: Type.Optional(Type.Number()),
      EventCategory: Type.Optional(Type.Enum(['insight'])),
      MaxResults: Type.Optional(Type.Integer()),
      NextToken: Type.Optional(Type.String({ maxLength: 4096 })),
    }),
    action: 'cloudtrail:LookupEvents',
    resources: () => ['*'],
    errorStyle: 'validation',
    maxBodyBytes: 64 * 1024,
    run: lookupEvents,
  }),
]

export const cloudTrailOperations: ReadonlyMap<
  string,
  Operation<CloudTrailDeps, CloudTrailCall>
> = new Map(rows.map((row) => [row.name, row]))

export function spellCloudTrailError(error: unknown): AwsError | undefined {
  if (!(error instanceof PratiqueError) || error.code !== 'CLOUDTRAIL_EXCEPTION') return undefined
  return { name: String(error.detail['name']), status: 400, message: error.message }
}
