import assert from 'node:assert/strict'
import { digestOf } from '../../src/oci/digest.ts'
import { mediaTypes } from '../../src/oci/media-type.ts'
import {
  expectRefusal,
  expectStatus,
  header,
  imageOf,
  indexOf,
  jsonOf,
  pushManifest,
  randomBlob,
  type Answer,
  type Check,
  type Client,
  type PushedManifest,
} from './client.ts'

type Described = Readonly<Record<string, unknown>>

/** The descriptors of a well-formed answer. */
function referrersOf(answer: Answer): readonly Described[] {
  expectStatus(answer, 200)
  assert.equal(header(answer, 'content-type'), mediaTypes.ociIndex)
  const { schemaVersion, mediaType, manifests, ...rest } = jsonOf(answer)
  assert.deepEqual([schemaVersion, mediaType, rest], [2, mediaTypes.ociIndex, {}])
  assert.ok(Array.isArray(manifests))
  return manifests as readonly Described[]
}

function descriptorOf(pushed: PushedManifest): Described {
  const { mediaType, digest, size } = pushed
  return { mediaType, digest, size }
}

function byDigest(descriptors: readonly Described[]): readonly Described[] {
  return descriptors.toSorted((a, b) => (String(a['digest']) < String(b['digest']) ? -1 : 1))
}

async function list(client: Client, subject: string, query = ''): Promise<readonly Described[]> {
  return referrersOf(await client.at('GET', `referrers/${subject}${query}`))
}

const empty = { mediaType: mediaTypes.ociEmpty, digest: digestOf(Buffer.from('{}')), size: 2 }

export const referrerChecks: readonly Check[] = [
  {
    sentence: 'a digest with an invalid syntax MUST be 400',
    async run(client) {
      for (const text of ['sha256:abc', 'v1', `sha256:${'A'.repeat(64)}`]) {
        expectRefusal(await client.at('GET', `referrers/${text}`), 400, 'DIGEST_INVALID')
      }
    },
  },
  {
    sentence: 'no referrers are 200 and an empty index, also for what does not exist',
    async run(client) {
      for (const { digest } of [randomBlob(), randomBlob(1, 'sha512')]) {
        assert.deepEqual(await list(client, digest), [])
        const absent = `/v2/conformance/absent/referrers/${digest}`
        assert.deepEqual(referrersOf(await client.send('GET', absent)), [])
      }
    },
  },
  {
    sentence: 'a push with a subject MUST be answered with OCI-Subject, by tag and by digest',
    async run(client) {
      const image = await imageOf(client)
      const subject = descriptorOf(await pushManifest(client, image))
      for (const document of [{ ...image, subject }, indexOf([], { subject })]) {
        for (const tag of ['v1', undefined]) {
          const { answer } = await pushManifest(client, document, tag)
          assert.equal(header(answer, 'oci-subject'), subject['digest'])
        }
      }
      const plain = await pushManifest(client, image)
      assert.equal(header(plain.answer, 'oci-subject'), '')
    },
  },
  {
    sentence: 'a registry MUST accept a subject that is not there, of any registered algorithm',
    async run(client) {
      const image = await imageOf(client)
      for (const { digest } of [randomBlob(), randomBlob(1, 'sha512')]) {
        const subject = { mediaType: mediaTypes.ociManifest, digest, size: 512 }
        const { answer, digest: referrer } = await pushManifest(client, { ...image, subject })
        assert.equal(header(answer, 'oci-subject'), digest)
        const [listed, ...more] = await list(client, digest)
        assert.equal(listed?.['digest'], referrer)
        assert.deepEqual(more, [])
      }
    },
  },
  {
    sentence:
      'a descriptor MUST have the artifact type, else the config’s type, and the annotations',
    async run(client) {
      const image = await imageOf(client)
      const subject = descriptorOf(await pushManifest(client, image))
      const annotations = { 'org.example.ä': '✓ "\\', 'org.example.empty': '' }
      const artifact = { ...image, config: empty, subject }
      const typed = { artifactType: 'application/vnd.example' }
      const rows: readonly (readonly [Described, Described])[] = [
        [{ ...image, subject }, { artifactType: mediaTypes.ociConfig }],
        [{ ...artifact }, { artifactType: mediaTypes.ociEmpty }],
        [{ ...artifact, artifactType: '', layers: [] }, { artifactType: mediaTypes.ociEmpty }],
        [
          { ...artifact, ...typed, annotations },
          { ...typed, annotations },
        ],
        [{ ...indexOf([], { subject }), annotations }, { annotations }],
        [indexOf([], { subject, ...typed }), typed],
      ]
      const expected: Described[] = []
      for (const [document, members] of rows) {
        expected.push({ ...descriptorOf(await pushManifest(client, document)), ...members })
      }
      const listed = await list(client, String(subject['digest']))
      assert.deepEqual(byDigest(listed), byDigest(expected))
    },
  },
  {
    sentence: 'a filter by artifact type MUST be named in OCI-Filters-Applied, and be applied',
    async run(client) {
      const image = await imageOf(client)
      const subject = descriptorOf(await pushManifest(client, image))
      const types = ['application/vnd.example+json', 'application/vnd.example', undefined]
      const pushed: PushedManifest[] = []
      for (const artifactType of types) {
        const members = artifactType === undefined ? {} : { artifactType }
        pushed.push(await pushManifest(client, { ...image, subject, ...members }))
      }
      const filters = [...types.slice(0, 2), mediaTypes.ociConfig]
      for (const [index, type] of filters.entries()) {
        const query = `?artifactType=${encodeURIComponent(String(type))}`
        const answer = await client.at('GET', `referrers/${String(subject['digest'])}${query}`)
        const digests = referrersOf(answer).map((found) => found['digest'])
        assert.deepEqual(digests, [pushed[index]?.digest], type)
        assert.equal(header(answer, 'oci-filters-applied'), 'artifactType')
      }
      const missed = `referrers/${String(subject['digest'])}?artifactType=a/b`
      assert.deepEqual(referrersOf(await client.at('GET', missed)), [])
      for (const query of ['', '?artifactType=']) {
        const all = await client.at('GET', `referrers/${String(subject['digest'])}${query}`)
        assert.equal(header(all, 'oci-filters-applied'), '')
        assert.equal(referrersOf(all).length, 3)
      }
      const twice = `referrers/${String(subject['digest'])}?artifactType=a/b&artifactType=a/c`
      expectRefusal(await client.at('GET', twice), 400, 'UNSUPPORTED')
    },
  },
  {
    sentence: 'referrers are those of this repository only',
    async run(client) {
      const { digest } = randomBlob()
      const subject = { mediaType: mediaTypes.ociManifest, digest, size: 512 }
      await pushManifest(client, indexOf([], { subject }))
      const elsewhere = `/v2/${client.other}/referrers/${digest}`
      assert.deepEqual(referrersOf(await client.send('GET', elsewhere)), [])
    },
  },
  {
    sentence: 'a deleted referrer is not listed any more; a deleted subject leaves its referrers',
    async run(client) {
      const image = await imageOf(client)
      const parent = await pushManifest(client, image)
      const subject = descriptorOf(parent)
      const kept = await pushManifest(client, indexOf([], { subject, artifactType: 'a/kept' }))
      const gone = await pushManifest(client, indexOf([], { subject, artifactType: 'a/gone' }))
      expectStatus(await client.at('DELETE', `manifests/${gone.digest}`), 202)
      expectStatus(await client.at('DELETE', `manifests/${parent.digest}`), 202)
      const digests = (await list(client, parent.digest)).map((found) => found['digest'])
      assert.deepEqual(digests, [kept.digest])
    },
  },
  {
    sentence: 'n is the size of a page, which a Link connects to the next, filter kept',
    async run(client) {
      const { digest } = randomBlob()
      const subject = { mediaType: mediaTypes.ociManifest, digest, size: 512 }
      const expected: string[] = []
      for (const [at, letter] of Array.from('abcdefg').entries()) {
        const artifactType = at % 2 === 0 ? 'a/even' : 'a/odd'
        const document = indexOf([], { subject, artifactType, annotations: { letter } })
        const pushed = await pushManifest(client, document)
        if (at % 2 === 0) expected.push(pushed.digest)
      }
      for (const n of [1, 2, 3, 7, 5000]) {
        const met: unknown[] = []
        let path: string | undefined =
          `/v2/${client.repository}/referrers/${digest}?n=${n}&artifactType=a/even`
        let pages = 0
        while (path !== undefined) {
          const answer: Answer = await client.send('GET', path)
          const page = referrersOf(answer).map((found) => found['digest'])
          assert.ok(page.length <= n)
          met.push(...page)
          pages += 1
          path = /^<([^>]+)>; rel="next"$/.exec(answer.headers['link']?.toString() ?? '')?.[1]
        }
        assert.deepEqual(new Set(met), new Set(expected))
        assert.equal(met.length, expected.length)
        assert.equal(pages, Math.ceil(7 / n))
      }
      const none = await client.at('GET', `referrers/${digest}?n=0`)
      assert.deepEqual(referrersOf(none), [])
      assert.equal(none.headers['link'], undefined)
    },
  },
  {
    sentence: 'a list beyond the size that clients read goes on behind a Link, filter kept',
    async run(client) {
      const { digest } = randomBlob()
      const subject = { mediaType: mediaTypes.ociManifest, digest, size: 512 }
      const expected: unknown[] = []
      for (const letter of 'abc') {
        const annotations = { filler: letter.repeat(1_800_000) }
        const document = indexOf([], { subject, artifactType: 'a/b', annotations })
        expected.push((await pushManifest(client, document)).digest)
      }
      const met: unknown[] = []
      let pages = 0
      let path: string | undefined =
        `/v2/${client.repository}/referrers/${digest}?artifactType=a%2Fb`
      while (path !== undefined) {
        const answer: Answer = await client.send('GET', path)
        met.push(...referrersOf(answer).map((found) => found['digest']))
        assert.ok(answer.body.byteLength <= 4 * 1024 * 1024)
        assert.equal(header(answer, 'oci-filters-applied'), 'artifactType')
        path = /^<([^>]+)>; rel="next"$/.exec(answer.headers['link']?.toString() ?? '')?.[1]
        pages += 1
      }
      assert.ok(pages > 1)
      assert.equal(met.length, expected.length)
      assert.deepEqual(new Set(met), new Set(expected))
    },
  },
]
