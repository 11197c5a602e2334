import assert from 'node:assert/strict'
import { digestOf } from '../../src/oci/digest.ts'
import {
  expectBlob,
  expectRefusal,
  expectStatus,
  header,
  imageOf,
  pushBlob,
  pushManifest,
  randomBlob,
  type Check,
  type Client,
} from './client.ts'

interface RangeCase {
  readonly range: string
  readonly status: 200 | 206 | 416
  readonly first?: number
  readonly last?: number
}

/** On 2048 bytes: what the conformance suite sends, and RFC 9110 section 14.1.2. */
const ranges: readonly RangeCase[] = [
  { range: 'bytes=500-1499', status: 206, first: 500, last: 1499 },
  { range: 'bytes=500-', status: 206, first: 500, last: 2047 },
  { range: 'bytes=-500', status: 206, first: 1548, last: 2047 },
  { range: 'bytes=2000-5000', status: 206, first: 2000, last: 2047 },
  { range: 'bytes=-5000', status: 206, first: 0, last: 2047 },
  { range: 'bytes=0-0', status: 206, first: 0, last: 0 },
  { range: 'bytes=500-0', status: 416 },
  { range: 'bytes=5000-10000', status: 416 },
  { range: 'bytes=2048-', status: 416 },
  { range: 'bytes=-0', status: 416 },
  { range: 'bytes=x-y', status: 200 },
  { range: 'lines=0-5', status: 200 },
  { range: 'bytes=100-200,0-50', status: 200 },
]

async function checkRange(
  client: Client,
  path: string,
  bytes: Buffer,
  row: RangeCase,
): Promise<void> {
  const answer = expectStatus(
    await client.at('GET', path, { headers: { range: row.range } }),
    row.status,
  )
  if (row.status === 200) {
    assert.ok(answer.body.equals(bytes), row.range)
  } else if (row.status === 416) {
    assert.equal(header(answer, 'content-range'), `bytes */${bytes.byteLength}`, row.range)
  } else {
    const { first = 0, last = 0 } = row
    assert.ok(answer.body.equals(bytes.subarray(first, last + 1)), row.range)
    assert.equal(header(answer, 'content-range'), `bytes ${first}-${last}/${bytes.byteLength}`)
    assert.equal(header(answer, 'content-length'), String(last - first + 1))
    assert.equal(header(answer, 'docker-content-digest'), digestOf(bytes))
  }
}

export const blobChecks: readonly Check[] = [
  {
    sentence: 'if the blob is not found in the repository, the response code MUST be 404',
    async run(client) {
      const { digest } = randomBlob()
      expectRefusal(await client.at('GET', `blobs/${digest}`), 404, 'BLOB_UNKNOWN')
      const head = expectStatus(await client.at('HEAD', `blobs/${digest}`), 404)
      assert.equal(head.body.byteLength, 0)
      expectRefusal(await client.at('DELETE', `blobs/${digest}`), 404, 'BLOB_UNKNOWN')
    },
  },
  {
    sentence: 'a digest outside the grammar or of an unregistered algorithm is 400 DIGEST_INVALID',
    async run(client) {
      const hex = 'a'.repeat(64)
      const texts = [
        'sha256:abc',
        'sha256:',
        ':abc',
        `sha384:${'a'.repeat(96)}`,
        `sha256:${hex.slice(1)}g`,
        `sha256:${hex}0`,
        `sha256:${hex.toUpperCase()}`,
        `md5:${hex}`,
        hex,
        `sha512:${hex}`,
      ]
      for (const text of texts) {
        expectRefusal(await client.at('GET', `blobs/${text}`), 400, 'DIGEST_INVALID')
        expectStatus(await client.at('HEAD', `blobs/${text}`), 400)
        expectRefusal(await client.at('DELETE', `blobs/${text}`), 400, 'DIGEST_INVALID')
      }
    },
  },
  {
    sentence: 'a repository sees only what is linked to it: another one’s blob is unknown here',
    async run(client) {
      const { bytes, digest } = randomBlob()
      await pushBlob(client, bytes)
      const elsewhere = `/v2/${client.other}/blobs/${digest}`
      expectRefusal(await client.send('GET', elsewhere), 404, 'BLOB_UNKNOWN')
      expectStatus(await client.send('HEAD', elsewhere), 404)
      expectRefusal(await client.send('DELETE', elsewhere), 404, 'BLOB_UNKNOWN')
    },
  },
  {
    sentence: 'a GET to an existing blob MUST provide it with 200, a HEAD its digest and size',
    async run(client) {
      for (const size of [0, 1, 512, 100_000]) {
        const { bytes, digest } = randomBlob(size)
        await pushBlob(client, bytes)
        await expectBlob(client, digest, bytes)
      }
    },
  },
  {
    sentence: 'the colon of a digest may be escaped',
    async run(client) {
      const { bytes, digest } = randomBlob()
      await pushBlob(client, bytes)
      expectStatus(await client.at('GET', `blobs/${digest.replace(':', '%3A')}`), 200)
      expectStatus(await client.at('GET', `blobs/${digest.replace(':', '%3a')}`), 200)
    },
  },
  {
    sentence: 'a registry SHOULD support the Range request header in accordance with RFC 9110',
    async run(client) {
      const { bytes, digest } = randomBlob(2048)
      await pushBlob(client, bytes)
      for (const row of ranges) await checkRange(client, `blobs/${digest}`, bytes, row)
    },
  },
  {
    sentence: 'a blob of no bytes has no satisfiable range',
    async run(client) {
      const digest = await pushBlob(client, Buffer.alloc(0))
      for (const range of ['bytes=0-', 'bytes=0-0', 'bytes=-1']) {
        const sent = { headers: { range } }
        const answer = expectStatus(await client.at('GET', `blobs/${digest}`, sent), 416)
        assert.equal(header(answer, 'content-range'), 'bytes */0')
      }
    },
  },
  {
    sentence: 'Range on HEAD is ignored: the answer is that of the whole blob',
    async run(client) {
      const { bytes, digest } = randomBlob(2048)
      await pushBlob(client, bytes)
      const sent = { headers: { range: 'bytes=0-9' } }
      const head = expectStatus(await client.at('HEAD', `blobs/${digest}`, sent), 200)
      assert.equal(header(head, 'content-length'), '2048')
    },
  },
  {
    sentence: 'several ranges in order are answered as multipart/byteranges (RFC 9110, 14.6)',
    async run(client) {
      const { bytes, digest } = randomBlob(2048)
      await pushBlob(client, bytes)
      const sent = { headers: { range: 'bytes=0-9,100-199,-5' } }
      const answer = expectStatus(await client.at('GET', `blobs/${digest}`, sent), 206)
      const type = header(answer, 'content-type')
      const boundary = /^multipart\/byteranges; boundary=([a-z0-9]{1,70})$/.exec(type)?.[1]
      assert.ok(boundary !== undefined, type)
      assert.equal(header(answer, 'content-length'), String(answer.body.byteLength))
      const spans = [
        [0, 9],
        [100, 199],
        [2043, 2047],
      ] as const
      const parts = spans.map(([first, last]) =>
        Buffer.concat([
          Buffer.from(
            `\r\n--${boundary}\r\nContent-Type: application/octet-stream\r\nContent-Range: bytes ${first}-${last}/2048\r\n\r\n`,
          ),
          bytes.subarray(first, last + 1),
        ]),
      )
      const expected = Buffer.concat([...parts, Buffer.from(`\r\n--${boundary}--\r\n`)])
      assert.ok(answer.body.equals(expected))
    },
  },
  {
    sentence: 'more ranges than 64, or ranges that overlap, are answered by the whole, once',
    async run(client) {
      const { bytes, digest } = randomBlob(2048)
      await pushBlob(client, bytes)
      const list = (count: number): string =>
        Array.from({ length: count }, (_, at) => `${at * 10}-${at * 10}`).join(',')
      const get = async (range: string) =>
        client.at('GET', `blobs/${digest}`, { headers: { range: `bytes=${range}` } })
      expectStatus(await get(list(64)), 206)
      for (const range of [list(65), '0-9,5-20', '0-9,0-9', '10-19,0-9']) {
        const answer = expectStatus(await get(range), 200)
        assert.ok(answer.body.equals(bytes), range)
      }
      expectStatus(await get('3000-,4000-5000'), 416)
      const one = expectStatus(await get('3000-,0-4'), 206)
      assert.ok(one.body.equals(bytes.subarray(0, 5)))
    },
  },
  {
    sentence: 'bytes are sent as they are stored, whatever encoding a client would take',
    async run(client) {
      const { bytes, digest } = randomBlob(2048)
      await pushBlob(client, bytes)
      const headers = { 'accept-encoding': 'zstd;q=1.0, gzip;q=0.8, deflate;q=0.5' }
      const answer = expectStatus(await client.at('GET', `blobs/${digest}`, { headers }), 200)
      assert.equal(header(answer, 'content-encoding'), '')
      assert.ok(answer.body.equals(bytes))
    },
  },
  {
    sentence: 'If-Range with the entity tag gives the range, with any other the whole',
    async run(client) {
      const { bytes, digest } = randomBlob(2048)
      await pushBlob(client, bytes)
      const get = async (ifRange: string) =>
        client.at('GET', `blobs/${digest}`, {
          headers: { range: 'bytes=0-9', 'if-range': ifRange },
        })
      expectStatus(await get(`"${digest}"`), 206)
      for (const other of ['"x"', `W/"${digest}"`, 'Tue, 24 Nov 2026 12:00:00 GMT']) {
        expectStatus(await get(other), 200)
      }
    },
  },
  {
    sentence:
      'If-None-Match with the entity tag is answered 304, without bytes, naming the content',
    async run(client) {
      const { bytes, digest } = randomBlob()
      await pushBlob(client, bytes)
      const get = async (tag: string) =>
        client.at('GET', `blobs/${digest}`, { headers: { 'if-none-match': tag } })
      for (const tag of [`"${digest}"`, `W/"${digest}"`, `"x", "${digest}"`, '*', digest]) {
        const answer = expectStatus(await get(tag), 304)
        assert.equal(answer.body.byteLength, 0)
        assert.equal(header(answer, 'etag'), `"${digest}"`)
        assert.equal(header(answer, 'docker-content-digest'), digest)
      }
      for (const tag of ['"x"', `"${digest.slice(0, -1)}"`, '']) expectStatus(await get(tag), 200)
      const headers = { 'if-none-match': `"${digest}"`, range: 'bytes=0-1' }
      expectStatus(await client.at('GET', `blobs/${digest}`, { headers }), 304)
      const head = expectStatus(await client.at('HEAD', `blobs/${digest}`, { headers }), 304)
      assert.equal(header(head, 'etag'), `"${digest}"`)
    },
  },
  {
    sentence: 'a deleted blob is gone at once, from this repository only',
    async run(client) {
      const { bytes, digest } = randomBlob()
      await pushBlob(client, bytes)
      const from = `/v2/${client.other}/blobs/uploads/?mount=${digest}&from=${client.repository}`
      expectStatus(await client.send('POST', from), 201)
      expectStatus(await client.at('DELETE', `blobs/${digest}`), 202)
      expectStatus(await client.at('HEAD', `blobs/${digest}`), 404)
      expectRefusal(await client.at('GET', `blobs/${digest}`), 404, 'BLOB_UNKNOWN')
      expectRefusal(await client.at('DELETE', `blobs/${digest}`), 404, 'BLOB_UNKNOWN')
      expectStatus(await client.send('HEAD', `/v2/${client.other}/blobs/${digest}`), 200)
    },
  },
  {
    sentence: 'a blob that a manifest needs is not deleted: 405 UNSUPPORTED',
    async run(client) {
      const image = await imageOf(client)
      const pushed = await pushManifest(client, image)
      const digest = digestOf(Buffer.from('{}'))
      expectRefusal(await client.at('DELETE', `blobs/${digest}`), 405, 'UNSUPPORTED')
      expectStatus(await client.at('DELETE', `manifests/${pushed.digest}`), 202)
      expectStatus(await client.at('DELETE', `blobs/${digest}`), 202)
    },
  },
  {
    sentence: 'a browser may run nothing of a blob',
    async run(client) {
      const digest = await pushBlob(client, Buffer.from('<script>alert(1)</script>'))
      const answer = expectStatus(await client.at('GET', `blobs/${digest}`), 200)
      assert.equal(header(answer, 'x-content-type-options'), 'nosniff')
      assert.equal(header(answer, 'content-security-policy'), 'sandbox')
    },
  },
]
