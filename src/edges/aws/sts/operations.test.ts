import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  CreateAccessKeyCommand,
  CreateUserCommand,
  IAMClient,
  PutUserPolicyCommand,
} from '@aws-sdk/client-iam'
import { GetCallerIdentityCommand, GetFederationTokenCommand, STSClient } from '@aws-sdk/client-sts'
import { temporaryDirectory } from '../../../../test/kit/database.ts'
import { openTestServer } from '../../../../test/kit/server.ts'

test('a federated session with tags needs the right to tag, under conditions on these tags', async (t) => {
  const server = await openTestServer(await temporaryDirectory(t))
  t.after(() => server.close())
  const reach = { endpoint: server.url, region: 'us-east-1' }
  const credentials = server.ecr.config.credentials
  const iam = new IAMClient({ ...reach, credentials })
  await iam.send(new CreateUserCommand({ UserName: 'dev' }))
  const { AccessKey } = await iam.send(new CreateAccessKeyCommand({ UserName: 'dev' }))
  const sts = new STSClient({
    ...reach,
    credentials: {
      accessKeyId: AccessKey?.AccessKeyId ?? '',
      secretAccessKey: AccessKey?.SecretAccessKey ?? '',
    },
  })
  const putPolicy = async (...statements: readonly unknown[]): Promise<void> => {
    const PolicyDocument = JSON.stringify({ Version: '2012-10-17', Statement: statements })
    await iam.send(new PutUserPolicyCommand({ UserName: 'dev', PolicyName: 'p', PolicyDocument }))
  }
  const ask = async (Value?: string) =>
    sts.send(
      new GetFederationTokenCommand({
        Name: 'ada',
        ...(Value === undefined ? {} : { Tags: [{ Key: 'team', Value }] }),
      }),
    )
  const refused = {
    name: 'AccessDenied',
    message: /sts:TagSession on resource: arn:aws:sts::123456789012:federated-user\/ada because no/,
  }
  const Resource = 'arn:aws:sts::123456789012:federated-user/*'
  const federating = { Effect: 'Allow', Action: 'sts:GetFederationToken', Resource }
  await putPolicy(federating)
  await ask()
  await assert.rejects(ask('blue'), refused)
  const Condition = { StringEquals: { 'aws:RequestTag/team': 'blue' } }
  await putPolicy(federating, { Effect: 'Allow', Action: 'sts:TagSession', Resource, Condition })
  await assert.rejects(ask('red'), refused)
  const { Credentials, PackedPolicySize } = await ask('blue')
  assert.ok((PackedPolicySize ?? 0) > 0)
  const session = new STSClient({
    ...reach,
    credentials: {
      accessKeyId: Credentials?.AccessKeyId ?? '',
      secretAccessKey: Credentials?.SecretAccessKey ?? '',
      sessionToken: Credentials?.SessionToken ?? '',
    },
  })
  const { Arn } = await session.send(new GetCallerIdentityCommand({}))
  assert.equal(Arn, 'arn:aws:sts::123456789012:federated-user/ada')
  for (const client of [iam, sts, session]) client.destroy()
})
