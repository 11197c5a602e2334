// What a cluster is told that cannot ask yet, or is not protected, by a server that answers what was recorded.
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'

const program = join(import.meta.dirname, '..', '..', 'bin', 'pratique.js')

interface Ended {
  readonly status: unknown
  readonly stdout: string
  readonly stderr: string
}

interface Place {
  readonly directory: string
  readonly pratique: (...words: readonly string[]) => Promise<Ended>
}

/** The command line, before a server that answers every call but the login with `answer`. */
async function placeOf(t: TestContext, answer: object): Promise<Place> {
  const directory = await mkdtemp(join(tmpdir(), 'pratique-cluster-'))
  const authorizationToken = Buffer.from('AWS:password').toString('base64')
  const login = { authorizationData: [{ authorizationToken, proxyEndpoint: 'http://localhost' }] }
  const server = createServer((request, response) => {
    const isLogin = String(request.headers['x-amz-target']).endsWith('GetAuthorizationToken')
    request.resume().on('end', () => {
      response.setHeader('content-type', 'application/x-amz-json-1.1')
      response.end(JSON.stringify(isLogin ? login : answer))
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.after(async () => {
    server.closeAllConnections()
    server.close()
    await rm(directory, { recursive: true })
  })
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- it listens on a port
  const { port } = server.address() as AddressInfo
  const env = {
    ...process.env,
    AWS_ENDPOINT_URL: `http://127.0.0.1:${port}`,
    AWS_REGION: 'us-east-1',
    AWS_ACCESS_KEY_ID: 'AKIAIOSFODNN7EXAMPLE',
    AWS_SECRET_ACCESS_KEY: 'x'.repeat(40),
  }
  const pratique = async (...words: readonly string[]): Promise<Ended> =>
    new Promise((resolve) => {
      const options = { env, cwd: directory }
      execFile(process.execPath, [program, ...words], options, (error, stdout, stderr) => {
        resolve({ status: error === null ? 0 : error.code, stdout, stderr })
      })
    })
  return { directory, pratique }
}

test('where the server has no door for clusters, no manifests are written, and that is said', async (t) => {
  const { directory, pratique } = await placeOf(t, {
    cluster: { id: '1', name: 'prod' },
    path: '/admission/1.x',
    caBundle: '',
    address: null,
  })
  const made = join(directory, 'new.yaml')
  const added = await pratique('cluster', 'add', 'prod', '--manifests', made)
  assert.equal(added.status, 0, added.stderr)
  assert.match(added.stderr, /\/admission\/1\.x/)
  assert.match(
    added.stderr,
    /no manifests were written: .*PRATIQUE_ADMISSION_LISTEN, or .*--address/,
  )
  assert.ok(!existsSync(made), 'an empty file would be applied')

  const kept = join(directory, 'kept.yaml')
  await writeFile(kept, 'of before')
  await pratique('cluster', 'add', 'prod', '--manifests', kept)
  assert.equal(await readFile(kept, 'utf8'), 'of before')
})

test('a cluster whose policies only warn is not called protected', async (t) => {
  const settings = { withoutPolicy: 'deny', controllers: 'warn', pin: 'pods', bindings: [] }
  const { pratique } = await placeOf(t, {
    cluster: { id: '1', name: 'prod', lastAskedAt: '2026-11-26T12:00:00.000Z', settings },
    address: 'https://registry.example:5443',
    hosts: ['registry.example'],
    policies: [{ name: 'base', mode: 'warn' }],
  })
  const checked = await pratique('cluster', 'check', 'prod')
  assert.equal(checked.status, 3, checked.stderr)
  assert.match(checked.stdout, /policies +look +1, of which 0 are enforced: .* is let run/)
})
