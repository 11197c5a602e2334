// Sessions by the unmodified aws CLI: of a user who enters a role, and of a job with an ID token of a provider on loopback.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { JWTPayload } from 'jose'
import { runAws } from '../kit/aws.ts'
import { mainBranch, openProvider, type TestProvider } from '../kit/id-provider.ts'
import { missing, run, type Finished } from '../kit/run.ts'
import { program, startServer, type ServerProcess } from '../kit/server-process.ts'

const account = '123456789012'
const skip = missing('aws', 'openssl')

interface Credentials {
  readonly AccessKeyId: string
  readonly SecretAccessKey: string
  readonly SessionToken: string
  readonly Expiration: string
}

type Environment = NodeJS.ProcessEnv

async function aws(env: Environment, ...args: readonly string[]): Promise<Finished> {
  return runAws(args, { env })
}

async function awsJson(
  env: Environment,
  ...args: readonly string[]
): Promise<Record<string, unknown>> {
  const done = await aws(env, ...args, '--output', 'json')
  assert.equal(done.status, 0, done.stderr)
  return JSON.parse(done.stdout) as Record<string, unknown>
}

function withCredentials(env: Environment, credentials: Credentials): Environment {
  return {
    ...env,
    AWS_ACCESS_KEY_ID: credentials.AccessKeyId,
    AWS_SECRET_ACCESS_KEY: credentials.SecretAccessKey,
    AWS_SESSION_TOKEN: credentials.SessionToken,
  }
}

/** Nobody's: what is sent is not signed. */
function withoutCredentials(env: Environment): Environment {
  const { AWS_ACCESS_KEY_ID: _id, AWS_SECRET_ACCESS_KEY: _secret, ...rest } = env
  return rest
}

async function createRole(
  server: ServerProcess,
  name: string,
  statement: unknown,
): Promise<string> {
  const document = JSON.stringify({ Version: '2012-10-17', Statement: [statement] })
  const made = [
    'iam',
    'create-role',
    '--role-name',
    name,
    '--assume-role-policy-document',
    document,
  ]
  const created = await awsJson(server.environment, ...made)
  return (created['Role'] as { readonly Arn: string }).Arn
}

test(
  'a user enters a role, is who the session says, and is out when it is revoked',
  { skip },
  async (t) => {
    const server = await startServer(t)
    const role = await createRole(server, 'ci', {
      Effect: 'Allow',
      Principal: { AWS: account },
      Action: 'sts:AssumeRole',
      Condition: { StringEquals: { 'sts:ExternalId': 'x-1' } },
    })
    const ask = ['sts', 'assume-role', '--role-arn', role, '--role-session-name', 'build-1']
    const refused = await aws(server.environment, ...ask)
    assert.match(
      refused.stderr,
      /AccessDenied.*is not authorized to perform: sts:AssumeRole on resource/,
    )
    const entered = await awsJson(server.environment, ...ask, '--external-id', 'x-1')
    const session = withCredentials(server.environment, entered['Credentials'] as Credentials)
    const identity = await awsJson(session, 'sts', 'get-caller-identity')
    assert.equal(identity['Arn'], `arn:aws:sts::${account}:assumed-role/ci/build-1`)
    assert.match(String(identity['UserId']), /^AROA[A-Z2-7]{17}:build-1$/)
    const { AWS_SESSION_TOKEN: _token, ...withoutToken } = session
    const bare = await aws(withoutToken, 'sts', 'get-caller-identity')
    assert.match(bare.stderr, /InvalidClientTokenId/)
    const shown = await awsJson(server.environment, 'iam', 'get-role', '--role-name', 'ci')
    assert.match(
      JSON.stringify(shown),
      /"RoleLastUsed":\{"LastUsedDate":"20.+","Region":"us-east-1"/,
    )
    const revoke = [program, 'session', 'revoke', '--role', 'ci']
    const revoked = await run(process.execPath, revoke, { env: server.environment })
    assert.equal(revoked.status, 0, revoked.stderr)
    const out = await aws(session, 'sts', 'get-caller-identity')
    assert.match(
      out.stderr,
      /InvalidClientTokenId.*The security token included in the request is invalid/,
    )
  },
)

test(
  'a user’s own session calls no IAM, makes no longer one, and is the user else',
  { skip },
  async (t) => {
    const server = await startServer(t)
    const made = await awsJson(server.environment, 'sts', 'get-session-token')
    const session = withCredentials(server.environment, made['Credentials'] as Credentials)
    const identity = await awsJson(session, 'sts', 'get-caller-identity')
    assert.equal(identity['Arn'], `arn:aws:iam::${account}:user/admin`)
    assert.match((await aws(session, 'iam', 'list-users')).stderr, /InvalidClientTokenId/)
    assert.match((await aws(session, 'sts', 'get-session-token')).stderr, /AccessDenied/)
    const listed = await awsJson(session, 'ecr', 'describe-repositories')
    assert.deepEqual(listed['repositories'], [])
  },
)

async function trustProvider(server: ServerProcess, provider: TestProvider): Promise<string> {
  const create = ['iam', 'create-open-id-connect-provider', '--url', provider.url]
  const made = await awsJson(server.environment, ...create, '--client-id-list', 'sts.amazonaws.com')
  const arn = String(made['OpenIDConnectProviderArn'])
  const host = new URL(provider.url).host
  return createRole(server, 'CIDeploymentRole', {
    Effect: 'Allow',
    Principal: { Federated: arn },
    Action: 'sts:AssumeRoleWithWebIdentity',
    Condition: {
      StringEquals: { [`${host}:sub`]: mainBranch, [`${host}:aud`]: 'sts.amazonaws.com' },
    },
  })
}

async function allowProvider(server: ServerProcess, provider: TestProvider): Promise<void> {
  const set = [program, 'oidc-provider', 'options', provider.url, '--private-network']
  const done = await run(process.execPath, [...set, '--ca-bundle', provider.caFile], {
    env: server.environment,
  })
  assert.equal(done.status, 0, done.stderr)
}

test(
  'a job enters a role by its ID token, and only the job whose subject is trusted',
  { skip },
  async (t) => {
    const [server, provider] = [await startServer(t), await openProvider(t)]
    const role = await trustProvider(server, provider)
    const nobody = withoutCredentials(server.environment)
    const ask = async (token: string): Promise<Finished> => {
      const args = ['--role-arn', role, '--role-session-name', 'run-7', '--output', 'json']
      const command = ['sts', 'assume-role-with-web-identity', ...args]
      return aws(nobody, ...command, '--web-identity-token', token)
    }
    const unreachable = await ask(await provider.tokenFor())
    assert.match(unreachable.stderr, /IDPCommunicationError/)
    // Why is for the log: whoever has no name yet learns nothing of this network.
    assert.doesNotMatch(unreachable.stderr, /private network/)
    await allowProvider(server, provider)
    const entered = await ask(await provider.tokenFor())
    assert.equal(entered.status, 0, entered.stderr)
    const answer = JSON.parse(entered.stdout) as Record<string, unknown>
    assert.equal(answer['SubjectFromWebIdentityToken'], mainBranch)
    assert.equal(answer['Audience'], 'sts.amazonaws.com')
    const session = withCredentials(server.environment, answer['Credentials'] as Credentials)
    const identity = await awsJson(session, 'sts', 'get-caller-identity')
    assert.equal(identity['Arn'], `arn:aws:sts::${account}:assumed-role/CIDeploymentRole/run-7`)
    const refusals: readonly (readonly [JWTPayload, RegExp])[] = [
      [
        { sub: 'repo:acme/app:pull_request' },
        /AccessDenied.*Not authorized to perform sts:AssumeRoleWithWebIdentity/,
      ],
      [{ aud: 'other' }, /InvalidIdentityToken.*Incorrect token audience/],
      [{ iss: 'https://evil.example' }, /InvalidIdentityToken.*No OpenIDConnect provider found/],
      [
        { 'https://aws.amazon.com/source_identity': 'ada' },
        /AccessDenied.*Not authorized to perform sts:SetSourceIdentity/,
      ],
      [{ iat: 1, exp: 2 }, /ExpiredTokenException.*Token expired/],
    ]
    for (const [change, expected] of refusals)
      assert.match((await ask(await provider.tokenFor(change))).stderr, expected)
  },
)
