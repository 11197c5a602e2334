// Purpose:  read and write the AWS Query protocol, which STS speaks.
// Spec:     Smithy, "AWS Query protocol".
// Input:    form-encoded parameters of a request; hostile.
// Deviates: nothing.
// Unknowns: a request without one Action → undefined.
import type { AwsError } from './aws-error.ts'
import type { AwsReply } from './json-protocol.ts'

const longestForm = 64 * 1024
const namespace = 'https://sts.amazonaws.com/doc/2011-06-15/'

/** The parameters by name; undefined when there are too many bytes or not exactly one Action. */
export function parseForm(text: string): ReadonlyMap<string, string> | undefined {
  if (text.length > longestForm) return undefined
  const parameters = new URLSearchParams(text)
  if (parameters.getAll('Action').length !== 1) return undefined
  return new Map(parameters)
}

/** `<OperationResponse><OperationResult>…` with text members only. */
export function queryReply(
  operation: string,
  result: Readonly<Record<string, string>>,
  requestId: string,
): AwsReply {
  const members = Object.entries(result).map(([name, value]) => element(name, escapeXml(value)))
  const response =
    element(`${operation}Result`, members.join('')) +
    element('ResponseMetadata', element('RequestId', requestId))
  return {
    status: 200,
    headers: { 'content-type': 'text/xml' },
    body: `<${operation}Response xmlns="${namespace}">${response}</${operation}Response>`,
  }
}

export function queryError(error: AwsError, requestId: string): AwsReply {
  const type = error.status >= 500 ? 'Receiver' : 'Sender'
  const detail =
    element('Type', type) +
    element('Code', escapeXml(error.name)) +
    element('Message', escapeXml(error.message))
  const response = element('Error', detail) + element('RequestId', requestId)
  return {
    status: error.status,
    headers: { 'content-type': 'text/xml' },
    body: `<ErrorResponse xmlns="${namespace}">${response}</ErrorResponse>`,
  }
}

function element(name: string, content: string): string {
  return `<${name}>${content}</${name}>`
}

/** XML 1.0 has no control characters but tab and line ends, no half surrogates and not U+FFFE: they are replaced, not escaped. */
function escapeXml(text: string): string {
  return (
    text
      .toWellFormed()
      // oxlint-disable-next-line no-control-regex -- these are the characters that XML forbids
      .replaceAll(/[\u0000-\u0008\u000B\u000C\u000E-\u001F\uFFFE\uFFFF]/g, '\uFFFD')
      .replaceAll('&', '&amp;')
      .replaceAll('<', '&lt;')
      .replaceAll('>', '&gt;')
      .replaceAll('"', '&quot;')
  )
}
