import assert from 'node:assert/strict'
import { request } from 'node:http'
import {
  exchange,
  expectRefusal,
  expectStatus,
  header,
  indexOf,
  jsonOf,
  pushManifest,
  randomBlob,
  type Answer,
  type Check,
  type Client,
  type Sent,
} from './client.ts'

async function withoutCredentials(
  client: Client,
  method: string,
  path: string,
  sent: Sent = {},
): Promise<Answer> {
  return exchange(client.server.url, method, path, sent)
}

/** One request of every kind there is, in a repository that exists and in one that does not. */
function everyRequest(repository: string): readonly (readonly [string, string])[] {
  const { digest } = randomBlob()
  const upload = `${repository}/blobs/uploads/0b5f1f5c-7c0e-4a43-9b64-0d4e7c1f3a10`
  return [
    ['GET', ''],
    ['GET', '_catalog'],
    ['GET', `${repository}/blobs/${digest}`],
    ['DELETE', `${repository}/blobs/${digest}`],
    ['GET', `${repository}/manifests/v1`],
    ['PUT', `${repository}/manifests/v1`],
    ['DELETE', `${repository}/manifests/v1`],
    ['POST', `${repository}/blobs/uploads/`],
    ['GET', upload],
    ['PATCH', upload],
    ['PUT', `${upload}?digest=${digest}`],
    ['DELETE', upload],
    ['GET', `${repository}/tags/list`],
    ['GET', `${repository}/referrers/${digest}`],
    ['GET', `${repository}/no/such/endpoint`],
    ['GET', 'NOT-A-NAME/tags/list'],
  ]
}

function expectChallenge(client: Client, answer: Answer): void {
  expectStatus(answer, 401)
  const { url } = client.server
  const challenge = `Bearer realm="${url}/token",service="${new URL(url).host}"`
  assert.ok(header(answer, 'www-authenticate').startsWith(challenge))
  assert.equal(header(answer, 'docker-distribution-api-version'), 'registry/2.0')
}

/** The framework reads the path before any door does, so its form is not wholly ours. */
function expectRefusedPath(answer: Answer): void {
  expectStatus(answer, 400)
  const { errors } = jsonOf(answer)
  assert.ok(Array.isArray(errors) && errors.length === 1)
}

interface Told {
  readonly continued: boolean
  readonly status: number
  readonly connection: string | undefined
}

/** Sends the head of a request, and the body only when it is asked for. */
async function expectContinue(
  client: Client,
  path: string,
  headers: Readonly<Record<string, string>>,
  body?: Buffer,
): Promise<Told> {
  const { url, authorization } = client.server
  const sent = { method: 'POST', path, agent: false, headers: { authorization, ...headers } }
  return new Promise((resolve, reject) => {
    let continued = false
    const outgoing = request(url, sent, (incoming) => {
      const { statusCode: status = 0 } = incoming
      incoming.resume()
      incoming.once('end', () => {
        resolve({ continued, status, connection: incoming.headers.connection })
        outgoing.destroy()
      })
    })
    outgoing.on('error', reject)
    outgoing.on('continue', () => {
      continued = true
      outgoing.end(body)
    })
    outgoing.flushHeaders()
  })
}

export const accessChecks: readonly Check[] = [
  {
    sentence:
      'without credentials every request is 401 with a challenge, whether or not the name exists',
    async run(client) {
      for (const repository of [client.repository, 'conformance/absent']) {
        for (const [method, path] of everyRequest(repository)) {
          const answer = await withoutCredentials(client, method, `/v2/${path}`)
          expectChallenge(client, answer)
          expectRefusal(answer, 401, 'UNAUTHORIZED')
        }
        const head = await withoutCredentials(client, 'HEAD', `/v2/${repository}/manifests/v1`)
        expectChallenge(client, head)
        assert.equal(head.body.byteLength, 0)
      }
    },
  },
  {
    sentence: 'credentials that are none, wrong or malformed are 401 with a challenge',
    async run(client) {
      const basic = (text: string): string => `Basic ${Buffer.from(text).toString('base64')}`
      const refused = [
        '',
        'Basic',
        'Basic ',
        'Basic !!!',
        basic('no colon'),
        basic(':'),
        basic('AWS:'),
        basic(`AWS:${'A'.repeat(400)}`),
        basic('AKIAAAAAAAAAAAAAAAAA:secret'),
        basic('admin:admin'),
        basic(`a\0b:${'x'.repeat(6000)}`),
        'Bearer abc',
        client.server.authorization.replace('Basic', 'Bearer'),
        `${client.server.authorization}x`,
      ]
      for (const authorization of refused) {
        const answer = await client.send('GET', '/v2/', { headers: { authorization } })
        expectChallenge(client, answer)
        expectRefusal(answer, 401, 'UNAUTHORIZED')
      }
    },
  },
  {
    sentence: 'a refused upload takes no bytes: the connection ends instead of reading them',
    async run(client) {
      const { digest } = randomBlob()
      const path = `/v2/${client.repository}/blobs/uploads/?digest=${digest}`
      const sent = { headers: { 'content-length': '100000000' } }
      const body = Buffer.from('the first bytes')
      const answer = await exchange(client.server.url, 'POST', path, { ...sent, body })
      expectRefusal(answer, 401, 'UNAUTHORIZED')
      assert.equal(header(answer, 'connection'), 'close')
    },
  },
  {
    sentence: 'GET /v2/ tells that the registry implements the specification',
    async run(client) {
      for (const path of ['/v2/', '/v2']) {
        for (const method of ['GET', 'HEAD']) {
          const answer = expectStatus(await client.send(method, path), 200)
          assert.equal(header(answer, 'docker-distribution-api-version'), 'registry/2.0')
          assert.equal(answer.body.toString(), method === 'GET' ? '{}' : '')
        }
      }
    },
  },
  {
    sentence:
      'every answer below /v2 says which protocol it is of, refusals in the form of the protocol',
    async run(client) {
      const rows = [
        ['GET', 'no/such/endpoint', 404, 'UNSUPPORTED'],
        ['GET', 'x', 404, 'UNSUPPORTED'],
        ['GET', 'conformance/absent/_oci/ext/discover', 404, 'NAME_UNKNOWN'],
        ['GET', `${client.repository}//tags/list`, 400, 'NAME_INVALID'],
        ['GET', `${client.repository}/../tags/list`, 400, 'NAME_INVALID'],
        ['GET', `${client.repository}%2Fx/tags/list`, 404, 'UNSUPPORTED'],
        ['GET', 'a%00b/tags/list', 404, 'UNSUPPORTED'],
        ['GET', 'a\\b/tags/list', 404, 'UNSUPPORTED'],
        ['GET', `${client.repository}/%2e%2e/tags/list`, 404, 'UNSUPPORTED'],
        ['GET', 'App/tags/list', 400, 'NAME_INVALID'],
        ['GET', 'a..b/tags/list', 400, 'NAME_INVALID'],
        ['GET', `${'a'.repeat(257)}/tags/list`, 400, 'NAME_INVALID'],
        ['GET', `${'a'.repeat(256)}/tags/list`, 404, 'NAME_UNKNOWN'],
        ['GET', 'conformance/absent/tags/list', 404, 'NAME_UNKNOWN'],
      ] as const
      for (const [method, path, status, code] of rows) {
        const answer = expectRefusal(await client.send(method, `/v2/${path}`), status, code)
        assert.equal(header(answer, 'docker-distribution-api-version'), 'registry/2.0')
      }
    },
  },
  {
    sentence:
      'a method that an endpoint does not have is 405 UNSUPPORTED with Allow (RFC 9110, 15.5.6)',
    async run(client) {
      const { digest } = randomBlob()
      const rows = [
        ['POST', '', 'GET, HEAD'],
        ['POST', '_catalog', 'GET, HEAD'],
        ['PUT', `${client.repository}/blobs/${digest}`, 'HEAD, GET, DELETE'],
        ['POST', `${client.repository}/manifests/v1`, 'HEAD, GET, PUT, DELETE'],
        ['GET', `${client.repository}/blobs/uploads/`, 'POST'],
        ['DELETE', `${client.repository}/tags/list`, 'GET, HEAD'],
        ['POST', `${client.repository}/referrers/${digest}`, 'GET, HEAD'],
        ['POST', '_oci/ext/discover', 'GET, HEAD'],
        ['OPTIONS', `${client.repository}/tags/list`, 'GET, HEAD'],
        ['TRACE', `${client.repository}/manifests/v1`, 'HEAD, GET, PUT, DELETE'],
        ['PROPFIND', `${client.repository}/blobs/${digest}`, 'HEAD, GET, DELETE'],
        ['MKCOL', '', 'GET, HEAD'],
      ] as const
      for (const [method, path, allow] of rows) {
        const answer = expectRefusal(await client.send(method, `/v2/${path}`), 405, 'UNSUPPORTED')
        assert.equal(header(answer, 'allow'), allow)
      }
    },
  },
  {
    sentence: 'a path whose escapes cannot be read is 400',
    async run(client) {
      for (const path of ['%zz/tags/list', '%', 'a%/tags/list']) {
        expectRefusedPath(await client.send('GET', `/v2/${path}`))
      }
    },
  },
  {
    sentence: 'a slash at the end of a path makes no difference',
    async run(client) {
      const pushed = await pushManifest(client, indexOf([]), 'v1')
      for (const path of ['tags/list', 'manifests/v1', `referrers/${pushed.digest}`]) {
        const plain = expectStatus(await client.at('GET', path), 200)
        const slashed = expectStatus(await client.at('GET', `${path}/`), 200)
        assert.ok(plain.body.equals(slashed.body))
      }
      expectStatus(await client.at('POST', 'blobs/uploads'), 202)
    },
  },
  {
    sentence: 'parameters that an endpoint does not know, such as ns of mirrors, change nothing',
    async run(client) {
      const pushed = await pushManifest(client, indexOf([]), 'v1')
      for (const path of ['tags/list', 'manifests/v1', `referrers/${pushed.digest}`]) {
        const plain = await client.at('GET', path)
        const scoped = expectStatus(await client.at('GET', `${path}?ns=docker.io&x=y`), 200)
        assert.ok(plain.body.equals(scoped.body))
        assert.equal(header(scoped, 'oci-namespace'), '')
      }
    },
  },
  {
    sentence: 'the extensions SHOULD be discoverable, of the registry and of a repository',
    async run(client) {
      const registry = expectStatus(await client.send('GET', '/v2/_oci/ext/discover'), 200)
      const repository = expectStatus(await client.at('GET', '_oci/ext/discover'), 200)
      for (const [answer, names] of [
        [registry, ['_oci', '_catalog']],
        [repository, ['_oci']],
      ] as const) {
        assert.equal(header(answer, 'content-type'), 'application/json')
        const { extensions, ...rest } = jsonOf(answer)
        assert.deepEqual(rest, {})
        assert.ok(Array.isArray(extensions))
        const listed = extensions as readonly Readonly<Record<string, unknown>>[]
        const found = listed.map(({ name }) => name)
        assert.deepEqual(found, names)
        for (const { url, endpoints } of listed) {
          assert.ok(URL.canParse(String(url)))
          assert.ok(Array.isArray(endpoints))
          for (const endpoint of endpoints as readonly string[]) {
            expectStatus(await client.send('GET', endpoint), 200)
          }
        }
      }
    },
  },
  {
    sentence: 'a client that waits for 100 Continue is refused without sending a byte',
    async run(client) {
      const { digest } = randomBlob()
      const path = `blobs/uploads/?digest=${digest}`
      const headers = { expect: '100-continue', 'content-length': '1000000' }
      const denied = await expectContinue(client, `/v2/${client.repository}/${path}`, {
        ...headers,
        authorization: 'Basic eDp5',
      })
      assert.deepEqual(denied, { continued: false, status: 401, connection: 'close' })
      const absent = await expectContinue(client, `/v2/conformance/absent/${path}`, headers)
      assert.deepEqual(absent, { continued: false, status: 404, connection: 'close' })
    },
  },
  {
    sentence: 'a client that waits for 100 Continue is told so when its body is wanted',
    async run(client) {
      const { bytes, digest } = randomBlob(5000)
      const path = `/v2/${client.repository}/blobs/uploads/?digest=${digest}`
      const headers = { expect: '100-continue', 'content-length': '5000' }
      const told = await expectContinue(client, path, headers, bytes)
      assert.equal(told.continued, true)
      assert.equal(told.status, 201)
    },
  },
  {
    sentence: 'words of the paths are legal in names: the right end of a path decides',
    async run(client) {
      for (const word of ['blobs/uploads', 'manifests/v1', 'tags/list', 'referrers', 'uploads']) {
        const name = `${client.repository}/${word}`
        await client.server.createRepository(name)
        const opened = expectStatus(await client.send('POST', `/v2/${name}/blobs/uploads/`), 202)
        expectStatus(await client.send('GET', header(opened, 'location')), 204)
        expectStatus(await client.send('GET', `/v2/${name}/tags/list`), 200)
      }
    },
  },
]
