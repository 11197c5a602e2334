// Purpose:  read and write the AWS REST JSON protocol: which operation a method and path mean, where its members stand, errors.
// Spec:     Smithy, "AWS restJson1 protocol"; the shapes of errors of Amazon Inspector2.
// Input:    method, target and body bytes of a request; hostile.
// Deviates: a label takes all that is left of the path, so that an ARN whose slashes were not escaped is understood too.
// Unknowns: a body that is not one JSON object → ValidationException with reason CANNOT_PARSE; a path of no operation → none.
import type { AwsError } from './aws-error.ts'
import { parseJsonBody, type AwsReply, type JsonBody } from './json-protocol.ts'
import { validationText, type InputReading } from './schema.ts'
import type { SignedRequest } from './sigv4-canonical.ts'

export interface RestPath {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE'
  /** `/findings/list`; a label, in braces, is the last part: `/tags/{resourceArn}`. */
  readonly path: string
  /** Members that are lists in the query. */
  readonly queryLists?: readonly string[]
}

/** By operation. */
export type RestPaths = ReadonlyMap<string, RestPath>

export interface RestMatch extends RestPath {
  readonly name: string
}

/** The operation that a method and a path, as on the wire, mean. */
export function matchRest(
  paths: RestPaths,
  { method, rawPath }: Pick<SignedRequest, 'method' | 'rawPath'>,
): RestMatch | undefined {
  for (const [name, row] of paths) {
    const isPath =
      row.path === rawPath || (row.path.includes('{') && rawPath.startsWith(prefixOf(row.path)))
    if (isPath && row.method === method) return { name, ...row }
  }
  return undefined
}

/** What a router is told: `/tags/*`. */
export function routePattern({ path }: Pick<RestPath, 'path'>): string {
  return path.includes('{') ? `${prefixOf(path)}*` : path
}

function prefixOf(path: string): string {
  return path.slice(0, path.indexOf('{'))
}

/** The members of the body with those that stand in the path and in the query. */
export function readRestBody(
  match: RestMatch,
  request: SignedRequest & { readonly body: Uint8Array },
): JsonBody {
  const json = parseJsonBody(request.body)
  if (json.kind === 'malformed') return json
  const label = /\{(\w+)\}$/.exec(match.path)?.[1]
  const value =
    label === undefined ? undefined : decode(request.rawPath.slice(prefixOf(match.path).length))
  if (label !== undefined && value === undefined)
    return { kind: 'malformed', message: `the path's ${label} is not percent-encoded UTF-8` }
  const query = new URLSearchParams(request.rawQuery)
  const lists = (match.queryLists ?? []).flatMap((name) =>
    query.has(name) ? [[name, query.getAll(name)] as const] : [],
  )
  const members = {
    ...Object.fromEntries(lists),
    ...(label === undefined ? {} : { [label]: value }),
  }
  return { kind: 'body', body: { ...asRecord(json.body), ...members } }
}

function asRecord(value: unknown): object {
  return typeof value === 'object' && value !== null ? value : {}
}

function decode(text: string): string | undefined {
  try {
    return decodeURIComponent(text)
  } catch {
    return undefined
  }
}

/** A violation of the model, with each field that has one. */
export function restFaultOfInput(
  reading: Exclude<InputReading<unknown>, { readonly kind: 'valid' }>,
): AwsError {
  if (reading.kind === 'malformed')
    return restValidation(reading.message, { reason: 'CANNOT_PARSE' })
  const fields = reading.violations.map(({ member, constraint }) => ({
    name: member,
    message: `Member ${constraint}`,
  }))
  return restValidation(validationText(reading.violations), {
    reason: 'FIELD_VALIDATION_FAILED',
    fields,
  })
}

export function restValidation(
  message: string,
  members: {
    readonly reason: 'CANNOT_PARSE' | 'FIELD_VALIDATION_FAILED' | 'OTHER'
    readonly fields?: readonly { readonly name: string; readonly message: string }[]
  },
): AwsError {
  return { name: 'ValidationException', status: 400, message, members }
}

export function restReply(output: unknown): AwsReply {
  return { status: 200, headers: contentType, body: JSON.stringify(output) }
}

/** The statuses are REST's, where AWS JSON answers 400 to all; the name is in the header only. */
export function restError({
  name: given,
  message,
  members,
  headers,
  status: own,
}: AwsError): AwsReply {
  const name = given === 'ServerException' ? 'InternalServerException' : given
  const status = statuses.get(name) ?? own
  return {
    status,
    headers: { ...contentType, 'x-amzn-errortype': name, ...headers },
    body: JSON.stringify({ message, ...members }),
  }
}

const statuses: ReadonlyMap<string, number> = new Map([
  ['AccessDeniedException', 403],
  ['MissingAuthenticationTokenException', 403],
  ['IncompleteSignatureException', 403],
  ['InvalidSignatureException', 403],
  ['UnrecognizedClientException', 403],
  ['ExpiredTokenException', 403],
  ['UnknownOperationException', 404],
  ['ThrottlingException', 429],
])

const contentType = { 'content-type': 'application/json' }
