// A job pushes with the session of its ID token, by the unmodified aws CLI and skopeo, until the session is over.
import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { systemDrivers } from '../../src/foundation.ts'
import { runAws } from '../kit/aws.ts'
import { temporaryDirectory } from '../kit/database.ts'
import { mainBranch, openProvider } from '../kit/id-provider.ts'
import { writeImageLayout } from '../kit/image-layout.ts'
import { missing, run, type Finished } from '../kit/run.ts'
import { openTestServer } from '../kit/server.ts'

const account = '123456789012'
const skip = missing('aws', 'skopeo', 'openssl')
const title = 'a job pushes until its session is over, and no job of another subject does'

test(title, { skip }, async (t) => {
  const directory = await temporaryDirectory(t)
  let aheadMs = 0
  const clock = { now: () => new Date(performance.timeOrigin + performance.now() + aheadMs) }
  const server = await openTestServer(directory, { drivers: { ...systemDrivers, clock } })
  t.after(() => server.close())
  const { host } = new URL(server.url)
  const provider = await openProvider(t)
  const issuer = new URL(provider.url).host
  const file = await readFile(join(directory, 'credentials'), 'utf8')
  const keyOf = (name: string): string => new RegExp(`^${name} = (.+)$`, 'm').exec(file)?.[1] ?? ''
  const nobody = {
    PATH: process.env['PATH'],
    HOME: directory,
    AWS_ENDPOINT_URL: server.url,
    AWS_REGION: 'us-east-1',
    AWS_DEFAULT_REGION: 'us-east-1',
    AWS_EC2_METADATA_DISABLED: 'true',
    AWS_PAGER: '',
    REGISTRY_AUTH_FILE: join(directory, 'auth.json'),
  }
  const admin = {
    ...nobody,
    AWS_ACCESS_KEY_ID: keyOf('aws_access_key_id'),
    AWS_SECRET_ACCESS_KEY: keyOf('aws_secret_access_key'),
  }
  const asAdmin = async (...args: readonly string[]): Promise<void> => {
    const done = await runAws(args, { env: admin })
    assert.equal(done.status, 0, done.stderr)
  }
  await server.createRepository('team/app')
  const create = ['iam', 'create-open-id-connect-provider', '--url', provider.url]
  await asAdmin(...create, '--client-id-list', 'sts.amazonaws.com')
  const arn = `arn:aws:iam::${account}:oidc-provider/${issuer}`
  const options = { allowPrivateNetwork: true, caBundle: await readFile(provider.caFile, 'utf8') }
  const address = `${server.url}/pratique/v1/oidc-providers/options?provider=${encodeURIComponent(arn)}`
  const headers = {
    authorization: server.authorization,
    'content-type': 'application/octet-stream',
  }
  const set = await fetch(address, { method: 'POST', headers, body: JSON.stringify(options) })
  assert.equal(set.status, 200, await set.text())
  const trust = JSON.stringify({
    Version: '2012-10-17',
    Statement: {
      Effect: 'Allow',
      Principal: { Federated: arn },
      Action: 'sts:AssumeRoleWithWebIdentity',
      Condition: { StringEquals: { [`${issuer}:sub`]: mainBranch } },
    },
  })
  const role = ['--role-name', 'CIDeploymentRole']
  await asAdmin('iam', 'create-role', ...role, '--assume-role-policy-document', trust)
  const powerUser = 'arn:aws:iam::aws:policy/AmazonEC2ContainerRegistryPowerUser'
  await asAdmin('iam', 'attach-role-policy', ...role, '--policy-arn', powerUser)

  const enter = async (token: string): Promise<Finished> => {
    const named = ['--role-arn', `arn:aws:iam::${account}:role/CIDeploymentRole`]
    const args = [...named, '--role-session-name', 'run-7', '--web-identity-token', token]
    const command = ['sts', 'assume-role-with-web-identity', ...args, '--output', 'json']
    return runAws(command, { env: nobody })
  }
  const other = await enter(await provider.tokenFor({ sub: 'repo:acme/app:pull_request' }))
  assert.match(other.stderr, /AccessDenied/)
  const entered = await enter(await provider.tokenFor())
  assert.equal(entered.status, 0, entered.stderr)
  const { Credentials: made } = JSON.parse(entered.stdout) as {
    readonly Credentials: Readonly<Record<string, string>>
  }
  const session = {
    ...nobody,
    AWS_ACCESS_KEY_ID: made['AccessKeyId'],
    AWS_SECRET_ACCESS_KEY: made['SecretAccessKey'],
    AWS_SESSION_TOKEN: made['SessionToken'],
  }
  const password = await runAws(['ecr', 'get-login-password'], { env: session })
  const login = ['login', '--tls-verify=false', '-u', 'AWS', '--password-stdin', host]
  const loggedIn = await run('skopeo', login, { env: session, input: password.stdout })
  assert.equal(loggedIn.status, 0, loggedIn.stderr)
  const push = async (tag: string): Promise<Finished> => {
    const image = await writeImageLayout(join(directory, tag), [{ 'etc/hello': tag }])
    const target = `docker://${host}/team/app:${tag}`
    const copy = ['copy', '--dest-tls-verify=false', `oci:${image.directory}`, target]
    return run('skopeo', copy, { env: session })
  }
  const pushed = await push('1.0')
  assert.equal(pushed.status, 0, pushed.stderr)
  aheadMs = 3_700_000
  const late = await push('1.1')
  assert.notEqual(late.status, 0)
  assert.match(late.stderr, /unauthorized|authorization token has expired/i)
})
