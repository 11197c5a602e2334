import assert from 'node:assert/strict'
import { digestOf, type DigestAlgorithm } from '../../src/oci/digest.ts'
import {
  expectBlob,
  expectRefusal,
  expectStatus,
  header,
  openUpload,
  pushBlob,
  randomBlob,
  withQuery,
  type Answer,
  type Check,
  type Client,
  type Sent,
} from './client.ts'

const uuid = /[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/

/** A chunk with its place, as the specification writes it. */
function chunk(bytes: Buffer, start: number): Sent {
  const range = `${start}-${start + bytes.byteLength - 1}`
  return {
    body: bytes,
    headers: { 'content-range': range, 'content-type': 'application/octet-stream' },
  }
}

async function finish(
  client: Client,
  location: string,
  digest: string,
  sent: Sent = {},
): Promise<Answer> {
  return client.send('PUT', withQuery(location, `digest=${digest}`), sent)
}

/** 201 with a Location that can be pulled, and the digest that the client named. */
async function expectCreated(
  client: Client,
  answer: Answer,
  digest: string,
  bytes: Buffer,
): Promise<void> {
  expectStatus(answer, 201)
  assert.equal(header(answer, 'docker-content-digest'), digest)
  const pulled = expectStatus(await client.send('GET', header(answer, 'location')), 200)
  assert.ok(pulled.body.equals(bytes))
}

function expectAccepted(answer: Answer, size: number): string {
  expectStatus(answer, 202)
  const location = header(answer, 'location')
  assert.match(location, uuid)
  assert.match(location, /^\/v2\//)
  assert.equal(header(answer, 'range'), `0-${Math.max(size - 1, 0)}`)
  assert.ok(location.includes(header(answer, 'docker-upload-uuid')))
  return location
}

/** 416, and where the upload stands, told at once and by GET. */
async function expectOutOfOrder(client: Client, answer: Answer, size: number): Promise<string> {
  expectRefusal(answer, 416, 'BLOB_UPLOAD_INVALID')
  assert.equal(header(answer, 'range'), `0-${Math.max(size - 1, 0)}`)
  const location = header(answer, 'location')
  const status = expectStatus(await client.send('GET', location), 204)
  assert.equal(header(status, 'range'), `0-${Math.max(size - 1, 0)}`)
  assert.equal(status.body.byteLength, 0)
  return header(status, 'location')
}

function byText(a: string, b: string): number {
  return a < b ? -1 : 1
}

const algorithms: readonly DigestAlgorithm[] = ['sha256', 'sha512']

interface PushForm {
  readonly name: string
  readonly push: (client: Client, bytes: Buffer, digest: string) => Promise<Answer>
}

function thirds(bytes: Buffer): readonly (readonly [piece: Buffer, start: number])[] {
  const size = Math.ceil(bytes.byteLength / 3)
  return [0, size, 2 * size].map((start) => [bytes.subarray(start, start + size), start] as const)
}

const pushForms: readonly PushForm[] = [
  {
    name: 'a single POST',
    push: (client, bytes, digest) =>
      client.at('POST', `blobs/uploads/?digest=${digest}`, { body: bytes }),
  },
  {
    name: 'a single POST with chunked encoding',
    push: (client, bytes, digest) =>
      client.at('POST', `blobs/uploads/?digest=${digest}`, { pieces: [bytes] }),
  },
  {
    name: 'POST then PUT',
    push: async (client, bytes, digest) =>
      finish(client, await openUpload(client), digest, { body: bytes }),
  },
  {
    name: 'POST then PUT with chunked encoding',
    push: async (client, bytes, digest) =>
      finish(client, await openUpload(client), digest, {
        pieces: thirds(bytes).map(([piece]) => piece),
      }),
  },
  {
    name: 'one chunk and a PUT without body',
    async push(client, bytes, digest) {
      const patched = await client.send('PATCH', await openUpload(client), chunk(bytes, 0))
      return finish(client, expectAccepted(patched, bytes.byteLength), digest)
    },
  },
  {
    name: 'a stream without place and a PUT without body',
    async push(client, bytes, digest) {
      const pieces = thirds(bytes).map(([piece]) => piece)
      const patched = await client.send('PATCH', await openUpload(client), { pieces })
      return finish(client, expectAccepted(patched, bytes.byteLength), digest)
    },
  },
  {
    name: 'three chunks and a PUT without body',
    async push(client, bytes, digest) {
      let location = await openUpload(client)
      for (const [piece, start] of thirds(bytes)) {
        const patched = await client.send('PATCH', location, chunk(piece, start))
        location = expectAccepted(patched, start + piece.byteLength)
      }
      return finish(client, location, digest)
    },
  },
  {
    name: 'two chunks and the third in the PUT',
    async push(client, bytes, digest) {
      let location = await openUpload(client)
      const [first, second, third] = thirds(bytes)
      assert.ok(first !== undefined && second !== undefined && third !== undefined)
      for (const [piece, start] of [first, second]) {
        const patched = await client.send('PATCH', location, chunk(piece, start))
        location = expectAccepted(patched, start + piece.byteLength)
      }
      return finish(client, location, digest, chunk(...third))
    },
  },
  {
    name: 'a stream and the rest in the PUT, without place',
    async push(client, bytes, digest) {
      const patched = await client.send('PATCH', await openUpload(client), {
        pieces: [bytes.subarray(0, 100)],
      })
      const location = expectAccepted(patched, 100)
      return finish(client, location, digest, { body: bytes.subarray(100) })
    },
  },
]

const wholePushes = pushForms.flatMap(({ name, push }) =>
  algorithms.map((algorithm): Check => ({
    sentence: `${name}, by ${algorithm}: 201 and a pullable Location`,
    async run(client) {
      const { bytes, digest } = randomBlob(3000, algorithm)
      await expectCreated(client, await push(client, bytes, digest), digest, bytes)
      await expectBlob(client, digest, bytes)
    },
  })),
)

const wrongDigests = pushForms.map(({ name, push }): Check => ({
  sentence: `${name}, with a digest that the content does not have: 400, and nothing is stored`,
  async run(client) {
    const { bytes, digest } = randomBlob(3000)
    const { digest: wrong } = randomBlob(3000)
    expectRefusal(await push(client, bytes, wrong), 400, 'DIGEST_INVALID')
    expectStatus(await client.at('HEAD', `blobs/${digest}`), 404)
    expectStatus(await client.at('HEAD', `blobs/${wrong}`), 404)
  },
}))

const emptyBlobs: readonly Check[] = [
  {
    sentence: 'a blob of no bytes can be pushed in one POST, in a PUT and through an empty PATCH',
    async run(client) {
      const none = Buffer.alloc(0)
      const digest = digestOf(none)
      const remove = async () => expectStatus(await client.at('DELETE', `blobs/${digest}`), 202)
      const posted = await client.at('POST', `blobs/uploads/?digest=${digest}`)
      await expectCreated(client, posted, digest, none)
      await expectBlob(client, digest, none)
      await remove()
      await expectCreated(
        client,
        await finish(client, await openUpload(client), digest),
        digest,
        none,
      )
      await remove()
      const location = expectAccepted(await client.send('PATCH', await openUpload(client)), 0)
      await expectCreated(client, await finish(client, location, digest), digest, none)
      await remove()
      const streamed = await client.send('PATCH', await openUpload(client), { pieces: [] })
      const closed = await finish(client, expectAccepted(streamed, 0), digest)
      await expectCreated(client, closed, digest, none)
    },
  },
]

const sessions: readonly Check[] = [
  {
    sentence: 'the upload location MUST contain a UUID; it begins with /v2 so that proxies keep it',
    async run(client) {
      for (const path of [
        'blobs/uploads/',
        'blobs/uploads',
        'blobs/uploads/?digest-algorithm=sha512',
      ]) {
        expectAccepted(await client.at('POST', path), 0)
      }
    },
  },
  {
    sentence: 'a digest algorithm that is not registered is refused with 400 before any byte',
    async run(client) {
      const asked = await client.at('POST', 'blobs/uploads/?digest-algorithm=md5')
      expectRefusal(asked, 400, 'DIGEST_INVALID')
    },
  },
  {
    sentence: 'an upload that was begun for sha512 may be closed with either algorithm',
    async run(client) {
      for (const algorithm of algorithms) {
        const { bytes, digest } = randomBlob(100, algorithm)
        const opened = await client.at('POST', 'blobs/uploads/?digest-algorithm=sha512')
        const patched = await client.send('PATCH', expectAccepted(opened, 0), { body: bytes })
        const closed = await finish(client, expectAccepted(patched, 100), digest)
        await expectCreated(client, closed, digest, bytes)
      }
    },
  },
  {
    sentence:
      'a digest that is none, missing or given twice is refused with 400, and the upload goes on',
    async run(client) {
      const { bytes, digest } = randomBlob()
      const location = await openUpload(client)
      const queries = ['', 'digest=', 'digest=sha256:abc', `digest=${digest}&digest=${digest}`]
      for (const query of queries) {
        const path = withQuery(location, query)
        expectRefusal(await client.send('PUT', path, { body: bytes }), 400, 'DIGEST_INVALID')
      }
      for (const query of [
        'digest=sha256:abc',
        `digest=${digest}&digest=${digest}`,
        'digest-algorithm=sha256&digest-algorithm=sha512',
        'digest-algorithm=',
        `mount=${digest}&mount=${digest}`,
        `mount=${digest}&from=a/b&from=c/d`,
      ]) {
        const posted = await client.at('POST', `blobs/uploads/?${query}`, { body: bytes })
        expectRefusal(posted, 400, 'DIGEST_INVALID')
      }
      await expectCreated(
        client,
        await finish(client, location, digest, { body: bytes }),
        digest,
        bytes,
      )
    },
  },
  {
    sentence: 'out of order, a chunk MUST be answered 416, and the upload stays usable',
    async run(client) {
      const { bytes, digest } = randomBlob(3067)
      let location = await openUpload(client)
      for (const [piece, start] of thirds(bytes)) {
        const wrong = start === 0 ? 1 : 0
        for (const place of [wrong, start + 1, 9000]) {
          const answer = await client.send('PATCH', location, chunk(piece, place))
          location = await expectOutOfOrder(client, answer, start)
        }
        const patched = await client.send('PATCH', location, chunk(piece, start))
        location = expectAccepted(patched, start + piece.byteLength)
      }
      await expectCreated(client, await finish(client, location, digest), digest, bytes)
    },
  },
  {
    sentence: 'a final chunk out of order MUST be answered 416, and the upload stays usable',
    async run(client) {
      const { bytes, digest } = randomBlob(3067)
      let location = await openUpload(client)
      const [head, tail] = [bytes.subarray(0, 2000), bytes.subarray(2000)]
      const early = await finish(client, location, digest, chunk(tail, 2000))
      location = await expectOutOfOrder(client, early, 0)
      const patched = await client.send('PATCH', location, chunk(head, 0))
      location = expectAccepted(patched, 2000)
      for (const place of [0, 1999, 2001]) {
        const wrong = await finish(client, location, digest, chunk(tail, place))
        location = await expectOutOfOrder(client, wrong, 2000)
      }
      const closed = await finish(client, location, digest, chunk(tail, 2000))
      await expectCreated(client, closed, digest, bytes)
    },
  },
  {
    sentence:
      'Content-Range and Content-Length that disagree are 400 SIZE_INVALID, and change nothing',
    async run(client) {
      const location = await openUpload(client)
      const body = Buffer.from('0123456789')
      for (const range of ['0-8', '0-10', '5-4', '0-', 'x-y', '0-99999999999999999999']) {
        const answer = await client.send('PATCH', location, {
          body,
          headers: { 'content-range': range },
        })
        expectRefusal(answer, 400, 'SIZE_INVALID')
      }
      for (const range of ['0-8', '0-10']) {
        const sent = { pieces: [body], headers: { 'content-range': range } }
        expectRefusal(await client.send('PATCH', location, sent), 400, 'SIZE_INVALID')
      }
      expectAccepted(await client.send('PATCH', location, chunk(body, 0)), 10)
    },
  },
  {
    sentence: 'Content-Range is also taken with the unit and the total that old clients write',
    async run(client) {
      const location = await openUpload(client)
      const body = Buffer.from('01234')
      for (const [start, range] of [
        [0, 'bytes 0-4'],
        [5, '5-9/10'],
      ] as const) {
        const sent = { body, headers: { 'content-range': range } }
        expectAccepted(await client.send('PATCH', location, sent), start + 5)
      }
    },
  },
  {
    sentence: 'the status of an active upload MUST be 204 with Location and Range',
    async run(client) {
      const { bytes } = randomBlob(1000)
      const location = await openUpload(client)
      const empty = expectStatus(await client.send('GET', location), 204)
      assert.equal(header(empty, 'range'), '0-0')
      await client.send('PATCH', location, chunk(bytes, 0))
      const path = withQuery(location, `digest=${digestOf(bytes)}`)
      for (const asked of [location, path]) {
        const status = expectStatus(await client.send('GET', asked), 204)
        assert.equal(header(status, 'range'), '0-999')
        assert.equal(header(status, 'location'), location)
      }
    },
  },
  {
    sentence: 'a cancelled upload is answered 204 and is then unknown',
    async run(client) {
      const { bytes, digest } = randomBlob()
      const location = await openUpload(client)
      await client.send('PATCH', location, chunk(bytes, 0))
      expectStatus(await client.send('DELETE', location), 204)
      const after: readonly Answer[] = [
        await client.send('GET', location),
        await client.send('PATCH', location, chunk(bytes, 512)),
        await finish(client, location, digest),
        await client.send('DELETE', location),
      ]
      for (const answer of after) expectRefusal(answer, 404, 'BLOB_UPLOAD_UNKNOWN')
    },
  },
  {
    sentence: 'an upload that never was, or is another repository’s, is 404 BLOB_UPLOAD_UNKNOWN',
    async run(client) {
      const location = await openUpload(client)
      const foreign = location.replace(client.repository, client.other)
      const made = location.replace(uuid, '00000000-0000-4000-8000-000000000000')
      const odd = location.replace(uuid, 'x')
      for (const path of [foreign, made, odd]) {
        for (const method of ['GET', 'PATCH', 'DELETE']) {
          expectRefusal(await client.send(method, path), 404, 'BLOB_UPLOAD_UNKNOWN')
        }
        const { digest } = randomBlob()
        expectRefusal(await finish(client, path, digest), 404, 'BLOB_UPLOAD_UNKNOWN')
      }
      expectStatus(await client.send('GET', location), 204)
    },
  },
  {
    sentence: 'an upload that was closed with a wrong digest is over, also for the right one',
    async run(client) {
      const { bytes, digest } = randomBlob()
      const location = await openUpload(client)
      const wrong = await finish(client, location, randomBlob().digest, { body: bytes })
      expectRefusal(wrong, 400, 'DIGEST_INVALID')
      expectRefusal(await finish(client, location, digest), 404, 'BLOB_UPLOAD_UNKNOWN')
      expectStatus(await client.at('HEAD', `blobs/${digest}`), 404)
    },
  },
  {
    sentence: 'a repeated close after a lost answer is 201 again; the upload takes nothing more',
    async run(client) {
      const { bytes, digest } = randomBlob()
      const location = await openUpload(client)
      await expectCreated(
        client,
        await finish(client, location, digest, { body: bytes }),
        digest,
        bytes,
      )
      await expectCreated(client, await finish(client, location, digest), digest, bytes)
      const { digest: other } = randomBlob()
      expectRefusal(await finish(client, location, other), 404, 'BLOB_UPLOAD_UNKNOWN')
      const more = await client.send('PATCH', location, chunk(bytes, 512))
      expectRefusal(more, 404, 'BLOB_UPLOAD_UNKNOWN')
    },
  },
  {
    sentence: 'in a repository that does not exist nothing can be uploaded: 404 NAME_UNKNOWN',
    async run(client) {
      const path = '/v2/conformance/absent/blobs/uploads/'
      expectRefusal(await client.send('POST', path), 404, 'NAME_UNKNOWN')
      const { bytes, digest } = randomBlob()
      const posted = await client.send('POST', `${path}?digest=${digest}`, { body: bytes })
      expectRefusal(posted, 404, 'NAME_UNKNOWN')
    },
  },
]

const mounts: readonly Check[] = [
  {
    sentence: 'a successful mount MUST be 201 with a Location that can be pulled here',
    async run(client) {
      const { bytes, digest } = randomBlob()
      await pushBlob(client, bytes)
      for (const query of [
        `mount=${digest}&from=${client.repository}`,
        `from=${client.repository}&mount=${digest}`,
        `mount=${encodeURIComponent(digest)}&from=${encodeURIComponent(client.repository)}`,
        // Now the target has it itself.
        `mount=${digest}&from=${client.other}`,
      ]) {
        const path = `/v2/${client.other}/blobs/uploads/?${query}`
        const mounted = await client.send('POST', path)
        await expectCreated(client, mounted, digest, bytes)
        assert.ok(header(mounted, 'location').startsWith(`/v2/${client.other}/blobs/`))
      }
    },
  },
  {
    sentence: 'a mount that is not possible is 202 and an upload, whatever the reason',
    async run(client) {
      const { bytes, digest } = randomBlob()
      const shapes = new Set<string>()
      const sources = [
        `&from=${client.other}`,
        '&from=conformance/absent',
        '&from=Not%20A%20Name',
        '&from=210987654321/app',
        '&from=',
        '',
      ]
      for (const source of sources) {
        const refused = await client.at('POST', `blobs/uploads/?mount=${digest}${source}`)
        const location = expectAccepted(refused, 0)
        assert.equal(header(refused, 'docker-content-digest'), '', source)
        shapes.add(Object.keys(refused.headers).toSorted(byText).join(' '))
        assert.equal(refused.body.byteLength, 0)
        expectStatus(await client.at('HEAD', `blobs/${digest}`), 404)
        expectStatus(await client.send('DELETE', location), 204)
      }
      assert.equal(shapes.size, 1, 'the headers do not tell the reasons apart')
      const location = expectAccepted(
        await client.at('POST', `blobs/uploads/?mount=${digest}&from=${client.other}`),
        0,
      )
      await expectCreated(
        client,
        await finish(client, location, digest, { body: bytes }),
        digest,
        bytes,
      )
    },
  },
  {
    sentence:
      'the registry MAY treat from as optional: the blob is found where the caller may pull',
    async run(client) {
      for (const algorithm of algorithms) {
        const { bytes, digest } = randomBlob(512, algorithm)
        const pushed = await client.at('POST', `blobs/uploads/?digest=${digest}`, { body: bytes })
        expectStatus(pushed, 201)
        // A second time the target itself has it.
        for (const path of [client.other, client.other, client.repository]) {
          const mounted = await client.send('POST', `/v2/${path}/blobs/uploads/?mount=${digest}`)
          await expectCreated(client, mounted, digest, bytes)
          assert.ok(header(mounted, 'location').startsWith(`/v2/${path}/blobs/`))
        }
      }
    },
  },
  {
    sentence: 'a mount of what is no digest is 400 DIGEST_INVALID',
    async run(client) {
      const path = `blobs/uploads/?mount=sha256:abc&from=${client.other}`
      expectRefusal(await client.at('POST', path), 400, 'DIGEST_INVALID')
    },
  },
]

export const uploadChecks: readonly Check[] = [
  ...wholePushes,
  ...wrongDigests,
  ...emptyBlobs,
  ...sessions,
  ...mounts,
]
