// Manifests that are large, deep, many, or made to end up where they do not belong.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { BatchDeleteImageCommand, DescribeImagesCommand } from '@aws-sdk/client-ecr'
import { digestOf } from '../../../src/oci/digest.ts'
import {
  besideHonestClient,
  descriptorOf,
  imageOf,
  pause,
  refusalOf,
  residentMiB,
  send,
  startTarget,
  type Answer,
  type Target,
} from '../../kit/hostile.ts'

/** As many referrers of one subject as one principal may push, and as long a chain: more than one transaction removes. */
const referrers = 200
const depth = 110
const manifestType = 'application/vnd.oci.image.manifest.v1+json'
const indexType = 'application/vnd.oci.image.index.v1+json'
const config = Buffer.from('{}')
const smallest = imageOf(config, config, { layers: [] })

type Document = Readonly<Record<string, unknown>>
type Pushed = ReturnType<typeof descriptorOf> & { readonly answer: Answer }

async function put(
  target: Target,
  document: Document | Buffer,
  reference?: string,
): Promise<Pushed> {
  const body = Buffer.isBuffer(document) ? document : Buffer.from(JSON.stringify(document))
  const type = Buffer.isBuffer(document) ? manifestType : String(document['mediaType'])
  const path = `/v2/app/manifests/${reference ?? digestOf(body)}`
  const answer = await send(target, 'PUT', path, { headers: { 'content-type': type }, body })
  return { ...descriptorOf(type, body), answer }
}

async function accepted(target: Target, document: Document, reference?: string): Promise<Pushed> {
  const pushed = await put(target, document, reference)
  assert.equal(pushed.answer.status, 201, pushed.answer.body.toString().slice(0, 300))
  return pushed
}

function referrerOf({ mediaType, digest, size }: Pushed, members: Document): Document {
  return { ...smallest, subject: { mediaType, digest, size }, ...members }
}

function indexOf({ mediaType, digest, size }: Pushed): Document {
  return { schemaVersion: 2, mediaType: indexType, manifests: [{ mediaType, digest, size }] }
}

interface Page {
  readonly entries: readonly Document[]
  readonly bytes: number
  readonly next: string | undefined
}

async function pageAt(target: Target, path: string): Promise<Page> {
  const { status, body, headers } = await send(target, 'GET', path)
  assert.equal(status, 200)
  const { manifests: entries } = JSON.parse(body.toString()) as { readonly manifests: Document[] }
  const next = /^<([^>]+)>; rel="next"$/.exec(String(headers['link']))?.[1]
  return { entries, bytes: body.byteLength, next }
}

async function pagesOf(target: Target, { digest }: Pushed): Promise<readonly Page[]> {
  const pages: Page[] = []
  for (let path: string | undefined = `/v2/app/referrers/${digest}`; path !== undefined;) {
    const page: Page = await pageAt(target, path)
    pages.push(page)
    path = page.next
  }
  return pages
}

async function remove(target: Target, { digest: imageDigest }: Pushed): Promise<void> {
  const input = { repositoryName: 'app', imageIds: [{ imageDigest }] }
  const { failures } = await target.ecr.send(new BatchDeleteImageCommand(input))
  assert.deepEqual(failures, [])
}

async function untilGone(target: Target, { digest }: Pushed): Promise<void> {
  for (let attempt = 0; attempt < 600; attempt += 1) {
    if ((await send(target, 'HEAD', `/v2/app/manifests/${digest}`)).status === 404) return
    await pause(50)
  }
  assert.fail(`${digest} is still there`)
}

test('manifests', async (t) => {
  const target = await startTarget(t)
  const path = `/v2/app/blobs/uploads/?digest=${digestOf(config)}`
  assert.equal((await send(target, 'POST', path, { body: config })).status, 201)
  const idle = await residentMiB(target)

  await t.test(
    'ten thousand layers are taken, one more is refused, missing ones are all named',
    async () => {
      const layer = descriptorOf('application/vnd.oci.image.layer.v1.tar', config)
      const layers = (count: number) => ({ ...smallest, layers: Array(count).fill(layer) })
      const missing = Array.from({ length: 10_000 }, (_, index) => ({
        ...layer,
        digest: digestOf(Buffer.from(String(index))),
      }))
      await besideHonestClient(target, async () => {
        await accepted(target, layers(10_000))
        const tooMany = await put(target, layers(10_001))
        assert.equal(refusalOf(tooMany.answer), '400 MANIFEST_INVALID')
        const absent = await put(target, { ...smallest, layers: missing })
        assert.equal(refusalOf(absent.answer), '400 MANIFEST_BLOB_UNKNOWN')
        assert.ok(absent.answer.body.includes(missing.at(-1)?.digest ?? 'none'))
      })
    },
  )

  await t.test('four MiB of brackets, of keys, of quotes or of types are refused', async () => {
    const size = 4 * 1024 * 1024
    const keys = Array.from({ length: 250_000 }, (_, index) => `"${index}":0`).join()
    const bodies = [
      Buffer.alloc(size, '['),
      Buffer.alloc(size, '{"a":'),
      Buffer.alloc(size, '"'),
      Buffer.from(`{${keys}}`),
      Buffer.from(JSON.stringify({ ...smallest, artifactType: 'a/b'.padEnd(65_536, 'x') })),
      Buffer.from(JSON.stringify({ ...smallest, mediaType: 'a/b'.padEnd(65_536, 'x') })),
    ]
    await besideHonestClient(target, async () => {
      for (const body of bodies) {
        const { answer } = await put(target, body, 'hostile')
        assert.equal(refusalOf(answer), '400 MANIFEST_INVALID', body.subarray(0, 40).toString())
      }
    })
  })

  await t.test(
    'types and annotations with line ends stay content and never become headers',
    async () => {
      const evil = 'a/b\r\nX-Evil: 1\r\n\r\n\u{1f4a3}\u0000'
      const subject = await accepted(target, smallest, 'subject')
      const document = referrerOf(subject, { artifactType: evil, annotations: { [evil]: evil } })
      const { digest, answer } = await accepted(target, document)
      const pulled = await send(target, 'GET', `/v2/app/manifests/${digest}`)
      assert.deepEqual(JSON.parse(pulled.body.toString()), document)
      const filtered = `/v2/app/referrers/${subject.digest}?artifactType=${encodeURIComponent(evil)}`
      const listed = await send(target, 'GET', filtered)
      const { entries } = await pageAt(target, filtered)
      assert.deepEqual(entries[0]?.['annotations'], { [evil]: evil })
      for (const { headers } of [answer, pulled, listed]) assert.ok(!('x-evil' in headers))
      for (const type of ['text/html', 'a/b\u00ff', `${manifestType}\u00e9`]) {
        const headers = { 'content-type': type }
        const body = Buffer.from(JSON.stringify(smallest))
        const refused = await send(target, 'PUT', '/v2/app/manifests/typed', { headers, body })
        assert.ok([400, 415].includes(refused.status), type)
      }
    },
  )

  await t.test('many referrers are listed page by page and go with their subject', async () => {
    const subject = await accepted(target, { ...smallest, annotations: { of: 'many' } }, 'many')
    await besideHonestClient(target, async () => {
      const numbers = Array.from({ length: referrers }, (_, number) => String(number))
      const pushed = await Promise.all(
        numbers.map((n) => accepted(target, referrerOf(subject, { annotations: { n } }))),
      )
      const oneMore = await put(target, referrerOf(subject, { annotations: { n: 'one more' } }))
      assert.equal(refusalOf(oneMore.answer), '403 DENIED')
      const pages = await pagesOf(target, subject)
      assert.equal(pages.flatMap(({ entries }) => entries).length, referrers)
      await remove(target, subject)
      for (const referrer of pushed) await untilGone(target, referrer)
    })
    assert.deepEqual(
      (await pagesOf(target, subject)).flatMap(({ entries }) => entries),
      [],
    )
  })

  await t.test(
    'referrers with megabytes of annotations come in pages that clients can read',
    async () => {
      const subject = await accepted(target, { ...smallest, annotations: { of: 'large' } }, 'large')
      const sizes = [4_193_500, 3_000_000, 2_000_000, 1_000_000, 10, 10]
      for (const [index, size] of sizes.entries()) {
        const annotations = { index: String(index), text: 'x'.repeat(size) }
        await accepted(target, referrerOf(subject, { annotations }))
      }
      const pages = await pagesOf(target, subject)
      assert.equal(pages.flatMap(({ entries }) => entries).length, sizes.length)
      for (const { bytes } of pages) assert.ok(bytes <= 4 * 1024 * 1024, `${bytes} bytes`)
    },
  )

  await t.test(
    'chains of referrers and of indexes, built from below, are walked without recursion',
    async () => {
      await besideHonestClient(target, async () => {
        const first = await accepted(target, { ...smallest, annotations: { of: 'chain' } }, 'chain')
        let last = first
        for (let level = 0; level < depth; level += 1) {
          last = await accepted(target, referrerOf(last, { annotations: { level: String(level) } }))
        }
        await remove(target, first)
        await untilGone(target, last)
        let outer = await accepted(target, { ...smallest, annotations: { of: 'indexes' } })
        for (let level = 0; level < depth; level += 1)
          outer = await accepted(target, indexOf(outer))
        const input = { repositoryName: 'app', imageIds: [{ imageDigest: outer.digest }] }
        const { imageDetails = [] } = await target.ecr.send(new DescribeImagesCommand(input))
        assert.equal(imageDetails.length, 1)
        await remove(target, outer)
      })
    },
  )

  await t.test('none of it stays in memory', async () => {
    const now = await residentMiB(target)
    assert.ok(now - idle < 300, `${now} MiB, ${idle} MiB before`)
  })
})
