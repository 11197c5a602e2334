// Where an audit asks. Its clients slow down by themselves where the other side says that it is too much.
import { ECRClient } from '@aws-sdk/client-ecr'
import { IAMClient } from '@aws-sdk/client-iam'
import { GetCallerIdentityCommand, STSClient } from '@aws-sdk/client-sts'
import { exitCodes, explain, Failure } from '../failure.ts'
import { clientSettings, type Session } from '../session.ts'
import { awsEnvironment, configOf } from '../settings.ts'

export const targets = ['pratique', 'aws'] as const
export type Target = (typeof targets)[number]

export interface Place {
  readonly target: Target
  readonly session: Session
  readonly iam: IAMClient
  readonly sts: STSClient
}

const pace = {
  retryMode: 'adaptive',
  maxAttempts: 6,
  requestHandler: {
    connectionTimeout: 10_000,
    requestTimeout: 60_000,
    throwOnRequestTimeout: true,
  },
}

/** `aws` speaks the API of AWS alone, wherever the environment says that it answers. */
export function openPlace(target: Target): Place {
  if (target === 'aws') {
    const { region } = awsEnvironment()
    const settings = { ...pace, ...(region === undefined ? {} : { region }) }
    const session = { ecr: new ECRClient(settings), endpoint: undefined, name: 'AWS' }
    return { target, session, iam: new IAMClient(settings), sts: new STSClient(settings) }
  }
  const { settings: known, name } = clientSettings(configOf({}))
  if (known.endpoint === undefined)
    throw new Failure(
      exitCodes.usage,
      'the environment names AWS, and no Pratique server',
      'audit an account of AWS with --target aws, or point AWS_ENDPOINT_URL at the server',
    )
  const settings = { ...known, ...pace }
  const session = { ecr: new ECRClient(settings), endpoint: known.endpoint, name }
  return { target, session, iam: new IAMClient(settings), sts: new STSClient(settings) }
}

export function closePlace({ session, iam, sts }: Place): void {
  for (const client of [session.ecr, iam, sts]) client.destroy()
}

export interface Caller {
  readonly account: string
  readonly arn: string
}

export async function callerOf({ sts, session }: Place): Promise<Caller> {
  try {
    const { Account: account, Arn: arn = '' } = await sts.send(new GetCallerIdentityCommand({}))
    if (account !== undefined) return { account, arn }
  } catch (error) {
    throw explain(error, session.name)
  }
  throw new Failure(exitCodes.error, `${session.name} does not say whose account it is`)
}
