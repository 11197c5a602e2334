import { Secret } from '../../../lib/secret.ts'
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { Sha256 } from '@aws-crypto/sha256-js'
import { SignatureV4 } from '@smithy/signature-v4'
import { createHash } from 'node:crypto'
import fc from 'fast-check'
import { sharedData } from '../../../../test/kit/shared-data.ts'
import {
  canonicalRequest,
  signatureOf,
  signingKey,
  stringToSign,
  type RawHeader,
  type SignedRequest,
} from './sigv4-canonical.ts'
import { SigV4Verifier } from './sigv4.ts'
import { readSignature } from './sigv4-signature.ts'

const secret = 'wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY'
const accessKeyId = 'AKIDEXAMPLE'
const emptyHash = createHash('sha256').digest('hex')

function verifier(now: string, service = 'ecr', skewMinutes = 5): SigV4Verifier<string> {
  return new SigV4Verifier({
    findKey: async (id, token) =>
      Promise.resolve(
        id === accessKeyId && token === undefined
          ? { kind: 'active', secret: new Secret(secret), key: 'admin' }
          : undefined,
      ),
    clock: { now: () => new Date(now) },
    region: 'us-east-1',
    services: { [service]: { skewMinutes, isGlobal: false } },
  })
}

async function signed(
  options: {
    readonly body?: string
    readonly headers?: Record<string, string>
    readonly key?: string
  } = {},
): Promise<{ readonly request: SignedRequest; readonly bodyHash: string }> {
  const signer = new SignatureV4({
    service: 'ecr',
    region: 'us-east-1',
    credentials: { accessKeyId: options.key ?? accessKeyId, secretAccessKey: secret },
    sha256: Sha256,
  })
  const body = options.body ?? '{}'
  const result = await signer.sign(
    {
      method: 'POST',
      protocol: 'http:',
      hostname: 'localhost',
      path: '/',
      query: {},
      headers: {
        host: 'localhost:5080',
        'content-type': 'application/x-amz-json-1.1',
        'x-amz-target': 'AmazonEC2ContainerRegistry_V20150921.DescribeRepositories',
        ...options.headers,
      },
      body,
    },
    { signingDate: new Date('2026-11-24T12:00:00Z') },
  )
  const headers: RawHeader[] = Object.entries(result.headers)
  const bodyHash = createHash('sha256').update(body).digest('hex')
  return { request: { method: 'POST', rawPath: '/', rawQuery: '', headers }, bodyHash }
}

function withHeader(request: SignedRequest, name: string, value: string): SignedRequest {
  const others = request.headers.filter(([other]) => other.toLowerCase() !== name)
  return { ...request, headers: [...others, [name, value]] }
}

test('accepts a request that the SDK signed', async () => {
  const { request, bodyHash } = await signed()
  const result = await verifier('2026-11-24T12:04:00Z').verify(request, bodyHash)
  assert.equal(result.kind, 'authenticated')
})

const refusals: readonly [string, string, (request: SignedRequest) => SignedRequest, string][] = [
  [
    'a header changed after signing',
    'InvalidSignature',
    (r) => withHeader(r, 'x-amz-target', 'x.DeleteRepository'),
    '2026-11-24T12:00:00Z',
  ],
  [
    'an x-amz header that is not signed',
    'InvalidSignature',
    (r) => withHeader(r, 'x-amz-extra', '1'),
    '2026-11-24T12:00:00Z',
  ],
  ['a signature that is too old', 'InvalidSignature', (r) => r, '2026-11-24T12:05:01Z'],
  ['a signature from the future', 'InvalidSignature', (r) => r, '2026-11-24T11:54:59Z'],
  ['another method', 'InvalidSignature', (r) => ({ ...r, method: 'GET' }), '2026-11-24T12:00:00Z'],
  [
    'no signature',
    'MissingAuthenticationToken',
    (r) => ({ ...r, headers: r.headers.filter(([n]) => n !== 'authorization') }),
    '2026-11-24T12:00:00Z',
  ],
  [
    'two mechanisms',
    'IncompleteSignature',
    (r) => ({ ...r, rawQuery: 'X-Amz-Algorithm=AWS4-HMAC-SHA256' }),
    '2026-11-24T12:00:00Z',
  ],
  [
    'another algorithm',
    'IncompleteSignature',
    (r) => withHeader(r, 'authorization', 'AWS4-ECDSA-P256-SHA256 Credential=a'),
    '2026-11-24T12:00:00Z',
  ],
  [
    'a malformed credential',
    'IncompleteSignature',
    (r) =>
      withHeader(
        r,
        'authorization',
        'AWS4-HMAC-SHA256 Credential=a, SignedHeaders=host, Signature=00',
      ),
    '2026-11-24T12:00:00Z',
  ],
  [
    'missing parts',
    'IncompleteSignature',
    (r) => withHeader(r, 'authorization', 'AWS4-HMAC-SHA256 Credential=a/b'),
    '2026-11-24T12:00:00Z',
  ],
]
for (const [name, code, change, now] of refusals) {
  test(`refuses ${name}`, async () => {
    const { request, bodyHash } = await signed()
    const result = await verifier(now).verify(change(request), bodyHash)
    assert.equal(result.kind === 'refused' ? result.code : result.kind, code)
  })
}

test('refuses another body, an unknown key, another service', async () => {
  const { request, bodyHash } = await signed()
  const body = await verifier('2026-11-24T12:00:00Z').verify(request, emptyHash)
  assert.equal(body.kind === 'refused' && body.code, 'InvalidSignature')
  const unknown = await signed({ key: 'AKIDSOMEBODYELSE' })
  const key = await verifier('2026-11-24T12:00:00Z').verify(unknown.request, unknown.bodyHash)
  assert.equal(key.kind === 'refused' && key.code, 'UnrecognizedClient')
  const service = await verifier('2026-11-24T12:00:00Z', 'sts').verify(request, bodyHash)
  assert.match(
    service.kind === 'refused' ? service.message : '',
    /scoped to correct service: 'sts'/,
  )
})

test('never throws on hostile headers', async () => {
  const { request, bodyHash } = await signed()
  await fc.assert(
    fc.asyncProperty(
      fc.string({ unit: 'binary', maxLength: 300 }),
      fc.string({ maxLength: 200 }),
      async (header, query) => {
        const changed = {
          ...withHeader(request, 'authorization', `AWS4-HMAC-SHA256 ${header}`),
          rawQuery: query,
        }
        const result = await verifier('2026-11-24T12:00:00Z').verify(changed, bodyHash)
        assert.equal(result.kind, 'refused')
      },
    ),
    { numRuns: 300 },
  )
})

interface Vector {
  readonly name: string
  readonly context: {
    readonly normalize: boolean
    readonly timestamp: string
    readonly omit_session_token?: boolean
    readonly credentials: { readonly secret_access_key: string; readonly token?: string }
  }
  readonly header: Form
  readonly query: Form
}
interface Form {
  readonly canonicalRequest: string
  readonly stringToSign: string
  readonly signature: string
  readonly signedRequest: string
}

/** The raw text of a request as the vectors have it: folded headers, raw paths, a body after an empty line. */
function parseRequest(text: string): SignedRequest & { readonly body: string } {
  const [head = '', ...rest] = text.split('\n\n')
  const [start = '', ...lines] = head.split('\n')
  const headers: [string, string][] = []
  for (const line of lines) {
    const last = headers.at(-1)
    if (/^\s/.test(line) && last !== undefined) last[1] += ` ${line.trim()}`
    else headers.push([line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 1)])
  }
  const target = start.slice(start.indexOf(' ') + 1, start.lastIndexOf(' HTTP/1.1'))
  const [rawPath = '', ...queries] = target.split('?')
  const rawQuery = queries.join('?')
  return { method: start.split(' ')[0] ?? '', rawPath, rawQuery, headers, body: rest.join('\n\n') }
}

const file = sharedData('sigv4', 'vectors.json')
const skip = file === undefined ? 'shared data is absent' : false
const vectors: readonly Vector[] =
  file === undefined
    ? []
    : (JSON.parse(readFileSync(file, 'utf8')) as { vectors: Vector[] }).vectors
test('agrees with the AWS signing test suite in both forms', { skip }, () => {
  let compared = 0
  for (const vector of vectors) {
    for (const form of [vector.header, vector.query]) {
      const request = parseRequest(form.signedRequest)
      const expected = form.canonicalRequest.split('\n')
      const signedHeaders = (expected.at(-2) ?? '').split(';')
      const omitted = vector.context.omit_session_token === true
      const rawQuery = omitted
        ? request.rawQuery.replace(/&?X-Amz-Security-Token=[^&]*/, '')
        : request.rawQuery
      const options = { normalizePath: vector.context.normalize }
      const canonical = canonicalRequest(
        { ...request, rawQuery },
        signedHeaders,
        expected.at(-1) ?? '',
        options,
      )
      assert.equal(canonical, form.canonicalRequest, vector.name)
      const [, timestamp = '', scopeText = ''] = form.stringToSign.split('\n')
      const [date = '', region = '', service = ''] = scopeText.split('/')
      const scope = { date, region, service }
      const toSign = stringToSign(timestamp, scope, canonical)
      assert.equal(toSign, form.stringToSign, vector.name)
      const key = signingKey(vector.context.credentials.secret_access_key, scope)
      assert.equal(signatureOf(key, toSign).toString('hex'), form.signature, vector.name)
      assert.equal(readSignature(request).kind, 'signature', vector.name)
      compared += 1
    }
  }
  assert.equal(compared, 76)
})

/** Signs over nothing but host, as a presigned address of any service may. */
function presignedFor(service: string, expires: number): SignedRequest {
  const scope = { date: '20261124', region: 'us-east-1', service }
  const credential = encodeURIComponent(`${accessKeyId}/20261124/us-east-1/${service}/aws4_request`)
  const rawQuery = `X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=${credential}&X-Amz-Date=20261124T120000Z&X-Amz-Expires=${expires}&X-Amz-SignedHeaders=host`
  const request = {
    method: 'GET',
    rawPath: '/',
    rawQuery,
    headers: [['host', 'localhost']] as const,
  }
  const toSign = stringToSign(
    '20261124T120000Z',
    scope,
    canonicalRequest(request, ['host'], emptyHash),
  )
  const signature = signatureOf(signingKey(secret, scope), toSign).toString('hex')
  return { ...request, rawQuery: `${rawQuery}&X-Amz-Signature=${signature}` }
}

test('refuses a service that only has the name of what every object has', async () => {
  for (const service of ['constructor', 'valueof', '--proto--']) {
    const result = await verifier('2026-11-24T12:00:00Z').verify(
      presignedFor(service, 60),
      emptyHash,
    )
    assert.equal(result.kind === 'refused' && result.code, 'InvalidSignature', service)
  }
})

test('takes a presigned request for the window of its service, whatever it says of its expiry', async () => {
  for (const expires of [1, 60, 604_800]) {
    const request = presignedFor('sts', expires)
    const early = await verifier('2026-11-24T12:14:59Z', 'sts', 15).verify(request, emptyHash)
    assert.equal(early.kind, 'authenticated')
    const late = await verifier('2026-11-24T12:15:01Z', 'sts', 15).verify(request, emptyHash)
    assert.equal(late.kind === 'refused' && late.code, 'InvalidSignature')
  }
})

test('refuses a second Authorization header', async () => {
  const { request, bodyHash } = await signed()
  const doubled = {
    ...request,
    headers: [...request.headers, ['Authorization', 'Bearer x'] as const],
  }
  const result = await verifier('2026-11-24T12:00:00Z').verify(doubled, bodyHash)
  assert.equal(result.kind === 'refused' && result.code, 'IncompleteSignature')
})

type Change = (request: SignedRequest) => SignedRequest
function inSignature(change: (text: string) => string): Change {
  return (request) => ({
    ...request,
    rawQuery: change(request.rawQuery),
    headers: request.headers.map(([name, value]) =>
      name === 'Authorization' ? ([name, change(value)] as const) : ([name, value] as const),
    ),
  })
}
const changes: readonly [part: string, code: string, change: Change][] = [
  ['method', 'InvalidSignature', (r) => ({ ...r, method: 'DELETE' })],
  ['path', 'InvalidSignature', (r) => ({ ...r, rawPath: `${r.rawPath}x` })],
  ['query', 'InvalidSignature', (r) => ({ ...r, rawQuery: `${r.rawQuery}&added=1` })],
  ['host', 'InvalidSignature', (r) => withHeader(r, 'host', 'example.org')],
  [
    'signature',
    'InvalidSignature',
    inSignature((t) =>
      t.replace(/(Signature=)(.)/, (_, n: string, c: string) => `${n}${c === '0' ? '1' : '0'}`),
    ),
  ],
  ['region', 'InvalidSignature', inSignature((t) => t.replace('us-east-1', 'us-east-2'))],
  ['service', 'InvalidSignature', inSignature((t) => t.replace('service', 'other'))],
  [
    'date of the scope',
    'InvalidSignature',
    inSignature((t) => t.replace(/20150830(%2F|\/)/, '20150831$1')),
  ],
  ['key id', 'UnrecognizedClient', inSignature((t) => t.replace(accessKeyId, 'AKIDOTHER'))],
]

test(
  'verifies the AWS signing test suite, and refuses it with any one part changed',
  { skip },
  async () => {
    const tokens = new Set(vectors.map(({ context }) => context.credentials.token))
    const at = new SigV4Verifier({
      // The tokens of the suite are of the one key that it has.
      findKey: async (id, token) =>
        Promise.resolve(
          id === accessKeyId && tokens.has(token)
            ? { kind: 'active', secret: new Secret(secret), key: 'user' }
            : undefined,
        ),
      clock: { now: () => new Date('2015-08-30T12:36:00Z') },
      region: 'us-east-1',
      services: { service: { skewMinutes: 5, isGlobal: false } },
    })
    const counts = { authenticated: 0, refused: 0 }
    for (const vector of vectors) {
      for (const form of [vector.header, vector.query]) {
        const request = parseRequest(form.signedRequest)
        const bodyHash = createHash('sha256').update(request.body).digest('hex')
        const result = await at.verify(request, bodyHash)
        counts[result.kind] += 1
        if (result.kind === 'refused') {
          // S3's unnormalised paths, and a token that was added after signing: nobody vouches for it.
          const isUnsigned = vector.context.omit_session_token === true
          assert.ok(isUnsigned || !vector.context.normalize, `${vector.name}: ${result.message}`)
          continue
        }
        for (const [part, code, change] of changes) {
          const refused = await at.verify(change(request), bodyHash)
          const seen = refused.kind === 'refused' ? refused.code : refused.kind
          assert.equal(seen, code, `${vector.name}: ${part}`)
        }
        const otherBody = await at.verify(request, createHash('sha256').update('x').digest('hex'))
        assert.equal(otherBody.kind === 'refused' && otherBody.code, 'InvalidSignature')
      }
    }
    assert.equal(counts.authenticated + counts.refused, 76)
    assert.ok(counts.authenticated > 50, `only ${counts.authenticated} were accepted`)
  },
)

// Each part of a signed request, one bit at a time.
const flipAt = '2026-11-24T12:00:00Z'

function flipBit(text: string, index: number): string {
  const code = text.charCodeAt(index) ^ 1
  return text.slice(0, index) + String.fromCharCode(code) + text.slice(index + 1)
}

/** What a flip within a part of the Authorization header may be refused with, by the part. */
const codesOfPart: Readonly<Record<string, readonly string[]>> = {
  algorithm: ['IncompleteSignature', 'MissingAuthenticationToken'],
  // An id that is another, or has not the form of one.
  key: ['UnrecognizedClient', 'IncompleteSignature'],
  // A date, a region or a service that is another, or none.
  scope: ['InvalidSignature', 'IncompleteSignature'],
  signedHeaders: ['InvalidSignature', 'IncompleteSignature'],
  // A digit that is another, or none.
  signature: ['InvalidSignature', 'IncompleteSignature'],
}

test('one bit changed in any part of the Authorization header is refused, with that part’s code', async () => {
  const { request, bodyHash } = await signed()
  const header = request.headers.find(([name]) => name === 'authorization')?.[1] ?? ''
  const parts =
    /^(?<algorithm>\S+) Credential=(?<key>[^/]+)\/(?<scope>[^,]+), SignedHeaders=(?<signedHeaders>[^,]+), Signature=(?<signature>.+)$/d.exec(
      header,
    )
  const places = parts?.indices?.groups ?? {}
  let flips = 0
  for (const [part, codes] of Object.entries(codesOfPart)) {
    const [from, to] = places[part] ?? [0, 0]
    assert.ok(to > from, part)
    for (let index = from; index < to; index += 1) {
      const changed = withHeader(request, 'authorization', flipBit(header, index))
      const result = await verifier(flipAt).verify(changed, bodyHash)
      const code = result.kind === 'refused' ? result.code : result.kind
      assert.ok(codes.includes(code), `${part}: ${flipBit(header, index)} → ${code}`)
      flips += 1
    }
  }
  assert.ok(flips > 150, `${flips}`)
})

test('one bit changed in any signed header, in the path or in the body’s hash is refused', async () => {
  const { request, bodyHash } = await signed()
  const signedNames = /SignedHeaders=([^,]+)/
    .exec(request.headers.find(([name]) => name === 'authorization')?.[1] ?? '')?.[1]
    ?.split(';')
  assert.ok(signedNames !== undefined && signedNames.length >= 4)
  const codes = ['InvalidSignature', 'IncompleteSignature']
  for (const [name, value] of request.headers) {
    if (!signedNames.includes(name)) continue
    for (let index = 0; index < value.length; index += 1) {
      const changed = withHeader(request, name, flipBit(value, index))
      const result = await verifier(flipAt).verify(changed, bodyHash)
      const code = result.kind === 'refused' ? result.code : result.kind
      assert.ok(codes.includes(code), `${name}: ${flipBit(value, index)} → ${code}`)
    }
  }
  for (let index = 0; index < bodyHash.length; index += 1) {
    const result = await verifier(flipAt).verify(request, flipBit(bodyHash, index))
    assert.equal(result.kind === 'refused' && result.code, 'InvalidSignature')
  }
  for (const rawPath of ['.', '/!', '/%2F', '//x'])
    assert.equal(
      (await verifier(flipAt).verify({ ...request, rawPath }, bodyHash)).kind,
      rawPath === '.' ? 'authenticated' : 'refused',
    )
})

// Temporary credentials: what a key id and a token open is asked of whoever knows.
const temporaryId = 'ASIAEXAMPLEEXAMPLE12'
function verifierOfSessions(now: string): SigV4Verifier<string> {
  return new SigV4Verifier({
    findKey: async (id, token) => {
      if (id === accessKeyId && token === undefined) {
        return Promise.resolve({ kind: 'active', secret: new Secret(secret), key: 'user' })
      }
      if (id !== temporaryId) return Promise.resolve(undefined)
      if (token === 'old') return Promise.resolve({ kind: 'expired', secret: new Secret(secret) })
      return Promise.resolve(
        token === 'good'
          ? { kind: 'active', secret: new Secret(secret), key: 'session' }
          : undefined,
      )
    },
    clock: { now: () => new Date(now) },
    region: 'us-east-1',
    services: { ecr: { skewMinutes: 5, isGlobal: false } },
  })
}

const pairings: readonly (readonly [
  what: string,
  key: string,
  token: string | undefined,
  outcome: string,
])[] = [
  ['a temporary key with its token', temporaryId, 'good', 'authenticated'],
  ['a temporary key without one', temporaryId, undefined, 'UnrecognizedClient'],
  ['a temporary key with another token', temporaryId, 'bad', 'UnrecognizedClient'],
  ['a temporary key whose time is over', temporaryId, 'old', 'ExpiredToken'],
  ['a lasting key', accessKeyId, undefined, 'authenticated'],
  ['a lasting key with a token', accessKeyId, 'good', 'UnrecognizedClient'],
]
for (const [what, key, token, outcome] of pairings) {
  test(`${what}: ${outcome}`, async () => {
    const headers = token === undefined ? {} : { 'x-amz-security-token': token }
    const { request, bodyHash } = await signed({ key, headers })
    const result = await verifierOfSessions(flipAt).verify(request, bodyHash)
    assert.equal(result.kind === 'refused' ? result.code : result.kind, outcome)
  })
}

test('that a session is over is told only to who signed with its secret', async () => {
  const { request, bodyHash } = await signed({
    key: temporaryId,
    headers: { 'x-amz-security-token': 'old', 'x-amz-extra': '1' },
  })
  const changed = withHeader(request, 'x-amz-extra', '2')
  const result = await verifierOfSessions(flipAt).verify(changed, bodyHash)
  assert.equal(result.kind === 'refused' && result.code, 'InvalidSignature')
})

test('a token that was added after signing, or stands in the header and in the query, counts for nothing', async () => {
  const { request, bodyHash } = await signed({ key: temporaryId })
  const added = withHeader(request, 'x-amz-security-token', 'good')
  const unsigned = await verifierOfSessions(flipAt).verify(added, bodyHash)
  assert.equal(unsigned.kind === 'refused' && unsigned.code, 'InvalidSignature')
  const inQuery = { ...request, rawQuery: 'X-Amz-Security-Token=good' }
  const query = await verifierOfSessions(flipAt).verify(inQuery, bodyHash)
  assert.equal(query.kind, 'refused')
  const presigned = presignedFor('ecr', 60)
  const both = {
    ...presigned,
    rawQuery: `${presigned.rawQuery}&X-Amz-Security-Token=good`,
    headers: [...presigned.headers, ['x-amz-security-token', 'good'] as const],
  }
  const doubled = await verifierOfSessions(flipAt).verify(both, emptyHash)
  assert.equal(doubled.kind === 'refused' && doubled.code, 'IncompleteSignature')
})

/** Source: iam.md 8.5, texts as the services answer them. */
const texts: readonly (readonly [
  what: string,
  change: (request: SignedRequest) => SignedRequest,
  code: string,
  text: string,
])[] = [
  [
    'no Authorization',
    (r) => ({ ...r, headers: r.headers.filter(([name]) => name !== 'authorization') }),
    'MissingAuthenticationToken',
    'Missing Authentication Token',
  ],
  [
    'a bearer token',
    (r) => withHeader(r, 'authorization', 'Bearer c2VjcmV0'),
    'MissingAuthenticationToken',
    'Missing Authentication Token',
  ],
  [
    'SigV4A',
    (r) => withHeader(r, 'authorization', 'AWS4-ECDSA-P256-SHA256 Credential=a'),
    'IncompleteSignature',
    "Unsupported AWS 'algorithm': 'AWS4-ECDSA-P256-SHA256'",
  ],
  [
    'signature version 2',
    (r) => withHeader(r, 'authorization', 'AWS AKIDEXAMPLE:c2lnbmF0dXJl'),
    'IncompleteSignature',
    "Unsupported AWS 'algorithm': 'AWS'",
  ],
  [
    'signature version 2 in the query',
    (r) => ({
      ...r,
      headers: r.headers.filter(([name]) => name !== 'authorization'),
      rawQuery: 'AWSAccessKeyId=AKIDEXAMPLE&SignatureMethod=HmacSHA256&Signature=x',
    }),
    'IncompleteSignature',
    "Unsupported AWS 'algorithm': 'HmacSHA256'",
  ],
  [
    'an empty header',
    (r) => ({
      ...withHeader(r, 'authorization', 'AWS4-HMAC-SHA256 x=secret'),
      headers: [
        ['authorization', 'AWS4-HMAC-SHA256 x=secret'],
        ['host', 'localhost'],
      ],
    }),
    'IncompleteSignature',
    "Authorization header requires 'Credential' parameter. Authorization header requires 'Signature' parameter. Authorization header requires 'SignedHeaders' parameter. Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header. Authorization=AWS4-HMAC-SHA256",
  ],
  [
    'a part without its value',
    (r) => withHeader(r, 'authorization', 'AWS4-HMAC-SHA256 Credential'),
    'IncompleteSignature',
    "'Credential' not a valid key=value pair (missing equal-sign) in Authorization header: 'AWS4-HMAC-SHA256'.",
  ],
  [
    'another region',
    inHeader((text) => text.replace('us-east-1', 'eu-west-1')),
    'InvalidSignature',
    "Credential should be scoped to a valid region, not 'eu-west-1'. ",
  ],
  [
    'another service',
    inHeader((text) => text.replace('/ecr/', '/s3/')),
    'InvalidSignature',
    "Credential should be scoped to correct service: 'ecr'. ",
  ],
  [
    'another date',
    inHeader((text) => text.replace('20261124', '20261123')),
    'InvalidSignature',
    "Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP: '20261123' != '20261124', from '20261124T120000Z'.",
  ],
]
for (const [what, change, code, text] of texts) {
  test(`answers ${what} in AWS’s words`, async () => {
    const { request, bodyHash } = await signed()
    const result = await verifier(flipAt).verify(change(request), bodyHash)
    assert.deepEqual(result, { kind: 'refused', code, message: text })
  })
}

function inHeader(change: (text: string) => string): (request: SignedRequest) => SignedRequest {
  return (request) => ({
    ...request,
    headers: request.headers.map(([name, value]) => [
      name,
      name === 'authorization' ? change(value) : value,
    ]),
  })
}

test('answers what is too old or not yet current in AWS’s words', async () => {
  const { request, bodyHash } = await signed()
  const old = await verifier('2026-11-24T12:15:00Z').verify(request, bodyHash)
  assert.equal(
    old.kind === 'refused' && old.message,
    'Signature expired: 20261124T120000Z is now earlier than 20261124T121000Z (20261124T121500Z - 5 min.)',
  )
  const early = await verifier('2026-11-24T11:45:00Z').verify(request, bodyHash)
  assert.equal(
    early.kind === 'refused' && early.message,
    'Signature not yet current: 20261124T120000Z is still later than 20261124T115000Z (20261124T114500Z + 5 min.)',
  )
})

test('a header that decides what is meant comes once', async () => {
  const { request, bodyHash } = await signed()
  for (const name of ['x-amz-target', 'X-Amz-Date', 'x-amz-security-token']) {
    const value = request.headers.find(([other]) => other === name.toLowerCase())?.[1] ?? 'good'
    const headers: RawHeader[] = [...request.headers, [name, value], [name.toUpperCase(), value]]
    const result = await verifier(flipAt).verify({ ...request, headers }, bodyHash)
    assert.equal(result.kind === 'refused' && result.code, 'IncompleteSignature', name)
  }
})

test('a key that got another secret is verified by that one', async () => {
  let held = secret
  const { request, bodyHash } = await signed()
  const changing = new SigV4Verifier({
    findKey: async () => Promise.resolve({ kind: 'active', secret: new Secret(held), key: 'user' }),
    clock: { now: () => new Date(flipAt) },
    region: 'us-east-1',
    services: { ecr: { skewMinutes: 5, isGlobal: false } },
  })
  assert.equal((await changing.verify(request, bodyHash)).kind, 'authenticated')
  held = 'another'.padEnd(40, 'x')
  const result = await changing.verify(request, bodyHash)
  assert.equal(result.kind === 'refused' && result.code, 'InvalidSignature')
})
