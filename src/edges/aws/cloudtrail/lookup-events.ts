// Purpose:  find events of the last time, newest first.
// Spec:     AWS CloudTrail API Reference, LookupEvents.
// Input:    a request that was held against the model; its values may be hostile.
// Deviates: data events are found too; several attributes may be given, all of which must hold; nothing is older than the log is kept.
// Unknowns: a token that is altered or of another question → InvalidNextTokenException.
import type { SealKeys } from '../../../access/rules/seal.ts'
import type { Caller } from '../../../access/caller.ts'
import type { EventQuery, FoundEvent } from '../../../audit/rules/match-event.ts'
import { parseSegmentName } from '../../../audit/rules/segment-name.ts'
import type { LogSearch, SearchCursor, SearchPage } from '../../../audit/search-log.ts'
import { PratiqueError } from '../../../lib/errors.ts'
import type { Ids } from '../../../lib/ids.ts'
import { decodeToken, encodeToken } from '../protocol/paging-token.ts'

export interface CloudTrailDeps {
  readonly search: (
    input: LogSearch,
    options: { readonly signal: AbortSignal },
  ) => Promise<SearchPage>
  readonly pagingKey: SealKeys
  readonly ids: Ids
}

export interface CloudTrailCall {
  readonly caller: Caller
  readonly signal: AbortSignal
}

export interface LookupEventsInput {
  readonly LookupAttributes?: readonly {
    readonly AttributeKey: string
    readonly AttributeValue: string
  }[]
  readonly StartTime?: number
  readonly EndTime?: number
  readonly EventCategory?: string
  readonly MaxResults?: number
  readonly NextToken?: string
}

const maxResults = 50

export async function lookupEvents(
  deps: CloudTrailDeps,
  input: LookupEventsInput,
  { caller, signal }: CloudTrailCall,
): Promise<Readonly<Record<string, unknown>>> {
  const limit = input.MaxResults ?? maxResults
  if (limit < 1 || limit > maxResults) {
    throw cloudTrailError('InvalidMaxResults', `MaxResults must be from 1 to ${maxResults}`)
  }
  // The one category that may be asked for by name, and there are no such events here.
  if (input.EventCategory !== undefined) return { Events: [] }
  const query = queryOf(input, caller)
  const { LookupAttributes = [], StartTime, EndTime } = input
  const list = {
    operation: 'LookupEvents',
    inputs: [caller.accountId, LookupAttributes, StartTime, EndTime],
  }
  const before = cursorOf(deps, list, input.NextToken)
  const { events, next } = await deps.search({ query, limit, before }, { signal })
  const token =
    next === undefined
      ? {}
      : { NextToken: encodeToken(deps.pagingKey, deps.ids.bytes(12), list, next) }
  return { Events: events.map(renderEvent), ...token }
}

function queryOf(input: LookupEventsInput, { accountId: account }: Caller): EventQuery {
  const { StartTime, EndTime, LookupAttributes = [] } = input
  if (StartTime !== undefined && EndTime !== undefined && StartTime > EndTime) {
    const message = 'The start time must not be later than the end time'
    throw cloudTrailError('InvalidTimeRange', message)
  }
  const times = {
    ...(StartTime === undefined ? {} : { from: timeOf(StartTime) }),
    ...(EndTime === undefined ? {} : { to: timeOf(EndTime) }),
  }
  return LookupAttributes.reduce<EventQuery>(
    (query, { AttributeKey, AttributeValue }) => ({
      ...query,
      ...attributes[keyOf(AttributeKey)](AttributeValue),
    }),
    { account, ...times },
  )
}

function timeOf(seconds: number): Date {
  const time = new Date(seconds * 1000)
  if (!Number.isNaN(time.getTime())) return time
  throw cloudTrailError('InvalidTimeRange', 'the time is out of range')
}

const attributes = {
  EventId: (eventId) => ({ eventId }),
  EventName: (eventName) => ({ eventName }),
  ReadOnly: (text) => ({ readOnly: text === 'true' }),
  Username: (userName) => ({ userName }),
  ResourceType: (resourceType) => ({ resourceType }),
  ResourceName: (resource) => ({ resource }),
  EventSource: (eventSource) => ({ eventSource }),
  AccessKeyId: (accessKeyId) => ({ accessKeyId }),
} as const satisfies Record<string, (value: string) => Partial<EventQuery>>

export const attributeKeys = Object.keys(attributes)

function keyOf(text: string): keyof typeof attributes {
  const key = attributeKeys.find((one): one is keyof typeof attributes => one === text)
  if (key !== undefined) return key
  throw cloudTrailError('InvalidLookupAttributes', `${attributeKeys.join(', ')} may be looked for`)
}

function cursorOf(
  deps: CloudTrailDeps,
  list: Parameters<typeof decodeToken>[1],
  token: string | undefined,
): SearchCursor | undefined {
  if (token === undefined) return undefined
  const cursor = decodeToken(deps.pagingKey, list, token)
  if (typeof cursor === 'object' && cursor !== null && 'segment' in cursor && 'offset' in cursor) {
    const { segment, offset } = cursor
    const isPlace = typeof segment === 'string' && parseSegmentName(segment) !== undefined
    if (isPlace && typeof offset === 'number') return { segment, offset }
  }
  throw cloudTrailError('InvalidNextToken', 'the token is not one that this question was given')
}

function renderEvent(event: FoundEvent): Readonly<Record<string, unknown>> {
  return {
    EventId: event.id,
    EventName: event.name,
    ReadOnly: String(event.readOnly),
    EventTime: event.time.getTime() / 1000,
    EventSource: event.source,
    Resources: event.resources.map(({ arn, type }) => ({
      ResourceName: arn,
      ...(type === undefined ? {} : { ResourceType: type }),
    })),
    CloudTrailEvent: event.text,
    ...(event.accessKeyId === undefined ? {} : { AccessKeyId: event.accessKeyId }),
    ...(event.userName === undefined ? {} : { Username: event.userName }),
  }
}

function cloudTrailError(name: string, message: string): PratiqueError<'CLOUDTRAIL_EXCEPTION'> {
  return new PratiqueError('CLOUDTRAIL_EXCEPTION', message, { name: `${name}Exception` })
}
