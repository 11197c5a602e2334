// The unmodified aws CLI, alone and together with skopeo.
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import { temporaryDirectory } from '../kit/database.ts'
import { writeImageLayout } from '../kit/image-layout.ts'
import { missing, run, type Finished } from '../kit/run.ts'
import { startServer, type ServerProcess } from '../kit/server-process.ts'

async function aws(server: ServerProcess, ...args: readonly string[]): Promise<Finished> {
  return run('aws', args, { env: server.environment })
}

async function loginSkopeo(server: ServerProcess): Promise<void> {
  const password = await aws(server, 'ecr', 'get-login-password')
  const login = ['login', '--tls-verify=false', '-u', 'AWS', '--password-stdin', server.host]
  const result = await run('skopeo', login, { env: server.environment, input: password.stdout })
  assert.equal(result.status, 0, result.stderr)
}

async function push(server: ServerProcess, layout: string, name: string): Promise<Finished> {
  const target = `docker://${server.host}/${name}`
  const args = ['copy', '--dest-tls-verify=false', `oci:${layout}`, target]
  return run('skopeo', args, { env: server.environment })
}

test(
  'aws and skopeo push, are refused a second push of an immutable tag, and pull the same bytes',
  { skip: missing('aws', 'skopeo') },
  async (t) => {
    const server = await startServer(t)
    const directory = await temporaryDirectory(t)
    const first = await writeImageLayout(join(directory, 'first'), [{ 'etc/hello': 'one' }])
    const second = await writeImageLayout(join(directory, 'second'), [{ 'etc/hello': 'two' }])
    const made = await aws(server, 'ecr', 'create-repository', '--repository-name', 'my-app')
    assert.equal(made.status, 0, made.stderr)
    await loginSkopeo(server)
    const pushed = await push(server, first.directory, 'my-app:1.0')
    assert.equal(pushed.status, 0, pushed.stderr)
    const again = await push(server, first.directory, 'my-app:1.0')
    assert.equal(again.status, 0, 'a retry of the same push succeeds')
    const refused = await push(server, second.directory, 'my-app:1.0')
    assert.equal(refused.status, 1)
    assert.match(refused.stderr, /cannot be overwritten because the repository is immutable/)
    const back = join(directory, 'back')
    const source = `docker://${server.host}/my-app:1.0`
    const pulled = await run('skopeo', ['copy', '--src-tls-verify=false', source, `oci:${back}`], {
      env: server.environment,
    })
    assert.equal(pulled.status, 0, pulled.stderr)
    const same = await run('diff', ['-r', join(first.directory, 'blobs'), join(back, 'blobs')])
    assert.equal(same.status, 0, same.stdout)
    const listed = await aws(
      server,
      'ecr',
      'list-images',
      '--repository-name',
      'my-app',
      '--output',
      'json',
    )
    assert.deepEqual(JSON.parse(listed.stdout), {
      imageIds: [{ imageDigest: first.manifestDigest, imageTag: '1.0' }],
    })
  },
)

test('the aws CLI prints refusals that say what to do', { skip: missing('aws') }, async (t) => {
  const server = await startServer(t)
  const unknown = await aws(server, 'ecr', 'list-images', '--repository-name', 'absent')
  assert.notEqual(unknown.status, 0)
  assert.match(
    unknown.stderr,
    /RepositoryNotFoundException.*'absent' does not exist in the registry with id '123456789012'/,
  )
  const name = await aws(server, 'ecr', 'create-repository', '--repository-name', 'Not-Allowed')
  assert.match(
    name.stderr,
    /InvalidParameterException.*'repositoryName' failed to satisfy constraint/,
  )
  const stranger = { ...server.environment, AWS_SECRET_ACCESS_KEY: 'x'.repeat(40) }
  const forged = await run('aws', ['ecr', 'describe-repositories'], { env: stranger })
  assert.match(forged.stderr, /InvalidSignatureException/)
})
