import assert from 'node:assert/strict'
import { readdir, readFile } from 'node:fs/promises'
import { test, type TestContext } from 'node:test'
import { temporaryDirectory } from '../../../test/kit/database.ts'
import { fileServer, serveFile, type Answer } from '../../../test/kit/file-server.ts'
import { systemIds } from '../../lib/ids.ts'
import type { Feed } from './feed.ts'
import { defaultHttpFeedLimits, openHttpFeed } from './http.ts'

const { signal } = new AbortController()
const content = Buffer.alloc(100_000, 'x')

async function place(
  t: TestContext,
  answer: Answer,
  limits = {},
): Promise<{ feed: Feed; directory: string; server: Awaited<ReturnType<typeof fileServer>> }> {
  const server = await fileServer(t, answer)
  const directory = await temporaryDirectory(t)
  const feed = openHttpFeed({ ids: systemIds, directory }, server.url, {
    ...defaultHttpFeedLimits,
    ...limits,
  })
  return { feed, directory, server }
}

const refusals: readonly (readonly [name: string, answer: Answer, message: RegExp])[] = [
  ['an error of the server', (_, response) => void response.writeHead(503).end(), /answered 503/],
  [
    'an endless chain of redirects',
    (_, response) => void response.writeHead(302, { location: '/again' }).end(),
    /redirects more than 5/,
  ],
  [
    'a redirect to a file',
    (_, response) => void response.writeHead(302, { location: 'file:///etc/passwd' }).end(),
    /not followed/,
  ],
  [
    'a length above the limit',
    (_, response) =>
      void response.writeHead(200, { 'content-length': 2_000_000 }).end(Buffer.alloc(2_000_000)),
    /larger than 1000000/,
  ],
  [
    'more bytes than the limit',
    (_, response) => void response.writeHead(200).end(Buffer.alloc(2_000_000)),
    /larger than 1000000/,
  ],
  [
    'a body that breaks off',
    (_, response) => {
      response.writeHead(200, { 'content-length': 500_000 })
      response.write(content, () => response.destroy())
    },
    /broke off/,
  ],
  ['a server that never answers', () => undefined, /cannot be reached/],
]

for (const [name, answer, message] of refusals) {
  test(`refuses ${name}, and leaves no file`, async (t) => {
    const limits = { maxBytes: 1_000_000, timeoutMs: name.includes('never') ? 50 : 10_000 }
    const { feed, directory } = await place(t, answer, limits)
    await assert.rejects(feed.fetch('npm/all.zip', undefined, { signal }), {
      name: 'FeedError',
      message,
    })
    assert.deepEqual(await readdir(directory), [])
  })
}

test('refuses names that leave the base', async (t) => {
  const { feed, server } = await place(t, serveFile(content, '"1"'))
  for (const name of ['../secret', 'npm/../../x', '/etc/passwd', 'a?b', '', '.hidden']) {
    await assert.rejects(feed.fetch(name, undefined, { signal }), { name: 'FeedError' })
  }
  assert.deepEqual(server.paths, [])
})

test('stops when it is aborted', async (t) => {
  const stop = new AbortController()
  const { feed, directory } = await place(t, (_, response) => {
    response.writeHead(200).write(content, () => stop.abort())
  })
  await assert.rejects(feed.fetch('npm/all.zip', undefined, { signal: stop.signal }))
  assert.deepEqual(await readdir(directory), [])
})

test('spools a file until it is released, and asks again with its ETag', async (t) => {
  const { feed, directory, server } = await place(t, serveFile(content, '"1"'))
  const answer = await feed.fetch('npm/all.zip', undefined, { signal })
  if (answer.kind !== 'fetched') throw new Error('nothing was fetched')
  assert.deepEqual(await readFile(answer.path), content)
  assert.equal(answer.validator, '"1"')
  await answer.release()
  assert.deepEqual(await readdir(directory), [])
  assert.deepEqual(await feed.fetch('npm/all.zip', '"1"', { signal }), { kind: 'unchanged' })
  assert.deepEqual(server.paths, ['/archive/npm/all.zip', '/archive/npm/all.zip'])
})

test('follows a redirect', async (t) => {
  const { feed } = await place(t, (request, response) => {
    if (request.url === '/moved') serveFile(content, '"1"')(request, response)
    else response.writeHead(301, { location: '/moved' }).end()
  })
  assert.equal((await feed.fetch('npm/all.zip', undefined, { signal })).kind, 'fetched')
})
