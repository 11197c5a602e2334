// Unmodified regctl: the one common client that uploads in chunks with `Content-Range`.
import assert from 'node:assert/strict'
import { createHash, randomBytes } from 'node:crypto'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { blobsOf, openClientRegistry } from '../kit/client-registry.ts'
import { writeImageLayout, writeIndexLayout } from '../kit/image-layout.ts'
import { missing } from '../kit/run.ts'

interface ReferrersList {
  readonly descriptors: readonly { readonly digest: string; readonly artifactType?: string }[]
}

test('regctl', { skip: missing('regctl') }, async (t) => {
  const registry = await openClientRegistry(t)
  const { server, host, password } = registry
  const inside = (name: string): string => join(registry.directory, name)
  const at = (name: string): string => `${host}/${name}`
  const does = async (...args: readonly string[]): Promise<string> =>
    (await registry.succeed('regctl', args)).trim()
  const fails = async (...args: readonly string[]): Promise<string> => registry.fail('regctl', args)
  const logIn = (user: string): readonly string[] =>
    `registry login ${host} -u ${user} --pass-stdin`.split(' ')

  await t.test('logs in with either kind of credential, and is told of a wrong one', async () => {
    await does('registry', 'set', '--skip-check', host, '--tls', 'disabled')
    const wrong = await registry.fail('regctl', logIn('AWS'), { input: 'wrong' })
    assert.match(wrong, /unauthorized/i)
    const { accessKeyId, secretAccessKey } = server
    await registry.succeed('regctl', logIn(accessKeyId), { input: secretAccessKey })
    await registry.succeed('regctl', logIn('AWS'), { input: password })
    await does('repo', 'ls', host)
  })

  await t.test('uploads a layer in chunks, and pulls the same bytes', async () => {
    await registry.createRepository('chunks')
    const layer = { data: randomBytes(1_500_000) }
    const image = await writeImageLayout(inside('chunks'), [layer], { tag: '1' })
    const chunks = ['--blob-chunk', '400000', '--blob-max', '100000']
    await does('registry', 'set', '--skip-check', host, ...chunks)
    await does('image', 'copy', `ocidir://${image.directory}:1`, at('chunks:1'))
    const requests = await registry.requestsUntil(
      ({ method, path }) => method === 'PUT' && path === '/v2/chunks/manifests/1',
    )
    assert.equal(requests.filter(({ method }) => method === 'PATCH').length, 4)
    await does('image', 'copy', at('chunks:1'), `ocidir://${inside('chunks-back')}:1`)
    assert.deepEqual(await blobsOf(inside('chunks-back')), await blobsOf(image.directory))
  })

  await t.test('keeps a blob under its sha512', async () => {
    await registry.createRepository('sha512')
    const input = 'under its sha512\n'
    const digest = `sha512:${createHash('sha512').update(input).digest('hex')}`
    await registry.succeed('regctl', ['blob', 'put', at('sha512'), '--digest', digest], { input })
    assert.equal(await registry.succeed('regctl', ['blob', 'get', at('sha512'), digest]), input)
  })

  await t.test('copies an index with its referrers between repositories', async () => {
    await registry.createRepository('from')
    await registry.createRepository('to')
    const platforms = { amd64: [{ a: '1' }], arm64: [{ a: '2' }] }
    const index = await writeIndexLayout(inside('from'), platforms, { tag: '1' })
    await does('image', 'copy', `ocidir://${index.directory}:1`, at('from:1'))
    await writeFile(inside('note.txt'), 'a note\n')
    const type = ['--artifact-type', 'application/vnd.example.note']
    await does('artifact', 'put', ...type, '--subject', at('from:1'), '-f', inside('note.txt'))
    await does('image', 'copy', '--referrers', at('from:1'), at('to:1'))
    assert.equal(await does('image', 'digest', at('to:1')), index.indexDigest)
    const list = ['artifact', 'list', '--format', '{{json .}}', at('to:1')]
    const { descriptors } = JSON.parse(await does(...list)) as ReferrersList
    assert.deepEqual(
      descriptors.map(({ artifactType }) => artifactType),
      ['application/vnd.example.note'],
    )
    const note = ['artifact', 'get', at(`to@${descriptors[0]?.digest ?? ''}`)]
    assert.equal(await does(...note), 'a note')
    const arm = ['image', 'digest', '--platform', 'linux/arm64', at('to:1')]
    assert.equal(await does(...arm), index.images[1]?.manifestDigest)
  })

  await t.test('deletes a tag alone, then its manifest, and is told what stays', async () => {
    await registry.createRepository('gone')
    const first = await writeImageLayout(inside('gone'), [{ a: 'gone' }], { tag: '1' })
    const second = await writeImageLayout(inside('other'), [{ a: 'other' }], { tag: '1' })
    for (const tag of ['a', 'b'])
      await does('image', 'copy', `ocidir://${first.directory}:1`, at(`gone:${tag}`))
    assert.match(
      await fails('image', 'copy', `ocidir://${second.directory}:1`, at('gone:a')),
      /cannot be overwritten because the repository is immutable/,
    )
    const [layer = ''] = first.layerDigests
    assert.match(await fails('blob', 'delete', at('gone'), layer), /is used by a manifest of gone/)
    await does('tag', 'delete', at('gone:a'))
    assert.equal(await does('tag', 'ls', at('gone')), 'b')
    await does('manifest', 'delete', at(`gone@${first.manifestDigest}`))
    assert.equal(await does('tag', 'ls', at('gone')), '')
  })
})
