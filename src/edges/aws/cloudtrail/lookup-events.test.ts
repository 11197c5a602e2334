import assert from 'node:assert/strict'
import { test } from 'node:test'
import { accountOf } from '../../../../test/kit/principals.ts'
import { deriveKey } from '../../../access/rules/seal.ts'
import type { Caller } from '../../../access/caller.ts'
import type { FoundEvent } from '../../../audit/rules/match-event.ts'
import { systemIds } from '../../../lib/ids.ts'
import { lookupEvents, type CloudTrailDeps, type LookupEventsInput } from './lookup-events.ts'
import { cloudTrailOperations, spellCloudTrailError } from './operations.ts'

const account = accountOf('123456789012')
const found: FoundEvent = {
  text: '{"eventID":"event-1"}',
  time: new Date('2026-11-24T12:00:00Z'),
  id: 'event-1',
  name: 'PutImage',
  source: 'ecr.amazonaws.com',
  readOnly: false,
  accessKeyId: undefined,
  userName: 'dev',
  resources: [{ arn: 'arn:aws:ecr:us-east-1:123456789012:repository/app', type: undefined }],
}
const place = { segment: 'audit-00000001-20261124.ndjson', offset: 77 }

type Asked = Parameters<CloudTrailDeps['search']>[0]

function world(next = place): { readonly deps: CloudTrailDeps; readonly asked: Asked[] } {
  const asked: Asked[] = []
  const deps: CloudTrailDeps = {
    async search(input) {
      asked.push(input)
      return Promise.resolve({ events: [found], next })
    },
    pagingKey: deriveKey(Buffer.alloc(32, 1), 'paging'),
    ids: systemIds,
  }
  return { deps, asked }
}

function callOf(accountId = account) {
  const caller = { accountId } as Caller
  return { caller, signal: new AbortController().signal }
}

async function refusalOf(input: LookupEventsInput, deps = world().deps): Promise<string> {
  try {
    await lookupEvents(deps, input, callOf())
  } catch (error) {
    return spellCloudTrailError(error)?.name ?? String(error)
  }
  return 'answered'
}

const refusals: readonly (readonly [LookupEventsInput, string])[] = [
  [{ MaxResults: 0 }, 'InvalidMaxResultsException'],
  [{ MaxResults: 51 }, 'InvalidMaxResultsException'],
  [{ StartTime: 2, EndTime: 1 }, 'InvalidTimeRangeException'],
  [{ StartTime: 1e300 }, 'InvalidTimeRangeException'],
  [{ NextToken: 'AAAA' }, 'InvalidNextTokenException'],
  [
    { LookupAttributes: [{ AttributeKey: 'Colour', AttributeValue: 'red' }] },
    'InvalidLookupAttributesException',
  ],
]

for (const [input, name] of refusals) {
  test(`refuses ${JSON.stringify(input)} with ${name}`, async () => {
    assert.equal(await refusalOf(input), name)
  })
}

test('a token serves the question and the account that it was given for, and no other', async () => {
  const { deps, asked } = world()
  const answer = await lookupEvents(deps, { StartTime: 1 }, callOf())
  const NextToken = String(answer['NextToken'])
  await lookupEvents(deps, { StartTime: 1, NextToken }, callOf())
  assert.deepEqual(asked[1]?.before, place)
  assert.equal(await refusalOf({ StartTime: 2, NextToken }, deps), 'InvalidNextTokenException')
  const foreign = lookupEvents(deps, { StartTime: 1, NextToken }, callOf(accountOf('210987654321')))
  await assert.rejects(foreign, /not one that this question was given/)
})

test('asks for the caller’s account, with all attributes at once', async () => {
  const { deps, asked } = world()
  const keys = {
    EventId: 'event-1',
    EventName: 'PutImage',
    ReadOnly: 'false',
    Username: 'dev',
    ResourceType: 'AWS::ECR::Repository',
    ResourceName: 'app',
    EventSource: 'ecr.amazonaws.com',
    AccessKeyId: 'AKIAIOSFODNN7EXAMPLE',
  }
  const LookupAttributes = Object.entries(keys).map(([AttributeKey, AttributeValue]) => ({
    AttributeKey,
    AttributeValue,
  }))
  await lookupEvents(deps, { LookupAttributes, EndTime: 5, MaxResults: 3 }, callOf())
  assert.deepEqual(asked[0], {
    query: {
      account,
      to: new Date(5000),
      eventId: 'event-1',
      eventName: 'PutImage',
      readOnly: false,
      userName: 'dev',
      resourceType: 'AWS::ECR::Repository',
      resource: 'app',
      eventSource: 'ecr.amazonaws.com',
      accessKeyId: 'AKIAIOSFODNN7EXAMPLE',
    },
    limit: 3,
    before: undefined,
  })
})

test('answers in CloudTrail’s shape, and has no insights', async () => {
  const { deps } = world()
  const { Events } = await lookupEvents(deps, {}, callOf())
  assert.deepEqual(Events, [
    {
      EventId: 'event-1',
      EventName: 'PutImage',
      ReadOnly: 'false',
      EventTime: 1_795_521_600,
      EventSource: 'ecr.amazonaws.com',
      Username: 'dev',
      Resources: [{ ResourceName: 'arn:aws:ecr:us-east-1:123456789012:repository/app' }],
      CloudTrailEvent: '{"eventID":"event-1"}',
    },
  ])
  assert.deepEqual(await lookupEvents(deps, { EventCategory: 'insight' }, callOf()), { Events: [] })
})

test('the model refuses an attribute that nobody can look for', () => {
  const row = cloudTrailOperations.get('LookupEvents')
  const reading = row?.read({ LookupAttributes: [{ AttributeKey: 'Colour', AttributeValue: 'x' }] })
  assert.equal(reading?.kind, 'invalid')
  assert.equal(spellCloudTrailError(new Error('other')), undefined)
})
