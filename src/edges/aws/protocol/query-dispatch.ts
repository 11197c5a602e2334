import { createHash } from 'node:crypto'
import { isUtf8 } from 'node:buffer'
import type { Authorizer } from '../../../access/authorize.ts'
import type { Caller } from '../../../access/caller.ts'
import { tellJudgement } from '../../request-facts.ts'
import { messageForQuery, signatureErrors, type AwsError } from './aws-error.ts'
import type { DispatchFacts } from './dispatch.ts'
import type { AwsReply } from './json-protocol.ts'
import { readForm } from './query-form.ts'
import type { QueryOperation, UnsignedCall } from './query-operation.ts'
import { queryError, queryReply, type QueryModel } from './query-protocol.ts'
import type { QueryStructure } from './query-xml.ts'
import { queryValidationText, type InputReading } from './schema.ts'
import type { SignedRequest } from './sigv4-canonical.ts'
import type { SigV4Result } from './sigv4.ts'

export interface QueryService<Deps> {
  readonly model: QueryModel
  readonly operations: ReadonlyMap<string, QueryOperation<Deps>>
  /** Every name of the model; those that are not in the table get an answer that says so. */
  readonly names: ReadonlySet<string>
  readonly region: string
  readonly deps: Deps
  readonly source: Omit<UnsignedCall, 'requestId' | 'tell'>
  readonly authenticate: (request: SignedRequest, bodyHash: string) => Promise<SigV4Result<Caller>>
  readonly authorize: Authorizer
  readonly spell: (error: unknown) => AwsError | undefined
  readonly onFault: (error: unknown) => void
}

type Request = SignedRequest & { readonly body: Uint8Array }

type Outcome =
  | {
      readonly kind: 'answered'
      readonly operation: string
      readonly output: QueryStructure | undefined
    }
  | { readonly kind: 'refused'; readonly error: AwsError }

/**
 * Answers one request of a Query service. What is checked, in this order: signature (but of operations whose input is the
 * credential) → operation known → form and model constraints → authorisation → the operation's own rules.
 */
export async function dispatchQuery<Deps>(
  service: QueryService<Deps>,
  request: Request,
  facts: DispatchFacts,
  requestId: string,
): Promise<AwsReply> {
  const { model } = service
  const refuse = (error: AwsError): AwsReply => {
    facts.errorCode = error.name
    facts.errorMessage = error.message
    return queryError(model, error, requestId)
  }
  try {
    const outcome = await answer(service, request, facts, requestId)
    if (outcome.kind === 'refused') return refuse(outcome.error)
    return queryReply(model, outcome.operation, outcome.output, requestId)
  } catch (error) {
    const spelled = service.spell(error)
    if (spelled !== undefined) return refuse(spelled)
    service.onFault(error)
    const message = `internal error; the server's log has request ${requestId}`
    return refuse({ name: 'InternalFailure', status: 500, message })
  }
}

async function answer<Deps>(
  service: QueryService<Deps>,
  request: Request,
  facts: DispatchFacts,
  requestId: string,
): Promise<Outcome> {
  const form = formOf(request)
  const row = rowOf(service, form)
  if (form.kind === 'form' && row !== undefined && !row.isSigned) {
    return answerUnsigned(service, { row, form: form.form }, facts, requestId)
  }
  const signed = await authenticated(service, request, facts)
  if (signed.kind === 'refused') return signed
  const { caller, presigned } = signed
  if (form.kind !== 'form') return refused(formFault(form))
  if (row === undefined) return refused(unknownOperation(service, form.form))
  facts.operation = `${service.model.service}:${row.name}`
  if (presigned && !row.allowsPresigned) return refused(presignedFault(service.model))
  const reading = row.read(form.form)
  if (reading.kind !== 'valid') return refused(inputFault(reading))
  facts.parameters = reading.input
  const denied = await authorizeRow(service, row, { input: reading.input, caller }, facts)
  if (denied !== undefined) return refused(denied)
  if (!row.isSigned) throw new Error(`${row.name} takes no signature`)
  const output = await row.run(service.deps, reading.input, { caller, requestId })
  facts.responseElements = output
  return { kind: 'answered', operation: row.name, output }
}

async function answerUnsigned<Deps>(
  service: QueryService<Deps>,
  {
    row,
    form,
  }: {
    readonly row: Extract<QueryOperation<Deps>, { readonly isSigned: false }>
    readonly form: ReadonlyMap<string, string>
  },
  facts: DispatchFacts,
  requestId: string,
): Promise<Outcome> {
  facts.operation = `${service.model.service}:${row.name}`
  const reading = row.read(form)
  if (reading.kind !== 'valid') return refused(inputFault(reading))
  facts.parameters = reading.input
  const tell: UnsignedCall['tell'] = (said) => {
    facts.parameters = { ...asFields(reading.input), ...said }
  }
  const call = { ...service.source, requestId, tell }
  const output = await row.run(service.deps, reading.input, call)
  facts.responseElements = output
  return { kind: 'answered', operation: row.name, output }
}

function asFields(input: unknown): object {
  return typeof input === 'object' && input !== null ? input : {}
}

async function authenticated<Deps>(
  service: QueryService<Deps>,
  request: Request,
  facts: DispatchFacts,
): Promise<
  | { readonly kind: 'refused'; readonly error: AwsError }
  | { readonly kind: 'caller'; readonly caller: Caller; readonly presigned: boolean }
> {
  const bodyHash = createHash('sha256').update(request.body).digest('hex')
  const signed = await service.authenticate(request, bodyHash)
  if (signed.kind === 'refused') {
    const { query: name, queryStatus: status } = signatureErrors[signed.code]
    const message = messageForQuery(signed.code, signed.message)
    return { kind: 'refused', error: { name, status, message } }
  }
  const { service: name } = service.model
  if (signed.service !== name) {
    const { query, queryStatus: status } = signatureErrors.InvalidSignature
    const message = `Credential should be scoped to correct service: '${name}'. `
    return { kind: 'refused', error: { name: query, status, message } }
  }
  facts.caller = signed.key
  return { kind: 'caller', caller: signed.key, presigned: signed.presigned }
}

type Form = ReturnType<typeof readForm>

/** The parameters of a GET are in its address, those of a POST in its body. */
function formOf(request: Request): Form {
  if (request.method !== 'POST') return readForm(request.rawQuery)
  const { body } = request
  return isUtf8(body)
    ? readForm(Buffer.from(body.buffer, body.byteOffset, body.byteLength).toString())
    : { kind: 'malformed', message: 'the request is not UTF-8' }
}

function rowOf<Deps>(service: QueryService<Deps>, form: Form): QueryOperation<Deps> | undefined {
  if (form.kind !== 'form') return undefined
  const isVersion = form.form.get('Version') === service.model.version
  return isVersion ? service.operations.get(form.form.get('Action') ?? '') : undefined
}

function refused(error: AwsError): Outcome {
  return { kind: 'refused', error }
}

function formFault(form: Exclude<Form, { readonly kind: 'form' }>): AwsError {
  if (form.kind === 'malformed') {
    return { name: 'MalformedQueryString', status: 404, message: form.message }
  }
  const message = `the parameter ${JSON.stringify(form.name.slice(0, 100))} is given more than once`
  return { name: 'InvalidParameterCombination', status: 400, message }
}

function unknownOperation<Deps>(
  service: QueryService<Deps>,
  form: ReadonlyMap<string, string>,
): AwsError {
  const action = form.get('Action')
  if (action === undefined) {
    const message = 'The request is missing an action or a required parameter.'
    return { name: 'MissingAction', status: 400, message }
  }
  const version = form.get('Version')?.slice(0, 20) ?? 'NO_VERSION_SPECIFIED'
  const asked = `Could not find operation ${action.slice(0, 100)} for version ${version}`
  const message = service.names.has(action)
    ? `${asked}; this version of Pratique does not serve it, README.md lists the operations that it does`
    : asked
  return { name: 'InvalidAction', status: 400, message }
}

function presignedFault({ service }: QueryModel): AwsError {
  const { query: name, queryStatus: status } = signatureErrors.InvalidSignature
  const message = `${service} takes no presigned requests for this operation; sign in the Authorization header`
  return { name, status, message }
}

function inputFault(reading: Exclude<InputReading<unknown>, { readonly kind: 'valid' }>): AwsError {
  return reading.kind === 'malformed'
    ? { name: 'MalformedInput', status: 400, message: reading.message }
    : { name: 'ValidationError', status: 400, message: queryValidationText(reading.violations) }
}

async function authorizeRow<Deps>(
  service: QueryService<Deps>,
  row: QueryOperation<Deps>,
  { input, caller }: { readonly input: unknown; readonly caller: Caller },
  facts: DispatchFacts,
): Promise<AwsError | undefined> {
  const { authorization } = row
  if (authorization.kind !== 'action') return undefined
  const scope = { caller, region: service.region }
  const resources = await authorization.resources(input, scope, service.deps)
  // Nothing to ask about would be nothing to refuse.
  if (resources.length === 0) throw new Error(`${row.name} names no resource`)
  const keys = await authorization.keys(input, scope, service.deps)
  facts.resource = resources.slice(0, 3).join(' ')
  facts.action = authorization.action
  for (const action of [authorization.action, ...authorization.furtherActions(input)]) {
    const decision = await service.authorize(caller, { action, resources, keys })
    const isFurther = action !== authorization.action
    if (decision.kind === 'allow' && isFurther) continue
    facts.action = action
    tellJudgement(facts, decision)
    if (decision.kind === 'deny') {
      return { name: 'AccessDenied', status: 403, message: decision.message }
    }
  }
  return undefined
}
