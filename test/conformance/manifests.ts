import assert from 'node:assert/strict'
import { digestOf, type DigestAlgorithm } from '../../src/oci/digest.ts'
import { maxManifestBytes } from '../../src/oci/manifest.ts'
import { mediaTypes } from '../../src/oci/media-type.ts'
import {
  expectManifest,
  expectRefusal,
  expectStatus,
  header,
  imageOf,
  indexOf,
  pushManifest,
  randomBlob,
  type Answer,
  type Check,
  type Client,
  type PushedManifest,
} from './client.ts'

const algorithms: readonly DigestAlgorithm[] = ['sha256', 'sha512']

/** Sends bytes as a manifest, whatever they are. */
async function put(
  client: Client,
  reference: string,
  bytes: Buffer | string,
  mediaType: string = mediaTypes.ociManifest,
): Promise<Answer> {
  const headers = { 'content-type': mediaType }
  return client.at('PUT', `manifests/${reference}`, { body: Buffer.from(bytes), headers })
}

/** An image that is as long as it is wanted to be, by its annotations. */
async function imageOfSize(client: Client, size: number): Promise<Buffer> {
  const base = await imageOf(client, { annotations: { filler: '' } })
  const filler = 'x'.repeat(size - Buffer.byteLength(JSON.stringify(base)))
  return Buffer.from(JSON.stringify({ ...base, annotations: { filler } }))
}

const pushes: readonly Check[] = [
  {
    sentence: 'upon a successful upload the registry MUST return 201 and a pullable Location',
    async run(client) {
      const image = await imageOf(client)
      for (const tag of ['v1', undefined]) {
        const pushed = await pushManifest(client, image, tag)
        assert.equal(header(pushed.answer, 'docker-content-digest'), pushed.digest)
        const location = header(pushed.answer, 'location')
        const pulled = expectStatus(await client.send('GET', location), 200)
        assert.ok(pulled.body.equals(pushed.bytes))
        await expectManifest(client, tag ?? pushed.digest, pushed)
      }
    },
  },
  {
    sentence: 'the registry MUST store the manifest in the exact byte representation provided',
    async run(client) {
      const image = await imageOf(client, { 'org.example.unheard-of': { b: 1, a: [null] } })
      const written = [
        JSON.stringify(image),
        `\n\t${JSON.stringify(image, undefined, 3)}\r\n  `,
        JSON.stringify({ ...image, annotations: { 'ä"\\': '\u{1F600}</script>' } }),
        JSON.stringify(Object.fromEntries(Object.entries(image).toReversed())),
      ]
      for (const text of written) {
        const bytes = Buffer.from(text)
        const [digest, mediaType] = [digestOf(bytes), mediaTypes.ociManifest]
        expectStatus(await put(client, digest, bytes), 201)
        await expectManifest(client, digest, { bytes, mediaType, digest })
      }
    },
  },
  {
    sentence: 'a manifest of 3.9 MB that comes with chunked encoding is stored',
    async run(client) {
      const bytes = await imageOfSize(client, 3_900_000)
      const pieces = Array.from({ length: 39 }, (_, index) =>
        bytes.subarray(index * 100_000, (index + 1) * 100_000),
      )
      const headers = { 'content-type': mediaTypes.ociManifest }
      expectStatus(await client.at('PUT', 'manifests/large', { pieces, headers }), 201)
      const digest = digestOf(bytes)
      await expectManifest(client, 'large', { bytes, mediaType: mediaTypes.ociManifest, digest })
    },
  },
  {
    sentence:
      'exactly 4 MiB are stored; one byte more SHOULD be answered 413, with or without a length',
    async run(client) {
      const bytes = await imageOfSize(client, maxManifestBytes)
      expectStatus(await put(client, 'most', bytes), 201)
      const more = Buffer.concat([bytes, Buffer.from(' ')])
      const headers = { 'content-type': mediaTypes.ociManifest }
      for (const sent of [
        { body: more, headers },
        { pieces: [more], headers },
      ]) {
        const answer = await client.at('PUT', 'manifests/more', sent)
        expectRefusal(answer, 413, 'MANIFEST_INVALID')
      }
      expectStatus(await client.at('HEAD', 'manifests/more'), 404)
    },
  },
  {
    sentence: 'the digest MUST be equal to the client’s, in the algorithm that it names',
    async run(client) {
      const bytes = Buffer.from(JSON.stringify(await imageOf(client)))
      for (const algorithm of algorithms) {
        const digest = digestOf(bytes, algorithm)
        const pushed = expectStatus(await put(client, digest, bytes), 201)
        assert.equal(header(pushed, 'docker-content-digest'), digest)
        await expectManifest(client, digest, { bytes, mediaType: mediaTypes.ociManifest, digest })
        const spaced = Buffer.concat([bytes, Buffer.from('  ')])
        expectRefusal(await put(client, digest, spaced), 400, 'DIGEST_INVALID')
      }
    },
  },
  {
    sentence: 'the same push again is accepted',
    async run(client) {
      const image = await imageOf(client)
      const first = await pushManifest(client, image, 'v1')
      const second = await pushManifest(client, image, 'v1')
      assert.equal(first.digest, second.digest)
      await pushManifest(client, image)
    },
  },
  {
    sentence: 'parameters of the Content-Type are ignored, and never sent',
    async run(client) {
      const image = await imageOf(client)
      const type = `${mediaTypes.ociManifest}; charset=utf-8`
      expectStatus(await put(client, 'v1', JSON.stringify(image), type), 201)
      const head = expectStatus(await client.at('HEAD', 'manifests/v1'), 200)
      assert.equal(header(head, 'content-type'), mediaTypes.ociManifest)
    },
  },
  {
    sentence: 'without a Content-Type the manifest’s own members say what it is',
    async run(client) {
      const { mediaType: _, ...bare } = await imageOf(client)
      const bytes = Buffer.from(JSON.stringify(bare))
      expectStatus(await client.at('PUT', 'manifests/v1', { body: bytes }), 201)
      const mediaType = mediaTypes.ociManifest
      await expectManifest(client, 'v1', { bytes, mediaType, digest: digestOf(bytes) })
    },
  },
  {
    sentence:
      'every shape of image and index can be pushed and pulled as the type it was pushed as',
    async run(client) {
      const image = await imageOf(client)
      const empty = { mediaType: mediaTypes.ociEmpty, digest: digestOf(Buffer.from('{}')), size: 2 }
      const missing = { digest: randomBlob().digest, size: 512 }
      const nondistributable = 'application/vnd.oci.image.layer.nondistributable.v1.tar+gzip'
      const child = await pushManifest(client, image)
      const nested = await pushManifest(client, indexOf([child]))
      const documents: readonly Readonly<Record<string, unknown>>[] = [
        { ...image, layers: [] },
        { ...image, mediaType: mediaTypes.dockerManifest },
        { ...image, config: { ...empty, data: 'e30=' } },
        { ...image, artifactType: 'application/vnd.example', config: empty, layers: [empty] },
        { ...image, layers: [{ mediaType: nondistributable, ...missing }] },
        {
          ...image,
          layers: [{ mediaType: 'a/b', ...missing, urls: ['https://example.com/layer'] }],
        },
        indexOf([]),
        indexOf([nested, child]),
        indexOf([child], { artifactType: 'application/vnd.example' }),
        indexOf([child], { mediaType: mediaTypes.dockerList }),
      ]
      for (const [index, document] of documents.entries()) {
        const pushed = await pushManifest(client, document, `v${index}`)
        await expectManifest(client, `v${index}`, pushed)
        await expectManifest(client, pushed.digest, pushed)
      }
    },
  },
]

const refusals: readonly Check[] = [
  {
    sentence: 'if the manifest is not found, the response code MUST be 404',
    async run(client) {
      for (const reference of ['absent', randomBlob().digest, randomBlob(1, 'sha512').digest]) {
        const path = `manifests/${reference}`
        expectRefusal(await client.at('GET', path), 404, 'MANIFEST_UNKNOWN')
        expectStatus(await client.at('HEAD', path), 404)
        expectRefusal(await client.at('DELETE', path), 404, 'MANIFEST_UNKNOWN')
      }
    },
  },
  {
    sentence: 'a pull from a nonexistent repository MUST return 404',
    async run(client) {
      const path = '/v2/conformance/absent/manifests/v1'
      expectRefusal(await client.send('GET', path), 404, 'NAME_UNKNOWN')
      expectStatus(await client.send('HEAD', path), 404)
      expectRefusal(await client.send('DELETE', path), 404, 'NAME_UNKNOWN')
      const sent = { body: Buffer.from(JSON.stringify(indexOf([]))) }
      expectRefusal(await client.send('PUT', path, sent), 404, 'NAME_UNKNOWN')
    },
  },
  {
    sentence: 'a digest that is none is 400 DIGEST_INVALID, a tag that is none 400 TAG_INVALID',
    async run(client) {
      const bytes = JSON.stringify(await imageOf(client))
      const references = [
        ['sha256:baddigeststring', 'DIGEST_INVALID'],
        [`sha256:${'A'.repeat(64)}`, 'DIGEST_INVALID'],
        ['-x', 'TAG_INVALID'],
        ['x'.repeat(129), 'TAG_INVALID'],
      ] as const
      for (const [reference, code] of references) {
        expectRefusal(await put(client, reference, bytes), 400, code)
        expectRefusal(await client.at('GET', `manifests/${reference}`), 400, code)
        expectRefusal(await client.at('DELETE', `manifests/${reference}`), 400, code)
      }
      expectStatus(await put(client, 'x'.repeat(128), bytes), 201)
    },
  },
  {
    sentence: 'a manifest that refers to absent content MUST result in MANIFEST_BLOB_UNKNOWN',
    async run(client) {
      const image = await imageOf(client)
      const absent = { mediaType: mediaTypes.ociConfig, digest: randomBlob().digest, size: 512 }
      const documents = [
        { ...image, config: absent },
        { ...image, layers: [{ ...absent, mediaType: 'a/b' }] },
        indexOf([{ ...absent, mediaType: mediaTypes.ociManifest }]),
      ]
      for (const document of documents) {
        const answer = await put(
          client,
          'v1',
          JSON.stringify(document),
          String(document['mediaType']),
        )
        expectRefusal(answer, 400, 'MANIFEST_BLOB_UNKNOWN')
        assert.ok(answer.body.toString().includes(absent.digest))
      }
      expectStatus(await client.at('HEAD', 'manifests/v1'), 404)
    },
  },
  {
    sentence: 'what is no manifest, or could be taken for two, is 400 MANIFEST_INVALID',
    async run(client) {
      const image = await imageOf(client)
      const empty = { mediaType: mediaTypes.ociEmpty, digest: digestOf(Buffer.from('{}')), size: 2 }
      const bodies: readonly (readonly [string, string])[] = [
        ['', mediaTypes.ociManifest],
        ['{', mediaTypes.ociManifest],
        ['[]', mediaTypes.ociManifest],
        ['{}', 'application/vnd.docker.distribution.manifest.v1+json'],
        ['{}', 'application/vnd.docker.distribution.manifest.v1+prettyjws'],
        [JSON.stringify({ ...image, config: { ...empty, data: 'e30' } }), mediaTypes.ociManifest],
        [JSON.stringify({ ...image, config: { ...empty, data: 'e3A=' } }), mediaTypes.ociManifest],
        [JSON.stringify({ ...image, config: { ...empty, data: '' } }), mediaTypes.ociManifest],
        [JSON.stringify({ ...image, config: { ...empty, data: '*' } }), mediaTypes.ociManifest],
        [JSON.stringify({ ...image, config: { ...empty, size: -1 } }), mediaTypes.ociManifest],
        [JSON.stringify({ ...image, config: { ...empty, size: 2.5 } }), mediaTypes.ociManifest],
        [`\ufeff${JSON.stringify(image)}`, mediaTypes.ociManifest],
        [`${JSON.stringify(image)}x`, mediaTypes.ociManifest],
        ['{}', mediaTypes.ociManifest],
        [JSON.stringify(image), mediaTypes.dockerManifest],
        [JSON.stringify(image), 'application/json'],
        [JSON.stringify({ ...image, manifests: [] }), mediaTypes.ociManifest],
        [JSON.stringify({ ...image, schemaVersion: 1 }), mediaTypes.ociManifest],
        [JSON.stringify({ ...image, 'layer\u017f': [] }), mediaTypes.ociManifest],
        ['['.repeat(100_000), mediaTypes.ociManifest],
      ]
      for (const [body, type] of bodies) {
        expectRefusal(await put(client, 'v1', body, type), 400, 'MANIFEST_INVALID')
      }
    },
  },
  {
    sentence: 'an immutable tag does not move: 400 TAG_INVALID with the sentence that tools know',
    async run(client) {
      const path = `/v2/${client.other}/manifests/v1`
      const [one, two] = [indexOf([]), indexOf([], { annotations: { a: 'b' } })]
      const push = async (document: object): Promise<Answer> =>
        client.send('PUT', path, { body: Buffer.from(JSON.stringify(document)) })
      expectStatus(await push(one), 201)
      const refused = expectRefusal(await push(two), 400, 'TAG_INVALID')
      assert.match(
        refused.body.toString(),
        /cannot be overwritten because the repository is immutable/,
      )
      expectStatus(await push(one), 201)
    },
  },
]

const pulls: readonly Check[] = [
  {
    sentence: 'Accept never makes the registry convert or hide what is stored',
    async run(client) {
      const pushed = await pushManifest(client, await imageOf(client), 'v1')
      for (const accept of [mediaTypes.dockerManifest, 'text/html', '*/*', 'not a type']) {
        const got = expectStatus(
          await client.at('GET', 'manifests/v1', { headers: { accept } }),
          200,
        )
        assert.equal(header(got, 'content-type'), pushed.mediaType)
        assert.ok(got.body.equals(pushed.bytes))
      }
    },
  },
  {
    sentence:
      'If-None-Match with the digest is answered 304 for a tag and a digest, until the tag moves',
    async run(client) {
      const first = await pushManifest(client, indexOf([]), 'latest')
      const headers = { 'if-none-match': `"${first.digest}"` }
      for (const reference of ['latest', first.digest]) {
        const answer = expectStatus(
          await client.at('GET', `manifests/${reference}`, { headers }),
          304,
        )
        assert.equal(answer.body.byteLength, 0)
        assert.equal(header(answer, 'etag'), `"${first.digest}"`)
        const head = await client.at('HEAD', `manifests/${reference}`, { headers })
        assert.equal(header(expectStatus(head, 304), 'docker-content-digest'), first.digest)
      }
      await pushManifest(client, indexOf([], { annotations: { a: 'b' } }), 'latest')
      expectStatus(await client.at('GET', 'manifests/latest', { headers }), 200)
    },
  },
  {
    sentence: 'a tag may be kept by caches only to be asked about, a digest for ever',
    async run(client) {
      const pushed = await pushManifest(client, indexOf([]), 'latest')
      const byTag = await client.at('GET', 'manifests/latest')
      const byDigest = await client.at('GET', `manifests/${pushed.digest}`)
      assert.equal(header(byTag, 'cache-control'), 'no-cache')
      assert.match(header(byDigest, 'cache-control'), /^private, .*immutable$/)
    },
  },
]

const conditions: readonly Check[] = [
  {
    sentence: 'If-None-Match: * on a push makes a tag and never moves one (RFC 9110, 13.1.2)',
    async run(client) {
      const push = async (letter: string, reference = 'v1'): Promise<Answer> => {
        const body = Buffer.from(JSON.stringify(indexOf([], { annotations: { letter } })))
        const headers = { 'if-none-match': '*' }
        return client.at('PUT', `manifests/${reference}`, { body, headers })
      }
      const first = expectStatus(await push('a'), 201)
      for (const letter of ['a', 'b']) expectRefusal(await push(letter), 412, 'DENIED')
      const digest = header(first, 'docker-content-digest')
      const now = await client.at('HEAD', 'manifests/v1')
      assert.equal(header(now, 'docker-content-digest'), digest)
      expectRefusal(await push('a', digest), 412, 'DENIED')
    },
  },
  {
    sentence:
      'If-Match on a push moves the tag from the very manifest that was read, or not at all',
    async run(client) {
      const push = async (letter: string, tag: string): Promise<Answer> => {
        const body = Buffer.from(JSON.stringify(indexOf([], { annotations: { letter } })))
        return client.at('PUT', 'manifests/v1', { body, headers: { 'if-match': tag } })
      }
      for (const tag of ['*', '"x"']) expectRefusal(await push('a', tag), 412, 'DENIED')
      const first = await pushManifest(client, indexOf([]), 'v1')
      expectRefusal(await push('a', `W/"${first.digest}"`), 412, 'DENIED')
      const moved = expectStatus(await push('a', `"x", "${first.digest}"`), 201)
      expectRefusal(await push('b', `"${first.digest}"`), 412, 'DENIED')
      expectStatus(await push('b', `"${header(moved, 'docker-content-digest')}"`), 201)
      expectStatus(await push('c', '*'), 201)
    },
  },
  {
    sentence: 'of two pushes on the same condition one moves the tag',
    async run(client) {
      const first = await pushManifest(client, indexOf([]), 'v1')
      const headers = { 'if-match': `"${first.digest}"` }
      const racing = ['a', 'b', 'c', 'd'].map(async (letter) => {
        const body = Buffer.from(JSON.stringify(indexOf([], { annotations: { letter } })))
        return client.at('PUT', 'manifests/v1', { body, headers })
      })
      const statuses = (await Promise.all(racing)).map(({ status }) => status)
      assert.deepEqual(
        statuses.toSorted((a, b) => a - b),
        [201, 412, 412, 412],
      )
    },
  },
]

const fallbackTags: readonly Check[] = [
  {
    sentence: 'where tags are immutable, a referrers tag takes more referrers and loses none',
    async run(client) {
      const fixed: Client = {
        ...client,
        at: async (method, path, sent) => client.send(method, `/v2/${client.other}/${path}`, sent),
      }
      const image = await imageOf(fixed)
      const parent = await pushManifest(fixed, image)
      const { mediaType, digest, size } = parent
      const subject = { mediaType, digest, size }
      const sign = async (type: string): Promise<PushedManifest> =>
        pushManifest(fixed, { ...image, subject, artifactType: type })
      const [one, two] = [await sign('a/one'), await sign('a/two')]
      const other = await pushManifest(fixed, { ...image, artifactType: 'a/other' })
      const tag = digest.replace(':', '-')
      const push = async (children: readonly PushedManifest[], name = tag): Promise<Answer> => {
        const body = Buffer.from(JSON.stringify(indexOf(children)))
        return fixed.at('PUT', `manifests/${name}`, { body })
      }
      expectStatus(await push([one]), 201)
      expectRefusal(await push([two]), 400, 'TAG_INVALID')
      expectRefusal(await push([one, other]), 400, 'TAG_INVALID')
      expectRefusal(await push([]), 400, 'TAG_INVALID')
      expectRefusal(await put(fixed, tag, JSON.stringify(image)), 400, 'TAG_INVALID')
      const moved = expectStatus(await push([one, two]), 201)
      const head = await fixed.at('HEAD', `manifests/${tag}`)
      const now = header(moved, 'docker-content-digest')
      assert.equal(header(head, 'docker-content-digest'), now)
      expectStatus(await push([one], 'v1'), 201)
      expectRefusal(await push([one, two], 'v1'), 400, 'TAG_INVALID')
    },
  },
]

const tagParameters: readonly Check[] = [
  {
    sentence: 'pushing by digest with tag parameters MUST name each accepted tag in OCI-Tag',
    async run(client) {
      const image = await imageOf(client)
      const bytes = Buffer.from(JSON.stringify(image))
      for (const algorithm of algorithms) {
        const digest = digestOf(bytes, algorithm)
        const tags = Array.from({ length: 10 }, (_, index) => `${algorithm}-${index}`)
        const query = [...tags, tags[0]].map((tag) => `tag=${tag}`).join('&')
        const answer = expectStatus(await put(client, `${digest}?${query}`, bytes), 201)
        assert.deepEqual(header(answer, 'oci-tag').split(', '), tags)
        for (const tag of tags) {
          await expectManifest(client, tag, { bytes, mediaType: mediaTypes.ociManifest, digest })
        }
      }
    },
  },
  {
    sentence: 'too many tags MAY be 414; one that is none refuses the push, and no tag is written',
    async run(client) {
      const bytes = Buffer.from(JSON.stringify(await imageOf(client)))
      const digest = digestOf(bytes)
      const many = Array.from({ length: 47 }, (_, index) => `tag=t${index}`).join('&')
      expectRefusal(await put(client, `${digest}?${many}`, bytes), 414, 'MANIFEST_INVALID')
      for (const query of ['tag=t0&tag=-x', 'tag=t0&tag=', 'tag=t0?x']) {
        expectRefusal(await put(client, `${digest}?${query}`, bytes), 400, 'MANIFEST_INVALID')
      }
      for (const reference of ['t0', digest]) {
        expectStatus(await client.at('HEAD', `manifests/${reference}`), 404)
      }
      const allowed = many.split('&').slice(1).join('&')
      expectStatus(await put(client, `${digest}?${allowed}`, bytes), 201)
    },
  },
  {
    sentence: 'an immutable tag among the parameters refuses all of them',
    async run(client) {
      const [one, two] = [indexOf([]), indexOf([], { annotations: { a: 'b' } })].map((document) =>
        Buffer.from(JSON.stringify(document)),
      )
      assert.ok(one !== undefined && two !== undefined)
      const base = `/v2/${client.other}/manifests`
      expectStatus(await client.send('PUT', `${base}/v1`, { body: one }), 201)
      const path = `${base}/${digestOf(two)}?tag=v2&tag=v1`
      expectRefusal(await client.send('PUT', path, { body: two }), 400, 'TAG_INVALID')
      expectStatus(await client.send('HEAD', `${base}/v2`), 404)
      expectStatus(await client.send('HEAD', `${base}/${digestOf(two)}`), 404)
    },
  },
  {
    sentence: 'tag parameters are ignored where the path names a tag',
    async run(client) {
      const bytes = JSON.stringify(await imageOf(client))
      const answer = expectStatus(await put(client, 'v1?tag=v2', bytes), 201)
      assert.equal(header(answer, 'oci-tag'), '')
      expectStatus(await client.at('HEAD', 'manifests/v2'), 404)
    },
  },
]

const deletes: readonly Check[] = [
  {
    sentence: 'a deleted tag is gone at once; the manifest and its other tags stay',
    async run(client) {
      const image = await imageOf(client)
      const pushed = await pushManifest(client, image, 'v1')
      await pushManifest(client, image, 'v2')
      expectStatus(await client.at('DELETE', 'manifests/v1'), 202)
      expectStatus(await client.at('HEAD', 'manifests/v1'), 404)
      expectRefusal(await client.at('GET', 'manifests/v1'), 404, 'MANIFEST_UNKNOWN')
      expectRefusal(await client.at('DELETE', 'manifests/v1'), 404, 'MANIFEST_UNKNOWN')
      for (const reference of ['v2', pushed.digest]) {
        await expectManifest(client, reference, pushed)
      }
    },
  },
  {
    sentence: 'a deleted manifest is gone at once, with every tag that pointed at it',
    async run(client) {
      const image = await imageOf(client)
      const pushed = await pushManifest(client, image, 'v1')
      await pushManifest(client, image, 'v2')
      expectStatus(await client.at('DELETE', `manifests/${pushed.digest}`), 202)
      for (const reference of ['v1', 'v2', pushed.digest]) {
        expectStatus(await client.at('HEAD', `manifests/${reference}`), 404)
        const got = await client.at('GET', `manifests/${reference}`)
        expectRefusal(got, 404, 'MANIFEST_UNKNOWN')
      }
      const headers = { 'if-none-match': `"${pushed.digest}"` }
      const asked = await client.at('GET', `manifests/${pushed.digest}`, { headers })
      expectRefusal(asked, 404, 'MANIFEST_UNKNOWN')
      await expectManifest(client, 'v1', await pushManifest(client, image, 'v1'))
    },
  },
  {
    sentence: 'a manifest that an index holds is deleted after the index: 405 UNSUPPORTED before',
    async run(client) {
      const child = await pushManifest(client, await imageOf(client))
      const index = await pushManifest(client, indexOf([child]), 'v1')
      const refused = await client.at('DELETE', `manifests/${child.digest}`)
      expectRefusal(refused, 405, 'UNSUPPORTED')
      await expectManifest(client, child.digest, child)
      expectStatus(await client.at('DELETE', `manifests/${index.digest}`), 202)
      expectStatus(await client.at('DELETE', `manifests/${child.digest}`), 202)
    },
  },
]

export const manifestChecks: readonly Check[] = [
  ...pushes,
  ...refusals,
  ...pulls,
  ...conditions,
  ...fallbackTags,
  ...tagParameters,
  ...deletes,
]
