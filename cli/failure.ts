/** What a command can end with; documented in each command's help. */
export const exitCodes = {
  ok: 0,
  error: 1,
  usage: 2,
  no: 3,
  notAllowed: 4,
  notFound: 5,
  cannotAnswer: 6,
} as const

/** An end that a person can act on: no stack, an exit code, and what to do. */
export class Failure extends Error {
  readonly exitCode: number
  readonly advice: string | undefined

  constructor(
    exitCode: number,
    message: string,
    advice?: string,
    options: { cause?: unknown } = {},
  ) {
    super(message, options)
    this.exitCode = exitCode
    this.advice = advice
  }
}

/** Errors of the SDK and of the network in a person's words; anything else stays a fault of ours. */
export function explain(error: unknown, endpoint: string): unknown {
  if (!(error instanceof Error) || error instanceof Failure) return error
  if (isUnreachable(error)) {
    return new Failure(
      exitCodes.error,
      `nothing answers at ${endpoint}`,
      'is the server running? start it with: npm start',
      { cause: error },
    )
  }
  const requestId = requestIdOf(error)
  const suffix = requestId === undefined ? '' : ` (request ${requestId})`
  const known = byName(error.name)
  if (known === undefined)
    return '$metadata' in error ? new Failure(exitCodes.error, `${error.message}${suffix}`) : error
  return new Failure(known.exitCode, `${error.message}${suffix}`, known.advice, { cause: error })
}

function byName(name: string): KnownError | undefined {
  return knownErrors.find(({ names }) => names.includes(name))
}

interface KnownError {
  readonly names: readonly string[]
  readonly exitCode: number
  readonly advice: string
}

/** By the names that the JSON services and the Query services give them. */
const knownErrors: readonly KnownError[] = [
  {
    names: ['AccessDeniedException', 'AccessDenied'],
    exitCode: exitCodes.notAllowed,
    advice: 'ask for a policy that allows this action',
  },
  {
    names: [
      'UnrecognizedClientException',
      'InvalidSignatureException',
      'ExpiredTokenException',
      'InvalidClientTokenId',
      'SignatureDoesNotMatch',
      'ExpiredToken',
      'CredentialsProviderError',
    ],
    exitCode: exitCodes.notAllowed,
    advice: 'sign in: eval "$(npx pratique env)" for this registry, or set AWS credentials',
  },
  {
    names: ['RepositoryNotFoundException'],
    exitCode: exitCodes.notFound,
    advice: 'list repositories: aws ecr describe-repositories',
  },
  {
    names: ['ImageNotFoundException'],
    exitCode: exitCodes.notFound,
    advice: 'list images: aws ecr list-images --repository-name NAME',
  },
  {
    names: ['NoSuchEntityException'],
    exitCode: exitCodes.notFound,
    advice: 'list what there is: pratique user list, group list, role list, key list',
  },
  {
    names: ['ResourceNotFoundException'],
    exitCode: exitCodes.notFound,
    advice: 'list what there is: pratique signing profile list',
  },
]

function isUnreachable(error: Error): boolean {
  const { cause } = error
  const codes = [codeOf(error), codeOf(cause)]
  return codes.some((code) =>
    ['ECONNREFUSED', 'ENOTFOUND', 'ECONNRESET', 'EHOSTUNREACH'].includes(code ?? ''),
  )
}

function codeOf(value: unknown): string | undefined {
  if (typeof value !== 'object' || value === null || !('code' in value)) return undefined
  return typeof value.code === 'string' ? value.code : undefined
}

function requestIdOf(error: Error): string | undefined {
  if (!('$metadata' in error) || typeof error.$metadata !== 'object' || error.$metadata === null)
    return undefined
  const metadata = error.$metadata
  return 'requestId' in metadata && typeof metadata.requestId === 'string'
    ? metadata.requestId
    : undefined
}
