// What verifiers ask of the installation's authorities: timestamps and revocation lists, by notation and by cosign as they are.
import assert from 'node:assert/strict'
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { CreateRepositoryCommand } from '@aws-sdk/client-ecr'
import { temporaryDirectory } from '../kit/database.ts'
import { missing, run } from '../kit/run.ts'
import { program, startServer } from '../kit/server-process.ts'
import { forwarding, pushEmptyImage } from '../kit/signing-clients.ts'

const repository = 'team/app'
const second = 1000

test('timestamps, revocation lists and statements, by the clients that people have', async (t) => {
  const server = await startServer(t, {
    environment: {
      PRATIQUE_TSA: 'on',
      PRATIQUE_TIMESTAMPS: 'own',
      PRATIQUE_CRL_URL: 'http://reg.test',
    },
  })
  const home = await temporaryDirectory(t)
  const asked: string[] = []
  const env = {
    ...server.environment,
    XDG_CONFIG_HOME: home,
    XDG_CACHE_HOME: join(home, 'cache'),
    NOTATION_USERNAME: server.accessKeyId,
    NOTATION_PASSWORD: server.secretAccessKey,
    HTTP_PROXY: await forwarding(t, server, (url) => asked.push(url)),
    NO_PROXY: '127.0.0.1',
  }
  const call = async (command: string, ...words: readonly string[]) =>
    run(command, words, { env, timeoutMs: 30_000 })
  const said = async (command: string, ...words: readonly string[]): Promise<string> => {
    const { status, stdout, stderr } = await call(command, ...words)
    assert.equal(status, 0, `${command} ${words.join(' ')}: ${stderr}${stdout}`)
    return stdout
  }
  const pratique = async (...words: readonly string[]): Promise<string> =>
    said(process.execPath, program, ...words)
  const refused = async (...words: readonly string[]): Promise<string> => {
    const { status, stderr } = await call(process.execPath, program, ...words)
    assert.notEqual(status, 0, words.join(' '))
    return stderr
  }
  await server.ecr.send(new CreateRepositoryCommand({ repositoryName: repository }))
  const tsa = `${server.url}/pki/tsa`
  const file = (name: string): string => join(home, name)
  await writeFile(file('tsa.pem'), await pratique('signing', 'roots', '--timestamps'))

  await t.test(
    'the door refuses what it cannot answer, and has the roots for everybody',
    async () => {
      const status = async (path: string, init: RequestInit = {}): Promise<number> =>
        (await fetch(`${server.url}/pki/${path}`, init)).status
      const type = { 'content-type': 'application/timestamp-query' }
      assert.equal(await status('tsa', { method: 'POST', body: 'x' }), 415)
      const large = { method: 'POST', headers: type, body: 'x'.repeat(5000) }
      assert.equal(await status('tsa', large), 413)
      const garbage = await fetch(tsa, { method: 'POST', headers: type, body: 'x' })
      assert.equal(garbage.headers.get('content-type'), 'application/timestamp-reply')
      assert.equal(await status('nobody.crl'), 404)
      assert.equal(await status(`${'0'.repeat(8)}-0000-0000-0000-${'0'.repeat(12)}.crl`), 404)
      assert.equal(await status('roots.pem'), 404)
      const pem = await (await fetch(`${server.url}/pki/tsa.pem`)).text()
      assert.equal(pem.trimEnd(), (await readFile(file('tsa.pem'), 'utf8')).trimEnd())
    },
  )

  await t.test(
    'a test authority is made by one command, and what it signs is verified',
    async () => {
      const tag = `${repository}:own`
      await pushEmptyImage(server, repository, 'own')
      const directory = file('trust')
      await pratique('trust', 'init', directory)
      // Another root under that name would take the trust from what was signed.
      const again = await refused('trust', 'init', file('again'))
      assert.match(again, /there is a trust policy test already/)
      const key = ['--key-file', join(directory, 'key.pem')]
      const signer = [...key, '--cert-chain', join(directory, 'chain.pem')]
      const stamp = ['--timestamp-url', tsa, '--timestamp-root', file('tsa.pem')]
      const foreign = ['--timestamp-url', tsa, '--timestamp-root', join(directory, 'root.pem')]
      assert.match(await refused('sign', tag, ...signer, ...foreign), /leads to no root/)
      await pratique('sign', tag, ...signer, ...stamp)
      assert.match(await pratique('verify', tag, '--trust', 'test'), /verified/)
    },
  )

  await t.test('cosign verifies a statement', { skip: missing('cosign') }, async () => {
    const digest = await pushEmptyImage(server, repository, 'attested')
    const [key, predicate] = [join(file('trust'), 'key.pem'), file('spdx.json')]
    const { createPublicKey } = await import('node:crypto')
    const pem = createPublicKey(await readFile(key)).export({ format: 'pem', type: 'spki' })
    await writeFile(file('key.pub'), pem)
    await writeFile(predicate, '{"spdxVersion":"SPDX-2.3"}')
    const words = ['--predicate', predicate, '--key-file', key]
    await pratique('attest', `${repository}:attested`, '--type', 'spdx', ...words)
    const login = [
      `--registry-username=${server.accessKeyId}`,
      `--registry-password=${server.secretAccessKey}`,
    ]
    const verify = [
      'verify-attestation',
      '--insecure-ignore-tlog',
      '--allow-http-registry',
      ...login,
    ]
    const how = [...verify, '--key', file('key.pub')]
    const image = `${server.host}/${repository}@${digest}`
    await said('cosign', ...how, '--type', 'spdx', image)
    assert.notEqual((await call('cosign', ...how, '--type', 'cyclonedx', image)).status, 0)
  })

  await t.test(
    'notation takes our timestamps, believes them, and refuses a key that our list has',
    { skip: missing('notation') },
    async () => {
      const digest = await pushEmptyImage(server, repository, 'v1')
      const image = `${server.host}/${repository}@${digest}`
      const keyPath = join(file('trust'), 'key.pem')
      const keys = [{ name: 'tester', keyPath, certPath: join(file('trust'), 'chain.pem') }]
      await mkdir(join(home, 'notation'), { recursive: true })
      await writeFile(
        join(home, 'notation', 'signingkeys.json'),
        JSON.stringify({ default: 'tester', keys }),
      )
      const stamp = ['--timestamp-url', tsa, '--timestamp-root-cert', file('tsa.pem')]
      await said('notation', 'sign', '--insecure-registry', ...stamp, image)
      await trust(home, 'ca', await readFile(join(file('trust'), 'root.pem'), 'utf8'))
      await trust(home, 'tsa', await readFile(file('tsa.pem'), 'utf8'))
      await policy(home, ['ca:pratique', 'tsa:pratique'])
      const verify = async (): Promise<number> =>
        (await call('notation', 'verify', '--insecure-registry', image)).status ?? 1
      assert.equal(await verify(), 0, 'its own signature, stamped by us')
      await pratique('signing', 'key', 'create', 'ci')
      await trust(home, 'ca', await pratique('signing', 'roots'))
      assert.notEqual(await verify(), 0)
      await pratique('sign', image.slice(server.host.length + 1), '--key', 'ci')
      assert.equal(await verify(), 0, 'our signature, stamped by the server')
      assert.ok(asked.some((url) => /^http:\/\/reg\.test\/pki\/[0-9a-f-]{36}\.crl$/.test(url)))
      const effective = new Date(Date.now() - 3600 * second).toISOString()
      const why = ['--effective', effective, '--reason', 'a test']
      await pratique('signing', 'key', 'revoke', 'ci', ...why)
      // Until a list ends its reader may keep it: seven days.
      await rm(join(home, 'cache'), { recursive: true, force: true })
      assert.notEqual(await verify(), 0)
      assert.match(await refused('sign', `${repository}:v1`, '--key', 'ci'), /is revoked from/)
    },
  )

  await t.test('the audit log has every signature of the server', async () => {
    const found = await pratique('audit-log', 'search', '--action', 'pratique:SignatureMade')
    if (missing('notation') === false) assert.match(found, /signing-key\/ci/)
  })
})

async function trust(home: string, type: 'ca' | 'tsa', pem: string): Promise<void> {
  const folder = join(home, 'notation', 'truststore', 'x509', type, 'pratique')
  await mkdir(folder, { recursive: true })
  await writeFile(join(folder, 'root.pem'), pem)
}

async function policy(home: string, trustStores: readonly string[]): Promise<void> {
  const statement = {
    name: 'all',
    registryScopes: ['*'],
    signatureVerification: { level: 'strict' },
    trustStores,
    trustedIdentities: ['*'],
  }
  const document = { version: '1.0', trustPolicies: [statement] }
  await writeFile(join(home, 'notation', 'trustpolicy.json'), JSON.stringify(document))
}
