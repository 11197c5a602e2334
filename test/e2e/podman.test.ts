// Unmodified podman, as far as it goes without privileges: it keeps and moves images, it runs nothing here.
import assert from 'node:assert/strict'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { BatchDeleteImageCommand } from '@aws-sdk/client-ecr'
import { openClientRegistry } from '../kit/client-registry.ts'
import { openContainerClient } from '../kit/container-storage.ts'
import { missing } from '../kit/run.ts'
import { file, tar } from '../kit/tar-builder.ts'

test('podman', { skip: missing('podman') }, async (t) => {
  const registry = await openClientRegistry(t)
  const { server, host, password } = registry
  const inside = (name: string): string => join(registry.directory, name)
  await writeFile(inside('probe.tar'), tar(file('probe', '')))
  const probes = [
    ['import', '--quiet', inside('probe.tar'), 'localhost/probe:1'],
    ['create', '--network', 'none', 'localhost/probe:1', '/none'],
    ['rm', '--all'],
  ]
  const { does, fails, unable } = await openContainerClient(registry, 'podman', probes)
  if (unable !== undefined) return t.skip(unable)
  /** An image of one layer with one file; its id. */
  const make = async (name: string, content: string, ...options: string[]): Promise<string> => {
    await writeFile(inside('root.tar'), tar(file('hello.txt', content)))
    return does('import', '--quiet', ...options, inside('root.tar'), name)
  }
  const push = async (name: string, target: string, ...options: string[]): Promise<string> => {
    const digest = ['--digestfile', inside('pushed.digest')]
    await does('push', '--quiet', ...options, ...digest, name, `${host}/${target}`)
    return (await readFile(inside('pushed.digest'), 'utf8')).trim()
  }
  const forgetAll = async (): Promise<unknown> => does('rmi', '--all', '--force')

  await t.test('logs in with either kind of credential, and is told of a wrong one', async () => {
    const login = ['login', '-u']
    assert.match(await fails(...login, 'AWS', '-p', 'wrong', host), /invalid username/)
    const { accessKeyId, secretAccessKey } = server
    await does(...login, accessKeyId, '-p', secretAccessKey, host)
    await does('logout', host)
    await does(...login, 'AWS', '-p', password, host)
    assert.equal(await does('login', '--get-login', host), 'AWS')
  })

  await t.test('pushes, pulls by tag and by digest, and takes a file out', async () => {
    await registry.createRepository('app')
    const id = await make('localhost/app:1', 'hello from app\n')
    const digest = await push('localhost/app:1', 'app:1')
    for (const reference of [':1', `@${digest}`]) {
      await forgetAll()
      const pulled = await does('pull', '--quiet', `${host}/app${reference}`)
      assert.equal(`sha256:${pulled}`, id)
    }
    const container = await does('create', '--network', 'none', `${host}/app@${digest}`, '/none')
    await does('cp', `${container}:/hello.txt`, inside('hello-back.txt'))
    assert.equal(await readFile(inside('hello-back.txt'), 'utf8'), 'hello from app\n')
    await does('rm', container)
  })

  await t.test('copies between repositories without sending the layer again', async () => {
    await registry.createRepository('from')
    await registry.createRepository('to')
    await make('localhost/from:1', 'from')
    await push('localhost/from:1', 'from:1')
    await forgetAll()
    await does('pull', '--quiet', `${host}/from:1`)
    await push(`${host}/from:1`, 'to:1')
    const requests = await registry.requestsUntil(
      ({ method, path }) => method === 'PUT' && path === '/v2/to/manifests/1',
    )
    const uploads = requests.filter(({ path }) => path.startsWith('/v2/to/blobs/uploads/'))
    const mounts = uploads.filter(({ method, status }) => method === 'POST' && status === 201)
    assert.equal(mounts.length, 1)
    assert.equal(uploads.filter(({ method }) => method === 'PATCH').length, 1, 'the config')
  })

  await t.test('composes an index, pushes it whole, and pulls a platform', async () => {
    await registry.createRepository('multi')
    await does('manifest', 'create', 'localhost/multi:1')
    for (const architecture of ['amd64', 'arm64']) {
      await make(`localhost/${architecture}:1`, architecture, '--arch', architecture)
      const local = `containers-storage:localhost/${architecture}:1`
      await does('manifest', 'add', 'localhost/multi:1', local)
    }
    await does('manifest', 'push', '--all', 'localhost/multi:1', `docker://${host}/multi:1`)
    await forgetAll()
    const pulled = await does('pull', '--quiet', '--arch', 'arm64', `${host}/multi:1`)
    assert.equal(await does('image', 'inspect', '--format', '{{.Architecture}}', pulled), 'arm64')
  })

  await t.test('pushes in the form of Docker and with layers that zstd compresses', async () => {
    await registry.createRepository('forms')
    await make('localhost/forms:1', 'forms')
    await push('localhost/forms:1', 'forms:docker', '--format', 'v2s2')
    await push('localhost/forms:1', 'forms:zstd', '--compression-format', 'zstd')
    for (const [tag, type] of [
      ['docker', 'application/vnd.docker.distribution.manifest.v2+json'],
      ['zstd', 'application/vnd.oci.image.manifest.v1+json'],
    ]) {
      await forgetAll()
      const id = await does('pull', '--quiet', `${host}/forms:${tag}`)
      assert.equal(await does('image', 'inspect', '--format', '{{.ManifestType}}', id), type)
    }
  })

  await t.test('lists repositories and tags by its search', async () => {
    await registry.createRepository('found')
    await make('localhost/found:1', 'found')
    for (const tag of ['1', '2']) await push('localhost/found:1', `found:${tag}`)
    const names = await does('search', '--format', '{{.Name}}', `${host}/found`)
    assert.equal(names, `${host}/found`)
    const tags = await does('search', '--list-tags', `${host}/found`)
    assert.deepEqual(
      tags.split('\n').map((line) => line.split(/\s+/)),
      [
        ['NAME', 'TAG'],
        [`${host}/found`, '1'],
        [`${host}/found`, '2'],
      ],
    )
  })

  await t.test('carries an image through an archive', async () => {
    await registry.createRepository('archive')
    const id = await make('localhost/archive:1', 'archive')
    await does('save', '--quiet', '--format', 'oci-archive', '-o', inside('a.tar'), id.slice(7))
    await forgetAll()
    await does('load', '--quiet', '-i', inside('a.tar'))
    await push(id.slice(7), 'archive:1')
    await forgetAll()
    assert.equal(`sha256:${await does('pull', '--quiet', `${host}/archive:1`)}`, id)
  })

  await t.test('may repeat a push to an immutable tag, not change it', async () => {
    await registry.createRepository('fixed')
    await make('localhost/fixed:1', 'first')
    const digest = await push('localhost/fixed:1', 'fixed:1')
    assert.equal(await push('localhost/fixed:1', 'fixed:1'), digest)
    await make('localhost/fixed:2', 'second')
    assert.match(
      await fails('push', 'localhost/fixed:2', `${host}/fixed:1`),
      /The image tag '1' already exists in the 'fixed' repository and cannot be overwritten because the repository is immutable/,
    )
  })

  await t.test('no longer finds what was deleted', async () => {
    await registry.createRepository('gone')
    await make('localhost/gone:1', 'gone')
    const imageDigest = await push('localhost/gone:1', 'gone:1')
    const imageIds = [{ imageDigest }]
    await server.ecr.send(new BatchDeleteImageCommand({ repositoryName: 'gone', imageIds }))
    assert.match(await fails('pull', `${host}/gone:1`), /manifest unknown/)
  })
})
