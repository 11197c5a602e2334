// What the clients that people run send, request by request, as their sources and traces show it.
import assert from 'node:assert/strict'
import { gunzipSync } from 'node:zlib'
import { digestOf, type Digest } from '../../src/oci/digest.ts'
import { mediaTypes } from '../../src/oci/media-type.ts'
import {
  expectBlob,
  expectManifest,
  expectRefusal,
  expectStatus,
  header,
  imageOf,
  indexOf,
  jsonOf,
  openUpload,
  pushBlob,
  pushManifest,
  randomBlob,
  withQuery,
  type Answer,
  type Check,
  type Client,
} from './client.ts'

const empty = { mediaType: mediaTypes.ociEmpty, digest: digestOf(Buffer.from('{}')), size: 2 }
const dockerLayer = 'application/vnd.docker.image.rootfs.diff.tar.gzip'

/** A path below the other repository of the check. */
async function atOther(
  client: Client,
  ...[method, path, sent]: Parameters<Client['at']>
): Promise<Answer> {
  return client.send(method, `/v2/${client.other}/${path}`, sent)
}

function inOther(client: Client): Client {
  const at: Client['at'] = async (...request) => atOther(client, ...request)
  return { ...client, at }
}

async function digestsOfReferrers(client: Client, subject: Digest): Promise<readonly unknown[]> {
  const { manifests } = jsonOf(await client.at('GET', `referrers/${subject}`))
  assert.ok(Array.isArray(manifests))
  return (manifests as readonly Readonly<Record<string, unknown>>[]).map(({ digest }) => digest)
}

const pushing: readonly Check[] = [
  {
    sentence:
      'docker: HEAD, a mount that fails and whose upload it uses, a stream, an empty PUT, HEAD',
    async run(client) {
      const { bytes, digest } = randomBlob(70_000)
      expectStatus(await client.at('HEAD', `blobs/${digest}`), 404)
      const query = `mount=${digest}&from=${client.other}`
      const refused = expectStatus(await client.at('POST', `blobs/uploads/?${query}`), 202)
      const pieces = [bytes.subarray(0, 32_768), bytes.subarray(32_768)]
      const patched = await client.send('PATCH', header(refused, 'location'), { pieces })
      // Parsed with "%d-%d"; an end before the start ends the push.
      assert.match(header(expectStatus(patched, 202), 'range'), /^0-69999$/)
      assert.notEqual(header(patched, 'docker-upload-uuid'), '')
      const location = withQuery(header(patched, 'location'), `digest=${digest}`)
      expectStatus(await client.send('PUT', location), 201)
      const head = expectStatus(await client.at('HEAD', `blobs/${digest}`), 200)
      assert.equal(header(head, 'content-length'), '70000')
    },
  },
  {
    sentence:
      'containerd and buildkit: HEAD with Accept, POST, the whole body in the PUT, HEAD by tag',
    async run(client) {
      const { bytes, digest } = randomBlob()
      const headers = { accept: `${dockerLayer}, */*` }
      expectStatus(await client.at('HEAD', `blobs/${digest}`, { headers }), 404)
      const type = { 'content-type': 'application/octet-stream' }
      const put = withQuery(await openUpload(client), `digest=${encodeURIComponent(digest)}`)
      expectStatus(await client.send('PUT', put, { body: bytes, headers: type }), 201)
      expectStatus(await client.at('HEAD', `blobs/${digest}`, { headers }), 200)
      const image = await imageOf(client)
      const asked = { headers: { accept: `${mediaTypes.ociManifest}, */*` } }
      expectStatus(await client.at('HEAD', 'manifests/v1', asked), 404)
      const pushed = await pushManifest(client, image, 'v1')
      const head = expectStatus(await client.at('HEAD', 'manifests/v1', asked), 200)
      assert.equal(header(head, 'docker-content-digest'), pushed.digest)
    },
  },
  {
    sentence:
      'skopeo and podman: HEAD twice, POST, PATCH with a length and no place; a refused mount is cancelled',
    async run(client) {
      const { bytes, digest } = randomBlob()
      for (let time = 0; time < 2; time += 1) {
        expectStatus(await client.at('HEAD', `blobs/${digest}`), 404)
      }
      const mount = `blobs/uploads/?from=${client.other}&mount=${digest}`
      const refused = expectStatus(await client.at('POST', mount), 202)
      expectStatus(await client.send('DELETE', header(refused, 'location')), 204)
      const patched = await client.send('PATCH', await openUpload(client), { body: bytes })
      const put = withQuery(header(expectStatus(patched, 202), 'location'), `digest=${digest}`)
      expectStatus(await client.send('PUT', put, { body: Buffer.alloc(0) }), 201)
      await expectBlob(client, digest, bytes)
    },
  },
  {
    sentence:
      'crane, ko and kaniko: a mount with origin and a JSON content type, a probe that is cancelled',
    async run(client) {
      const { bytes, digest } = randomBlob()
      await pushBlob(client, bytes)
      const type = { 'content-type': 'application/json' }
      const query = `from=${client.repository}&mount=${digest}&origin=registry.example.com`
      const mounted = await atOther(client, 'POST', `blobs/uploads/?${query}`, { headers: type })
      expectStatus(mounted, 201)
      const probe = await atOther(client, 'POST', 'blobs/uploads/', { headers: type })
      expectStatus(await client.send('DELETE', header(expectStatus(probe, 202), 'location')), 204)
    },
  },
  {
    sentence: 'oras, helm and notation: the manifest by its digest, then the same again by its tag',
    async run(client) {
      const document = {
        schemaVersion: 2,
        mediaType: mediaTypes.ociManifest,
        artifactType: 'application/vnd.example+type',
        config: { ...empty, data: 'e30=' },
        layers: [empty],
        annotations: { 'org.opencontainers.image.created': '2026-11-24T12:00:00Z' },
      }
      await pushBlob(client, Buffer.from('{}'))
      const pushed = await pushManifest(client, document)
      await pushManifest(client, document, 'v1')
      await expectManifest(client, 'v1', pushed)
    },
  },
  {
    sentence:
      'buildkit: attestations before the image that they name, the index last, by tag alone',
    async run(client) {
      const image = await imageOf(client)
      const body = Buffer.from(JSON.stringify(image))
      const described = {
        mediaType: mediaTypes.ociManifest,
        digest: digestOf(body),
        size: body.byteLength,
      }
      const statement = Buffer.from('{"_type":"https://in-toto.io/Statement/v0.1"}')
      await pushBlob(client, statement)
      const layer = {
        mediaType: 'application/vnd.in-toto+json',
        digest: digestOf(statement),
        size: statement.byteLength,
        annotations: { 'in-toto.io/predicate-type': 'https://slsa.dev/provenance/v1' },
      }
      const attestation = await pushManifest(client, {
        ...image,
        artifactType: 'application/vnd.docker.attestation.manifest.v1+json',
        config: empty,
        layers: [layer],
        subject: described,
      })
      assert.equal(header(attestation.answer, 'oci-subject'), described.digest)
      assert.deepEqual(await digestsOfReferrers(client, described.digest), [attestation.digest])
      const pushed = await pushManifest(client, image)
      const unknown = { architecture: 'unknown', os: 'unknown' }
      const annotations = {
        'vnd.docker.reference.type': 'attestation-manifest',
        'vnd.docker.reference.digest': pushed.digest,
      }
      const { mediaType, digest, size } = attestation
      const index = indexOf([pushed], {
        manifests: [
          { ...described, platform: { architecture: 'amd64', os: 'linux' } },
          { mediaType, digest, size, platform: unknown, annotations },
        ],
      })
      await expectManifest(client, 'v1', await pushManifest(client, index, 'v1'))
      assert.deepEqual(await digestsOfReferrers(client, pushed.digest), [attestation.digest])
    },
  },
  {
    sentence: 'docker manifests and lists are served as they were pushed, foreign layers left out',
    async run(client) {
      const image = await imageOf(client)
      const config = { ...(image['config'] as object), mediaType: mediaTypes.dockerConfig }
      const foreign = {
        mediaType: 'application/vnd.docker.image.rootfs.foreign.diff.tar.gzip',
        digest: randomBlob().digest,
        size: 512,
        urls: ['https://example.com/layer'],
      }
      const layers = [...(image['layers'] as readonly object[]), foreign]
      const document = { ...image, mediaType: mediaTypes.dockerManifest, config, layers }
      const child = await pushManifest(client, document)
      const platform = { architecture: 'amd64', os: 'linux' }
      const { mediaType, digest, size } = child
      const manifests = [{ mediaType, digest, size, platform }]
      const list = indexOf([], { mediaType: mediaTypes.dockerList, manifests })
      await expectManifest(client, child.digest, child)
      const pushed = await pushManifest(client, list, 'v1')
      for (const accept of [mediaTypes.dockerManifest, mediaTypes.ociManifest]) {
        const got = await client.at('GET', 'manifests/v1', { headers: { accept } })
        assert.equal(header(expectStatus(got, 200), 'content-type'), mediaTypes.dockerList)
        assert.ok(got.body.equals(pushed.bytes))
      }
    },
  },
  {
    sentence:
      'layers and artifacts of any type are stored: zstd, encrypted, WASM, charts, signatures',
    async run(client) {
      const image = await imageOf(client)
      const [layer = {}] = image['layers'] as readonly object[]
      const types = [
        'application/vnd.oci.image.layer.v1.tar+zstd',
        'application/vnd.oci.image.layer.v1.tar+gzip+encrypted',
        'application/wasm',
        'application/vnd.cncf.helm.chart.content.v1.tar+gzip',
        'application/jose+json',
        'application/vnd.dev.cosign.simplesigning.v1+json',
        'text/spdx',
        'not even a type',
      ]
      const configs = [
        'application/vnd.cncf.helm.config.v1+json',
        'application/vnd.wasm.config.v0+json',
        'application/vnd.buildkit.cacheconfig.v0',
      ]
      const documents = [
        ...types.map((mediaType) => ({ ...image, layers: [{ ...layer, mediaType }] })),
        ...configs.map((mediaType) => ({
          ...image,
          config: { ...(image['config'] as object), mediaType },
        })),
        {
          ...image,
          mediaType: mediaTypes.ociArtifact,
          config: undefined,
          layers: undefined,
          blobs: [layer],
        },
      ]
      for (const [at, document] of documents.entries()) {
        await expectManifest(client, `v${at}`, await pushManifest(client, document, `v${at}`))
      }
    },
  },
  {
    sentence: 'cosign: a signature’s tag can be pushed to, once where tags are immutable',
    async run(client) {
      const fixed = inOther(client)
      const image = await imageOf(fixed)
      const { digest } = await pushManifest(fixed, image, 'v1')
      const tag = `${digest.replace(':', '-')}.sig`
      const signature = await pushManifest(fixed, { ...image, annotations: { a: '1' } }, tag)
      await expectManifest(fixed, tag, signature)
      const body = Buffer.from(JSON.stringify({ ...image, annotations: { a: '2' } }))
      expectRefusal(await fixed.at('PUT', `manifests/${tag}`, { body }), 400, 'TAG_INVALID')
    },
  },
  {
    sentence: 'the six orders in which a subject and its two referrers can come all end the same',
    async run(client) {
      const image = await imageOf(client)
      const orders = ['012', '021', '102', '120', '201', '210']
      for (const order of orders) {
        const document = { ...image, annotations: { order } }
        const bytes = Buffer.from(JSON.stringify(document))
        const digest = digestOf(bytes)
        const subject = { mediaType: mediaTypes.ociManifest, digest, size: bytes.byteLength }
        const documents = [
          document,
          { ...image, subject, artifactType: 'a/b' },
          indexOf([], { subject, artifactType: 'a/c' }),
        ]
        const pushed = new Map<string, Digest>()
        for (const at of order) {
          pushed.set(at, (await pushManifest(client, documents[Number(at)] ?? {})).digest)
        }
        const listed = await digestsOfReferrers(client, digest)
        assert.deepEqual(new Set(listed), new Set([pushed.get('1'), pushed.get('2')]), order)
        expectStatus(await client.at('GET', `manifests/${digest}`), 200)
      }
    },
  },
]

const pulling: readonly Check[] = [
  {
    sentence:
      'containerd: a manifest’s digest that is asked for as a blob is 404, not another code',
    async run(client) {
      const pushed = await pushManifest(client, indexOf([]), 'v1')
      expectStatus(await client.at('HEAD', `blobs/${pushed.digest}`), 404)
    },
  },
  {
    sentence:
      'containerd: open ranges that are closed after a piece leave the rest to the next one',
    async run(client) {
      const { bytes, digest } = randomBlob(300_000)
      await pushBlob(client, bytes)
      const starts = [0, 100_000, 200_000]
      const got = await Promise.all(
        starts.map(async (start) => {
          const headers = { range: `bytes=${start}-`, 'accept-encoding': 'zstd;q=1.0, gzip;q=0.8' }
          return expectStatus(await client.at('GET', `blobs/${digest}`, { headers }), 206)
        }),
      )
      for (const [at, answer] of got.entries()) {
        assert.ok(answer.body.equals(bytes.subarray(starts[at])))
        assert.equal(header(answer, 'content-encoding'), '')
      }
    },
  },
  {
    sentence:
      'a compressed layer comes as the bytes that were pushed, for clients that ask for gzip too',
    async run(client) {
      const gzip = Buffer.from('H4sIAAAAAAAAA0tMSgYAwkEkNQMAAAA=', 'base64')
      assert.equal(gunzipSync(gzip).toString(), 'abc')
      const digest = await pushBlob(client, gzip)
      const headers = { 'accept-encoding': 'gzip' }
      const answer = expectStatus(await client.at('GET', `blobs/${digest}`, { headers }), 200)
      assert.equal(header(answer, 'content-encoding'), '')
      assert.ok(answer.body.equals(gzip))
    },
  },
  {
    sentence: 'Accept may be one list, many headers, with weights and with types long forgotten',
    async run(client) {
      const pushed = await pushManifest(client, await imageOf(client), 'v1')
      const old = 'application/vnd.docker.distribution.manifest.v1+prettyjws'
      const accepts = [
        `${mediaTypes.ociManifest}, ${mediaTypes.dockerManifest};q=0.9, ${old};q=0.1, */*;q=0`,
        [mediaTypes.dockerManifest, mediaTypes.dockerList, mediaTypes.ociIndex, old],
        '',
      ]
      for (const accept of accepts) {
        for (const method of ['HEAD', 'GET']) {
          const answer = await client.at(method, 'manifests/v1', { headers: { accept } })
          assert.equal(header(expectStatus(answer, 200), 'content-type'), pushed.mediaType)
          assert.equal(header(answer, 'docker-content-digest'), pushed.digest)
        }
      }
    },
  },
  {
    sentence: 'HEAD has the headers of GET, wherever there is a GET (RFC 9110, 9.3.2)',
    async run(client) {
      const pushed = await pushManifest(client, await imageOf(client), 'v1')
      const blob = await pushBlob(client, randomBlob().bytes)
      const upload = (await openUpload(client)).replace(`/v2/${client.repository}/`, '')
      for (const path of [
        'manifests/v1',
        `manifests/${pushed.digest}`,
        `blobs/${blob}`,
        'tags/list?n=1',
        `referrers/${pushed.digest}`,
        '_oci/ext/discover',
        upload,
      ]) {
        const [head, got] = [await client.at('HEAD', path), await client.at('GET', path)]
        const varying = new Set(['date', 'x-amzn-requestid', 'connection', 'keep-alive'])
        const shown = (answer: Answer): readonly (readonly [string, unknown])[] =>
          Object.entries(answer.headers)
            .filter(([name]) => !varying.has(name))
            .toSorted(([a], [b]) => (a < b ? -1 : 1))
        assert.deepEqual(shown(head), shown(got), path)
        assert.equal(head.status, got.status)
        assert.equal(head.body.byteLength, 0)
      }
    },
  },
]

/** Every row of the endpoints that names content, for sha512. */
const sha512: readonly Check[] = [
  {
    sentence: 'blobs named by sha512 are pulled whole and in parts, mounted and deleted as any',
    async run(client) {
      const { bytes, digest } = randomBlob(2048, 'sha512')
      const path = `blobs/${digest}`
      expectStatus(await client.at('HEAD', path), 404)
      const pushed = await client.at('POST', `blobs/uploads/?digest=${digest}`, { body: bytes })
      assert.equal(header(expectStatus(pushed, 201), 'docker-content-digest'), digest)
      await expectBlob(client, digest, bytes)
      const part = await client.at('GET', path, { headers: { range: 'bytes=5-9,-5' } })
      assert.match(header(expectStatus(part, 206), 'content-type'), /^multipart\/byteranges/)
      assert.equal(header(part, 'docker-content-digest'), digest)
      const condition = { 'if-none-match': `"${digest}"` }
      expectStatus(await client.at('GET', path, { headers: condition }), 304)
      const mount = `blobs/uploads/?mount=${digest}&from=${client.repository}`
      expectStatus(await atOther(client, 'POST', mount), 201)
      await expectBlob(inOther(client), digest, bytes)
      expectStatus(await client.at('DELETE', path), 202)
      expectStatus(await client.at('HEAD', path), 404)
      // The same bytes under their other name were never pushed.
      expectStatus(await atOther(client, 'HEAD', `blobs/${digestOf(bytes)}`), 404)
    },
  },
  {
    sentence:
      'an index named by sha512 of images named by sha512, with a referrer of the same kind',
    async run(client) {
      const config = Buffer.from('{"a":1}')
      const digest = digestOf(config, 'sha512')
      expectStatus(
        await client.at('POST', `blobs/uploads/?digest=${digest}`, { body: config }),
        201,
      )
      const put = async (document: object): Promise<{ digest: Digest; bytes: Buffer }> => {
        const bytes = Buffer.from(JSON.stringify(document))
        const name = digestOf(bytes, 'sha512')
        const answer = await client.at('PUT', `manifests/${name}`, { body: bytes })
        assert.equal(header(expectStatus(answer, 201), 'docker-content-digest'), name)
        return { digest: name, bytes }
      }
      const { ociManifest: mediaType, ociIndex, ociConfig } = mediaTypes
      const described = { mediaType: ociConfig, digest, size: config.byteLength }
      const image = { schemaVersion: 2, mediaType, config: described, layers: [] }
      const child = await put(image)
      const size = child.bytes.byteLength
      const index = await put(indexOf([{ mediaType, digest: child.digest, size }]))
      await expectManifest(client, index.digest, { ...index, mediaType: ociIndex })
      const subject = { mediaType: ociIndex, digest: index.digest, size: index.bytes.byteLength }
      const referrer = await put({ ...image, subject, artifactType: 'a/b' })
      assert.deepEqual(await digestsOfReferrers(client, index.digest), [referrer.digest])
      expectRefusal(await client.at('DELETE', `manifests/${child.digest}`), 405, 'UNSUPPORTED')
      for (const name of [referrer.digest, index.digest, child.digest]) {
        expectStatus(await client.at('DELETE', `manifests/${name}`), 202)
        expectStatus(await client.at('HEAD', `manifests/${name}`), 404)
      }
      assert.deepEqual(await digestsOfReferrers(client, index.digest), [])
    },
  },
  {
    sentence: 'the same manifest under both names is two manifests; deleting one leaves the other',
    async run(client) {
      const bytes = Buffer.from(JSON.stringify(indexOf([])))
      const [one, two] = [digestOf(bytes), digestOf(bytes, 'sha512')]
      for (const digest of [one, two]) {
        expectStatus(await client.at('PUT', `manifests/${digest}`, { body: bytes }), 201)
      }
      expectStatus(await client.at('DELETE', `manifests/${one}`), 202)
      expectStatus(await client.at('HEAD', `manifests/${one}`), 404)
      await expectManifest(client, two, { bytes, digest: two, mediaType: mediaTypes.ociIndex })
    },
  },
]

export const clientChecks: readonly Check[] = [...pushing, ...pulling, ...sha512]
