// Purpose:  read and write the AWS JSON 1.1 protocol.
// Spec:     Smithy, "AWS JSON 1.1 protocol".
// Input:    target header and body bytes of a request; hostile.
// Deviates: nothing.
// Unknowns: a body that is not one JSON object → a SerializationException.
import { isUtf8 } from 'node:buffer'
import type { AwsError } from './aws-error.ts'

export interface AwsReply {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}

/** Objects and lists in one request; the largest legitimate one has a few hundred. */
const maxBrackets = 10_000
/** The deepest input of any model here has five; recursion over a body is bounded by this. */
const maxDepth = 64

/** `AmazonEC2ContainerRegistry_V20150921.PutImage` → `PutImage`; undefined for another service's target. */
export function operationOfTarget(target: string | undefined, prefix: string): string | undefined {
  return target?.startsWith(`${prefix}.`) === true ? target.slice(prefix.length + 1) : undefined
}

export type JsonBody =
  | { readonly kind: 'body'; readonly body: unknown }
  | { readonly kind: 'malformed'; readonly message: string }

/** An empty body means no members. */
export function parseJsonBody(bytes: Uint8Array): JsonBody {
  if (bytes.byteLength === 0) return { kind: 'body', body: {} }
  const text = decodeUtf8(bytes)
  if (text === undefined) return malformed('the request is not UTF-8')
  if (isTooNested(text)) return malformed('the request holds too many objects and lists')
  try {
    const body: unknown = JSON.parse(text)
    const isObject = typeof body === 'object' && body !== null && !Array.isArray(body)
    return isObject ? { kind: 'body', body } : malformed('the request is not a JSON object')
  } catch {
    return malformed('the request is not JSON')
  }
}

/** A replaced byte would change what a manifest's digest is over: bytes that are not UTF-8 are refused. */
function decodeUtf8(bytes: Uint8Array): string | undefined {
  return isUtf8(bytes)
    ? Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString()
    : undefined
}

/** Looks outside strings only: a manifest, which is a string here, may hold any number of brackets. */
function isTooNested(text: string): boolean {
  const landmark = /["{}[\]]/g
  let count = 0
  let depth = 0
  for (let found = landmark.exec(text); found !== null; found = landmark.exec(text)) {
    const [character] = found
    if (character === '"') landmark.lastIndex = endOfString(text, landmark.lastIndex)
    else if (character === '{' || character === '[') {
      count += 1
      depth += 1
    } else depth -= 1
    if (count > maxBrackets || depth > maxDepth) return true
  }
  return false
}

/** The place behind the closing quote of a string that begins before `from`; the end when it never closes. */
function endOfString(text: string, from: number): number {
  for (let quote = text.indexOf('"', from); quote !== -1; quote = text.indexOf('"', quote + 1)) {
    let backslashes = 0
    while (text[quote - 1 - backslashes] === '\\') backslashes += 1
    if (backslashes % 2 === 0) return quote + 1
  }
  return text.length
}

function malformed(message: string): JsonBody {
  return { kind: 'malformed', message }
}

export function jsonReply(output: unknown): AwsReply {
  return { status: 200, headers: contentType, body: JSON.stringify(output) }
}

/** Some SDKs read the header and some the body, so the name is in both. */
export function jsonError(error: AwsError): AwsReply {
  const { name, status, message, members, headers } = error
  return {
    status,
    headers: { ...contentType, 'x-amzn-errortype': name, ...headers },
    body: JSON.stringify({ __type: name, message, ...members }),
  }
}

const contentType = { 'content-type': 'application/x-amz-json-1.1' }
