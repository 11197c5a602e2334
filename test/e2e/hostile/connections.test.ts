// Clients that hold connections: slowly, without a word, or very many. Short settings, so that seconds are enough.
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { readdir } from 'node:fs/promises'
import { test } from 'node:test'
import { DescribeRepositoriesCommand } from '@aws-sdk/client-ecr'
import { digestOf } from '../../../src/oci/digest.ts'
import {
  besideHonestClient,
  exchangeRaw,
  headOf,
  openRaw,
  pause,
  residentMiB,
  send,
  startTarget,
  type Answer,
  type RawConnection,
  type Target,
} from '../../kit/hostile.ts'

/** As many of each kind of attacker; more for a heavy run. */
const attackers = 40
const stallSeconds = 1

async function openUpload(target: Target): Promise<string> {
  const opened = await send(target, 'POST', '/v2/app/blobs/uploads/')
  assert.equal(opened.status, 202)
  return String(opened.headers['location'])
}

/** A byte each tenth of a second, until the server has closed. */
async function drip(raw: RawConnection, byte: string): Promise<string> {
  const timer = setInterval(() => raw.socket.write(byte), 100)
  const received = await raw.closed(20_000)
  clearInterval(timer)
  return received
}

/** As clients do it: again while the server is still busy with the end of the last request. */
async function goOn(target: Target, location: string): Promise<Answer> {
  for (let attempt = 0; ; attempt += 1) {
    const answered = await send(target, 'PATCH', location, { body: Buffer.from('rest') })
    if (answered.status !== 416 || attempt > 100) return answered
    await pause(50)
  }
}

function many(): readonly number[] {
  return Array.from({ length: attackers }, (_, index) => index)
}

test('slow clients', { concurrency: true }, async (t) => {
  const target = await startTarget(t, { PRATIQUE_STALL_SECONDS: String(stallSeconds) })
  const tests: Promise<void>[] = []

  tests.push(
    t.test('connections without a word, and heads that drip, end with 408', async () => {
      const answers = await besideHonestClient(target, () =>
        Promise.all(
          many().map(async (index) => {
            const raw = openRaw(target)
            if (index % 2 === 0) return raw.closed(20_000)
            raw.socket.write('GET /v2/ HTTP/1.1\r\nX: ')
            return drip(raw, 'a')
          }),
        ),
      )
      for (const answer of answers) assert.match(answer, /^HTTP\/1\.1 408 [\s\S]*"errors"/)
    }),
  )

  tests.push(
    t.test('a body that drips ends its connection, and the upload can go on', async () => {
      const locations = await Promise.all(many().map(() => openUpload(target)))
      await besideHonestClient(target, () =>
        Promise.all(
          locations.map(async (location) => {
            const raw = openRaw(target)
            raw.socket.write(headOf(target, `PATCH ${location}`, 'Content-Length: 1000000'))
            await drip(raw, 'a')
          }),
        ),
      )
      const [location = ''] = locations
      const rest = await goOn(target, location)
      assert.equal(rest.status, 202, rest.body.toString())
      assert.match(String(rest.headers['range']), /^0-[1-9]/)
    }),
  )

  tests.push(
    t.test('a slow body that keeps the rate is taken to its end', async () => {
      const location = await openUpload(target)
      const raw = openRaw(target)
      const piece = Buffer.alloc(1024, 'x')
      const pieces = stallSeconds * 40
      const head = headOf(
        target,
        `PATCH ${location}`,
        `Content-Length: ${pieces * 1024}`,
        'Connection: close',
      )
      raw.socket.write(head)
      for (let sent = 0; sent < pieces; sent += 1) {
        raw.socket.write(piece)
        await pause(100)
      }
      assert.match(await raw.closed(), /^HTTP\/1\.1 202 /)
    }),
  )

  tests.push(
    t.test(
      'readers that stop in the middle of a pull end, one that pauses gets the whole',
      async () => {
        const blob = randomBytes(24 * 1024 * 1024)
        const path = `/v2/app/blobs/uploads/?digest=${digestOf(blob)}`
        assert.equal((await send(target, 'POST', path, { body: blob })).status, 201)
        const idle = await residentMiB(target)
        const get = headOf(target, `GET /v2/app/blobs/${digestOf(blob)}`, 'Connection: close')
        const pausing = openRaw(target)
        const stopped = many().map(() => openRaw(target))
        for (const raw of [pausing, ...stopped]) {
          raw.socket.write(get)
          raw.socket.pause()
        }
        let peak = 0
        await besideHonestClient(target, async () => {
          await pause(2000)
          pausing.socket.resume()
          assert.equal((await pausing.closed()).split('\r\n\r\n')[1]?.length, blob.byteLength)
          peak = await residentMiB(target)
          await pause((5 * stallSeconds + 3) * 1000)
        })
        for (const raw of stopped) {
          raw.socket.resume()
          assert.ok((await raw.closed()).length < blob.byteLength)
        }
        assert.ok(peak - idle < 300, `${peak} MiB, ${idle} MiB before`)
      },
    ),
  )
  await Promise.all(tests)
})

test('many connections', async (t) => {
  const target = await startTarget(t, {
    PRATIQUE_MAX_CONNECTIONS: '120',
    PRATIQUE_MAX_CONNECTIONS_PER_ADDRESS: '100',
  })

  await t.test(
    'an address that has all its connections is told so, others are served',
    async () => {
      const held = Array.from({ length: 100 }, () => openRaw(target))
      await Promise.all(held.map(async ({ socket }) => connected(socket)))
      const refused = await besideHonestClient(
        target,
        () => exchangeRaw(target, headOf(target, 'GET /v2/')),
        '127.0.0.2',
      )
      assert.match(
        refused,
        /^HTTP\/1\.1 429 [\s\S]*\r\nretry-after: [0-9]+\r\n[\s\S]*TOOMANYREQUESTS/i,
      )
      for (const { socket } of held) socket.destroy()
      await untilServed(target)
    },
  )

  await t.test(
    'a server that has all its connections says so, and serves again when some end',
    async () => {
      const held = Array.from({ length: 120 }, (_, index) =>
        openRaw(target, `127.0.0.${3 + (index % 2)}`),
      )
      await Promise.all(held.map(async ({ socket }) => connected(socket)))
      const refused = await exchangeRaw(target, headOf(target, 'GET /v2/'))
      assert.match(
        refused,
        /^HTTP\/1\.1 503 [\s\S]*\r\nretry-after: [0-9]+\r\n[\s\S]*TOOMANYREQUESTS/i,
      )
      for (const { socket } of held) socket.destroy()
      await untilServed(target)
    },
  )
})

async function connected(socket: RawConnection['socket']): Promise<void> {
  if (socket.connecting) await new Promise((resolve) => socket.once('connect', resolve))
}

async function untilServed(target: Target): Promise<void> {
  for (let attempt = 0; attempt < 100; attempt += 1) {
    const answered = await send(target, 'GET', '/v2/').catch(() => undefined)
    if (answered?.status === 200) return
    await pause(50)
  }
  assert.fail('refused although nobody holds connections any more')
}

test('who asks for much at once and takes nothing has one answer begun, or none', async (t) => {
  const target = await startTarget(t)
  const blob = randomBytes(20_000_000)
  const upload = `/v2/app/blobs/uploads/?digest=${digestOf(blob)}`
  assert.equal((await send(target, 'POST', upload, { body: blob })).status, 201)
  const pull = headOf(target, `GET /v2/app/blobs/${digestOf(blob)}`)

  await t.test('one after another', async () => {
    const before = await openFiles(target)
    const held = many().map(() => openRaw(target))
    for (const { socket } of held) {
      socket.pause()
      socket.write(pull.repeat(20))
    }
    await besideHonestClient(target, () => pause(1000))
    const during = await openFiles(target)
    // A socket and a file for each, and a few of others.
    assert.ok(during - before <= 2 * attackers + 20, `${during} files, ${before} before`)
    for (const { socket } of held) socket.destroy()
  })

  await t.test('none for hundreds', async () => {
    await besideHonestClient(target, async () => {
      const raw = openRaw(target)
      raw.socket.pause()
      raw.socket.write(pull.repeat(2000))
      raw.socket.resume()
      await raw.closed()
    })
  })
})

async function openFiles({ pid }: Target): Promise<number> {
  return (await readdir(`/proc/${pid}/fd`)).length
}

test('a thousand idle connections cost little and hinder nobody', async (t) => {
  const target = await startTarget(t, { PRATIQUE_MAX_CONNECTIONS_PER_ADDRESS: '2000' })
  const before = await residentMiB(target)
  const held = Array.from({ length: 1000 }, () => openRaw(target))
  await Promise.all(held.map(async ({ socket }) => connected(socket)))
  await besideHonestClient(target, () => pause(500))
  const during = await residentMiB(target)
  for (const { socket } of held) socket.destroy()
  assert.ok(during - before < 200, `${during} MiB, ${before} MiB before`)
})

test('who announces large bodies to the AWS door and never sends them keeps nobody out', async (t) => {
  const target = await startTarget(t)
  const scope = `${target.accessKeyId}/20261125/us-east-1/ecr/aws4_request`
  const signature = `AWS4-HMAC-SHA256 Credential=${scope}, SignedHeaders=host, Signature=${'0'.repeat(64)}`
  const head = [
    'POST / HTTP/1.1',
    `Host: ${target.host}`,
    'X-Amz-Date: 20261125T000000Z',
    'X-Amz-Target: AmazonEC2ContainerRegistry_V20150921.UploadLayerPart',
    `Authorization: ${signature}`,
    'Content-Length: 20000000',
  ]
  const held = Array.from({ length: attackers }, () => openRaw(target))
  for (const { socket } of held) socket.write(`${head.join('\r\n')}\r\n\r\n{`)
  await pause(200)
  const { repositories = [] } = await target.ecr.send(new DescribeRepositoriesCommand({}))
  assert.equal(repositories.length, 2)
  for (const { socket } of held) socket.destroy()
})
