// Purpose:  read and write the AWS JSON 1.1 protocol.
// Spec:     Smithy, "AWS JSON 1.1 protocol".
// Input:    target header and body bytes of a request; hostile.
// Deviates: nothing.
// Unknowns: a body that is not one JSON object → a SerializationException.
import type { AwsError } from './aws-error.ts'

export interface AwsReply {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}

/** Objects and lists in one request; the largest legitimate one has a few hundred. */
const maxBrackets = 10_000

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
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString()
  if (hasTooManyBrackets(text)) return malformed('the request holds too many objects and lists')
  try {
    const body: unknown = JSON.parse(text)
    const isObject = typeof body === 'object' && body !== null && !Array.isArray(body)
    return isObject ? { kind: 'body', body } : malformed('the request is not a JSON object')
  } catch {
    return malformed('the request is not JSON')
  }
}

/** Bounds depth as well: deep nesting is what makes a parser slow. */
function hasTooManyBrackets(text: string): boolean {
  let count = 0
  for (const bracket of ['{', '[']) {
    for (let at = text.indexOf(bracket); at !== -1; at = text.indexOf(bracket, at + 1)) {
      count += 1
      if (count > maxBrackets) return true
    }
  }
  return false
}

function malformed(message: string): JsonBody {
  return { kind: 'malformed', message }
}

export function jsonReply(output: unknown): AwsReply {
  return { status: 200, headers: contentType, body: JSON.stringify(output) }
}

/** Some SDKs read the header and some the body, so the name is in both. */
export function jsonError(error: AwsError): AwsReply {
  const { name, status, message, members } = error
  return {
    status,
    headers: { ...contentType, 'x-amzn-errortype': name },
    body: JSON.stringify({ __type: name, message, ...members }),
  }
}

const contentType = { 'content-type': 'application/x-amz-json-1.1' }
