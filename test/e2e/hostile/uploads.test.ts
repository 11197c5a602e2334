// Uploads that are very many, without end, or not what they say.
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { execFile } from 'node:child_process'
import { test } from 'node:test'
import { promisify } from 'node:util'
import { gzipSync } from 'node:zlib'
import { InitiateLayerUploadCommand } from '@aws-sdk/client-ecr'
import { digestOf } from '../../../src/oci/digest.ts'
import { program } from '../../kit/server-process.ts'
import {
  besideHonestClient,
  headOf,
  openRaw,
  refusalOf,
  residentMiB,
  send,
  startTarget,
  type Target,
} from '../../kit/hostile.ts'

/** Rounds of fifty uploads that close with a wrong digest. */
const rounds = 6
/** Bytes of one endless body, and how many bodies at once; gigabytes for a heavy run. */
const bodyMiB = 64
const bodies = 4
const mebibyte = 1024 * 1024
const begin = '/v2/app/blobs/uploads/'
const absent = `sha256:${'0'.repeat(64)}`

async function openUpload(target: Target): Promise<string> {
  const opened = await send(target, 'POST', begin)
  assert.equal(opened.status, 202, opened.body.toString())
  return String(opened.headers['location'])
}

/** Chunks without a length for as long as the server takes them; what it answered in the end. */
async function sendEndless(
  target: Target,
  requestLine: string,
  mebibytes: number,
): Promise<string> {
  const raw = openRaw(target)
  raw.socket.write(headOf(target, requestLine, 'Transfer-Encoding: chunked', 'Connection: close'))
  const piece = Buffer.concat([
    Buffer.from(`${mebibyte.toString(16)}\r\n`),
    Buffer.alloc(mebibyte, 'x'),
    Buffer.from('\r\n'),
  ])
  const closed = new Promise<void>((resolve) => raw.socket.once('close', () => resolve()))
  for (
    let sent = 0;
    sent < mebibytes && raw.received() === '' && !raw.socket.destroyed;
    sent += 1
  ) {
    if (raw.socket.write(piece)) continue
    await Promise.race([new Promise((resolve) => raw.socket.once('drain', resolve)), closed])
  }
  if (raw.received() === '' && !raw.socket.destroyed) raw.socket.write('0\r\n\r\n')
  return raw.closed(60_000)
}

test('uploads', async (t) => {
  const target = await startTarget(t, { PRATIQUE_MAX_OPEN_UPLOADS: '60' })

  await t.test(
    'who has too many uploads in hand is refused by both doors, until some end',
    async () => {
      const locations: string[] = []
      for (let count = 0; count < 60; count += 1) locations.push(await openUpload(target))
      for (const query of ['', `?digest=${absent}`]) {
        const refused = await send(target, 'POST', `${begin}${query}`)
        assert.equal(refusalOf(refused), '429 TOOMANYREQUESTS')
        assert.match(String(refused.headers['retry-after']), /^[0-9]+$/)
      }
      const initiate = new InitiateLayerUploadCommand({ repositoryName: 'app' })
      await assert.rejects(target.ecr.send(initiate), { name: 'LimitExceededException' })
      for (const [index, location] of locations.entries()) {
        if (index % 2 === 0) assert.equal((await send(target, 'DELETE', location)).status, 204)
        else {
          const wrong = await send(target, 'PUT', `${location}?digest=${absent}`)
          assert.equal(refusalOf(wrong), '400 DIGEST_INVALID')
        }
      }
      assert.equal((await send(target, 'DELETE', await openUpload(target))).status, 204)
    },
  )

  await t.test(
    'hundreds of uploads that close with a wrong digest leave nothing open',
    async () => {
      await besideHonestClient(target, async () => {
        for (let round = 0; round < rounds; round += 1) {
          const wrong = Array.from({ length: 50 }, () =>
            send(target, 'POST', `${begin}?digest=${absent}`, { body: randomBytes(10) }),
          )
          for (const answer of await Promise.all(wrong))
            assert.equal(refusalOf(answer), '400 DIGEST_INVALID')
        }
      })
      assert.equal((await send(target, 'DELETE', await openUpload(target))).status, 204)
    },
  )

  await t.test('bodies without a length take a bounded part of memory', async () => {
    const before = await residentMiB(target)
    const locations = await Promise.all(Array.from({ length: bodies }, () => openUpload(target)))
    let peak = 0
    await besideHonestClient(target, async () => {
      const sampling = setInterval(() => {
        void residentMiB(target).then((now) => (peak = Math.max(peak, now)))
      }, 100)
      const answers = await Promise.all(
        locations.map((location) => sendEndless(target, `PATCH ${location}`, bodyMiB)),
      )
      clearInterval(sampling)
      for (const answer of answers) assert.match(answer, /^HTTP\/1\.1 202 /)
    })
    assert.ok(peak - before < 300, `${peak} MiB, ${before} MiB before`)
    for (const location of locations) await send(target, 'DELETE', location)
  })

  await t.test('a wrong last byte is refused, and nothing of the blob can be seen', async () => {
    const content = randomBytes(20 * mebibyte)
    const digest = digestOf(content)
    const altered = Buffer.from(content)
    altered[altered.byteLength - 1] = (altered.at(-1) ?? 0) ^ 1
    const location = await openUpload(target)
    assert.equal((await send(target, 'PATCH', location, { body: altered })).status, 202)
    const closed = await send(target, 'PUT', `${location}?digest=${digest}`)
    assert.equal(refusalOf(closed), '400 DIGEST_INVALID')
    for (const seen of [digest, digestOf(altered)])
      assert.equal((await send(target, 'HEAD', `/v2/app/blobs/${seen}`)).status, 404)
    assert.equal((await send(target, 'GET', location)).status, 404)
  })

  await t.test(
    'a compressed body is never unpacked: its digest is that of the bytes sent',
    async () => {
      const bomb = gzipSync(Buffer.alloc(16 * mebibyte))
      const headers = { 'content-encoding': 'gzip' }
      const path = `${begin}?digest=${digestOf(Buffer.alloc(16 * mebibyte))}`
      const refused = await send(target, 'POST', path, { headers, body: bomb })
      assert.equal(refusalOf(refused), '400 DIGEST_INVALID')
    },
  )

  await t.test('what is said twice or of an unknown kind is refused', async () => {
    const refused: readonly (readonly [string, string, string, Record<string, string>?])[] = [
      ['POST', `${begin}?digest=${absent}&digest=${absent}`, '400 DIGEST_INVALID'],
      ['POST', `${begin}?digest=md5:${'0'.repeat(32)}`, '400 DIGEST_INVALID'],
      ['POST', `${begin}?digest=sha256:${'A'.repeat(64)}`, '400 DIGEST_INVALID'],
      ['POST', `${begin}?digest=__proto__:${'0'.repeat(64)}`, '400 DIGEST_INVALID'],
      ['POST', `${begin}?digest-algorithm=md5`, '400 DIGEST_INVALID'],
      ['GET', `/v2/app/blobs/blake3:${'0'.repeat(64)}`, '400 DIGEST_INVALID'],
      ['GET', `${begin}../../tags`, '404 UNSUPPORTED'],
      ['PATCH', await openUpload(target), '400 SIZE_INVALID', { 'content-range': '0-2, 5-9' }],
      ['PATCH', await openUpload(target), '400 SIZE_INVALID', { 'content-range': `0-${2 ** 63}` }],
    ]
    for (const [method, path, expected, headers = {}] of refused) {
      assert.equal(refusalOf(await send(target, method, path, { headers })), expected, path)
    }
  })

  await t.test('a quota ends a body without a length before its end', async () => {
    const args = [program, 'quota', 'set', 'app', '--bytes', '8MiB']
    await promisify(execFile)(process.execPath, args, { env: target.environment })
    const answers = await besideHonestClient(target, async () => [
      await sendEndless(target, `PATCH ${await openUpload(target)}`, 512),
      await sendEndless(target, `POST ${begin}?digest=${absent}`, 512),
    ])
    for (const answer of answers) assert.match(answer, /^HTTP\/1\.1 403 [\s\S]*"DENIED"/)
  })
})
