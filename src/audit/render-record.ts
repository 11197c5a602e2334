// Purpose:  put one audit record together.
// Spec:     AWS CloudTrail User Guide, "CloudTrail record contents" (eventVersion 1.11).
// Input:    what the doors found out about a request; its texts may be hostile.
// Deviates: a member `pratique` says what CloudTrail has no field for; it is the last one, since the chain is hung to its end.
//           eventTime is the time of the decision, so that the log is in its order. One record serves both accounts of a
//           cross-account request: it has a sharedEventID, and either account finds it.
// Unknowns: what is not known of a request is left out.
import type { Caller } from '../access/caller.ts'
import type { AccountId } from '../policy/account-id.ts'
import type { Requester } from '../policy/requester.ts'
import { renderIdentity, renderWebIdentity, secondsOf } from './render-identity.ts'
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

/** A request as an event, and whether somebody waits for its record. */
export type AuditedEvent = EventName & EventKind

/** Where the registry stands; `account` is told of what nobody was established for. */
export interface RecordContext {
  readonly region: string
  readonly account: AccountId
}

/** Names of this program: few, and never the client's. */
const maxEvents = 1000
const maxResourceTexts = 1000

/**
 * Writes records. What is the same for request after request (who asks, for which resource) is put into JSON once: a pull of a
 * manifest takes some twenty microseconds, and its record must not take ten.
 */
export class RecordRenderer {
  readonly #context: RecordContext
  readonly #events = new Map<string, AuditedEvent>()
  readonly #callers = new WeakMap<Requester, CallerText>()
  readonly #resources = new Map<string, ResourceText>()
  #second = { number: 0, text: '' }

  constructor(context: RecordContext) {
    this.#context = context
  }

  /** Which event a request is; a denied one is named by the action that was denied. */
  eventOf(request: AuditedRequest): AuditedEvent {
    const { action = '', operation, decision = '', door, status } = request
    // A start of an upload that was answered with a blob was a mount, or had all its bytes with it.
    const route = operation === 'POST uploads' && status === 201 ? 'PUT upload' : operation
    const isJudged = door !== 'oci' || decision === 'deny'
    const key = isJudged ? `${action} ${route}` : route
    const known = this.#events.get(key)
    if (known !== undefined) return known
    const judged = isJudged ? parseEventName(action) : undefined
    const event = judged ?? parseEventName(route) ?? eventNameOfRoute(route)
    const made = { ...event, ...eventKindOf(event) }
    if (this.#events.size < maxEvents) this.#events.set(key, made)
    return made
  }

  /** JSON text whose last member is `pratique`; `eventId` is a UUID. */
  render(request: AuditedRequest, at: Date, eventId: string): string {
    const { service, name, isReadOnly, isData } = this.eventOf(request)
    const { caller, requestId, errorCode, errorMessage } = request
    const resources = this.#resourcesOf(request.resource ?? roleIn(request.parameters))
    const source = service === 'pratique' ? service : `${service}.amazonaws.com`
    const elements = !isReadOnly || hands(name) ? selectFields(request.responseElements) : undefined
    const parameters = selectFields(request.parameters)
    return `{"eventVersion":"1.11","eventTime":"${this.#timeOf(at)}"${this.#callerOf(request)},"eventSource":"${source}","eventName":"${name}","awsRegion":"${this.#context.region}"${member('errorCode', errorCode)}${member('errorMessage', capped(errorMessage, 1024))},"requestParameters":${plainJson(parameters ?? null)},"responseElements":${plainJson(elements ?? null)},"requestID":"${requestId}","eventID":"${eventId}","readOnly":${String(isReadOnly)}${resources.text},"eventType":"AwsApiCall","managementEvent":${String(!isData)}${this.#accountsOf(caller, resources, eventId)},"eventCategory":"${isData ? 'Data' : 'Management'}"${tlsOf(request)},"pratique":${ownFields(request)}}`
  }

  /** CloudTrail's times have whole seconds. */
  #timeOf(at: Date): string {
    const number = Math.floor(at.getTime() / 1000)
    if (number !== this.#second.number) this.#second = { number, text: secondsOf(at) }
    return this.#second.text
  }

  #callerOf(request: AuditedRequest): string {
    const { caller, sourceAddress, userAgent } = request
    if (caller === undefined) return callerText(request)
    const known = this.#callers.get(caller.requester)
    if (known !== undefined && isSameCaller(known, request, caller)) return known.text
    const text = callerText(request)
    const { accessKeyId, session, principalArn } = caller
    const made = { accessKeyId, session, principalArn, sourceAddress, userAgent, text }
    this.#callers.set(caller.requester, made)
    return text
  }

  #resourcesOf(resource: string | undefined): ResourceText {
    if (resource === undefined || resource === '*') return noResource
    const known = this.#resources.get(resource)
    if (known !== undefined) return known
    const all = parseResources(resource)
    const made = { account: all[0]?.accountId, text: `,"resources":${plainJson(all)}` }
    if (this.#resources.size >= maxResourceTexts) this.#resources.clear()
    this.#resources.set(resource, made)
    return made
  }

  /** The account whose resource it was; where that is not the caller's, both find the one record. */
  #accountsOf(caller: Caller | undefined, resources: ResourceText, eventId: string): string {
    const recipient = resources.account ?? caller?.accountId ?? this.#context.account
    const isCross = caller !== undefined && recipient !== caller.accountId
    const shared = isCross ? `,"sharedEventID":"${eventId}"` : ''
    return `,"recipientAccountId":"${recipient}"${shared}`
  }
}

interface CallerText {
  readonly accessKeyId: string | undefined
  readonly session: Caller['session']
  readonly principalArn: string
  readonly sourceAddress: string
  readonly userAgent: string | undefined
  readonly text: string
}

function isSameCaller(known: CallerText, request: AuditedRequest, caller: Caller): boolean {
  return (
    known.accessKeyId === caller.accessKeyId &&
    known.session === caller.session &&
    known.principalArn === caller.principalArn &&
    known.sourceAddress === request.sourceAddress &&
    known.userAgent === request.userAgent
  )
}

interface ResourceText {
  readonly account: string | undefined
  readonly text: string
}

const noResource: ResourceText = { account: undefined, text: '' }

function callerText(request: AuditedRequest): string {
  const { caller, claimedKeyId, hasCredentials, sourceAddress, userAgent } = request
  const shown = caller === undefined ? renderWebIdentity(request.responseElements) : undefined
  const identity = plainJson(shown ?? renderIdentity(caller, claimedKeyId, hasCredentials))
  const agent = member('userAgent', capped(userAgent, 256))
  return `,"userIdentity":${identity}${member('sourceIPAddress', sourceAddress)}${agent}`
}

/** Nothing for what is not known. */
function member(name: string, value: string | undefined): string {
  return value === undefined ? '' : `,"${name}":${plainJson(value)}`
}

function capped(text: string | undefined, max: number): string | undefined {
  return text === undefined ? undefined : capText(text, max)
}

function tlsOf({ isSecure, host = '' }: AuditedRequest): string {
  return isSecure ? `,"tlsDetails":${plainJson({ clientProvidedHostHeader: capText(host) })}` : ''
}

function ownFields(request: AuditedRequest): string {
  const { decidedBy, policyEpoch, action, caller, tokenHash, door, operation, status } = request
  const by = decidedBy === undefined ? '' : `,"decidedBy":${plainJson(decidedBy)}`
  const epoch = policyEpoch === undefined ? '' : `,"policyEpoch":${policyEpoch}`
  const judged = action === undefined ? '' : `,"action":"${action}"`
  const method = caller === undefined ? '' : `,"authMethod":"${caller.method}"`
  const token = tokenHash === undefined ? '' : `,"tokenHash":"${tokenHash}"`
  return `{"decision":"${decisionOf(request)}"${by}${epoch}${judged}${method}${token},"door":"${door}","route":"${operation}","status":${status}}`
}

/** Answers of these hand out keys; their ids tie a chain of sessions together. */
function hands(name: string): boolean {
  return (
    name.startsWith('AssumeRole') || name === 'GetSessionToken' || name === 'GetFederationToken'
  )
}

/** `unauthenticated`: the credentials are missing or refused; `none`: the request asks for no right. */
function decisionOf({ caller, decision, errorCode, operation }: AuditedRequest): string {
  if (decision !== undefined) return decision
  // Whether a role may be entered is judged within the operation, by the role's trust.
  if (errorCode?.startsWith('AccessDenied') === true) return 'deny'
  if (operation.startsWith('sts:AssumeRole') && errorCode === undefined) return 'allow'
  return caller === undefined ? 'unauthenticated' : 'none'
}

/** The role that STS is asked for. */
function roleIn(parameters: unknown): string | undefined {
  if (typeof parameters !== 'object' || parameters === null) return undefined
  return 'RoleArn' in parameters && typeof parameters.RoleArn === 'string'
    ? parameters.RoleArn
    : undefined
}

interface AuditedResource {
  readonly ARN: string
  readonly accountId?: string
  readonly type?: string
}

const maxResources = 20

function parseResources(text: string): readonly AuditedResource[] {
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
