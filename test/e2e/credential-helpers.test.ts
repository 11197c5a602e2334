// Clients that ask a helper for the password, and the kubelet, which asks in its own way.
import assert from 'node:assert/strict'
import { mkdir, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { CreateRepositoryCommand } from '@aws-sdk/client-ecr'
import { temporaryDirectory } from '../kit/database.ts'
import { missing, run, type Finished } from '../kit/run.ts'
import { program, startServer } from '../kit/server-process.ts'

const notFound = 'credentials not found in native keychain\n'
const apiVersion = 'credentialprovider.kubelet.k8s.io/v1'

test('helpers hand out passwords for the registry, and for no other host', async (t) => {
  const server = await startServer(t)
  const directory = await temporaryDirectory(t)
  await server.ecr.send(new CreateRepositoryCommand({ repositoryName: 'app' }))
  const ask = async (words: readonly string[], input: string, more = {}): Promise<Finished> =>
    run(process.execPath, [program, ...words], { env: { ...server.environment, ...more }, input })
  const isPassword = async (user: string, password: string): Promise<boolean> => {
    const authorization = `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`
    return (await fetch(`${server.url}/v2/`, { headers: { authorization } })).ok
  }

  await t.test("docker's protocol", async () => {
    const nothing = { AWS_ENDPOINT_URL: 'http://127.0.0.1:1', AWS_MAX_ATTEMPTS: '1' }
    const [own, hub, hubAlone, down] = await Promise.all([
      ask(['credential-helper', 'get'], `http://localhost:${new URL(server.url).port}/v2/\n`),
      ask(['credential-helper', 'get'], 'https://index.docker.io/v1/\n'),
      ask(['credential-helper', 'get'], 'index.docker.io', nothing),
      ask(['credential-helper', 'get'], '127.0.0.1:1', nothing),
    ])
    const { Username, Secret } = JSON.parse(own.stdout) as { Username: string; Secret: string }
    assert.equal(await isPassword(Username, Secret), true)
    for (const refused of [hub, hubAlone])
      assert.deepEqual([refused.status, refused.stdout], [1, notFound])
    assert.deepEqual([down.status, down.stdout], [1, 'nothing answers at http://127.0.0.1:1\n'])
  })

  await t.test('the kubelet', async () => {
    const provide = async (version: string, image: string): Promise<Finished> => {
      const request = { apiVersion: version, kind: 'CredentialProviderRequest', image }
      return ask(['kubelet-credential-provider'], JSON.stringify(request))
    }
    const [own, hub, old] = await Promise.all([
      provide(apiVersion, `${server.host}/app:1`),
      provide(apiVersion, 'nginx:1.27'),
      provide(`${apiVersion}alpha1`, 'nginx'),
    ])
    const answer = JSON.parse(own.stdout) as {
      readonly cacheDuration: string
      readonly auth: Readonly<Record<string, { username: string; password: string }>>
    }
    assert.deepEqual(Object.keys(answer.auth), [server.host])
    const { username = '', password = '' } = answer.auth[server.host] ?? {}
    assert.equal(await isPassword(username, password), true)
    assert.match(answer.cacheDuration, /^4[01][0-9]{3}s$/, 'twelve hours but the last half')
    assert.deepEqual(JSON.parse(hub.stdout), {
      apiVersion,
      kind: 'CredentialProviderResponse',
      cacheKeyType: 'Registry',
      cacheDuration: '0s',
      auth: {},
    })
    assert.equal(old.status, 2)
    assert.match(
      old.stderr,
      /no CredentialProviderRequest of credentialprovider\.kubelet\.k8s\.io\/v1: "/,
    )
  })

  // What a package manager would have linked.
  const helper = join(directory, 'docker-credential-pratique')
  await symlink(fileURLToPath(new URL('../../bin/pratique.js', import.meta.url)), helper)
  const config = join(directory, 'docker')
  await mkdir(config)
  const credHelpers = { [server.host]: 'pratique' }
  await writeFile(join(config, 'config.json'), JSON.stringify({ credHelpers }))
  const questions: Readonly<Record<string, string>> = {
    skopeo: `list-tags --tls-verify=false docker://${server.host}/app`,
    crane: `ls --insecure ${server.host}/app`,
    oras: `repo tags --plain-http ${server.host}/app`,
  }
  for (const [client, question] of Object.entries(questions)) {
    await t.test(`${client} asks the helper`, { skip: missing(client) }, async () => {
      const { REGISTRY_AUTH_FILE: _file, ...environment } = server.environment
      const env = {
        ...environment,
        PATH: `${directory}:${process.env['PATH']}`,
        DOCKER_CONFIG: config,
        // skopeo looks here alone where no file is named.
        HOME: directory,
      }
      await mkdir(join(directory, '.docker'), { recursive: true })
      await writeFile(join(directory, '.docker/config.json'), JSON.stringify({ credHelpers }))
      const answer = await run(client, question.split(' '), { env, cwd: directory })
      assert.equal(answer.status, 0, answer.stderr)
    })
  }
})
