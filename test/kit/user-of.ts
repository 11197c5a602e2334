// A user of a server under test, with a key and rights of their own.
import { ECRClient } from '@aws-sdk/client-ecr'
import {
  CreateAccessKeyCommand,
  CreateUserCommand,
  IAMClient,
  PutUserPolicyCommand,
} from '@aws-sdk/client-iam'
import type { ServerProcess } from './server-process.ts'

export interface ServerUser {
  readonly accessKeyId: string
  readonly secretAccessKey: string
  /** As a header of `/v2`. */
  readonly authorization: string
  /** Its user destroys it. */
  readonly ecr: ECRClient
}

/** Allowed these actions on everything. */
export async function userOf(
  server: ServerProcess,
  name: string,
  actions: readonly string[],
): Promise<ServerUser> {
  const { accessKeyId, secretAccessKey, url: endpoint } = server
  const region = 'us-east-1'
  const iam = new IAMClient({ endpoint, region, credentials: { accessKeyId, secretAccessKey } })
  await iam.send(new CreateUserCommand({ UserName: name }))
  const PolicyDocument = JSON.stringify({
    Version: '2012-10-17',
    Statement: [{ Effect: 'Allow', Action: actions, Resource: '*' }],
  })
  await iam.send(new PutUserPolicyCommand({ UserName: name, PolicyName: 'own', PolicyDocument }))
  const { AccessKey } = await iam.send(new CreateAccessKeyCommand({ UserName: name }))
  iam.destroy()
  const { AccessKeyId: id = '', SecretAccessKey: secret = '' } = AccessKey ?? {}
  const credentials = { accessKeyId: id, secretAccessKey: secret }
  return {
    ...credentials,
    authorization: `Basic ${Buffer.from(`${id}:${secret}`).toString('base64')}`,
    ecr: new ECRClient({ endpoint, region, credentials }),
  }
}
