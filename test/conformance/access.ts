import assert from 'node:assert/strict'
import {
  exchange,
  expectRefusal,
  expectStatus,
  header,
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
        ['GET', '_oci/ext/discover', 404, 'UNSUPPORTED'],
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
        ['POST', '_catalog', 'GET'],
        ['PUT', `${client.repository}/blobs/${digest}`, 'HEAD, GET, DELETE'],
        ['POST', `${client.repository}/manifests/v1`, 'HEAD, GET, PUT, DELETE'],
        ['GET', `${client.repository}/blobs/uploads/`, 'POST'],
        ['DELETE', `${client.repository}/tags/list`, 'GET'],
        ['POST', `${client.repository}/referrers/${digest}`, 'GET'],
        ['OPTIONS', `${client.repository}/tags/list`, 'GET'],
      ] as const
      for (const [method, path, allow] of rows) {
        const answer = expectRefusal(await client.send(method, `/v2/${path}`), 405, 'UNSUPPORTED')
        assert.equal(header(answer, 'allow'), allow)
      }
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
