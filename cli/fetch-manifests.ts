// Manifests as they are, to be looked into. That is no pull: who looks must not change by what dates lifecycle rules choose images.
import {
  BatchGetImageCommand,
  ListPullTimeUpdateExclusionsCommand,
  type Image,
  type ImageFailure,
} from '@aws-sdk/client-ecr'
import { GetCallerIdentityCommand, STSClient } from '@aws-sdk/client-sts'
import { exitCodes, Failure } from './failure.ts'
import { tell } from './posture/told.ts'
import { ask, type Session } from './session.ts'

interface Wanted {
  readonly repositoryName: string
  readonly registryId?: string | undefined
  readonly digests: readonly string[]
  readonly acceptedMediaTypes?: string[]
  /** What is not served is left out; else it is a failure. */
  readonly mayMiss?: true
}

/** Pratique's server dates no pull by it. AWS does, so that there it must be meant, or the caller be one whose pulls are not dated. */
export async function fetchManifests(session: Session, wanted: Wanted): Promise<readonly Image[]> {
  const { repositoryName, digests, mayMiss } = wanted
  const [first] = digests
  if (first === undefined) return []
  if (session.endpoint === undefined && (await session.mayPull?.()) !== true)
    throw new Failure(
      exitCodes.cannotAnswer,
      `what ${repositoryName}@${first} holds is in its manifest, and AWS dates a pull when that is fetched`,
      'give --pull, or ask as a role that aws ecr register-pull-time-update-exclusion names',
    )
  const command = commandOf(wanted)
  if (session.endpoint !== undefined) sayInspects(command)
  const { images = [], failures = [] } = await ask(session, (ecr) => ecr.send(command))
  const [failure] = failures
  if (failure !== undefined && mayMiss !== true) throw notServed(repositoryName, failure)
  return images
}

function commandOf({
  repositoryName,
  registryId,
  digests,
  acceptedMediaTypes,
}: Wanted): BatchGetImageCommand {
  return new BatchGetImageCommand({
    repositoryName,
    ...(registryId === undefined ? {} : { registryId }),
    imageIds: digests.map((imageDigest) => ({ imageDigest })),
    ...(acceptedMediaTypes === undefined ? {} : { acceptedMediaTypes }),
  })
}

/** Before the request is signed. */
function sayInspects(command: BatchGetImageCommand): void {
  command.middlewareStack.add(
    (next) => async (args) => {
      const { request } = args
      if (hasHeaders(request)) request.headers['pratique-purpose'] = 'inspect'
      return next(args)
    },
    { step: 'build', name: 'inspects' },
  )
}

function notServed(
  repositoryName: string,
  { imageId, failureCode, failureReason }: ImageFailure,
): Failure {
  const isAbsent = failureCode === 'ImageNotFound'
  const why = failureReason ?? failureCode ?? 'no reason is given'
  return new Failure(
    isAbsent ? exitCodes.notFound : exitCodes.cannotAnswer,
    `${repositoryName}@${imageId?.imageDigest ?? ''} is not served: ${why}`,
  )
}

function hasHeaders(request: unknown): request is { headers: Record<string, string> } {
  return typeof request === 'object' && request !== null && 'headers' in request
}

/** `isMeant`: the user said that a pull may be dated. Else the source is asked, once, whether the caller's are. */
export function withPulls(session: Session, isMeant: boolean | undefined): Session {
  let known: Promise<boolean> | undefined
  return {
    ...session,
    mayPull: async () => {
      known ??= isMeant === true ? Promise.resolve(true) : isCallerExcluded(session)
      return known
    },
  }
}

async function isCallerExcluded(session: Session): Promise<boolean> {
  const region = await session.ecr.config.region()
  const limits = { connectionTimeout: 10_000, requestTimeout: 30_000, throwOnRequestTimeout: true }
  const sts = new STSClient({ region, requestHandler: limits })
  try {
    const told = await tell('sts:GetCallerIdentity', () =>
      sts.send(new GetCallerIdentityCommand({})),
    )
    return told.kind === 'told' && (await isPullExcluded(session, told.value.Arn ?? ''))
  } finally {
    sts.destroy()
  }
}

/** Whether what the caller fetches leaves the dates of pulls alone; a role that cannot be told for sure is not excluded. */
export async function isPullExcluded(session: Session, arn: string): Promise<boolean> {
  const [, account = '', role = ''] =
    /^arn:[^:]+:sts::(\d{12}):assumed-role\/([^/]+)\//.exec(arn) ?? []
  if (role === '') return false
  const asked = await tell('ecr:ListPullTimeUpdateExclusions', async () => {
    const command = new ListPullTimeUpdateExclusionsCommand({ maxResults: 100 })
    return (await session.ecr.send(command)).pullTimeUpdateExclusions ?? []
  })
  // The ARN of a role has its path, that of its session has not; names are of one role in an account.
  return (
    asked.kind === 'told' &&
    asked.value.some(
      (one) => one.startsWith(`arn:aws:iam::${account}:role/`) && one.endsWith(`/${role}`),
    )
  )
}
