// Unmodified oras, whose library helm and notation push with: files, artifacts and what refers to them.
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
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

interface Discovered {
  readonly referrers?: readonly (Discovered & {
    readonly digest: string
    readonly artifactType: string
  })[]
}

test('oras', { skip: missing('oras') }, async (t) => {
  const registry = await openClientRegistry(t)
  const { server, host, password } = registry
  const inside = (name: string): string => join(registry.directory, name)
  const at = (name: string): string => `${host}/${name}`
  const plain = (args: readonly string[]): readonly string[] =>
    args.some((arg) => /^--(?:from|to)-/.test(arg)) ? args : [...args, '--plain-http']
  const does = async (...args: readonly string[]): Promise<string> =>
    (await registry.succeed('oras', plain(args))).trim()
  const fails = async (...args: readonly string[]): Promise<string> =>
    registry.fail('oras', plain(args))
  const logIn = (user: string): readonly string[] =>
    `login --plain-http ${host} -u ${user} --password-stdin`.split(' ')
  const tagsOf = async (repository: string): Promise<readonly string[]> =>
    (await does('repo', 'tags', at(repository))).split('\n').filter((tag) => tag !== '')
  const discover = async (name: string): Promise<NonNullable<Discovered['referrers']>> => {
    const printed = await does('discover', '--format', 'json', at(name))
    return (JSON.parse(printed) as Discovered).referrers ?? []
  }
  const copyTo = ['copy', '--from-oci-layout', '--to-plain-http']
  const copyWithin = ['copy', '--from-plain-http', '--to-plain-http']
  await writeFile(inside('readme.txt'), 'read me\n')
  await writeFile(inside('sbom.json'), '{"packages":[]}')

  await t.test('logs in with either kind of credential, and is told of a wrong one', async () => {
    const wrong = await registry.fail('oras', logIn('AWS'), { input: 'wrong' })
    assert.match(wrong, /unauthorized/)
    const { accessKeyId, secretAccessKey } = server
    await registry.succeed('oras', logIn(accessKeyId), { input: secretAccessKey })
    await registry.succeed('oras', ['logout', host])
    assert.match(await fails('repo', 'ls', host), /credential|unauthorized/i)
    await registry.succeed('oras', logIn('AWS'), { input: password })
  })

  await t.test('pushes files, and pulls them by tag and by digest', async () => {
    await registry.createRepository('files')
    const type = ['--artifact-type', 'application/vnd.example.doc']
    await does('push', ...type, at('files:1'), 'readme.txt:text/plain', 'sbom.json')
    const digest = await does('resolve', at('files:1'))
    const manifest = await does('manifest', 'fetch', at('files:1'))
    assert.equal(digestOf(Buffer.from(manifest)), digest)
    assert.match(manifest, /"artifactType":"application\/vnd\.example\.doc"/)
    for (const reference of [':1', `@${digest}`]) {
      const back = inside(`files-back-${reference.length}`)
      await does('pull', '-o', back, at(`files${reference}`))
      assert.equal(await readFile(join(back, 'readme.txt'), 'utf8'), 'read me\n')
      assert.equal(await readFile(join(back, 'sbom.json'), 'utf8'), '{"packages":[]}')
    }
    await does('tag', at('files:1'), 'stable', 'latest')
    assert.deepEqual(await tagsOf('files'), ['1', 'latest', 'stable'])
    assert.ok((await does('repo', 'ls', host)).split('\n').includes('files'))
  })

  await t.test('attaches to an image, discovers by type, and pulls what it found', async () => {
    await registry.createRepository('subject')
    const image = await writeImageLayout(inside('subject'), [{ a: 'a' }], { tag: '1' })
    await does(...copyTo, `${image.directory}:1`, at('subject:1'))
    const attach = async (type: string, file: string): Promise<string> => {
      const args = ['--artifact-type', type, '--format', 'json']
      const printed = await does('attach', ...args, at('subject:1'), file)
      return (JSON.parse(printed) as { digest: string }).digest
    }
    const sbom = await attach('application/vnd.example.sbom', 'sbom.json:application/json')
    const note = await attach('application/vnd.example.note', 'readme.txt:text/plain')
    const found = await discover('subject:1')
    assert.deepEqual(found.map(({ digest }) => digest).toSorted(), [sbom, note].toSorted())
    const ofType = ['discover', '--artifact-type', 'application/vnd.example.sbom']
    const subject = at(`subject@${image.manifestDigest}`)
    const onlySbom = await does(...ofType, '--format', 'json', subject)
    const [one, ...others] = (JSON.parse(onlySbom) as Discovered).referrers ?? []
    assert.deepEqual([one?.digest, others.length], [sbom, 0])
    await does('pull', '-o', inside('sbom-back'), at(`subject@${sbom}`))
    assert.equal(await readFile(inside('sbom-back/sbom.json'), 'utf8'), '{"packages":[]}')
    assert.deepEqual(await tagsOf('subject'), ['1'], 'no fallback tag is needed')
    await does('manifest', 'delete', '--force', at(`subject@${note}`))
    assert.deepEqual(
      (await discover('subject:1')).map(({ digest }) => digest),
      [sbom],
    )
  })

  await t.test('attaches to an index and to what is attached', async () => {
    await registry.createRepository('tree')
    const platforms = { amd64: [{ a: '1' }], arm64: [{ a: '2' }] }
    const index = await writeIndexLayout(inside('tree'), platforms, { tag: '1' })
    await does(...copyTo, `${index.directory}:1`, at('tree:1'))
    assert.equal(await does('resolve', at('tree:1')), index.indexDigest)
    const sbom = ['attach', '--artifact-type', 'application/vnd.example.sbom', '--format', 'json']
    const printed = await does(...sbom, at('tree:1'), 'sbom.json')
    const { digest } = JSON.parse(printed) as { digest: string }
    const signature = ['attach', '--artifact-type', 'application/vnd.example.signature']
    await does(...signature, at(`tree@${digest}`), 'readme.txt')
    const [found] = await discover('tree:1')
    assert.equal(found?.digest, digest)
    assert.equal(found.referrers?.[0]?.artifactType, 'application/vnd.example.signature')
  })

  await t.test('a referrer may come before its subject', async () => {
    await registry.createRepository('early')
    const image = await writeImageLayout(inside('early'), [{ a: 'early' }], { tag: '1' })
    const artifact = await writeArtifactLayout(inside('early-note'), image.manifest)
    await writeFile(inside('early-note.json'), artifact.manifest)
    for (const blob of await blobsOf(artifact.directory)) {
      if (blob === artifact.manifestDigest.slice(7)) continue
      await does('blob', 'push', at('early'), join(artifact.directory, 'blobs/sha256', blob))
    }
    await does('manifest', 'push', at('early'), inside('early-note.json'))
    await does(...copyTo, `${image.directory}:1`, at('early:1'))
    const found = await discover('early:1')
    assert.deepEqual(
      found.map(({ digest, artifactType }) => [digest, artifactType]),
      [[artifact.manifestDigest, 'application/vnd.example.note']],
    )
  })

  await t.test('copies with referrers and without sending a blob again', async () => {
    await registry.createRepository('from')
    await registry.createRepository('to')
    await does('push', at('from:1'), 'readme.txt:text/plain')
    const type = ['--artifact-type', 'application/vnd.example.sbom']
    await does('attach', ...type, at('from:1'), 'sbom.json')
    const printed = await does(...copyWithin, '--recursive', at('from:1'), at('to:1'))
    assert.equal(printed.match(/^Mounted/gm)?.length, 3, 'file, SBOM and the empty config')
    const digests = async (name: string): Promise<readonly string[]> =>
      (await discover(name)).map(({ digest }) => digest)
    assert.deepEqual(await digests('to:1'), await digests('from:1'))
    const [referrer = ''] = await digests('to:1')
    const requests = await registry.requestsUntil(
      ({ method, path }) => method === 'PUT' && path === `/v2/to/manifests/${referrer}`,
    )
    const uploads = requests.filter(({ path }) => path.startsWith('/v2/to/blobs/uploads/'))
    assert.deepEqual([...new Set(uploads.map(({ status }) => status))], [201])
  })

  await t.test('carries a tree of referrers through a layout and an archive', async () => {
    await registry.createRepository('kept')
    await registry.createRepository('restored')
    await does('push', at('kept:1'), 'readme.txt')
    await does('attach', '--artifact-type', 'application/vnd.example.x', at('kept:1'), 'sbom.json')
    const toLayout = ['copy', '--recursive', '--from-plain-http', '--to-oci-layout']
    await does(...toLayout, at('kept:1'), `${inside('kept')}:1`)
    const fromLayout = ['copy', '--recursive', '--from-oci-layout', '--to-plain-http']
    await does(...fromLayout, `${inside('kept')}:1`, at('restored:layout'))
    const expected = await discover('kept:1')
    assert.equal(expected.length, 1)
    const moved = expected.map((one) => ({ ...one, reference: at(`restored@${one.digest}`) }))
    assert.deepEqual(await discover('restored:layout'), moved)
  })

  await t.test('composes an index, and pulls one platform of it', async () => {
    await registry.createRepository('multi')
    for (const architecture of ['amd64', 'arm64']) {
      await mkdir(inside(`bin-${architecture}`))
      await writeFile(inside(`bin-${architecture}/tool`), architecture)
      const push = ['push', '--artifact-platform', `linux/${architecture}`]
      await registry.succeed(
        'oras',
        [...push, '--plain-http', at(`multi:${architecture}`), 'tool'],
        {
          cwd: inside(`bin-${architecture}`),
        },
      )
    }
    await does('manifest', 'index', 'create', at('multi:1'), 'amd64', 'arm64')
    await does('pull', '--platform', 'linux/arm64', '-o', inside('arm'), at('multi:1'))
    assert.equal(await readFile(inside('arm/tool'), 'utf8'), 'arm64')
    const child = await does('resolve', '--platform', 'linux/amd64', at('multi:1'))
    assert.equal(child, await does('resolve', at('multi:amd64')))
    assert.match(
      await fails('manifest', 'delete', '--force', at(`multi@${child}`)),
      /is part of index/,
    )
  })

  await t.test('may repeat a push to an immutable tag, not change it', async () => {
    await registry.createRepository('fixed')
    // The time is a part of the manifest; a repeat is the same only with the same time.
    const created = ['--annotation', 'org.opencontainers.image.created=2026-01-01T00:00:00Z']
    await does('push', ...created, at('fixed:1'), 'readme.txt')
    await does('push', ...created, at('fixed:1'), 'readme.txt')
    assert.match(
      await fails('push', ...created, at('fixed:1'), 'sbom.json'),
      /The image tag '1' already exists in the 'fixed' repository and cannot be overwritten because the repository is immutable/,
    )
  })

  await t.test('deletes manifests and blobs, which are gone at once', async () => {
    await registry.createRepository('gone')
    await does('push', at('gone:1'), 'readme.txt')
    const blob = at(`gone@${digestOf(await readFile(inside('readme.txt')))}`)
    assert.match(await fails('blob', 'delete', '--force', blob), /is used by a manifest of gone/)
    await does('manifest', 'delete', '--force', at('gone:1'))
    assert.deepEqual(await tagsOf('gone'), [])
    assert.match(await fails('pull', at('gone:1')), /not found/)
    assert.equal(await does('blob', 'fetch', '--output', '-', blob), 'read me')
    await does('blob', 'delete', '--force', blob)
    assert.match(await fails('blob', 'fetch', '--output', '-', blob), /not found/)
  })

  await t.test('a push that was killed leaves nothing to see, and can be repeated', async () => {
    await registry.createRepository('broken')
    const content = randomBytes(2 * 1024 * 1024)
    const target = at(`broken@${digestOf(content)}`)
    const push = ['blob', 'push', '--plain-http', '--size', String(content.length), target, '-']
    const half = content.subarray(0, content.length / 2)
    await registry.interrupt('oras', push, half, ({ method, path, status }) =>
      [method, path, status].join(' ').startsWith('POST /v2/broken/blobs/uploads/ 202'),
    )
    assert.match(await fails('blob', 'fetch', '--descriptor', target), /not found/)
    await writeFile(inside('content'), content)
    await does('blob', 'push', target, 'content')
    await does('blob', 'fetch', '--output', 'content-back', target)
    assert.ok(content.equals(await readFile(inside('content-back'))))
  })

  await t.test('is told that a repository does not exist', async () => {
    const refusal = await fails('push', at('absent:1'), 'readme.txt')
    assert.match(refusal, /repository absent does not exist/)
  })
})
