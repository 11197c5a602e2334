// A server that is asked at every door with secrets that are known, well and badly; they must be nowhere but where they belong.
import assert from 'node:assert/strict'
import { hash } from 'node:crypto'
import { readdir, readFile } from 'node:fs/promises'
import { connect } from 'node:net'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import {
  CreateRepositoryCommand,
  ECRClient,
  GetAuthorizationTokenCommand,
  GetDownloadUrlForLayerCommand,
} from '@aws-sdk/client-ecr'
import { CreateAccessKeyCommand, CreateUserCommand, IAMClient } from '@aws-sdk/client-iam'
import { GetCallerIdentityCommand, STSClient } from '@aws-sdk/client-sts'
import { temporaryDirectory } from '../kit/database.ts'
import { run } from '../kit/run.ts'
import { program, startServer, type ServerProcess } from '../kit/server-process.ts'

const canary = (what: string): string => `canary${what}${'0123456789abcdef'.repeat(2)}`

interface Secrets {
  /** Each by what it is; in the order in which they became known. */
  readonly known: Map<string, string>
  /** What the server wrote to its streams. */
  output: string
  /** Its answers to requests that it refused. */
  refusals: string
}

/** As it is, and as text in other spellings would have it. */
function spellings(secret: string): readonly string[] {
  const bytes = Buffer.from(secret)
  const base64 = bytes.toString('base64').replace(/=+$/, '')
  return [secret, encodeURIComponent(secret), base64, base64.slice(2, -2), bytes.toString('hex')]
}

function requireAbsent({ known }: Secrets, text: string, where: string): void {
  for (const [what, secret] of known) {
    for (const spelling of spellings(secret)) {
      const at = text.indexOf(spelling)
      assert.equal(at, -1, `${what} is in ${where}: ${text.slice(Math.max(0, at - 200), at)}`)
    }
  }
}

async function ask(
  { url }: ServerProcess,
  secrets: Secrets,
  path: string,
  init: RequestInit = {},
): Promise<string> {
  const response = await fetch(url + path, { redirect: 'manual', ...init })
  const body = await response.text()
  if (response.status >= 400) {
    secrets.refusals += `${init.method ?? 'GET'} ${path.slice(0, 30)}: ${body}\n`
    for (const [name, value] of response.headers) secrets.refusals += `${name}: ${value}\n`
  }
  return body
}

async function raw({ host }: ServerProcess, secrets: Secrets, text: string): Promise<void> {
  const [name = '', port = ''] = host.split(':')
  const socket = connect(Number(port), name)
  socket.setEncoding('utf8')
  socket.on('data', (piece: string) => {
    secrets.refusals += piece
  })
  const closed = new Promise<void>((resolve) => socket.on('close', () => resolve()))
  socket.on('error', () => undefined)
  socket.end(text)
  await closed
}

/** What the SDK says of a refusal, as a user's log would have it. */
async function refused(secrets: Secrets, call: Promise<unknown>): Promise<void> {
  await assert.rejects(call, (error) => {
    assert.ok(error instanceof Error)
    secrets.refusals += `${error.name}: ${error.message}\n${JSON.stringify(error)}\n`
    return true
  })
}

const basic = (user: string, password: string): string =>
  `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`

const form = { 'content-type': 'application/x-www-form-urlencoded' }

/** Well formed, so that each is carried as far as the server carries it. */
async function askOci(server: ServerProcess, secrets: Secrets): Promise<void> {
  const { accessKeyId, secretAccessKey } = server
  const wrong = secrets.known.get('a wrong password') ?? ''
  const token = secrets.known.get('the ECR token') ?? ''
  const bearer = secrets.known.get('the bearer token') ?? ''
  const credentials = [
    basic(accessKeyId, secretAccessKey),
    basic('AWS', token),
    basic('AWS', token.slice(1)),
    basic(accessKeyId, wrong),
    basic(wrong, wrong),
    `Bearer ${bearer}`,
    `Bearer ${bearer.slice(1)}x`,
    `Bearer ${wrong}`,
    `Basic ${wrong}`,
    `Negotiate ${wrong}`,
  ]
  const paths = ['/v2/', '/v2/app/tags/list', '/v2/none/manifests/v1', '/v2/_catalog', '/nowhere']
  for (const authorization of credentials) {
    for (const path of paths) await ask(server, secrets, path, { headers: { authorization } })
    const headers = { authorization, 'content-type': 'text/plain' }
    const init = { method: 'PUT', headers, body: '{' }
    await ask(server, secrets, '/v2/app/manifests/v1', init)
    await ask(server, secrets, '/pratique/v1/quotas', { headers: { authorization } })
  }
  const grant = (fields: Record<string, string>): RequestInit => {
    return { method: 'POST', headers: form, body: new URLSearchParams(fields).toString() }
  }
  const service = { service: server.host, client_id: 'x' }
  for (const password of [secretAccessKey, wrong]) {
    const fields = { ...service, grant_type: 'password', username: accessKeyId, password }
    await ask(server, secrets, '/token', grant(fields))
  }
  for (const refresh of [secrets.known.get('the refresh token') ?? '', wrong]) {
    const fields = { ...service, grant_type: 'refresh_token', refresh_token: refresh }
    await ask(server, secrets, '/token', grant(fields))
  }
  await ask(server, secrets, `/v2/?token=${wrong}`)
  await ask(server, secrets, `/token?password=${wrong}&scope=%`)
  const download = secrets.known.get('the token of a download') ?? ''
  for (const method of ['GET', 'HEAD', 'POST']) {
    await ask(server, secrets, `/downloads/${download}`, { method })
    await ask(server, secrets, `/downloads/${download}x`, { method })
    await ask(server, secrets, `//downloads/${download}`, { method })
  }
}

async function askAws(server: ServerProcess, secrets: Secrets): Promise<void> {
  const { url: endpoint, accessKeyId, secretAccessKey } = server
  const secret = (what: string): string => secrets.known.get(what) ?? ''
  const region = 'us-east-1'
  const clients = [
    { accessKeyId, secretAccessKey: secret('a wrong password') },
    { accessKeyId: 'AKIAAAAAAAAAAAAAAAAA', secretAccessKey },
    { accessKeyId, secretAccessKey, sessionToken: secret('a session token') },
    {
      accessKeyId: 'ASIAAAAAAAAAAAAAAAAA',
      secretAccessKey,
      sessionToken: secret('a session token'),
    },
  ]
  for (const credentials of clients) {
    const ecr = new ECRClient({ endpoint, region, credentials, maxAttempts: 1 })
    const sts = new STSClient({ endpoint, region, credentials, maxAttempts: 1 })
    await refused(secrets, ecr.send(new GetAuthorizationTokenCommand({})))
    await refused(secrets, sts.send(new GetCallerIdentityCommand({})))
    ecr.destroy()
    sts.destroy()
  }
  const presigned = new URLSearchParams({
    Action: 'GetCallerIdentity',
    Version: '2011-06-15',
    'X-Amz-Algorithm': 'AWS4-HMAC-SHA256',
    'X-Amz-Credential': `${accessKeyId}/20260101/us-east-1/sts/aws4_request`,
    'X-Amz-Date': '20260101T000000Z',
    'X-Amz-Expires': '60',
    'X-Amz-SignedHeaders': 'host',
    'X-Amz-Security-Token': secret('a session token'),
    'X-Amz-Signature': secret('a signature'),
  })
  await ask(server, secrets, `/?${presigned.toString()}`)
  const identity = new URLSearchParams({
    Action: 'AssumeRoleWithWebIdentity',
    Version: '2011-06-15',
    RoleArn: 'arn:aws:iam::123456789012:role/ci',
    RoleSessionName: 'x',
    WebIdentityToken: secret('an ID token'),
  })
  const body = identity.toString()
  await ask(server, secrets, '/', { method: 'POST', headers: form, body })
  await ask(server, secrets, `/?${body}`)
  const target = 'AmazonEC2ContainerRegistry_V20150921.DescribeRepositories'
  const headers = {
    authorization: `AWS4-HMAC-SHA256 Credential=${accessKeyId}/20260101/us-east-1/ecr/aws4_request, SignedHeaders=host, Signature=${secret('a signature')}`,
    'content-type': 'application/x-amz-json-1.1',
    'x-amz-target': target,
    'x-amz-security-token': secret('a session token'),
  }
  await ask(server, secrets, '/', { method: 'POST', headers, body: '{"nextToken":"x"}' })
}

async function askBadly(server: ServerProcess, secrets: Secrets): Promise<void> {
  const wrong = secrets.known.get('a wrong password') ?? ''
  const lines = [
    `GET /v2/ HTTP/1.1\r\nHost: x\r\nAuthorization: Basic ${wrong}\r\nContent-Length: ${wrong}\r\n\r\n`,
    `GET /v2/ HTTP/1.1\r\nHost: x\r\nAuthorization : ${wrong}\r\n\r\n`,
    `GET /${wrong}%zz?${wrong} HTTP/9.9\r\n\r\n`,
    `AUTHORIZATION ${wrong}\r\n\r\n`,
    `POST / HTTP/1.1\r\nHost: x\r\nX-Amz-Security-Token: ${wrong}\r\nTransfer-Encoding: chunked, ${wrong}\r\n\r\n`,
  ]
  for (const line of lines) await raw(server, secrets, line)
}

/** What a well-behaved client is given, and is to tell nobody. */
async function learn(server: ServerProcess, secrets: Secrets): Promise<void> {
  const { authorizationData } = await server.ecr.send(new GetAuthorizationTokenCommand({}))
  const given = authorizationData?.[0]?.authorizationToken ?? ''
  const password = Buffer.from(given, 'base64').toString().slice('AWS:'.length)
  secrets.known.set('the ECR token', password)
  const headers = { authorization: basic('AWS', password) }
  const path = `/token?service=${server.host}&offline_token=true&scope=repository:app:pull`
  const answer = JSON.parse(await ask(server, secrets, path, { headers })) as Record<string, string>
  secrets.known.set('the bearer token', answer['token'] ?? '')
  secrets.known.set('the refresh token', answer['refresh_token'] ?? '')
  await server.ecr.send(new CreateRepositoryCommand({ repositoryName: 'app' }))
  const digest = await pushImage(server, secrets, headers)
  const input = { repositoryName: 'app', layerDigest: digest }
  const { downloadUrl = '' } = await server.ecr.send(new GetDownloadUrlForLayerCommand(input))
  secrets.known.set('the token of a download', downloadUrl.slice(downloadUrl.lastIndexOf('/') + 1))
  const { url: endpoint, accessKeyId, secretAccessKey } = server
  const credentials = { accessKeyId, secretAccessKey }
  const iam = new IAMClient({ endpoint, region: 'us-east-1', credentials })
  await iam.send(new CreateUserCommand({ UserName: 'dev' }))
  const { AccessKey: made } = await iam.send(new CreateAccessKeyCommand({ UserName: 'dev' }))
  iam.destroy()
  secrets.known.set('the secret of a made key', made?.SecretAccessKey ?? '')
  for (const [what, secret] of secrets.known) assert.ok(secret.length >= 40, what)
}

/** An image of one blob, which is its config and its layer; the blob's digest. */
async function pushImage(
  server: ServerProcess,
  secrets: Secrets,
  headers: Readonly<Record<string, string>>,
): Promise<string> {
  const blob = '{"os":"linux","architecture":"amd64"}'
  const digest = `sha256:${hash('sha256', blob)}`
  const upload = `/v2/app/blobs/uploads/?digest=${digest}`
  await ask(server, secrets, upload, { method: 'POST', headers, body: blob })
  const mediaType = 'application/vnd.oci.image.manifest.v1+json'
  const descriptor = (type: string): object => ({ mediaType: type, digest, size: blob.length })
  const config = descriptor('application/vnd.oci.image.config.v1+json')
  const layers = [descriptor('application/vnd.oci.image.layer.v1.tar')]
  const body = JSON.stringify({ schemaVersion: 2, mediaType, config, layers })
  const put = { method: 'PUT', headers: { ...headers, 'content-type': mediaType }, body }
  await ask(server, secrets, '/v2/app/manifests/v1', put)
  return digest
}

async function openServer(
  t: TestContext,
  environment: Readonly<Record<string, string>> = {},
): Promise<{ server: ServerProcess; secrets: Secrets; directory: string }> {
  const directory = await temporaryDirectory(t)
  const secrets: Secrets = { known: new Map(), output: '', refusals: '' }
  const onOutput = (text: string): void => {
    secrets.output += text
  }
  const server = await startServer(t, { directory, environment, onOutput })
  secrets.known.set('the secret of the access key', server.secretAccessKey)
  for (const what of ['a wrong password', 'a session token', 'a signature', 'an ID token']) {
    secrets.known.set(what, canary(what.replaceAll(/\W/g, '')))
  }
  return { server, secrets, directory }
}

async function requireAbsentInFiles(secrets: Secrets, directory: string): Promise<void> {
  const belongs = new Map([
    ['credentials', ['the secret of the access key']],
    ['master.key', ['the master key']],
  ])
  let files = 0
  for (const entry of await readdir(directory, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue
    files += 1
    const known = new Map(secrets.known)
    for (const what of belongs.get(entry.name) ?? []) known.delete(what)
    const content = await readFile(join(entry.parentPath, entry.name), 'latin1')
    requireAbsent({ ...secrets, known }, content, entry.name)
  }
  assert.ok(files > 3)
}

for (const source of ['file', 'environment'] as const) {
  test(`no secret is in the log, in a refusal or in a file where it does not belong (key from ${source})`, async (t) => {
    const given = Buffer.from(canary('master').slice(0, 32)).toString('base64')
    const environment: Record<string, string> =
      source === 'file' ? {} : { PRATIQUE_MASTER_KEY: given }
    const { server, secrets, directory } = await openServer(t, environment)
    const key = source === 'file' ? await readFile(join(directory, 'master.key'), 'utf8') : given
    await learn(server, secrets)
    secrets.known.set('the master key', key.trim())
    await askOci(server, secrets)
    await askAws(server, secrets)
    await askBadly(server, secrets)
    const args = [program, '--debug', 'gate', 'none:v1']
    const gate = await run(process.execPath, args, {
      env: { ...server.environment, ...environment },
    })
    assert.notEqual(gate.status, 0)
    requireAbsent(secrets, gate.stdout + gate.stderr, 'the command line')
    await server.stop()
    assert.ok(secrets.output.split('\n').length > 100)
    requireAbsent(secrets, secrets.output, 'the log')
    requireAbsent(secrets, secrets.refusals, 'a refusal')
    await requireAbsentInFiles(secrets, directory)
  })
}

test('a server that dies of a fault shows no key, in its last words and in a report of Node', async (t) => {
  const directory = await temporaryDirectory(t)
  const key = Buffer.from(canary('master').slice(0, 32)).toString('base64')
  const script = `
    import { Keyring } from ${JSON.stringify(join(import.meta.dirname, '../../src/access/keyring.ts'))}
    import { parseMasterKeys } from ${JSON.stringify(join(import.meta.dirname, '../../src/access/rules/master-keys.ts'))}
    import { configOf } from ${JSON.stringify(join(import.meta.dirname, '../../cli/settings.ts'))}
    const config = configOf({})
    const keyring = new Keyring(parseMasterKeys(config.masterKey.primary.reveal()))
    const keys = keyring.keysOf('access-key').inUse()
    throw Object.assign(new Error('a fault of ours'), { config, keyring, keys, masters: keyring.masters })
  `
  const flags = ['--report-uncaught-exception', `--report-directory=${directory}`]
  const env = { PATH: process.env['PATH'], PRATIQUE_MASTER_KEY: key }
  const args = [...flags, '--input-type=module-typescript', '-e', script]
  const { status, stderr } = await run(process.execPath, args, { env })
  assert.notEqual(status, 0)
  assert.match(stderr, /a fault of ours/)
  const known = new Map([
    ['the master key', key],
    ['its bytes', Buffer.from(key, 'base64').toString()],
  ])
  const secrets = { known, output: '', refusals: '' }
  requireAbsent(secrets, stderr, 'the last words')
  const reports = await readdir(directory)
  assert.equal(reports.length, 1)
  for (const name of reports) {
    requireAbsent(secrets, await readFile(join(directory, name), 'utf8'), 'the report')
  }
})
