// Purpose:  write the answers of the AWS Query protocol, which IAM and STS speak.
// Spec:     Smithy, "AWS Query protocol".
// Input:    an operation's output, or an error.
// Deviates: nothing.
// Unknowns: none.
import type { AwsError } from './aws-error.ts'
import type { AwsReply } from './json-protocol.ts'
import { writeElement, type QueryStructure } from './query-xml.ts'

/** One service's model, as far as the protocol names it. */
export interface QueryModel {
  /** As signatures are scoped to it and actions begin with it: `iam`. */
  readonly service: string
  readonly version: string
  readonly namespace: string
}

export const iamModel: QueryModel = {
  service: 'iam',
  version: '2010-05-08',
  namespace: 'https://iam.amazonaws.com/doc/2010-05-08/',
}
export const stsModel: QueryModel = {
  service: 'sts',
  version: '2011-06-15',
  namespace: 'https://sts.amazonaws.com/doc/2011-06-15/',
}

/** `<OperationResponse><OperationResult>…`; an operation without output has no Result element. */
export function queryReply(
  model: QueryModel,
  operation: string,
  output: QueryStructure | undefined,
  requestId: string,
): AwsReply {
  const result = output === undefined ? '' : writeElement(`${operation}Result`, output)
  const metadata = writeElement('ResponseMetadata', { RequestId: requestId })
  const name = `${operation}Response`
  return {
    status: 200,
    headers: contentType,
    body: `<${name} xmlns="${model.namespace}">${result}${metadata}</${name}>`,
  }
}

export function queryError(model: QueryModel, error: AwsError, requestId: string): AwsReply {
  const { name, status, message, headers } = error
  const type = status >= 500 ? 'Receiver' : 'Sender'
  const detail = writeElement('Error', { Type: type, Code: name, Message: message })
  const response = detail + writeElement('RequestId', requestId)
  return {
    status,
    headers: { ...contentType, ...headers },
    body: `<ErrorResponse xmlns="${model.namespace}">${response}</ErrorResponse>`,
  }
}

const contentType = { 'content-type': 'text/xml' }
