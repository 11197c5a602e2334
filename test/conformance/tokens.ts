// Docker's token protocol: "Token Authentication Specification", "OAuth2 Token Authentication", "Token Scope Documentation".
import assert from 'node:assert/strict'
import {
  exchange,
  expectRefusal,
  expectStatus,
  header,
  jsonOf,
  openUpload,
  pushBlob,
  pushManifest,
  indexOf,
  randomBlob,
  type Answer,
  type Check,
  type Client,
  type Sent,
} from './client.ts'

const ecrHost = '123456789012.dkr.ecr.us-east-1.example.com'

async function askByQuery(client: Client, query: string, sent: Sent = {}): Promise<Answer> {
  return client.send('GET', `/token${query}`, sent)
}

async function askByForm(
  client: Client,
  fields: Readonly<Record<string, string>>,
): Promise<Answer> {
  const headers = { 'content-type': 'application/x-www-form-urlencoded' }
  const body = Buffer.from(new URLSearchParams(fields).toString())
  return exchange(client.server.url, 'POST', '/token', { headers, body })
}

function tokenOf(answer: Answer): string {
  const { token } = jsonOf(expectStatus(answer, 200))
  assert.ok(typeof token === 'string')
  return token
}

/** The same client, which shows a token for these scopes instead of its credentials. */
async function limitedTo(client: Client, scope: string): Promise<Client> {
  const token = tokenOf(await askByQuery(client, `?scope=${encodeURIComponent(scope)}`))
  const send: Client['send'] = async (method, path, sent = {}) => {
    const headers = { authorization: `Bearer ${token}`, ...sent.headers }
    return exchange(client.server.url, method, path, { ...sent, headers })
  }
  const at: Client['at'] = async (method, path, sent) =>
    send(method, `/v2/${client.repository}/${path}`, sent)
  return { ...client, send, at }
}

function challengeOf(answer: Answer): Readonly<Record<string, string>> {
  expectStatus(answer, 401)
  const challenge = header(answer, 'www-authenticate')
  const [, parameters = ''] = /^Bearer (.+)$/.exec(challenge) ?? []
  return Object.fromEntries(
    Array.from(parameters.matchAll(/([a-z]+)="([^"]*)"/g), ([, name = '', value = '']) => [
      name,
      value,
    ]),
  )
}

function expectScope(answer: Answer, scope: string): void {
  const challenge = challengeOf(answer)
  assert.equal(challenge['scope'], scope)
  assert.equal(challenge['error'], 'insufficient_scope')
  assert.match(answer.body.toString(), /UNAUTHORIZED|^$/)
}

function credentialsOf(client: Client): { readonly username: string; readonly password: string } {
  const encoded = client.server.authorization.replace('Basic ', '')
  const [username = '', password = ''] = Buffer.from(encoded, 'base64').toString().split(':')
  return { username, password }
}

const challenges: readonly Check[] = [
  {
    sentence: 'the challenge names the scope of the request; /v2/ is asked for without any',
    async run(client) {
      const { repository: name, other } = client
      const { digest } = randomBlob()
      const upload = 'blobs/uploads/0b5f1f5c-7c0e-4a43-9b64-0d4e7c1f3a10'
      const here = `repository:${name}`
      const rows = [
        ['GET', '', undefined],
        ['GET', '_catalog', 'registry:catalog:*'],
        ['GET', `${name}/manifests/v1`, `${here}:pull`],
        ['HEAD', `${name}/blobs/${digest}`, `${here}:pull`],
        ['GET', `${name}/tags/list?n=1`, `${here}:pull`],
        ['GET', `${name}/referrers/${digest}`, `${here}:pull`],
        ['PUT', `${name}/manifests/v1`, `${here}:pull,push`],
        ['POST', `${name}/blobs/uploads/`, `${here}:pull,push`],
        ['PATCH', `${name}/${upload}`, `${here}:pull,push`],
        ['DELETE', `${name}/${upload}`, `${here}:pull,push`],
        ['DELETE', `${name}/manifests/v1`, `${here}:delete`],
        ['DELETE', `${name}/blobs/${digest}`, `${here}:delete`],
        [
          'POST',
          `${name}/blobs/uploads/?mount=${digest}&from=${other}`,
          `${here}:pull,push repository:${other}:pull`,
        ],
        ['POST', `${name}/blobs/uploads/?mount=${digest}`, `${here}:pull,push repository:*:pull`],
        ['POST', `${name}/blobs/uploads/?mount=${digest}&from=a%22b`, `${here}:pull,push`],
        ['GET', 'A"B/tags/list', undefined],
      ] as const
      for (const [method, path, scope] of rows) {
        const answer = await exchange(client.server.url, method, `/v2/${path}`, {})
        const challenge = challengeOf(answer)
        assert.equal(challenge['scope'], scope, path)
        assert.equal(challenge['error'], undefined)
        assert.equal(challenge['service'], new URL(client.server.url).host)
      }
    },
  },
  {
    sentence: 'a token that is none or is over is told so: error="invalid_token"',
    async run(client) {
      const headers = { authorization: 'Bearer abc' }
      const challenge = challengeOf(await client.send('GET', '/v2/', { headers }))
      assert.equal(challenge['error'], 'invalid_token')
    },
  },
  {
    sentence: 'hosts of ECR’s shape ask for Basic and take it, and tokens too',
    async run(client) {
      const host = { host: ecrHost }
      const refused = await exchange(client.server.url, 'GET', '/v2/', { headers: host })
      expectStatus(refused, 401)
      const expected = `Basic realm="http://${ecrHost}/",service="ecr.amazonaws.com"`
      assert.equal(header(refused, 'www-authenticate'), expected)
      expectStatus(await client.send('GET', '/v2/', { headers: host }), 200)
      const bearer = await limitedTo(client, '')
      expectStatus(await bearer.send('GET', '/v2/', { headers: host }), 200)
    },
  },
  {
    sentence: 'a Host that would break out of a challenge is refused, and not repeated',
    async run(client) {
      const headers = { host: 'evil.example",realm="http://evil.example' }
      const refused = await exchange(client.server.url, 'GET', '/v2/', { headers })
      expectStatus(refused, 400)
      assert.ok(!JSON.stringify(refused).includes('evil'))
    },
  },
]

const requests: readonly Check[] = [
  {
    sentence: 'a token is to be had by GET with Basic, under both names, with its lifetime',
    async run(client) {
      const scope = `repository:${client.repository}:pull`
      const answer = await askByQuery(client, `?service=x&account=admin&scope=${scope}`)
      assert.equal(header(answer, 'cache-control'), 'no-store')
      const { token, access_token: same, expires_in: seconds, ...rest } = jsonOf(answer)
      assert.ok(typeof token === 'string' && /^[A-Za-z0-9_-]{40,4000}$/.test(token))
      assert.equal(token, same)
      assert.ok(typeof seconds === 'number' && seconds >= 60)
      const { issued_at: issuedAt, ...more } = rest
      assert.match(String(issuedAt), /^\d{4}-\d{2}-\d{2}T[0-9:.]+Z$/)
      assert.deepEqual(more, { token_type: 'Bearer', scope })
    },
  },
  {
    sentence: 'credentials that are none or wrong get no token: 401, by GET and by POST',
    async run(client) {
      const { username, password } = credentialsOf(client)
      const token = tokenOf(await askByQuery(client, ''))
      const authorizations = [
        '',
        'Basic eDp5',
        `Bearer ${token}`,
        `${client.server.authorization}x`,
      ]
      for (const authorization of authorizations) {
        const answer = await askByQuery(client, '', { headers: { authorization } })
        expectStatus(answer, 401)
        assert.match(header(answer, 'www-authenticate'), /^Basic realm="[^"]+"$/)
      }
      expectStatus(await exchange(client.server.url, 'GET', '/token', {}), 401)
      for (const fields of [
        { grant_type: 'password', username, password: 'x' },
        { grant_type: 'password', username: 'AWS', password },
        { grant_type: 'refresh_token', refresh_token: 'x' },
        { grant_type: 'refresh_token', refresh_token: token },
      ]) {
        const answer = expectStatus(await askByForm(client, fields), 401)
        assert.equal(jsonOf(answer)['error'], 'invalid_grant')
      }
    },
  },
  {
    sentence: 'a form that lacks something or says it twice is 400 in the words of RFC 6749',
    async run(client) {
      const rows = [
        [{}, 'unsupported_grant_type'],
        [{ grant_type: 'client_credentials' }, 'unsupported_grant_type'],
        [{ grant_type: 'password', username: 'AWS' }, 'invalid_request'],
        [{ grant_type: 'refresh_token' }, 'invalid_request'],
      ] as const
      for (const [fields, error] of rows) {
        const answer = expectStatus(await askByForm(client, fields), 400)
        assert.equal(jsonOf(answer)['error'], error)
      }
      const type = { 'content-type': 'application/x-www-form-urlencoded' }
      const bodies = [
        ['grant_type=password&grant_type=password', type, 400],
        ['grant_type=password', { 'content-type': 'application/json' }, 400],
        [`scope=${'x'.repeat(70_000)}`, type, 413],
      ] as const
      for (const [text, headers, status] of bodies) {
        const answer = await client.send('POST', '/token', { body: Buffer.from(text), headers })
        assert.equal(jsonOf(expectStatus(answer, status))['error'], 'invalid_request')
      }
    },
  },
  {
    sentence: 'a refresh token is given to those who ask for one, and gives access tokens',
    async run(client) {
      const scope = `repository:${client.repository}:pull`
      const password = {
        grant_type: 'password',
        ...credentialsOf(client),
        client_id: 'check',
        scope,
      }
      const without = jsonOf(await askByForm(client, password))
      assert.equal(without['refresh_token'], undefined)
      for (const answer of [
        await askByForm(client, { ...password, access_type: 'offline' }),
        await askByQuery(client, '?offline_token=true'),
      ]) {
        const refresh = jsonOf(expectStatus(answer, 200))['refresh_token']
        assert.ok(typeof refresh === 'string')
        const fields = { grant_type: 'refresh_token', refresh_token: refresh, scope }
        const headers = { authorization: `Bearer ${tokenOf(await askByForm(client, fields))}` }
        expectStatus(await client.at('GET', 'tags/list', { headers }), 200)
        const alone = { headers: { authorization: `Bearer ${refresh}` } }
        expectStatus(await client.send('GET', '/v2/', alone), 401)
      }
    },
  },
  {
    sentence: 'scopes that are none are left out of the token and change nothing else',
    async run(client) {
      const good = `repository:${client.repository}:pull`
      const query = ['x', `${good},fly`, 'repository:A:pull', 'repository:a/b:', 'a:b:c:d', '']
        .map((scope) => `scope=${encodeURIComponent(scope)}`)
        .join('&')
      assert.equal(jsonOf(await askByQuery(client, `?${query}`))['scope'], good)
    },
  },
  {
    sentence: 'more scopes than a header carries are 400, not a token that proxies refuse',
    async run(client) {
      const names = Array.from(
        { length: 60 },
        (_, index) => `repository:${'a'.repeat(80)}${index}:pull`,
      )
      const answer = await askByQuery(client, `?scope=${names.join('%20')}`)
      expectStatus(answer, 400)
    },
  },
  {
    sentence: 'a method that the token endpoint does not have is 405 with Allow',
    async run(client) {
      for (const method of ['PUT', 'DELETE', 'OPTIONS']) {
        const answer = expectRefusal(await client.send(method, '/token'), 405, 'UNSUPPORTED')
        assert.equal(header(answer, 'allow'), 'GET, POST')
      }
    },
  },
]

const uses: readonly Check[] = [
  {
    sentence: 'a token without scopes says who is there and opens nothing',
    async run(client) {
      const bearer = await limitedTo(client, '')
      expectStatus(await bearer.send('GET', '/v2/'), 200)
      expectScope(await bearer.at('GET', 'tags/list'), `repository:${client.repository}:pull`)
      expectScope(await bearer.send('GET', '/v2/_catalog'), 'registry:catalog:*')
    },
  },
  {
    sentence: 'a token for pulling pulls: it neither pushes nor deletes nor reaches elsewhere',
    async run(client) {
      const scope = `repository:${client.repository}`
      const bearer = await limitedTo(client, `${scope}:pull`)
      const pushed = await pushManifest(client, indexOf([]), 'v1')
      const blob = await pushBlob(client, Buffer.from('x'))
      const upload = await openUpload(client)
      expectStatus(await bearer.at('GET', 'manifests/v1'), 200)
      expectStatus(await bearer.at('HEAD', `blobs/${blob}`), 200)
      expectStatus(await bearer.at('GET', `referrers/${pushed.digest}`), 200)
      expectScope(await bearer.at('POST', 'blobs/uploads/'), `${scope}:pull,push`)
      expectScope(
        await bearer.at('PUT', 'manifests/v1', { body: pushed.bytes }),
        `${scope}:pull,push`,
      )
      expectScope(await bearer.send('PATCH', upload), `${scope}:pull,push`)
      expectScope(await bearer.send('GET', upload), `${scope}:pull,push`)
      expectScope(await bearer.at('DELETE', 'manifests/v1'), `${scope}:delete`)
      expectScope(await bearer.at('DELETE', `blobs/${blob}`), `${scope}:delete`)
      const elsewhere = await bearer.send('GET', `/v2/${client.other}/tags/list`)
      expectScope(elsewhere, `repository:${client.other}:pull`)
      expectStatus(await client.at('HEAD', 'manifests/v1'), 200)
    },
  },
  {
    sentence: 'a token for pushing opens, fills and gives up uploads; it does not delete',
    async run(client) {
      const bearer = await limitedTo(client, `repository:${client.repository}:pull,push`)
      const blob = await pushBlob(bearer, Buffer.from('y'))
      await pushManifest(bearer, indexOf([]), 'v1')
      const upload = await openUpload(bearer)
      expectStatus(await bearer.send('GET', upload), 204)
      expectStatus(await bearer.send('DELETE', upload), 204)
      const refused = await bearer.at('DELETE', `blobs/${blob}`)
      expectScope(refused, `repository:${client.repository}:delete`)
    },
  },
  {
    sentence: 'an upload goes on under another token and under Basic: it belongs to its principal',
    async run(client) {
      const scope = `repository:${client.repository}:pull,push`
      const { bytes, digest } = randomBlob(1000)
      const upload = await openUpload(await limitedTo(client, scope))
      const second = await limitedTo(client, scope)
      const patched = await second.send('PATCH', upload, { body: bytes })
      expectStatus(patched, 202)
      expectStatus(await client.send('PUT', `${upload}?digest=${digest}`), 201)
    },
  },
  {
    sentence: 'a token for deleting, by that word or by *, deletes',
    async run(client) {
      for (const action of ['delete', '*']) {
        const blob = await pushBlob(client, Buffer.from(action))
        const bearer = await limitedTo(client, `repository:${client.repository}:${action}`)
        expectStatus(await bearer.at('DELETE', `blobs/${blob}`), 202)
      }
    },
  },
  {
    sentence:
      'a mount needs the source in the token: with it 201, without a challenge that names both',
    async run(client) {
      const { bytes, digest } = randomBlob()
      const { repository: here, other } = client
      const pushed = await client.send('POST', `/v2/${other}/blobs/uploads/?digest=${digest}`, {
        body: bytes,
      })
      expectStatus(pushed, 201)
      const mount = `blobs/uploads/?mount=${digest}&from=${other}`
      const both = `repository:${here}:pull,push repository:${other}:pull`
      const narrow = await limitedTo(client, `repository:${here}:pull,push`)
      expectScope(await narrow.at('POST', mount), both)
      expectStatus(await (await limitedTo(client, both)).at('POST', mount), 201)
    },
  },
  {
    sentence:
      'a mount without a source tells a narrow token nothing: the same 401 for every digest',
    async run(client) {
      const { bytes, digest } = randomBlob()
      await client.send('POST', `/v2/${client.other}/blobs/uploads/?digest=${digest}`, {
        body: bytes,
      })
      const scope = `repository:${client.repository}:pull,push`
      const narrow = await limitedTo(client, scope)
      const wide = await limitedTo(client, `${scope} repository:*:pull`)
      for (const [asked, status] of [
        [digest, 201],
        [randomBlob().digest, 202],
      ] as const) {
        const mount = `blobs/uploads/?mount=${asked}`
        expectScope(await narrow.at('POST', mount), `${scope} repository:*:pull`)
        expectStatus(await wide.at('POST', mount), status)
      }
    },
  },
  {
    sentence: 'the catalog needs its own scope',
    async run(client) {
      const bearer = await limitedTo(client, 'registry:catalog:*')
      expectStatus(await bearer.send('GET', '/v2/_catalog'), 200)
      expectScope(await bearer.at('GET', 'tags/list'), `repository:${client.repository}:pull`)
    },
  },
  {
    sentence: 'a token holds for the account that its service names, and for no other',
    async run(client) {
      const { repository } = client
      const scope = `repository:${repository}:pull`
      for (const service of ['123456789012.example.com', ecrHost, 'a"b', '']) {
        const query = `?service=${encodeURIComponent(service)}&scope=${scope}`
        const headers = { authorization: `Bearer ${tokenOf(await askByQuery(client, query))}` }
        expectStatus(await client.at('GET', 'tags/list', { headers }), 200)
        const path = `/v2/123456789012/${repository}/tags/list`
        expectStatus(await client.send('GET', path, { headers }), 200)
      }
    },
  },
  {
    sentence: 'a token of /v2 opens no other door',
    async run(client) {
      const token = tokenOf(await askByQuery(client, '?scope=repository:*:pull'))
      const headers = { authorization: `Bearer ${token}` }
      expectStatus(await client.send('GET', '/pratique/v1/quotas', { headers }), 401)
    },
  },
]

export const tokenChecks: readonly Check[] = [...challenges, ...requests, ...uses]
