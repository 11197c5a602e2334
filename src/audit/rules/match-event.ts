// Purpose:  is this line of the audit log what somebody looks for?
// Spec:     AWS CloudTrail API Reference, LookupEvents (LookupAttributes).
// Input:    a query, and a line of the log.
// Deviates: data events are found as management events are; beyond CloudTrail one may look for an action, a resource or a denial.
//           A record that two accounts share shows each of them the statements of its own policies only.
// Unknowns: a line that is no record matches nothing.
import type { AccountId } from '../../policy/account-id.ts'

/** All that are given must hold. */
export interface EventQuery {
  /** Whose resource or whose caller it was; undefined for all accounts. */
  readonly account: AccountId | undefined
  readonly from?: Date
  readonly to?: Date
  readonly eventId?: string
  readonly eventName?: string
  readonly eventSource?: string
  readonly readOnly?: boolean
  readonly accessKeyId?: string
  /** A user's or a session's name, or what an ARN ends with. */
  readonly userName?: string
  /** An ARN, of a role also those of its sessions. */
  readonly principal?: string
  /** `ecr:PutImage`, or without the service. */
  readonly action?: string
  /** An ARN, or a name that one ends with. */
  readonly resource?: string
  readonly resourceType?: string
  readonly denied?: boolean
}

export interface FoundResource {
  readonly arn: string
  readonly type: string | undefined
}

/** What is shown of a record beside its text. */
export interface FoundEvent {
  /** The line, as it is chained; for one of two accounts without the statements of the other one's policies. */
  readonly text: string
  readonly time: Date
  readonly id: string
  readonly name: string
  readonly source: string
  readonly readOnly: boolean
  readonly accessKeyId: string | undefined
  readonly userName: string | undefined
  readonly resources: readonly FoundResource[]
}

/** The time of a record or a notice, from where it stands in each; undefined for another line. */
export function timeOfLine(line: Buffer): Date | undefined {
  const start = line.toString('latin1', 0, 120)
  const text =
    /^\{"eventVersion":"[0-9.]+","eventTime":"([^"]+)"|^\{"pratique":\{"kind":"[a-z-]+","at":"([^"]+)"/.exec(
      start,
    )
  const time = Date.parse(text?.[1] ?? text?.[2] ?? '')
  return Number.isNaN(time) ? undefined : new Date(time)
}

/** Words that a line must hold to match at all: most lines are passed over without being parsed. */
export function wordsOf(query: EventQuery): readonly Buffer[] {
  const { account, eventId, accessKeyId, eventName, denied } = query
  const words = [account, eventId, accessKeyId, eventName].filter((word) => word !== undefined)
  const all = denied === true ? [...words, '"decision":"deny"'] : words
  return all.map((word) => Buffer.from(word))
}

export function matchEvent(query: EventQuery, line: Buffer): FoundEvent | undefined {
  const record = parseRecord(line)
  if (record === undefined) return undefined
  const { event, decision, action, principals } = record
  const { account } = query
  if (account !== undefined && !isTheirs(account, record)) return undefined
  if (query.denied === true && decision !== 'deny') return undefined
  const pairs = [
    [query.eventId, event.id],
    [query.eventName, event.name],
    [query.eventSource, event.source],
    [query.readOnly, event.readOnly],
    [query.accessKeyId, event.accessKeyId],
    [query.userName, event.userName],
  ]
  const isSame = pairs.every(([wanted, found]) => wanted === undefined || wanted === found)
  const isWanted = isSame && isWithin(query, event.time)
  if (!isWanted || !isAbout(query, event, action) || !isBy(query, principals)) return undefined
  return query.account === undefined ? event : shownTo(query.account, record)
}

/** A request may concern more than one resource: a mount reads in one repository and writes in another. */
function isTheirs(account: AccountId, { event, caller, owner }: ParsedRecord): boolean {
  if (account === caller || account === owner) return true
  return event.resources.some(({ arn }) => arn.split(':', 5)[4] === account)
}

const ofOwner: ReadonlySet<unknown> = new Set(['resource', 'rcp', 'trust'])

/** The statements that decided tell what a policy says, and that the resource is there: each account is shown its own. */
function shownTo(account: AccountId, { event, whole, caller, owner }: ParsedRecord): FoundEvent {
  const own = objectOf(whole['pratique'])
  const { decidedBy } = own
  if ((account === caller && account === owner) || !Array.isArray(decidedBy)) return event
  const shown = decidedBy.filter(
    (by: unknown) => (ofOwner.has(objectOf(by)['type']) ? owner : caller) === account,
  )
  const text = JSON.stringify({ ...whole, pratique: { ...own, decidedBy: shown } })
  return { ...event, text }
}

function isWithin({ from, to }: EventQuery, time: Date): boolean {
  return (from === undefined || time >= from) && (to === undefined || time <= to)
}

function isAbout(query: EventQuery, { resources, name }: FoundEvent, action: string): boolean {
  const { resource, resourceType } = query
  if (query.action !== undefined && query.action !== action && query.action !== name) return false
  if (resourceType !== undefined && !resources.some(({ type }) => type === resourceType))
    return false
  if (resource === undefined) return true
  return resources.some(({ arn }) => arn === resource || arn.endsWith(`/${resource}`))
}

function isBy({ principal }: EventQuery, principals: readonly string[]): boolean {
  return principal === undefined || principals.includes(principal)
}

interface ParsedRecord {
  readonly event: FoundEvent
  readonly whole: Readonly<Record<string, unknown>>
  readonly caller: string | undefined
  readonly owner: string | undefined
  readonly principals: readonly string[]
  readonly decision: string | undefined
  readonly action: string
}

function parseRecord(line: Buffer): ParsedRecord | undefined {
  const text = line.toString()
  const record = recordIn(text)
  const time = timeOfLine(line)
  const id = textOf(record['eventID'])
  const name = textOf(record['eventName'])
  if (time === undefined || id === undefined || name === undefined) return undefined
  const identity = objectOf(record['userIdentity'])
  const issuer = objectOf(objectOf(identity['sessionContext'])['sessionIssuer'])
  const own = objectOf(record['pratique'])
  const source = textOf(record['eventSource']) ?? ''
  const event = {
    text,
    time,
    id,
    name,
    source,
    readOnly: record['readOnly'] === true,
    accessKeyId: textOf(identity['accessKeyId']),
    userName: userNameOf(identity),
    resources: resourcesOf(record['resources']),
  }
  return {
    event,
    whole: record,
    caller: textOf(identity['accountId']),
    owner: textOf(record['recipientAccountId']),
    principals: textsOf(identity['arn'], issuer['arn'], identity['principalId']),
    decision: textOf(own['decision']),
    action: textOf(own['action']) ?? `${source.split('.', 1)[0] ?? ''}:${name}`,
  }
}

/** Of a session its own name, as CloudTrail has it. */
function userNameOf(identity: Readonly<Record<string, unknown>>): string | undefined {
  if (identity['type'] === 'Root') return 'root'
  const arn = textOf(identity['arn'])
  return textOf(identity['userName']) ?? arn?.slice(arn.lastIndexOf('/') + 1)
}

function resourcesOf(value: unknown): readonly FoundResource[] {
  if (!Array.isArray(value)) return []
  return value.flatMap((one: unknown) => {
    const { ARN, type } = objectOf(one)
    const arn = textOf(ARN)
    return arn === undefined ? [] : [{ arn, type: textOf(type) }]
  })
}

function recordIn(text: string): Readonly<Record<string, unknown>> {
  try {
    const parsed: unknown = JSON.parse(text)
    return objectOf(parsed)
  } catch {
    return {}
  }
}

function objectOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? { ...value } : {}
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined
}

function textsOf(...values: readonly unknown[]): readonly string[] {
  return values.flatMap((value) => textOf(value) ?? [])
}
