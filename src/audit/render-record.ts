// Purpose:  put one audit record together.
// Spec:     AWS CloudTrail User Guide, "CloudTrail record contents" (eventVersion 1.11).
// Input:    what the doors found out about a request; its texts may be hostile.
// Deviates: a member `pratique` says what CloudTrail has no field for; it is the last one, since the chain is hung to its end.
//           eventTime is the time of the decision, so that the log is in its order. One record serves both accounts of a
//           cross-account request: it has a sharedEventID, and either account finds it.
// Unknowns: what is not known of a request is left out.
import type { Caller } from '../access/caller.ts'
import type { AccountId } from '../policy/account-id.ts'
import { renderIdentity, secondsOf } from './render-identity.ts'
import {
  eventKindOf,
  eventNameOfRoute,
  parseEventName,
  type EventKind,
  type EventName,
} from './rules/event-kind.ts'
import { capText, plainJson, selectFields } from './rules/named-fields.ts'

/** The statement that settled a decision; as policy/evaluate.ts has it. */
export interface AuditedStatement {
  readonly type: string
  readonly policy: string
  readonly version: string | undefined
  readonly index: number
  readonly sid: string | undefined
}

/** What the doors tell of a request. */
export interface AuditedRequest {
  readonly requestId: string
  readonly door: string
  /** `PUT manifest`, `ecr:PutImage`. */
  readonly operation: string
  readonly action: string | undefined
  /** ARNs, parted by spaces, or `*`. */
  readonly resource: string | undefined
  readonly decision: 'allow' | 'deny' | undefined
  readonly decidedBy: readonly AuditedStatement[] | undefined
  readonly policyEpoch: number | undefined
  readonly caller: Caller | undefined
  readonly hasCredentials: boolean
  readonly claimedKeyId: string | undefined
  /** First 12 hex digits of the SHA-256 of the token that was shown. */
  readonly tokenHash: string | undefined
  readonly sourceAddress: string
  readonly isSecure: boolean
  readonly host: string | undefined
  readonly userAgent: string | undefined
  readonly status: number
  readonly errorCode: string | undefined
  readonly errorMessage: string | undefined
  readonly parameters: unknown
  readonly responseElements: unknown
}

export interface RecordContext {
  readonly region: string
  readonly at: Date
  /** Of the registry itself: where nobody was established it is told of it. */
  readonly account: AccountId
  /** A UUID. */
  readonly eventId: string
}

/** Which event a request is; a denied one is named by the action that was denied. */
export function eventOf(request: AuditedRequest): EventName & EventKind {
  const { action, operation, decision, door } = request
  const judged = action === undefined ? undefined : parseEventName(action)
  const isRoute = door === 'oci' && decision !== 'deny'
  const event =
    (isRoute ? routeEvent(request) : judged) ??
    judged ??
    parseEventName(operation) ??
    eventNameOfRoute(operation)
  return { ...event, ...eventKindOf(event) }
}

/** A start of an upload that was answered with a blob was a mount, or had all its bytes with it. */
function routeEvent({ operation, status }: AuditedRequest): EventName {
  const isWhole = operation === 'POST uploads' && status === 201
  return eventNameOfRoute(isWhole ? 'PUT upload' : operation)
}

/** JSON text whose last member is `pratique`. */
export function renderRecord(request: AuditedRequest, context: RecordContext): string {
  const { service, name, isReadOnly, isData } = eventOf(request)
  const resources = resourcesOf(request.resource)
  return plainJson({
    eventVersion: '1.11',
    eventTime: secondsOf(context.at),
    userIdentity: renderIdentity(request.caller, request.claimedKeyId, request.hasCredentials),
    eventSource: service === 'pratique' ? service : `${service}.amazonaws.com`,
    eventName: name,
    awsRegion: context.region,
    sourceIPAddress: request.sourceAddress,
    userAgent: capped(request.userAgent, 256),
    errorCode: request.errorCode,
    errorMessage: capped(request.errorMessage, 1024),
    requestParameters: selectFields(request.parameters) ?? null,
    responseElements:
      (!isReadOnly || hands(name) ? selectFields(request.responseElements) : undefined) ?? null,
    requestID: request.requestId,
    eventID: context.eventId,
    readOnly: isReadOnly,
    resources: resources.length === 0 ? undefined : resources,
    eventType: 'AwsApiCall',
    managementEvent: !isData,
    ...accountsOf(request, resources, context),
    eventCategory: isData ? 'Data' : 'Management',
    tlsDetails: tlsOf(request),
    pratique: ownFields(request),
  })
}

function capped(text: string | undefined, max: number): string | undefined {
  return text === undefined ? undefined : capText(text, max)
}

/** The account whose resource it was; where that is not the caller's, both find the one record. */
function accountsOf(
  { caller }: AuditedRequest,
  [resource]: readonly AuditedResource[],
  { eventId, account }: RecordContext,
): Readonly<Record<string, unknown>> {
  const own = caller?.accountId
  const recipientAccountId = resource?.accountId ?? own ?? account
  const isCross = own !== undefined && recipientAccountId !== own
  return { recipientAccountId, sharedEventID: isCross ? eventId : undefined }
}

function tlsOf({ isSecure, host }: AuditedRequest): Readonly<Record<string, unknown>> | undefined {
  return isSecure ? { clientProvidedHostHeader: capped(host, 256) } : undefined
}

function ownFields(request: AuditedRequest): Readonly<Record<string, unknown>> {
  const { decidedBy, policyEpoch, action, caller, tokenHash, door, operation, status } = request
  const decision = decisionOf(request)
  const authMethod = caller?.method
  const route = operation
  return { decision, decidedBy, policyEpoch, action, authMethod, tokenHash, door, route, status }
}

/** Answers of these hand out keys; their ids tie a chain of sessions together. */
function hands(name: string): boolean {
  return (
    name.startsWith('AssumeRole') || name === 'GetSessionToken' || name === 'GetFederationToken'
  )
}

/** `unauthenticated`: the credentials are missing or refused; `none`: the request asks for no right. */
function decisionOf({ caller, decision }: AuditedRequest): string {
  if (decision !== undefined) return decision
  return caller === undefined ? 'unauthenticated' : 'none'
}

interface AuditedResource {
  readonly ARN: string
  readonly accountId?: string
  readonly type?: string
}

const maxResources = 20

function resourcesOf(text: string | undefined): readonly AuditedResource[] {
  if (text === undefined || text === '*') return []
  return text.split(' ', maxResources).map((arn) => {
    const [, , service = '', , account = '', ...rest] = arn.split(':')
    const kind = rest.join(':').split('/', 1)[0] ?? ''
    const type = resourceTypes[`${service}:${kind}`]
    return {
      ARN: capText(arn, 1024),
      ...(/^[0-9]{12}$/.test(account) ? { accountId: account } : {}),
      ...(type === undefined ? {} : { type }),
    }
  })
}

const resourceTypes: Readonly<Record<string, string>> = {
  'ecr:repository': 'AWS::ECR::Repository',
  'iam:user': 'AWS::IAM::User',
  'iam:role': 'AWS::IAM::Role',
  'iam:group': 'AWS::IAM::Group',
  'iam:policy': 'AWS::IAM::Policy',
  'iam:oidc-provider': 'AWS::IAM::OIDCProvider',
  'iam:root': 'AWS::IAM::Account',
}
