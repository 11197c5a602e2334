import { createHash } from 'node:crypto'
import type { Authorization, AuthorizationRequest, Authorizer } from '../../../access/authorize.ts'
import type { Caller } from '../../../access/caller.ts'
import { tellJudgement, type JudgedFacts } from '../../request-facts.ts'
import { accessDenied, serverFault, signatureErrors, type AwsError } from './aws-error.ts'
import {
  jsonError,
  jsonReply,
  parseJsonBody,
  type AwsReply,
  type JsonBody,
} from './json-protocol.ts'
import type { Operation } from './operation.ts'
import { restFaultOfInput } from './rest-protocol.ts'
import { invalidParameterText, validationText, type InputReading } from './schema.ts'
import type { SigV4Result } from './sigv4.ts'
import type { SignedRequest } from './sigv4-canonical.ts'

/** What became known of a request on its way, for its log line. */
export interface DispatchFacts extends JudgedFacts {
  operation: string
  caller: Caller | undefined
  action: string | undefined
  resource: string | undefined
  errorCode: string | undefined
  /** For the audit record; what the caller is told, asked and was given. */
  errorMessage?: string | undefined
  parameters?: unknown
  responseElements?: unknown
}

/** What was asked about a call, and the answer. */
export interface Judged {
  readonly request: AuthorizationRequest
  readonly result: Authorization
}

/** A service whose requests and answers are JSON, whatever stands around them. */
export interface JsonService<Deps, Call extends { readonly caller: Caller }> {
  readonly operations: ReadonlyMap<string, Operation<Deps, Call>>
  /** Names of the model that this version does not serve; they get an answer that says so. */
  readonly unserved: ReadonlySet<string>
  readonly service: string
  readonly region: string
  readonly deps: Deps
  readonly authenticate: (request: SignedRequest, bodyHash: string) => Promise<SigV4Result<Caller>>
  readonly authorize: Authorizer
  /** `judged` is undefined where any valid credential will do. */
  readonly callOf: (caller: Caller, judged: Judged | undefined) => Call
  readonly spell: (error: unknown) => AwsError | undefined
  readonly onFault: (error: unknown) => void
}

/** Answers one request of a service that speaks AWS JSON. */
export async function dispatchJson<Deps, Call extends { readonly caller: Caller }>(
  service: JsonService<Deps, Call>,
  request: SignedRequest & { readonly body: Uint8Array },
  operationName: string,
  facts: DispatchFacts,
  requestId: string,
): Promise<AwsReply> {
  const asked = { operationName, readBody: () => parseJsonBody(request.body) }
  const outcome = await answerOperation(service, request, asked, facts, requestId)
  return outcome.kind === 'refused' ? jsonError(outcome.error) : jsonReply(outcome.output)
}

export type Outcome =
  | { readonly kind: 'answered'; readonly output: unknown }
  | { readonly kind: 'refused'; readonly error: AwsError }

/** What a request asks for, told by its protocol. */
export interface AskedOperation {
  readonly operationName: string
  /** The input as one JSON object, wherever in the request its members stand. */
  readonly readBody: () => JsonBody
}

/**
 * Judges and runs one operation. What is checked, in this order, as clients can observe it on AWS:
 * signature → operation known → body is JSON → model constraints → authorisation → the operation's own rules.
 */
export async function answerOperation<Deps, Call extends { readonly caller: Caller }>(
  service: JsonService<Deps, Call>,
  request: SignedRequest & { readonly body: Uint8Array },
  asked: AskedOperation,
  facts: DispatchFacts,
  requestId: string,
): Promise<Outcome> {
  const refuse = (error: AwsError): Outcome => {
    facts.errorCode = error.name
    facts.errorMessage = error.message
    return refused(error)
  }
  try {
    const outcome = await answer(service, request, asked, facts)
    return outcome.kind === 'refused' ? refuse(outcome.error) : outcome
  } catch (error) {
    const spelled = service.spell(error)
    if (spelled !== undefined) return refuse(spelled)
    service.onFault(error)
    return refuse(serverFault(requestId))
  }
}

async function answer<Deps, Call extends { readonly caller: Caller }>(
  service: JsonService<Deps, Call>,
  request: SignedRequest & { readonly body: Uint8Array },
  { operationName, readBody }: AskedOperation,
  facts: DispatchFacts,
): Promise<Outcome> {
  const bodyHash = createHash('sha256').update(request.body).digest('hex')
  const signed = await service.authenticate(request, bodyHash)
  if (signed.kind === 'refused') {
    return refused({
      name: signatureErrors[signed.code].json,
      status: 400,
      message: signed.message,
    })
  }
  const misuse = faultOfUse(service.service, signed)
  if (misuse !== undefined) return refused(misuse)
  const { key: caller } = signed
  facts.caller = caller
  const row = service.operations.get(operationName)
  if (row === undefined) return refused(unknownOperation(service, operationName))
  facts.operation = `${service.service}:${row.name}`
  const reading = readInput(row, readBody())
  if (reading.kind !== 'valid') return refused(faultOfInput(row, reading))
  facts.parameters = reading.input
  const judged = await judgeRow(service, row, reading.input, caller, facts)
  const result = judged?.result
  if (result?.kind === 'deny' && !mayFilter(row, reading.input, result)) {
    return refused(accessDenied(result.message, result.encodedMessage))
  }
  const output = await row.run(service.deps, reading.input, service.callOf(caller, judged))
  facts.responseElements = output
  return { kind: 'answered', output }
}

function refused(error: AwsError): Outcome {
  return { kind: 'refused', error }
}

/** A signature for another service is none for this one, and a presigned address is no way to act: it gets shared and logged. */
function faultOfUse(
  service: string,
  signed: { readonly service: string; readonly presigned: boolean },
): AwsError | undefined {
  const name = signatureErrors.InvalidSignature.json
  if (signed.service !== service) {
    const message = `Credential should be scoped to correct service: '${service}'. `
    return { name, status: 400, message }
  }
  if (!signed.presigned) return undefined
  const message = `${service} takes no presigned requests; sign in the Authorization header`
  return { name, status: 400, message }
}

function unknownOperation<Deps, Call extends { readonly caller: Caller }>(
  service: JsonService<Deps, Call>,
  name: string,
): AwsError {
  if (service.unserved.has(name)) {
    const message = `${service.service}:${name} is not implemented by this version of Pratique; README.md lists the operations that are`
    // 400 and not 501: SDKs would retry a 5xx for nothing.
    return { name: 'UnsupportedOperationException', status: 400, message }
  }
  const message = `the service ${service.service} has no operation ${JSON.stringify(name.slice(0, 100))}`
  return { name: 'UnknownOperationException', status: 400, message }
}

function readInput<Deps, Call>(row: Operation<Deps, Call>, json: JsonBody): InputReading<unknown> {
  return json.kind === 'body' ? row.read(json.body) : json
}

function faultOfInput<Deps, Call>(
  { errorStyle }: Operation<Deps, Call>,
  reading: Exclude<InputReading<unknown>, { readonly kind: 'valid' }>,
): AwsError {
  if (errorStyle === 'rest') return restFaultOfInput(reading)
  if (reading.kind === 'malformed') {
    return { name: 'SerializationException', status: 400, message: reading.message }
  }
  return errorStyle === 'ecr'
    ? {
        name: 'InvalidParameterException',
        status: 400,
        message: invalidParameterText(reading.violations),
      }
    : { name: 'ValidationException', status: 400, message: validationText(reading.violations) }
}

/** A list that is denied by nobody, only allowed by nobody as a whole, may hold what the caller may see. */
function mayFilter<Deps, Call>(
  { authorization }: Operation<Deps, Call>,
  input: unknown,
  { decision }: Extract<Authorization, { readonly kind: 'deny' }>,
): boolean {
  return (
    authorization.kind === 'action' &&
    decision.kind === 'implicit-deny' &&
    authorization.isListing(input)
  )
}

async function judgeRow<Deps, Call extends { readonly caller: Caller }>(
  service: JsonService<Deps, Call>,
  row: Operation<Deps, Call>,
  input: unknown,
  caller: Caller,
  facts: DispatchFacts,
): Promise<Judged | undefined> {
  const { authorization } = row
  if (authorization.kind === 'authenticated-only') return undefined
  const { action } = authorization
  const scope = { account: caller.accountId, region: service.region }
  const resources = authorization.resources(input, scope)
  // Nothing to ask about would be nothing to refuse.
  if (resources.length === 0) throw new Error(`${row.name} names no resource`)
  const looked = await row.lookUpKeys?.(service.deps, input, scope)
  const own = authorization.keys(input)
  const keys = looked === undefined ? own : { ...own, ...looked }
  facts.resource = resources.slice(0, 3).join(' ')
  const ask = async (request: AuthorizationRequest): Promise<Judged> => ({
    request,
    result: await service.authorize(caller, request),
  })
  const judged = await ask({ action, resources, keys })
  tell(facts, judged)
  if (judged.result.kind === 'deny') return judged
  const onTheSame = authorization
    .furtherActions(input)
    .map((further) => ({ action: further, resources, keys }))
  for (const further of [...onTheSame, ...authorization.furtherRequests(input, scope)]) {
    const also = await ask(further)
    if (also.result.kind === 'allow') continue
    tell(facts, also)
    return also
  }
  return judged
}

function tell(facts: DispatchFacts, { request, result }: Judged): void {
  facts.action = request.action
  tellJudgement(facts, result)
}
