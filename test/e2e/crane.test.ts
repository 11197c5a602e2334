// Unmodified crane, whose library kaniko, ko and many others push with.
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { blobsOf, openClientRegistry } from '../kit/client-registry.ts'
import { writeArtifactLayout, writeImageLayout, writeIndexLayout } from '../kit/image-layout.ts'
import { missing } from '../kit/run.ts'
import { file, tar } from '../kit/tar-builder.ts'

test('crane', { skip: missing('crane') }, async (t) => {
  const registry = await openClientRegistry(t)
  const { server, host, password } = registry
  const layout = (name: string): string => join(registry.directory, name)
  const at = (name: string): string => `${host}/${name}`
  const does = async (...args: readonly string[]): Promise<string> =>
    (await registry.succeed('crane', [...args, '--insecure'])).trim()
  const fails = async (...args: readonly string[]): Promise<string> =>
    registry.fail('crane', [...args, '--insecure'])
  const logIn = async (user: string, secret: string): Promise<void> => {
    const args = ['auth', 'login', host, '-u', user, '--password-stdin']
    await registry.succeed('crane', args, { input: secret })
  }
  const tagsOf = async (repository: string): Promise<readonly string[]> =>
    (await does('ls', at(repository))).split('\n').filter((tag) => tag !== '')

  await t.test('logs in with either kind of credential, and is told of a wrong one', async () => {
    await logIn('AWS', 'wrong')
    assert.match(await fails('catalog', host), /unauthorized|authentication required/i)
    await logIn(server.accessKeyId, server.secretAccessKey)
    await does('catalog', host)
    await registry.succeed('crane', ['auth', 'logout', host])
    assert.match(await fails('catalog', host), /unauthorized|authentication required/i)
    await logIn('AWS', password)
    await does('catalog', host)
  })

  await t.test('pushes, and pulls the same bytes by tag and by digest', async () => {
    await registry.createRepository('team/app')
    const image = await writeImageLayout(layout('app'), [{ 'etc/a': 'one' }, { 'etc/b': 'two' }])
    const pushed = await does('push', image.directory, at('team/app:v1'))
    assert.equal(pushed, at(`team/app@${image.manifestDigest}`))
    assert.equal(await does('digest', at('team/app:v1')), image.manifestDigest)
    assert.equal(await does('manifest', at('team/app:v1')), image.manifest.toString())
    for (const reference of [':v1', `@${image.manifestDigest}`]) {
      const back = layout(`app-back-${reference.slice(1, 3)}`)
      await does('pull', '--format', 'oci', at(`team/app${reference}`), back)
      assert.deepEqual(await blobsOf(back), await blobsOf(image.directory))
    }
    await does('validate', '--remote', at('team/app:v1'))
    assert.ok((await does('catalog', host)).split('\n').includes('team/app'))
  })

  await t.test('pushes many layers beside one another', async () => {
    await registry.createRepository('wide')
    const layers = Array.from({ length: 12 }, (_, nr) => ({
      [`layer-${nr}`]: Buffer.alloc(256 * 1024, nr + 1),
    }))
    const image = await writeImageLayout(layout('wide'), layers)
    await does('push', image.directory, at('wide:1'))
    await does('validate', '--remote', at('wide:1'))
    assert.equal(await does('digest', at('wide:1')), image.manifestDigest)
  })

  await t.test('copies between repositories without sending a blob again', async () => {
    await registry.createRepository('from')
    await registry.createRepository('to')
    const image = await writeImageLayout(layout('from'), [{ a: 'from' }, { b: 'from' }])
    await does('push', image.directory, at('from:1'))
    await does('copy', at('from:1'), at('to:1'))
    assert.equal(await does('digest', at('to:1')), image.manifestDigest)
    const requests = await registry.requestsUntil(
      ({ method, path }) => method === 'PUT' && path === '/v2/to/manifests/1',
    )
    const uploads = requests.filter(({ path }) => path.startsWith('/v2/to/blobs/uploads/'))
    const mounts = Array.from({ length: 3 }, () => ['POST', 201])
    assert.deepEqual(
      uploads.map(({ method, status }) => [method, status]),
      mounts,
    )
    await does('validate', '--remote', at('to:1'))
  })

  await t.test('copies a whole repository', async () => {
    await registry.createRepository('whole')
    await registry.createRepository('whole-copy')
    for (const tag of ['1', '2', 'latest']) {
      const image = await writeImageLayout(layout(`whole-${tag}`), [{ a: tag }])
      await does('push', image.directory, at(`whole:${tag}`))
    }
    await does('copy', '--all-tags', at('whole'), at('whole-copy'))
    assert.deepEqual(await tagsOf('whole-copy'), ['1', '2', 'latest'])
  })

  await t.test('carries an image through a tarball', async () => {
    await registry.createRepository('tarball')
    const image = await writeImageLayout(layout('tarball'), [{ a: 'tarball' }])
    await does('push', image.directory, at('tarball:1'))
    await does('pull', at('tarball:1'), layout('tarball.tar'))
    await does('push', layout('tarball.tar'), at('tarball:again'))
    assert.equal(await does('config', at('tarball:again')), await does('config', at('tarball:1')))
  })

  await t.test('pushes an index, pulls a platform of it, and copies it whole', async () => {
    await registry.createRepository('multi')
    await registry.createRepository('multi-copy')
    const index = await writeIndexLayout(layout('multi'), {
      amd64: [{ a: 'amd64' }],
      arm64: [{ a: 'arm64' }],
    })
    const [amd, arm] = index.images.map(({ manifestDigest }) => manifestDigest)
    await does('push', index.directory, at('multi:1'))
    assert.equal(await does('manifest', at('multi:1')), index.index.toString())
    const platform = ['--platform', 'linux/arm64']
    assert.equal(await does('digest', ...platform, at('multi:1')), arm)
    await does('pull', ...platform, '--format', 'oci', at('multi:1'), layout('arm'))
    assert.ok((await blobsOf(layout('arm'))).includes(arm?.slice(7) ?? ''))
    await does('copy', at('multi:1'), at('multi-copy:1'))
    assert.equal(await does('digest', at('multi-copy:1')), index.indexDigest)
    assert.match(
      await fails('delete', at(`multi@${amd}`)),
      /is part of index sha256:[0-9a-f]{64}; delete the index first/,
    )
    const both = ['-m', at(`multi@${amd}`), '-m', at(`multi@${arm}`)]
    await does('index', 'append', ...both, '-t', at('multi:composed'))
    assert.equal(await does('digest', ...platform, at('multi:composed')), arm)
  })

  await t.test('adds to an image and names it anew', async () => {
    await registry.createRepository('base')
    const image = await writeImageLayout(layout('base'), [{ a: 'base' }])
    await does('push', image.directory, at('base:1'))
    await writeFile(layout('more.tar'), tar(file('etc/more', 'more')))
    await does('append', '-b', at('base:1'), '-f', layout('more.tar'), '-t', at('base:more'))
    await does('export', at('base:more'), layout('more-root.tar'))
    const listed = await registry.succeed('tar', ['tf', layout('more-root.tar')])
    assert.deepEqual(listed.trim().split('\n').toSorted(), ['a', 'etc/more'])
    await does('mutate', at('base:1'), '--label', 'team=blue', '-t', at('base:labelled'))
    assert.match(await does('config', at('base:labelled')), /"team":"blue"/)
    await does('tag', at('base:1'), 'stable')
    assert.equal(await does('digest', at('base:stable')), image.manifestDigest)
  })

  await t.test('may repeat a push to an immutable tag, not change it', async () => {
    await registry.createRepository('fixed')
    const first = await writeImageLayout(layout('fixed-1'), [{ a: 'first' }])
    const second = await writeImageLayout(layout('fixed-2'), [{ a: 'second' }])
    await does('push', first.directory, at('fixed:v1'))
    await does('push', first.directory, at('fixed:v1'))
    assert.match(
      await fails('push', second.directory, at('fixed:v1')),
      /TAG_INVALID: The image tag 'v1' already exists in the 'fixed' repository and cannot be overwritten because the repository is immutable/,
    )
    assert.equal(await does('digest', at('fixed:v1')), first.manifestDigest)
  })

  await t.test('deletes a tag alone, and an image with all its tags, at once', async () => {
    await registry.createRepository('gone')
    const image = await writeImageLayout(layout('gone'), [{ a: 'gone' }])
    for (const tag of ['a', 'b', 'c']) await does('push', image.directory, at(`gone:${tag}`))
    await does('delete', at('gone:a'))
    assert.deepEqual(await tagsOf('gone'), ['b', 'c'])
    assert.equal(await does('digest', at('gone:b')), image.manifestDigest)
    await does('delete', at(`gone@${image.manifestDigest}`))
    assert.deepEqual(await tagsOf('gone'), [])
    assert.match(await fails('manifest', at('gone:b')), /MANIFEST_UNKNOWN/)
    assert.match(await fails('delete', at('gone:b')), /MANIFEST_UNKNOWN/)
  })

  await t.test('pushes an artifact whose subject is an index', async () => {
    await registry.createRepository('about')
    const index = await writeIndexLayout(layout('about'), { amd64: [{ a: 'about' }] })
    const artifact = await writeArtifactLayout(layout('artifact'), index.index)
    await does('push', index.directory, at('about:1'))
    await does('push', artifact.directory, at('about:note'))
    const referrers = await registry.referrersOf('about', index.indexDigest)
    assert.deepEqual(referrers, [artifact.manifestDigest])
  })

  await t.test('a push that was killed leaves nothing to see, and can be repeated', async () => {
    await registry.createRepository('broken')
    const data = randomBytes(3 * 1024 * 1024)
    const content = tar(file('data', data))
    const append = ['append', '--insecure', '-t', at('broken:1'), '-f']
    const half = content.subarray(0, content.length / 2)
    await registry.interrupt('crane', [...append, '-'], half, ({ method, path, status }) =>
      [method, path, status].join(' ').startsWith('POST /v2/broken/blobs/uploads/ 202'),
    )
    assert.deepEqual(await tagsOf('broken'), [])
    await writeFile(layout('broken.tar'), content)
    await registry.succeed('crane', [...append, layout('broken.tar')])
    await does('validate', '--remote', at('broken:1'))
    await does('export', at('broken:1'), layout('broken-back.tar'))
    await registry.succeed('tar', ['xf', layout('broken-back.tar')])
    assert.ok(data.equals(await readFile(layout('data'))))
  })
})
