// Which of AWS's services a request is for, how that one speaks, and its refusals before anybody is known.
import type { RequestFacts } from '../request-facts.ts'
import { cloudTrailOperations, cloudTrailTarget } from './cloudtrail/operations.ts'
import { ecrOperations } from './ecr/operations.ts'
import { inspectorPaths } from './inspector2/operation-paths.ts'
import { inspectorOperations } from './inspector2/operations.ts'
import { messageForQuery, signatureErrors, type AwsError } from './protocol/aws-error.ts'
import { jsonError, operationOfTarget, type AwsReply } from './protocol/json-protocol.ts'
import { iamModel, queryError, stsModel, type QueryModel } from './protocol/query-protocol.ts'
import {
  matchRest,
  restError,
  routePattern,
  type RestMatch,
  type RestPaths,
} from './protocol/rest-protocol.ts'
import type { SignedRequest } from './protocol/sigv4-canonical.ts'
import type { readSignature } from './protocol/sigv4-signature.ts'
import { signerPaths } from './signer/operation-paths.ts'
import { signerOperations } from './signer/operations.ts'

const ecrTarget = 'AmazonEC2ContainerRegistry_V20150921'
export const defaultBodyBytes = 64 * 1024
/** A policy of 131,072 characters, each written as `%XX` or as three of these, and what stands beside it. */
const maxIamBytes = 1024 * 1024

/** Services that are told apart by path and method once the signature has said which it is: several have `/tags/…`. */
const restServices: Readonly<Record<RestService, RestPaths>> = {
  inspector2: inspectorPaths,
  signer: signerPaths,
}
type RestService = 'inspector2' | 'signer'

/** Each address of a REST service once, with its methods. */
export function restRoutes(): readonly { readonly method: string; readonly url: string }[] {
  const rows = Object.values(restServices).flatMap((paths) => [...paths.values()])
  const routes = rows.map((row) => ({ method: row.method, url: routePattern(row) }))
  return [...new Map(routes.map((one) => [`${one.method} ${one.url}`, one])).values()]
}

/** Which of the services a request is for, and how that one speaks. */
export type Door =
  | {
      readonly protocol: 'json'
      readonly service: 'ecr' | 'cloudtrail'
      readonly operation: string
    }
  | { readonly protocol: 'query'; readonly model: QueryModel }
  | {
      readonly protocol: 'rest'
      readonly service: RestService
      /** Undefined for an address that none of its operations has. */
      readonly match: RestMatch | undefined
    }
export type Reading = ReturnType<typeof readSignature>

/** By the scope of the signature; without one by the target that only JSON services have. */
export function doorOf(request: SignedRequest, reading: Reading): Door {
  return request.rawPath === '/' ? rootDoorOf(request, reading) : restDoorOf(request, reading)
}

/** By the scope alone; who shows none, or another, is refused in the form that such addresses have. */
function restDoorOf(request: SignedRequest, reading: Reading): Door {
  const scope = reading.kind === 'signature' ? reading.signature.scope.service : ''
  const service = isRestService(scope) ? scope : 'inspector2'
  return { protocol: 'rest', service, match: matchRest(restServices[service], request) }
}

function isRestService(service: string): service is RestService {
  return Object.hasOwn(restServices, service)
}

function rootDoorOf(request: SignedRequest, reading: Reading): Door {
  const target = headerOf(request, 'x-amz-target')
  const scope = reading.kind === 'signature' ? reading.signature.scope.service : undefined
  const named = operationOfTarget(target, cloudTrailTarget)
  if (scope === 'cloudtrail' || (scope === undefined && named !== undefined)) {
    return { protocol: 'json', service: 'cloudtrail', operation: named ?? '' }
  }
  const operation = operationOfTarget(target, ecrTarget)
  const service = scope ?? (operation === undefined ? stsModel.service : 'ecr')
  const model = [iamModel, stsModel].find((one) => one.service === service)
  return model === undefined
    ? { protocol: 'json', service: 'ecr', operation: operation ?? '' }
    : { protocol: 'query', model }
}

/** STS has an operation whose input is the credential. */
export function mayBeUnsigned(
  request: SignedRequest,
  door: Door,
  reading: Extract<Reading, { kind: 'refused' }>,
): boolean {
  // The one unsigned operation comes in a form; who sends anything else is not waited for.
  const isForm =
    request.method === 'GET' ||
    /^application\/x-www-form-urlencoded(?:$|[;\s])/i.test(headerOf(request, 'content-type') ?? '')
  return door.protocol === 'query' && reading.code === 'MissingAuthenticationToken' && isForm
}

export function bodyLimit(door: Door): number {
  if (door.protocol === 'query') return door.model === iamModel ? maxIamBytes : defaultBodyBytes
  if (door.protocol === 'rest') {
    const operations = door.service === 'signer' ? signerOperations : inspectorOperations
    const row = operations.get(door.match?.name ?? '')
    return row?.maxBodyBytes ?? defaultBodyBytes
  }
  const operations = door.service === 'ecr' ? ecrOperations : cloudTrailOperations
  return operations.get(door.operation)?.maxBodyBytes ?? defaultBodyBytes
}

export function tooLarge(limit: number, { protocol }: Door): AwsError {
  const message = `the request has more than ${limit} bytes`
  const suffix = protocol === 'query' ? '' : 'Exception'
  return { name: `RequestEntityTooLarge${suffix}`, status: 413, message }
}

/** JSON services give the names of their errors a suffix that the others do not. */
export function refuse(error: AwsError, door: Door, facts: RequestFacts): AwsReply {
  facts.errorCode = error.name
  facts.errorMessage = error.message
  if (door.protocol === 'json') return jsonError(error)
  if (door.protocol === 'rest') return restError(error)
  const name = error.name.replace(/Exception$/, '')
  return queryError(door.model, { ...error, name }, facts.requestId)
}

export function refuseSignature(
  { code, message }: Extract<Reading, { readonly kind: 'refused' }>,
  door: Door,
  facts: RequestFacts,
): AwsReply {
  const { json, query, queryStatus } = signatureErrors[code]
  const error =
    door.protocol !== 'query'
      ? { name: json, status: 400, message }
      : { name: query, status: queryStatus, message: messageForQuery(code, message) }
  return refuse(error, door, facts)
}

/** In the form of the answer that must not leave. */
export function unrecorded({ headers }: AwsReply, { message }: Error, requestId: string): AwsReply {
  const type = headers['content-type'] ?? ''
  const isXml = type.includes('xml')
  return isXml
    ? queryError(iamModel, { name: 'ServiceFailure', status: 500, message }, requestId)
    : (type === 'application/json' ? restError : jsonError)({
        name: 'ServerException',
        status: 500,
        message,
      })
}

function headerOf(request: SignedRequest, name: string): string | undefined {
  return request.headers.find(([other]) => other.toLowerCase() === name)?.[1]
}
