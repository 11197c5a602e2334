// Who was it in the end? A chain of three roles is followed back through the audit log alone.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { CreateRoleCommand, IAMClient, PutRolePolicyCommand } from '@aws-sdk/client-iam'
import { AssumeRoleCommand, STSClient, type Credentials } from '@aws-sdk/client-sts'
import { DescribeRepositoriesCommand, ECRClient } from '@aws-sdk/client-ecr'
import { run } from '../kit/run.ts'
import { program, startServer, type ServerProcess } from '../kit/server-process.ts'

const account = '123456789012'

interface Recorded {
  readonly eventName: string
  readonly userIdentity: {
    readonly type: string
    readonly arn: string
    readonly accessKeyId: string
    readonly sessionContext?: { readonly sourceIdentity?: string }
  }
  readonly responseElements: { readonly credentials?: { readonly accessKeyId: string } } | null
}

function keysOf(credentials: Credentials | undefined) {
  const { AccessKeyId, SecretAccessKey, SessionToken } = credentials ?? {}
  assert.ok(AccessKeyId !== undefined && SecretAccessKey !== undefined)
  return {
    accessKeyId: AccessKeyId,
    secretAccessKey: SecretAccessKey,
    ...(SessionToken === undefined ? {} : { sessionToken: SessionToken }),
  }
}

type Keys = ReturnType<typeof keysOf>

async function makeRoles(server: ServerProcess, names: readonly string[]): Promise<void> {
  const { accessKeyId, secretAccessKey, url: endpoint } = server
  const credentials = { accessKeyId, secretAccessKey }
  const iam = new IAMClient({ endpoint, region: 'us-east-1', credentials })
  const statement = { Effect: 'Allow', Action: ['sts:AssumeRole', 'sts:SetSourceIdentity'] }
  const trust = { ...statement, Principal: { AWS: `arn:aws:iam::${account}:root` } }
  const rights = { Effect: 'Allow', Action: ['sts:*', 'ecr:*'], Resource: '*' }
  const documentOf = (one: unknown): string =>
    JSON.stringify({ Version: '2012-10-17', Statement: [one] })
  for (const RoleName of names) {
    const AssumeRolePolicyDocument = documentOf(trust)
    await iam.send(new CreateRoleCommand({ RoleName, AssumeRolePolicyDocument }))
    const policy = { RoleName, PolicyName: 'all', PolicyDocument: documentOf(rights) }
    await iam.send(new PutRolePolicyCommand(policy))
  }
  iam.destroy()
}

async function enter(
  server: ServerProcess,
  credentials: Keys,
  name: string,
  more: { readonly SourceIdentity?: string } = {},
): Promise<Keys> {
  const sts = new STSClient({ endpoint: server.url, region: 'us-east-1', credentials })
  const RoleArn = `arn:aws:iam::${account}:role/${name}`
  const entered = { RoleArn, RoleSessionName: `as-${name}`, ...more }
  const { Credentials: made } = await sts.send(new AssumeRoleCommand(entered))
  sts.destroy()
  return keysOf(made)
}

test('the audit log leads from what a third role did back to the user who entered the first', async (t) => {
  const server = await startServer(t)
  const names = ['first', 'second', 'third']
  await makeRoles(server, names)
  let keys: Keys = {
    accessKeyId: server.accessKeyId,
    secretAccessKey: server.secretAccessKey,
  }
  for (const name of names) {
    keys = await enter(server, keys, name, name === 'first' ? { SourceIdentity: 'ada' } : {})
  }
  const ecr = new ECRClient({ endpoint: server.url, region: 'us-east-1', credentials: keys })
  await ecr.send(new DescribeRepositoriesCommand({}))
  ecr.destroy()
  const found = await run(
    process.execPath,
    [program, 'audit-log', 'search', '--limit', '1000', '--output', 'json'],
    { env: server.environment },
  )
  assert.equal(found.status, 0, found.stderr)
  const records = JSON.parse(found.stdout) as readonly Recorded[]
  const chain: string[] = []
  let record = records.find(({ eventName }) => eventName === 'DescribeRepositories')
  while (record !== undefined) {
    const { arn, accessKeyId, type, sessionContext } = record.userIdentity
    chain.push(arn)
    assert.equal(sessionContext?.sourceIdentity, type === 'AssumedRole' ? 'ada' : undefined)
    record = records.find((one) => one.responseElements?.credentials?.accessKeyId === accessKeyId)
  }
  assert.deepEqual(chain, [
    `arn:aws:sts::${account}:assumed-role/third/as-third`,
    `arn:aws:sts::${account}:assumed-role/second/as-second`,
    `arn:aws:sts::${account}:assumed-role/first/as-first`,
    `arn:aws:iam::${account}:user/admin`,
  ])
})
