// What a cluster is told that cannot ask yet, by a server that answers what was recorded.
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'

const program = join(import.meta.dirname, '..', '..', 'bin', 'pratique.js')

test('where the server has no door for clusters, no manifests are written, and that is said', async (t) => {
  const directory = await mkdtemp(join(tmpdir(), 'pratique-cluster-'))
  const server = createServer((request, response) => {
    const isLogin = String(request.headers['x-amz-target']).endsWith('GetAuthorizationToken')
    const authorizationToken = Buffer.from('AWS:password').toString('base64')
    const registered = { cluster: { id: '1', name: 'prod' }, path: '/admission/1.x', caBundle: '' }
    request.resume().on('end', () => {
      response.setHeader('content-type', 'application/x-amz-json-1.1')
      const answer = isLogin
        ? { authorizationData: [{ authorizationToken, proxyEndpoint: 'http://localhost' }] }
        : { ...registered, address: null }
      response.end(JSON.stringify(answer))
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
  const add = async (file: string): Promise<string> =>
    new Promise((resolve, reject) => {
      const env = {
        ...process.env,
        AWS_ENDPOINT_URL: `http://127.0.0.1:${port}`,
        AWS_REGION: 'us-east-1',
        AWS_ACCESS_KEY_ID: 'AKIAIOSFODNN7EXAMPLE',
        AWS_SECRET_ACCESS_KEY: 'x'.repeat(40),
      }
      const words = [program, 'cluster', 'add', 'prod', '--manifests', file]
      execFile(process.execPath, words, { env, cwd: directory }, (error, _, stderr) => {
        if (error === null) resolve(stderr)
        else reject(error)
      })
    })
  const told = await add(join(directory, 'new.yaml'))
  assert.match(told, /\/admission\/1\.x/)
  assert.match(told, /no manifests were written: .*PRATIQUE_ADMISSION_LISTEN, or .*--address/)
  assert.ok(!existsSync(join(directory, 'new.yaml')), 'an empty file would be applied')

  const kept = join(directory, 'kept.yaml')
  await writeFile(kept, 'of before')
  await add(kept)
  assert.equal(await readFile(kept, 'utf8'), 'of before')
})
