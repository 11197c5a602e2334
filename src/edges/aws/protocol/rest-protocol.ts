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
  /** `/findings/list`; a label stands in braces: `/tags/{resourceArn}`. Of two that fit the first is meant. */
  readonly path: string
  /** Members that are lists in the query. */
  readonly queryLists?: readonly string[]
  /** Other members that stand in the query, each once. */
  readonly query?: Readonly<Record<string, 'text' | 'integer' | 'boolean'>>
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
    if (row.method !== method) continue
    if (
      row.path === rawPath ||
      (row.path.includes('{') && labelsOf(row.path, rawPath) !== undefined)
    )
      return { name, ...row }
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

/** What stands in the place of each label, as on the wire; undefined for a path that is not of this form. */
function labelsOf(path: string, rawPath: string): ReadonlyMap<string, string> | undefined {
  const labels = new Map<string, string>()
  const parts = path.split(/\{(\w+)\}/)
  let rest = rawPath
  for (let index = 0; index < parts.length; index += 2) {
    const [text = '', label] = [parts[index], parts[index + 1]]
    if (!rest.startsWith(text)) return undefined
    rest = rest.slice(text.length)
    if (label === undefined) break
    const isLast = parts[index + 2] === ''
    const end = isLast ? rest.length : rest.indexOf('/')
    if (end === -1) return undefined
    labels.set(label, rest.slice(0, end))
    rest = rest.slice(end)
  }
  return rest === '' ? labels : undefined
}

/** The members of the body with those that stand in the path and in the query. */
export function readRestBody(
  match: RestMatch,
  request: SignedRequest & { readonly body: Uint8Array },
): JsonBody {
  const json = parseJsonBody(request.body)
  if (json.kind === 'malformed') return json
  const labels: Record<string, string> = {}
  for (const [label, raw] of labelsOf(match.path, request.rawPath) ?? []) {
    const value = decode(raw)
    if (value === undefined)
      return { kind: 'malformed', message: `the path's ${label} is not percent-encoded UTF-8` }
    labels[label] = value
  }
  const members = { ...queryMembers(match, new URLSearchParams(request.rawQuery)), ...labels }
  return { kind: 'body', body: { ...asRecord(json.body), ...members } }
}

/** What is no number or truth value stays text, which the model refuses by its name. */
function queryMembers(
  { queryLists = [], query: single = {} }: RestMatch,
  query: URLSearchParams,
): Readonly<Record<string, unknown>> {
  const lists = queryLists.flatMap((name) =>
    query.has(name) ? [[name, query.getAll(name)] as const] : [],
  )
  const others = Object.entries(single).flatMap(([name, kind]) => {
    const text = query.get(name)
    return text === null ? [] : [[name, valueOf(text, kind)] as const]
  })
  return Object.fromEntries<unknown>([...lists, ...others])
}

function valueOf(text: string, kind: 'text' | 'integer' | 'boolean'): unknown {
  if (kind === 'integer') return /^-?\d{1,15}$/.test(text) ? Number(text) : text
  if (kind === 'boolean') return text === 'true' || (text === 'false' ? false : text)
  return text
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
