// Sequences of requests against a running server, well-formed and not: each answer is one that the state allows, in the protocol's form,
// and no request makes the server fail.
import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import fc from 'fast-check'
import { exchange, header, type Answer } from '../conformance/client.ts'
import { openTestServer } from '../kit/server.ts'
import { hostileText, runs } from './hostile-input.ts'
import { fruitful, RepositoryConversation, steps, type Step } from './repository-conversation.ts'

const directory = await mkdtemp(join(tmpdir(), 'pratique-fuzz-'))
const server = await openTestServer(directory)

after(async () => {
  await server.close()
  await rm(directory, { recursive: true, force: true })
})

let repositories = 0

async function newRepository(isMutable: boolean): Promise<string> {
  repositories += 1
  const name = `fuzz/${isMutable ? 'mutable' : 'immutable'}-${repositories}`
  await server.createRepository(name, isMutable ? 'MUTABLE' : 'IMMUTABLE')
  return name
}

test('every answer in a sequence of requests is what the repository’s state allows', async (t) => {
  const counts = new Map<string, number>()
  const step: fc.Arbitrary<Step> = fc.record({
    name: fc.oneof(
      { weight: 3, arbitrary: fc.constantFrom(...fruitful) },
      { weight: 4, arbitrary: fc.constantFrom(...steps) },
    ),
    one: fc.nat(1000),
    two: fc.nat(1000),
  })
  await fc.assert(
    fc.asyncProperty(
      fc.array(step, { minLength: 15, maxLength: 60, size: 'max' }),
      fc.boolean(),
      async (sequence, isMutable) => {
        const name = await newRepository(isMutable)
        const talk = new RepositoryConversation(server, name, isMutable)
        for (const one of sequence) {
          const answer = await talk.take(one)
          const what = `${one.name} ${answer.status}`
          counts.set(what, (counts.get(what) ?? 0) + 1)
        }
        await talk.compareAll()
      },
    ),
    runs(30),
  )
  for (const line of [...counts].map(([what, count]) => `${what}: ${count}`).toSorted()) {
    t.diagnostic(line)
  }
  await expectAlive()
})

test('a Content-Type that nobody can read is judged by the door, in its own form', async () => {
  const name = await newRepository(true)
  const { authorization } = server
  for (const type of ['', 'garbage', '/', 'a b/c']) {
    const sent = { headers: { authorization, 'content-type': type }, body: Buffer.from('{}') }
    const put = await exchange(server.url, 'PUT', `/v2/${name}/manifests/v1`, sent)
    expectForm('PUT', put)
    assert.equal(put.headers['docker-distribution-api-version'], 'registry/2.0')
    const begun = await exchange(server.url, 'POST', `/v2/${name}/blobs/uploads/`, sent)
    assert.equal(begun.status, 202)
    const call = await exchange(server.url, 'POST', '/', sent)
    assert.ok(/^(?:text\/xml|application\/x-amz-json-1\.1)$/.test(header(call, 'content-type')))
  }
})

const methods = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'PROPFIND']

test('requests of no form are refused in the protocol’s form, never with a fault', async () => {
  const name = await newRepository(true)
  const digest = `sha256:${'a'.repeat(64)}`
  const path = hostileText(
    '/v2/',
    name,
    '/',
    'blobs/',
    'uploads/',
    'manifests/',
    'tags/list',
    'referrers/',
    '_catalog',
    digest,
    'v1',
    '?',
    'n=',
    'last=',
    '&',
    'digest=',
    'mount=',
    'from=',
    'next=',
    'artifactType=',
  ).map((text) => `/v2/${encodeControls(text)}`)
  const value = hostileText('bytes=', '0-9', 'application/json', 'Basic ', '*', '"', ',', '-').map(
    encodeControls,
  )
  const names = ['range', 'content-range', 'content-type', 'if-none-match', 'if-range', 'accept']
  const headers = fc.dictionary(fc.constantFrom(...names), value, { maxKeys: 3 })
  const body = fc.oneof(
    hostileText('{', '}', '"schemaVersion":2', ',', '"mediaType":', '"layers":[]').map((text) =>
      Buffer.from(text),
    ),
    fc.uint8Array({ maxLength: 200 }).map((bytes) => Buffer.from(bytes)),
  )
  const isKnown = fc.integer({ min: 0, max: 9 }).map((die) => die > 0)
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom(...methods),
      path,
      headers,
      body,
      isKnown,
      async (method, target, more, bytes, hasCredential) => {
        const authorization = hasCredential ? { authorization: server.authorization } : {}
        const hasBody = !['GET', 'HEAD', 'OPTIONS'].includes(method)
        const answer = await exchange(server.url, method, target, {
          headers: { ...more, ...authorization },
          ...(hasBody ? { body: bytes } : {}),
        })
        expectForm(method, answer)
      },
    ),
    runs(1000),
  )
  await expectAlive()
})

test('requests to the other doors are refused in their forms, never with a fault', async () => {
  const target = hostileText('AmazonEC2ContainerRegistry_V20150921', '.', 'PutImage', 'ListImages')
  const path = hostileText(
    '/',
    '/pratique/v1/',
    'collections',
    'usage',
    '/downloads/',
    'x',
    '/livez',
  )
  const type = fc.constantFrom(
    'application/x-amz-json-1.1',
    'application/x-www-form-urlencoded',
    'text/plain',
  )
  const body = hostileText('{', '}', '"repositoryName":', '"a"', 'Action=GetCallerIdentity', '&')
  const authorization = hostileText('AWS4-HMAC-SHA256 ', 'Credential=A/20260101/r/ecr/aws4_request')
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom(...methods),
      path,
      fc.record({ target, type, body, authorization }),
      async (method, where, sent) => {
        const answer = await exchange(server.url, method, `/${encodeControls(where)}`, {
          headers: {
            'x-amz-target': encodeControls(sent.target),
            'content-type': sent.type,
            authorization: encodeControls(sent.authorization),
          },
          ...(method === 'POST' || method === 'PUT' ? { body: Buffer.from(sent.body) } : {}),
        })
        assert.ok(answer.status < 500 || answer.status === 501, `${answer.status}`)
      },
    ),
    runs(400),
  )
  await expectAlive()
})

/** What a client's own library would refuse to send is sent as text that stands for it. */
function encodeControls(text: string): string {
  return text
    .toWellFormed()
    .replaceAll(/[^\u0021-\u007E]/gu, encodeURIComponent)
    .slice(0, 6000)
}

function expectForm(method: string, answer: Answer): void {
  const shown = `${answer.status} ${answer.body.toString().slice(0, 300)}`
  assert.ok(answer.status >= 200 && answer.status < 500, shown)
  if (answer.status < 400 || method === 'HEAD') return
  if (answer.headers['docker-distribution-api-version'] === undefined) {
    // Node or the router refused it before any door: nothing of ours is in the answer.
    assert.ok([400, 404, 405, 414, 431].includes(answer.status), shown)
    return
  }
  assert.equal(answer.headers['content-type'], 'application/json')
  const { errors } = JSON.parse(answer.body.toString()) as {
    readonly errors: readonly { readonly code: string; readonly message: string }[]
  }
  assert.equal(errors.length, 1)
  for (const { code, message } of errors) {
    assert.match(code, /^[A-Z_]+$/)
    assert.ok(message.length > 10)
  }
}

async function expectAlive(): Promise<void> {
  const { status } = await exchange(server.url, 'GET', '/readyz', {})
  assert.equal(status, 200)
}
