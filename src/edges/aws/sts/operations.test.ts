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

test('an ID token needs no signature, in a form and in nothing else', async (t) => {
  const server = await openTestServer(await temporaryDirectory(t))
  t.after(() => server.close())
  const body = new URLSearchParams({
    Action: 'AssumeRoleWithWebIdentity',
    Version: '2011-06-15',
    RoleArn: 'arn:aws:iam::123456789012:role/ci',
    RoleSessionName: 'run-7',
    WebIdentityToken: 'no token',
  }).toString()
  const codeFor = async (contentType: string): Promise<string | undefined> => {
    const headers = { 'content-type': contentType }
    const answer = await fetch(server.url, { method: 'POST', headers, body })
    return /<Code>(.*)<\/Code>/.exec(await answer.text())?.[1]
  }
  const form = 'application/x-www-form-urlencoded'
  for (const type of [form, `${form}; charset=utf-8`, `${form.toUpperCase()};charset=UTF-8`])
    assert.equal(await codeFor(type), 'InvalidIdentityToken', type)
  for (const type of ['text/plain', `${form}2`, 'application/json'])
    assert.equal(await codeFor(type), 'MissingAuthenticationToken', type)
  const byAddress = await fetch(`${server.url}/?${body}`)
  assert.match(await byAddress.text(), /<Code>InvalidIdentityToken</)
})
