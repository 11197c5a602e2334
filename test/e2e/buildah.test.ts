// Unmodified buildah: builds without a Dockerfile and with one, pushes what it built, composes indexes.
import assert from 'node:assert/strict'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { BatchDeleteImageCommand, BatchGetImageCommand } from '@aws-sdk/client-ecr'
import { openClientRegistry } from '../kit/client-registry.ts'
import { openContainerClient } from '../kit/container-storage.ts'
import { digestOf } from '../kit/image-layout.ts'
import { missing } from '../kit/run.ts'

interface Listed {
  readonly manifests: readonly {
    readonly digest: string
    readonly platform: { readonly architecture: string }
  }[]
}

test('buildah', { skip: missing('buildah') }, async (t) => {
  const registry = await openClientRegistry(t)
  const { server, host, password } = registry
  const inside = (name: string): string => join(registry.directory, name)
  const at = (name: string): string => `docker://${host}/${name}`
  const plain = '--tls-verify=false'
  await writeFile(inside('hello.txt'), 'hello\n')
  const probes = [
    ['from', '--name', 'probe', 'scratch'],
    ['copy', 'probe', inside('hello.txt'), '/probe'],
    ['commit', '--quiet', 'probe', 'localhost/probe:1'],
  ]
  const { does, fails, unable } = await openContainerClient(registry, 'buildah', probes)
  if (unable !== undefined) return t.skip(unable)
  /** The digest that buildah says it pushed. */
  const push = async (name: string, target: string): Promise<string> => {
    await does('push', '--digestfile', inside('pushed.digest'), name, at(target))
    return (await readFile(inside('pushed.digest'), 'utf8')).trim()
  }
  /** An image of one layer with one file, committed under a name. */
  const build = async (name: string, path: string, ...options: string[]): Promise<string> => {
    const container = await does('from', 'scratch')
    await does('copy', container, inside('hello.txt'), path)
    return does('commit', '--quiet', ...options, container, name)
  }

  const indexOf = async (repositoryName: string, imageTag: string): Promise<Listed> => {
    const imageIds = [{ imageTag }]
    const got = await server.ecr.send(new BatchGetImageCommand({ repositoryName, imageIds }))
    return JSON.parse(got.images?.[0]?.imageManifest ?? '') as Listed
  }

  await t.test('logs in with either kind of credential, and is told of a wrong one', async () => {
    const login = ['login', plain, '-u']
    assert.match(await fails(...login, 'AWS', '-p', 'wrong', host), /invalid username/)
    const { accessKeyId, secretAccessKey } = server
    await does(...login, accessKeyId, '-p', secretAccessKey, host)
    await does('logout', host)
    await does(...login, 'AWS', '-p', password, host)
  })

  await t.test('builds from scratch, pushes, and pulls by tag and by digest', async () => {
    await registry.createRepository('scratch')
    const container = await does('from', 'scratch')
    await does('copy', container, inside('hello.txt'), '/etc/hello.txt')
    await does('config', '--label', 'team=blue', container)
    const id = await does('commit', '--quiet', container, 'localhost/scratch:1')
    const digest = await push('localhost/scratch:1', 'scratch:1')
    for (const reference of [':1', `@${digest}`]) {
      await does('rmi', '--all', '--force')
      assert.equal(await does('pull', '--quiet', `${host}/scratch${reference}`), id)
    }
    const shown = await does('inspect', '--type', 'image', '--format', '{{.OCIv1.Config}}', id)
    assert.match(shown, /team:blue/)
  })

  await t.test('builds upon an image of the registry, whose layer is not sent again', async () => {
    await registry.createRepository('base')
    await registry.createRepository('built')
    await build('localhost/base:1', '/base')
    await push('localhost/base:1', 'base:1')
    await does('rmi', '--all', '--force')
    await writeFile(inside('Containerfile'), `FROM ${host}/base:1\nCOPY hello.txt /hello.txt\n`)
    const flags = ['--quiet', '--isolation', 'chroot', '-f', inside('Containerfile')]
    await does('build', ...flags, '-t', 'localhost/built:1', inside('.'))
    await push('localhost/built:1', 'built:1')
    const requests = await registry.requestsUntil(
      ({ method, path }) => method === 'PUT' && path === '/v2/built/manifests/1',
    )
    const uploads = requests.filter(({ path }) => path.startsWith('/v2/built/blobs/uploads/'))
    const mounts = uploads.filter(({ method, status }) => method === 'POST' && status === 201)
    assert.equal(mounts.length, 1, 'the layer of the base')
    const sent = uploads.filter(({ method }) => method === 'PATCH')
    assert.equal(sent.length, 2, 'the new layer and the config')
  })

  await t.test('composes an index, pushes it with its images, and pulls a platform', async () => {
    await registry.createRepository('multi')
    await registry.createRepository('multi-copy')
    await does('manifest', 'create', 'localhost/multi:1')
    for (const architecture of ['amd64', 'arm64']) {
      const container = await does('from', '--arch', architecture, 'scratch')
      await does('copy', container, inside('hello.txt'), `/${architecture}`)
      await does('commit', '--quiet', container, `localhost/${architecture}:1`)
      await does('manifest', 'add', 'localhost/multi:1', `localhost/${architecture}:1`)
    }
    await does('manifest', 'push', plain, '--all', 'localhost/multi:1', at('multi:1'))
    const index = await indexOf('multi', '1')
    assert.deepEqual(
      index.manifests.map(({ platform }) => platform.architecture),
      ['amd64', 'arm64'],
    )
    await does('manifest', 'create', 'localhost/copy:1')
    for (const { digest } of index.manifests)
      await does('manifest', 'add', plain, 'localhost/copy:1', at(`multi@${digest}`))
    await does('manifest', 'push', plain, '--all', 'localhost/copy:1', at('multi-copy:1'))
    await does('rmi', '--all', '--force')
    const pulled = await does('pull', '--quiet', '--arch', 'arm64', `${host}/multi-copy:1`)
    const format = ['inspect', '--type', 'image', '--format', '{{.OCIv1.Architecture}}']
    assert.equal(await does(...format, pulled), 'arm64')
  })

  await t.test('pushes an image in the form of Docker, which is served as pushed', async () => {
    await registry.createRepository('docker')
    await build('localhost/docker:1', '/docker', '--format', 'docker')
    const digest = await push('localhost/docker:1', 'docker:1')
    await does('rmi', '--all', '--force')
    const id = await does('pull', '--quiet', `${host}/docker@${digest}`)
    const format = ['inspect', '--type', 'image', '--format', '{{.Manifest}}']
    const manifest = await does(...format, id)
    assert.equal(digestOf(Buffer.from(manifest)), digest)
    assert.match(manifest, /application\/vnd\.docker\.distribution\.manifest\.v2\+json/)
  })

  await t.test('may repeat a push to an immutable tag, not change it', async () => {
    await registry.createRepository('fixed')
    await build('localhost/fixed:1', '/fixed-1')
    await build('localhost/fixed:2', '/fixed-2')
    const digest = await push('localhost/fixed:1', 'fixed:1')
    assert.equal(await push('localhost/fixed:1', 'fixed:1'), digest)
    assert.match(
      await fails('push', 'localhost/fixed:2', at('fixed:1')),
      /The image tag '1' already exists in the 'fixed' repository and cannot be overwritten because the repository is immutable/,
    )
  })

  await t.test('no longer finds what was deleted, and pushes it again', async () => {
    await registry.createRepository('gone')
    await build('localhost/gone:1', '/gone')
    const digest = await push('localhost/gone:1', 'gone:1')
    const imageIds = [{ imageDigest: digest }]
    await server.ecr.send(new BatchDeleteImageCommand({ repositoryName: 'gone', imageIds }))
    assert.match(await fails('pull', `${host}/gone:1`), /manifest unknown/)
    assert.equal(await push('localhost/gone:1', 'gone:1'), digest)
    await does('pull', '--quiet', `${host}/gone:1`)
  })
})
