import assert from 'node:assert/strict'
import { test } from 'node:test'
import { exportSPKI, importJWK, type JWTPayload } from 'jose'
import fc from 'fast-check'
import { fakeClock } from '../../../test/kit/fake-clock.ts'
import { base64url, makeIssuer, signWithSecret } from '../../../test/kit/id-tokens.ts'
import type { OutboundFetch } from '../../lib/outbound-fetch.ts'
import { KeySets } from './key-sets.ts'
import type { IdTokenResult, TrustedProvider } from '../rules/id-token-claims.ts'
import { verifyIdToken } from './verify-id-token.ts'

const issuer = 'https://issuer.example'
const clock = fakeClock()
const now = Math.floor(clock.now().getTime() / 1000)
const signer = await makeIssuer('key-1')
const stranger = await makeIssuer('key-1')
const rsa = await makeIssuer('rsa-1', 'RS256')
const pss = await makeIssuer('pss-1', 'PS256')
const encryption = { ...(await makeIssuer('enc-1')).jwk, use: 'enc' }

const payload: JWTPayload = {
  iss: issuer,
  sub: 'repo:acme/app:ref:refs/heads/main',
  aud: 'sts.amazonaws.com',
  iat: now,
  exp: now + 300,
  repository: 'acme/app',
  run_number: 7,
  amr: ['authenticated', 'x'],
  groups: { nested: true },
}
const provider: TrustedProvider = {
  issuer: 'issuer.example',
  clientIds: ['sts.amazonaws.com', 'other'],
  options: { claims: ['repository', 'run_number', 'groups', 'absent', 'constructor'] },
}

function fetching(keys: readonly unknown[]): OutboundFetch {
  return async (url) => {
    const value = url.endsWith('/openid-configuration')
      ? { issuer, jwks_uri: `${issuer}/keys` }
      : { keys }
    const bytes = Buffer.from(JSON.stringify(value))
    return Promise.resolve({ kind: 'document', bytes, cacheControl: undefined })
  }
}

const keySets = new KeySets({
  clock,
  fetch: fetching([signer.jwk, rsa.jwk, pss.jwk, encryption, null, { kid: 'no kty' }]),
})

async function verify(
  token: string,
  change: Partial<TrustedProvider['options']> = {},
): Promise<IdTokenResult> {
  const options = { ...provider.options, ...change }
  return verifyIdToken(
    {
      keySets,
      clock,
      findProvider: async (name) =>
        Promise.resolve(name === provider.issuer ? { ...provider, options } : undefined),
    },
    token,
  )
}

function codeOf(result: IdTokenResult): string {
  return result.kind === 'refused' ? result.code : result.kind
}

test('takes a token that the provider signed for one of its clients, and reads what was allowed to be read', async () => {
  const result = await verify(await signer.sign(payload))
  assert.ok(result.kind === 'verified')
  const { subject, audience, claims, tokenId } = result.token
  assert.equal(subject, payload.sub)
  assert.equal(audience, 'sts.amazonaws.com')
  assert.equal(tokenId, undefined)
  assert.deepEqual(claims, {
    sub: payload.sub,
    aud: 'sts.amazonaws.com',
    amr: ['authenticated', 'x'],
    repository: 'acme/app',
    run_number: '7',
  })
})

const publicKey = await importJWK(signer.jwk, 'ES256')
assert.ok(!(publicKey instanceof Uint8Array))
const pem = await exportSPKI(publicKey)
const signed = await signer.sign(payload)
const [head = '', body = '', signature = ''] = signed.split('.')

/** Source: RFC 8725 section 2; CVE-2015-9235 (none, HS256 with the public key); header injection by kid, jku, jwk. */
const forged: readonly (readonly [what: string, token: string, code?: string])[] = [
  ['no token', ''],
  ['one part', 'x'],
  ['two parts', `${head}.${body}`],
  ['four parts', `${signed}.x`],
  ['parts that are no JSON', 'YQ.YQ.YQ'],
  ['a header that is a list', `${base64url([])}.${body}.${signature}`],
  ['alg none', `${base64url({ alg: 'none' })}.${body}.`],
  [
    'alg none with the signature',
    `${base64url({ alg: 'none', kid: 'key-1' })}.${body}.${signature}`,
  ],
  ['alg None', `${base64url({ alg: 'None', kid: 'key-1' })}.${body}.`],
  ['no alg', `${base64url({ kid: 'key-1' })}.${body}.${signature}`],
  ['alg that is a list', `${base64url({ alg: ['ES256'], kid: 'key-1' })}.${body}.${signature}`],
  [
    'HS256 with the public key as PEM',
    signWithSecret({ alg: 'HS256', kid: 'key-1' }, payload, pem),
  ],
  [
    'HS256 with the public key as JWK',
    signWithSecret({ alg: 'HS256', kid: 'key-1' }, payload, JSON.stringify(signer.jwk)),
  ],
  ['HS256 with nothing', signWithSecret({ alg: 'HS256', kid: 'key-1' }, payload, '')],
  ['an algorithm that was not agreed on', await pss.sign(payload)],
  ['the key of another algorithm', await signer.sign(payload, { kid: 'rsa-1' })],
  ['a key for encryption', await signer.sign(payload, { kid: 'enc-1' })],
  ['a stranger’s key of the same id', await stranger.sign(payload)],
  ['a stranger’s key in the header', await stranger.sign(payload, { jwk: stranger.jwk })],
  [
    'a stranger’s key set in the header',
    await stranger.sign(payload, { jku: 'https://evil.example/' }),
  ],
  [
    'a certificate in the header',
    await stranger.sign(payload, { x5c: ['AAAA'], x5u: 'https://evil.example/' }),
  ],
  ['kid that is a path', await signer.sign(payload, { kid: '../../../../dev/null' })],
  ['kid that is SQL', await signer.sign(payload, { kid: `key-1' OR '1'='1` })],
  ['kid __proto__', await signer.sign(payload, { kid: '__proto__' })],
  ['kid constructor', await signer.sign(payload, { kid: 'constructor' })],
  ['kid that is a number', `${base64url({ alg: 'ES256', kid: 1 })}.${body}.${signature}`],
  ['no kid where there is a choice', `${base64url({ alg: 'ES256' })}.${body}.${signature}`],
  ['another payload', `${head}.${base64url({ ...payload, sub: 'repo:acme/evil' })}.${signature}`],
  ['no signature', `${head}.${body}.`],
  [
    'another signature',
    `${head}.${body}.${signature.replace(/^./, (c) => (c === 'A' ? 'B' : 'A'))}`,
  ],
  ['a token that is too long', await signer.sign({ ...payload, filler: 'x'.repeat(20_000) })],
]
for (const [what, token, code = 'InvalidIdentityToken'] of forged) {
  test(`refuses ${what}`, async () => {
    assert.equal(codeOf(await verify(token)), code)
  })
}

const other = (change: JWTPayload): Promise<string> => signer.sign({ ...payload, ...change })
const without = async (name: string): Promise<string> =>
  signer.sign(Object.fromEntries(Object.entries(payload).filter(([key]) => key !== name)))
const wrong: readonly (readonly [
  what: string,
  token: Promise<string>,
  code: string,
  text: RegExp,
])[] = [
  [
    'another issuer',
    other({ iss: 'https://evil.example' }),
    'InvalidIdentityToken',
    /No OpenIDConnect provider found in your account for https:\/\/evil\.example/,
  ],
  [
    'the issuer without its scheme',
    other({ iss: 'issuer.example' }),
    'InvalidIdentityToken',
    /No OpenIDConnect/,
  ],
  [
    'the issuer over http',
    other({ iss: 'http://issuer.example' }),
    'InvalidIdentityToken',
    /No OpenIDConnect/,
  ],
  [
    'the issuer in other letters',
    other({ iss: 'https://ISSUER.example' }),
    'InvalidIdentityToken',
    /No OpenIDConnect/,
  ],
  [
    'the issuer with a path',
    other({ iss: 'https://issuer.example/x' }),
    'InvalidIdentityToken',
    /No OpenIDConnect/,
  ],
  [
    'the issuer with two slashes',
    other({ iss: 'https://issuer.example//' }),
    'InvalidIdentityToken',
    /No OpenIDConnect/,
  ],
  [
    'the issuer as a user of another host',
    other({ iss: 'https://issuer.example@evil.example' }),
    'InvalidIdentityToken',
    /No OpenIDConnect/,
  ],
  ['no issuer', without('iss'), 'InvalidIdentityToken', /not a valid JWT/],
  ['another audience', other({ aud: 'evil' }), 'InvalidIdentityToken', /Incorrect token audience/],
  ['no audience', without('aud'), 'InvalidIdentityToken', /Incorrect token audience/],
  ['no audience in a list', other({ aud: [] }), 'InvalidIdentityToken', /Incorrect token audience/],
  [
    'a token that was issued for another party',
    other({ azp: 'evil' }),
    'InvalidIdentityToken',
    /Incorrect token audience/,
  ],
  ['no subject', without('sub'), 'InvalidIdentityToken', /sub/],
  ['an empty subject', other({ sub: '' }), 'InvalidIdentityToken', /sub/],
  ['no end', without('exp'), 'InvalidIdentityToken', /exp/],
  ['no time of issue', without('iat'), 'InvalidIdentityToken', /iat/],
  [
    'an expired token',
    other({ exp: now - 60 }),
    'ExpiredTokenException',
    /Token expired: current date\/time \d+ must be before the expiration date\/time \d+/,
  ],
  ['a token from the future', other({ iat: now + 61 }), 'InvalidIdentityToken', /not valid yet/],
  [
    'a token that is not valid yet',
    other({ nbf: now + 61 }),
    'InvalidIdentityToken',
    /not valid yet/,
  ],
]
for (const [what, token, code, text] of wrong) {
  test(`refuses ${what}`, async () => {
    const result = await verify(await token)
    assert.ok(result.kind === 'refused')
    assert.equal(result.code, code)
    assert.match(result.message, text)
  })
}

test('an end that is no number, or a beginning that is none, is refused', async () => {
  for (const change of [{ exp: '1' }, { iat: '1' }, { nbf: '1' }, { exp: null }]) {
    // The signer of the library has types that forbid these.
    const token = await signer.sign({ ...payload, ...change } as unknown as JWTPayload)
    assert.equal(codeOf(await verify(token)), 'InvalidIdentityToken', JSON.stringify(change))
  }
})

test('takes what clocks that differ by a minute make', async () => {
  for (const change of [{ exp: now - 59 }, { iat: now + 60 }, { nbf: now + 60 }])
    assert.equal(codeOf(await verify(await other(change))), 'verified', JSON.stringify(change))
})

test('takes a list of audiences, the party it was issued for, and an issuer with a slash at its end', async () => {
  const listed = await verify(await other({ aud: ['x', 'other'] }))
  assert.ok(listed.kind === 'verified')
  assert.equal(listed.token.audience, 'other')
  const issuedFor = await verify(await other({ aud: 'x', azp: 'other' }))
  assert.ok(issuedFor.kind === 'verified')
  assert.equal(issuedFor.token.claims['aud'], 'other')
  const uploaded = { jwks: { keys: [signer.jwk] } }
  const slash = await verify(await other({ iss: `${issuer}/` }), uploaded)
  assert.equal(slash.kind, 'verified')
})

test('takes RS256, and another algorithm where the provider’s options name it', async () => {
  assert.equal(codeOf(await verify(await rsa.sign(payload))), 'verified')
  assert.equal(codeOf(await verify(await pss.sign(payload), { algorithms: ['PS256'] })), 'verified')
  assert.equal(codeOf(await verify(signed, { algorithms: ['PS256'] })), 'InvalidIdentityToken')
})

test('options that name none or a secret’s algorithm let nobody in', async () => {
  const options = {
    algorithms: ['none', 'HS256'],
    jwks: { keys: [{ kty: 'oct', k: 'AAAA', kid: 'key-1' }] },
  }
  const tokens = [
    `${base64url({ alg: 'none' })}.${body}.`,
    signWithSecret(
      { alg: 'HS256', kid: 'key-1' },
      payload,
      Buffer.from('AAAA', 'base64url').toString(),
    ),
  ]
  for (const token of tokens)
    assert.equal(codeOf(await verify(token, options)), 'InvalidIdentityToken')
})

test('a provider whose tokens open one session each has to name them', async () => {
  assert.equal(codeOf(await verify(signed, { singleUse: true })), 'IDPRejectedClaim')
  const named = await verify(await other({ jti: 'j1' }), { singleUse: true })
  assert.ok(named.kind === 'verified')
  assert.equal(named.token.tokenId, 'j1')
})

test('uploaded keys are used, and nothing is fetched', async () => {
  const alone = new KeySets({
    clock,
    fetch: async () => Promise.reject(new Error('fetched')),
  })
  const findProvider = async (): Promise<TrustedProvider> =>
    Promise.resolve({ ...provider, options: { jwks: { keys: [signer.jwk] } } })
  const deps = { keySets: alone, clock, findProvider }
  assert.equal(codeOf(await verifyIdToken(deps, signed)), 'verified')
  assert.equal(
    codeOf(await verifyIdToken(deps, await stranger.sign(payload))),
    'InvalidIdentityToken',
  )
  const noKeyId = await signer.sign(payload, { kid: undefined })
  assert.equal(codeOf(await verifyIdToken(deps, noKeyId)), 'verified')
})

test('a provider that cannot be reached is said to be, and not why, and is no refusal of the token', async () => {
  const away = new KeySets({
    clock,
    fetch: async () => Promise.resolve({ kind: 'failed', reason: 'no whole answer in time' }),
  })
  const findProvider = async (): Promise<TrustedProvider> => Promise.resolve(provider)
  const result = await verifyIdToken({ keySets: away, clock, findProvider }, signed)
  assert.ok(result.kind === 'refused')
  assert.equal(result.code, 'IDPCommunicationError')
  // Whoever sends a token has no name yet: the reason would tell what names this network knows.
  assert.match(result.message, /^Couldn't communicate with the identity provider https:\/\/[^ :]+$/)
})

test('no text is a token, and none makes it throw', async () => {
  const part = fc.oneof(
    fc.base64String(),
    fc.string(),
    fc.json().map((text) => Buffer.from(text).toString('base64url')),
  )
  await fc.assert(
    fc.asyncProperty(fc.array(part, { maxLength: 4 }), async (parts) => {
      assert.equal(codeOf(await verify(parts.join('.'))), 'InvalidIdentityToken')
    }),
  )
})
