import type { SigV4Code } from './sigv4-signature.ts'

/** An error as AWS's protocols carry it. */
export interface AwsError {
  /** With its suffix, as the JSON protocol writes it: `RepositoryNotFoundException`. */
  readonly name: string
  readonly status: number
  readonly message: string
  /** Further members of the exception's shape. */
  readonly members?: Readonly<Record<string, unknown>>
  /** Beside those of the protocol; printable ASCII. */
  readonly headers?: Readonly<Record<string, string>>
}

/** How each refusal of a signature is written: JSON services answer 400 to all. */
export const signatureErrors = {
  MissingAuthenticationToken: {
    json: 'MissingAuthenticationTokenException',
    query: 'MissingAuthenticationToken',
    queryStatus: 403,
  },
  IncompleteSignature: {
    json: 'IncompleteSignatureException',
    query: 'IncompleteSignature',
    queryStatus: 400,
  },
  InvalidSignature: {
    json: 'InvalidSignatureException',
    query: 'SignatureDoesNotMatch',
    queryStatus: 403,
  },
  UnrecognizedClient: {
    json: 'UnrecognizedClientException',
    query: 'InvalidClientTokenId',
    queryStatus: 403,
  },
  ExpiredToken: { json: 'ExpiredTokenException', query: 'ExpiredToken', queryStatus: 403 },
} as const satisfies Record<SigV4Code, { json: string; query: string; queryStatus: number }>

/** Query services have a sentence of their own for a request without a signature. */
export function messageForQuery(code: SigV4Code, message: string): string {
  return code === 'MissingAuthenticationToken' ? 'Request is missing Authentication Token' : message
}

/** The encoded message is for those who may have it decoded: sts:DecodeAuthorizationMessage. */
export function accessDenied(message: string, encodedMessage?: string): AwsError {
  const members =
    encodedMessage === undefined ? {} : { members: { encodedAuthorizationMessage: encodedMessage } }
  return { name: 'AccessDeniedException', status: 400, message, ...members }
}

/** Too much at once: retried by every SDK, with growing pauses. */
export function throttled(): AwsError {
  return { name: 'ThrottlingException', status: 400, message: 'Rate exceeded' }
}

export function serverFault(requestId: string): AwsError {
  const message = `internal error; the server's log has request ${requestId}`
  return { name: 'ServerException', status: 500, message }
}
