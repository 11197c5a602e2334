// Unmodified skopeo: what a user does with it, and what it answers.
import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { blobsOf, openClientRegistry } from '../kit/client-registry.ts'
import {
  digestOf,
  writeArtifactLayout,
  writeImageLayout,
  writeIndexLayout,
} from '../kit/image-layout.ts'
import { missing } from '../kit/run.ts'

/** Over plain HTTP, of which skopeo wants to be told for each side. */
function plain([verb = '', ...rest]: readonly string[]): readonly string[] {
  return verb === 'copy'
    ? [verb, '--quiet', '--src-tls-verify=false', '--dest-tls-verify=false', ...rest]
    : [verb, '--tls-verify=false', ...rest]
}

interface Inspected {
  readonly Digest: string
  readonly Architecture: string
  readonly Layers: readonly string[]
}

interface RawManifest {
  readonly mediaType: string
  readonly manifests?: readonly { readonly digest: string; readonly mediaType: string }[]
  readonly layers?: readonly { readonly mediaType: string }[]
}

test('skopeo', { skip: missing('skopeo') }, async (t) => {
  const registry = await openClientRegistry(t)
  const { server, host, password } = registry
  const at = (name: string): string => `docker://${host}/${name}`
  const does = async (...args: readonly string[]): Promise<string> =>
    registry.succeed('skopeo', plain(args))
  const fails = async (...args: readonly string[]): Promise<string> =>
    registry.fail('skopeo', plain(args))
  const layout = (name: string): string => join(registry.directory, name)
  const tagsOf = async (repository: string): Promise<readonly string[]> =>
    (JSON.parse(await does('list-tags', at(repository))) as { Tags: string[] }).Tags
  const inspect = async (name: string): Promise<Inspected> =>
    JSON.parse(await does('inspect', at(name))) as Inspected

  await t.test('logs in with either kind of credential, and is told of a wrong one', async () => {
    assert.match(await fails('login', '-u', 'AWS', '-p', 'wrong', host), /invalid username/)
    const { accessKeyId, secretAccessKey } = server
    await does('login', '-u', accessKeyId, '-p', secretAccessKey, host)
    await does('login', '-u', 'AWS', '-p', password, host)
    await registry.succeed('skopeo', ['logout', host])
    assert.match(await fails('list-tags', at('nothing')), /unauthorized|authentication required/)
    await does('login', '-u', 'AWS', '-p', password, host)
  })

  await t.test('pushes, and pulls the same bytes by tag and by digest', async () => {
    await registry.createRepository('app')
    const image = await writeImageLayout(layout('app'), [{ 'etc/a': 'one' }, { 'etc/b': 'two' }])
    await does('copy', `oci:${image.directory}`, at('app:1.0'))
    const shown = await inspect('app:1.0')
    assert.equal(shown.Digest, image.manifestDigest)
    assert.deepEqual(shown.Layers, image.layerDigests)
    for (const reference of [':1.0', `@${image.manifestDigest}`]) {
      const back = layout(`app-back-${reference.slice(1, 4)}`)
      await does('copy', at(`app${reference}`), `oci:${back}`)
      assert.deepEqual(await blobsOf(back), await blobsOf(image.directory))
    }
  })

  await t.test('pushes many layers beside one another', async () => {
    await registry.createRepository('wide')
    const layers = Array.from({ length: 12 }, (_, nr) => ({
      [`layer-${nr}`]: Buffer.alloc(256 * 1024, nr + 1),
    }))
    const image = await writeImageLayout(layout('wide'), layers)
    await does('copy', `oci:${image.directory}`, at('wide:1'))
    await does('copy', at('wide:1'), `oci:${layout('wide-back')}`)
    assert.deepEqual(await blobsOf(layout('wide-back')), await blobsOf(image.directory))
  })

  await t.test('copies between repositories without sending a layer again', async () => {
    await registry.createRepository('from')
    await registry.createRepository('to')
    const image = await writeImageLayout(layout('from'), [{ a: 'from' }, { b: 'from' }])
    await does('copy', `oci:${image.directory}`, at('from:1'))
    await does('copy', at('from:1'), at('to:1'))
    assert.equal((await inspect('to:1')).Digest, image.manifestDigest)
    const requests = await registry.requestsUntil(
      ({ method, path }) => method === 'PUT' && path === '/v2/to/manifests/1',
    )
    const uploads = requests.filter(({ path }) => path.startsWith('/v2/to/blobs/uploads/'))
    const mounted = uploads.filter(({ method, status }) => method === 'POST' && status === 201)
    assert.equal(mounted.length, image.layerDigests.length)
    // skopeo has the config in its hands and sends it itself.
    assert.equal(uploads.filter(({ method }) => method === 'PATCH').length, 1)
  })

  await t.test('carries images through archives', async () => {
    await registry.createRepository('archive')
    const image = await writeImageLayout(layout('archive'), [{ a: 'archive' }])
    await does('copy', `oci:${image.directory}`, at('archive:first'))
    await does('copy', at('archive:first'), `oci-archive:${layout('oci.tar')}:named`)
    await does('copy', `oci-archive:${layout('oci.tar')}:named`, at('archive:again'))
    assert.equal((await inspect('archive:again')).Digest, image.manifestDigest)
    await does('copy', at('archive:first'), `docker-archive:${layout('docker.tar')}:app:1`)
    await does('copy', `docker-archive:${layout('docker.tar')}`, at('archive:docker'))
    assert.equal((await inspect('archive:docker')).Architecture, 'amd64')
    assert.deepEqual(await tagsOf('archive'), ['again', 'docker', 'first'])
  })

  await t.test(
    'pushes an index, shows and pulls a platform of it, and copies it whole',
    async () => {
      await registry.createRepository('multi')
      await registry.createRepository('multi-copy')
      const index = await writeIndexLayout(layout('multi'), {
        amd64: [{ a: 'amd64' }],
        arm64: [{ a: 'arm64' }],
      })
      await does('copy', '--all', `oci:${index.directory}`, at('multi:1'))
      assert.equal(await does('inspect', '--raw', at('multi:1')), index.index.toString())
      const arm = ['--override-arch', 'arm64']
      const look = [...arm, 'inspect', '--tls-verify=false', at('multi:1')]
      const shown = await registry.succeed('skopeo', look)
      assert.equal((JSON.parse(shown) as Inspected).Architecture, 'arm64')
      const one = ['copy', '--quiet', '--src-tls-verify=false', at('multi:1')]
      await registry.succeed('skopeo', [...arm, ...one, `oci:${layout('arm')}`])
      const armDigest = index.images[1]?.manifestDigest ?? ''
      assert.ok((await blobsOf(layout('arm'))).includes(armDigest.slice(7)))
      await does('copy', '--all', at('multi:1'), at('multi-copy:1'))
      await does('copy', '--all', at('multi-copy:1'), `oci:${layout('multi-back')}`)
      assert.deepEqual(await blobsOf(layout('multi-back')), await blobsOf(index.directory))
    },
  )

  await t.test('is told which images an index lacks', async () => {
    await registry.createRepository('sparse')
    const index = await writeIndexLayout(layout('sparse'), { amd64: [{ a: 'sparse' }] })
    const args = ['copy', '--multi-arch', 'index-only', `oci:${index.directory}`, at('sparse:1')]
    const refusal = await fails(...args)
    assert.match(refusal, /manifests that repository sparse does not have/)
    assert.ok(refusal.includes(index.images[0]?.manifestDigest ?? 'a digest'))
  })

  await t.test('pushes Docker images and lists, which are served as they were pushed', async () => {
    await registry.createRepository('docker')
    const index = await writeIndexLayout(layout('docker'), {
      amd64: [{ a: 'docker amd64' }],
      arm64: [{ a: 'docker arm64' }],
    })
    const source = `oci:${index.directory}`
    const pushed = layout('docker.digest')
    const docker = ['--format', 'v2s2', '--digestfile', pushed]
    for (const [tag, all, type] of [
      ['one', [], 'application/vnd.docker.distribution.manifest.v2+json'],
      ['list', ['--all'], 'application/vnd.docker.distribution.manifest.list.v2+json'],
    ] as const) {
      await does('copy', ...all, ...docker, source, at(`docker:${tag}`))
      const raw = await does('inspect', '--raw', at(`docker:${tag}`))
      assert.equal(digestOf(Buffer.from(raw)), (await readFile(pushed, 'utf8')).trim())
      assert.equal((JSON.parse(raw) as RawManifest).mediaType, type)
    }
  })

  await t.test('pushes and pulls layers that zstd compressed', async () => {
    await registry.createRepository('zstd')
    const image = await writeImageLayout(layout('zstd'), [{ a: 'zstd' }], { compression: 'zstd' })
    await does('copy', `oci:${image.directory}`, at('zstd:1'))
    const raw = JSON.parse(await does('inspect', '--raw', at('zstd:1'))) as RawManifest
    assert.deepEqual(
      raw.layers?.map(({ mediaType }) => mediaType),
      ['application/vnd.oci.image.layer.v1.tar+zstd'],
    )
    await does('copy', at('zstd:1'), `oci:${layout('zstd-back')}`)
    assert.deepEqual(await blobsOf(layout('zstd-back')), await blobsOf(image.directory))
  })

  await t.test('may repeat a push to an immutable tag, not change it', async () => {
    await registry.createRepository('fixed')
    await registry.createRepository('free', 'MUTABLE')
    const first = await writeImageLayout(layout('fixed-1'), [{ a: 'first' }])
    const second = await writeImageLayout(layout('fixed-2'), [{ a: 'second' }])
    for (const name of ['fixed:1', 'free:1']) {
      await does('copy', `oci:${first.directory}`, at(name))
      await does('copy', `oci:${first.directory}`, at(name))
    }
    assert.match(
      await fails('copy', `oci:${second.directory}`, at('fixed:1')),
      /The image tag '1' already exists in the 'fixed' repository and cannot be overwritten because the repository is immutable/,
    )
    assert.equal((await inspect('fixed:1')).Digest, first.manifestDigest)
    await does('copy', `oci:${second.directory}`, at('free:1'))
    assert.equal((await inspect('free:1')).Digest, second.manifestDigest)
  })

  await t.test('deletes an image, which is gone at once with all its tags', async () => {
    await registry.createRepository('gone')
    const kept = await writeImageLayout(layout('kept'), [{ a: 'kept' }])
    const gone = await writeImageLayout(layout('gone'), [{ a: 'gone' }])
    await does('copy', `oci:${kept.directory}`, at('gone:kept'))
    await does('copy', `oci:${gone.directory}`, at('gone:old'))
    await does('copy', `oci:${gone.directory}`, at('gone:older'))
    await does('delete', at('gone:old'))
    assert.match(await fails('inspect', at('gone:older')), /manifest unknown/)
    assert.match(await fails('inspect', at(`gone@${gone.manifestDigest}`)), /manifest unknown/)
    assert.deepEqual(await tagsOf('gone'), ['kept'])
    assert.match(await fails('delete', at('gone:old')), /Image may not exist/)
    await does('copy', `oci:${gone.directory}`, at('gone:old'))
    assert.equal((await inspect('gone:old')).Digest, gone.manifestDigest)
  })

  await t.test('pushes an artifact before the image that it is about', async () => {
    await registry.createRepository('about')
    const image = await writeImageLayout(layout('about'), [{ a: 'about' }])
    const artifact = await writeArtifactLayout(layout('artifact'), image.manifest)
    await does('copy', `oci:${artifact.directory}`, at('about:note'))
    assert.deepEqual(await registry.referrersOf('about', image.manifestDigest), [
      artifact.manifestDigest,
    ])
    await does('copy', `oci:${image.directory}`, at('about:1'))
    await does('copy', at('about:note'), `oci:${layout('artifact-back')}`)
    assert.deepEqual(await blobsOf(layout('artifact-back')), await blobsOf(artifact.directory))
    await does('delete', at('about:note'))
    assert.deepEqual(await registry.referrersOf('about', image.manifestDigest), [])
  })

  await t.test('is told that a repository does not exist', async () => {
    const image = await writeImageLayout(layout('absent'), [{ a: 'absent' }])
    const refusal = await fails('copy', `oci:${image.directory}`, at('absent:1'))
    assert.match(refusal, /repository absent does not exist/)
  })
})
