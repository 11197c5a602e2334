// Signing in the product, by the clients that people have: the aws CLI, boto3, notation, AWS's plugin for it, and our own.
import assert from 'node:assert/strict'
import { copyFile, mkdir, readFile, writeFile } from 'node:fs/promises'
import { delimiter, join } from 'node:path'
import { existsSync } from 'node:fs'
import { test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { temporaryDirectory } from '../kit/database.ts'
import { day, pemOf, pki } from '../kit/pki.ts'
import { missing, run } from '../kit/run.ts'
import { program, startServer, type ServerProcess } from '../kit/server-process.ts'
import { forwarding, pushEmptyImage } from '../kit/signing-clients.ts'

const repository = 'team/app'
const platform = 'Notation-OCI-SHA384-ECDSA'
const plugin = 'notation-com.amazonaws.signer.notation.plugin'
const pluginFile = (process.env['PATH'] ?? '')
  .split(delimiter)
  .map((folder) => join(folder, plugin))
  .find((file) => existsSync(file))

const python = await run('python3', ['-c', 'import boto3']).then(
  ({ status }) => (status === 0 ? false : 'boto3 is not installed'),
  () => 'python3 is not installed',
)

const pushImage = async (server: ServerProcess, name: string): Promise<string> =>
  pushEmptyImage(server, repository, name)

test('signing: the aws CLI, boto3, notation, its plugin and pratique', async (t) => {
  const server = await startServer(t)
  const home = await temporaryDirectory(t)
  const env = {
    ...server.environment,
    XDG_CONFIG_HOME: home,
    NOTATION_USERNAME: server.accessKeyId,
    NOTATION_PASSWORD: server.secretAccessKey,
  }
  const said = async (command: string, ...words: readonly string[]): Promise<string> => {
    const { status, stdout, stderr } = await run(command, words, { env, timeoutMs: 30_000 })
    assert.equal(status, 0, `${command} ${words.join(' ')}: ${stderr}${stdout}`)
    return stdout
  }
  const pratique = async (...words: readonly string[]): Promise<string> =>
    said(process.execPath, program, ...words)
  const aws = async (...words: readonly string[]): Promise<Record<string, unknown>> => {
    const text = await said('aws', ...words, '--output', 'json')
    return (text.trim() === '' ? {} : JSON.parse(text)) as Record<string, unknown>
  }
  const verify = async (
    digest: string,
    more: NodeJS.ProcessEnv = {},
    ...words: readonly string[]
  ) =>
    run(
      'notation',
      ['verify', '--insecure-registry', ...words, `${server.host}/${repository}@${digest}`],
      { env: { ...env, ...more }, timeoutMs: 30_000 },
    )
  await pratique('signing', 'profile', 'put', 'release')
  await trust(home, 'ca', await pratique('signing', 'roots'))
  const arn = 'arn:aws:signer:us-east-1:123456789012:/signing-profiles'
  const { CreateRepositoryCommand, PutSigningConfigurationCommand } =
    await import('@aws-sdk/client-ecr')
  await server.ecr.send(new CreateRepositoryCommand({ repositoryName: repository }))
  const before = await pushImage(server, 'before')
  const rules = [{ signingProfileArn: `${arn}/release` }]
  await server.ecr.send(new PutSigningConfigurationCommand({ signingConfiguration: { rules } }))
  const digest = await pushImage(server, 'v1')
  await signed(server, digest)

  await t.test(
    'notation verifies what a push had signed',
    { skip: missing('notation') },
    async () => {
      const good = await verify(digest)
      assert.equal(good.status, 0, good.stderr)
      const unsigned = await verify(before)
      assert.notEqual(unsigned.status, 0)
    },
  )

  await t.test(
    'images of before are signed on request',
    { skip: missing('notation') },
    async () => {
      assert.match(await pratique('sign', repository, '--existing'), /1 signatures asked for/)
      await signed(server, before)
      assert.equal((await verify(before)).status, 0)
    },
  )

  await t.test(
    'keys of the server and of one’s own sign, in both forms',
    { skip: missing('notation') },
    async () => {
      await pratique('signing', 'key', 'create', 'ci', '--algorithm', 'EC-256')
      const byKey = await pushImage(server, 'by-key')
      await noRule(server)
      const free = await pushImage(server, 'free')
      const name = `${repository}:free`
      const words = [
        '--key',
        'ci',
        '--format',
        'cose',
        '--annotation',
        'stage=prod',
        '--expiry',
        '90d',
      ]
      await pratique('sign', name, ...words)
      const good = await verify(free, {}, '-m', 'stage=prod')
      assert.equal(good.status, 0, good.stderr)
      assert.notEqual((await verify(free, {}, '-m', 'stage=test')).status, 0)
      assert.notEqual(byKey, free)
      const own = await pushImage(server, 'own')
      const life = { notBefore: Date.now() - day, notAfter: Date.now() + day }
      const made = pki({ chain: 2, leaf: life, authorities: { 1: life }, label: 'own' })
      const files = { key: join(home, 'key.pem'), chain: join(home, 'chain.pem') }
      await writeFile(files.key, made.leaf.key.export({ format: 'pem', type: 'pkcs8' }))
      await writeFile(files.chain, pemOf(...made.chain))
      assert.notEqual((await verify(own)).status, 0)
      await pratique(
        'sign',
        `${repository}:own`,
        '--key-file',
        files.key,
        '--cert-chain',
        files.chain,
      )
      await trust(home, 'ca', pemOf(made.root.der), 'own')
      const verified = await verify(own)
      assert.equal(verified.status, 0, verified.stderr)
    },
  )

  await t.test(
    'the aws CLI puts, signs, lists and revokes',
    { skip: missing('aws') },
    async (inner) => {
      const put = ['put-signing-profile', '--profile-name', 'awsone', '--platform-id', platform]
      const made = await aws('signer', ...put)
      assert.equal(made['arn'], `${arn}/awsone`)
      const payload = JSON.stringify({
        targetArtifact: {
          mediaType: 'application/vnd.oci.image.manifest.v1+json',
          digest,
          size: 9,
        },
      })
      const file = join(home, 'payload.json')
      await writeFile(file, payload)
      const format = 'application/vnd.cncf.notary.payload.v1+json'
      const signing = ['--profile-name', 'awsone', '--payload', `fileb://${file}`]
      const job = await aws('signer', 'sign-payload', ...signing, '--payload-format', format)
      const id = String(job['jobId'])
      const described = await aws('signer', 'describe-signing-job', '--job-id', id)
      assert.deepEqual([described['status'], described['profileName']], ['Succeeded', 'awsone'])
      await aws('signer', 'revoke-signature', '--job-id', id, '--reason', 'wrong build')
      const revoked = await aws('signer', 'list-signing-jobs', '--is-revoked')
      assert.equal((revoked['jobs'] as readonly unknown[]).length, 1)
      const platforms = await aws('signer', 'list-signing-platforms')
      assert.equal((platforms['platforms'] as readonly unknown[]).length, 1)
      const version = String(made['profileVersionArn'])
      const job2 = `arn:aws:signer:us-east-1:123456789012:/signing-jobs/${id}`
      await inner.test(
        'boto3 asks for revocation at the name with data- before it',
        { skip: python },
        async () => {
          const script = `
import boto3, datetime, socket, os
from urllib.parse import urlsplit
real, asked = socket.getaddrinfo, []
def resolve(host, *rest, **more):
    asked.append(host)
    return real('127.0.0.1' if str(host).startswith('data-') else host, *rest, **more)
socket.getaddrinfo = resolve
answer = boto3.client('signer').get_revocation_status(signatureTimestamp=datetime.datetime.now(), platformId='${platform}', profileVersionArn='${version}', jobArn='${job2}', certificateHashes=['a'])
assert answer['revokedEntities'] == ['${job2}'], answer
assert asked == ['data-127.0.0.1'], asked
`
          await said('python3', '-c', script)
        },
      )
    },
  )

  await t.test(
    'AWS’s plugin signs and verifies by the Signer API',
    { skip: pluginFile === undefined ? `not installed: ${plugin}` : missing('notation', 'aws') },
    async (t2) => {
      const folder = join(home, 'notation', 'plugins', 'com.amazonaws.signer.notation.plugin')
      await mkdir(folder, { recursive: true })
      await copyFile(pluginFile ?? '', join(folder, plugin))
      const roots = await pratique('signing', 'roots')
      const identity = `${arn}/awsone`
      await trust(home, 'signingAuthority', roots, 'pratique', identity)
      const proxy = await forwarding(t2, server)
      const endpoint = `aws-signer-endpoint-url=http://reg.test:${new URL(server.url).port}`
      const more = { HTTP_PROXY: proxy, NO_PROXY: '127.0.0.1' }
      const image = await pushImage(server, 'plugin')
      const reference = `${server.host}/${repository}@${image}`
      const words = ['--plugin', 'com.amazonaws.signer.notation.plugin', '--id', identity]
      const settings = ['--plugin-config', endpoint, '--plugin-config', 'aws-region=us-east-1']
      const made = await run(
        'notation',
        ['sign', '--insecure-registry', ...words, ...settings, reference],
        { env: { ...env, ...more }, timeoutMs: 30_000 },
      )
      assert.equal(made.status, 0, made.stderr)
      const good = await verify(image, more, ...settings)
      assert.equal(good.status, 0, good.stderr)
      const listed = await aws('signer', 'list-signing-jobs', '--no-is-revoked')
      const jobs = listed['jobs'] as readonly Record<string, unknown>[]
      const own = jobs.find((one) => one['profileName'] === 'awsone')
      const id = String(own?.['jobId'])
      await aws('signer', 'revoke-signature', '--job-id', id, '--reason', 'stolen')
      const bad = await verify(image, more, ...settings)
      assert.notEqual(bad.status, 0)
    },
  )
})

/** Notation's trust store and policy under that directory. */
async function trust(
  home: string,
  type: 'ca' | 'signingAuthority',
  pem: string,
  store = 'pratique',
  identity = '*',
): Promise<void> {
  const folder = join(home, 'notation', 'truststore', 'x509', type, store)
  await mkdir(folder, { recursive: true })
  await writeFile(join(folder, 'root.pem'), pem)
  const file = join(home, 'notation', 'trustpolicy.json')
  const old = existsSync(file)
    ? ((JSON.parse(await readFile(file, 'utf8')) as Policy).trustPolicies[0]?.trustStores ?? [])
    : []
  const kept = type === 'ca' ? old : []
  const policy: Policy = {
    version: '1.0',
    trustPolicies: [
      {
        name: 'all',
        registryScopes: ['*'],
        signatureVerification: { level: 'strict' },
        trustStores: [...kept, `${type}:${store}`],
        trustedIdentities: [identity],
      },
    ],
  }
  await writeFile(file, JSON.stringify(policy))
}

interface Policy {
  readonly version: string
  readonly trustPolicies: readonly {
    readonly name: string
    readonly registryScopes: readonly string[]
    readonly signatureVerification: { readonly level: string }
    readonly trustStores: readonly string[]
    readonly trustedIdentities: readonly string[]
  }[]
}

async function signed({ ecr }: ServerProcess, imageDigest: string): Promise<void> {
  const { DescribeImageSigningStatusCommand } = await import('@aws-sdk/client-ecr')
  for (let asked = 0; asked < 100; asked += 1) {
    const answer = await ecr.send(
      new DescribeImageSigningStatusCommand({
        repositoryName: repository,
        imageId: { imageDigest },
      }),
    )
    const [status] = answer.signingStatuses ?? []
    if (status?.status === 'COMPLETE') return
    assert.equal(status?.status, 'IN_PROGRESS', JSON.stringify(status))
    await delay(50)
  }
  assert.fail('it was not signed')
}

async function noRule({ ecr }: ServerProcess): Promise<void> {
  const { DeleteSigningConfigurationCommand } = await import('@aws-sdk/client-ecr')
  await ecr.send(new DeleteSigningConfigurationCommand())
}
