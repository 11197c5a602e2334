import { Secret } from '../lib/secret.ts'
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { systemIds } from '../lib/ids.ts'
import { makeAuthorizationToken, readAuthorizationToken } from './authorization-token.ts'
import { makeBearerToken, readBearerToken } from './bearer-token.ts'
import { deriveKey, seal } from './rules/seal.ts'
import {
  readSessionClaims,
  writeSessionClaims,
  type SessionClaims,
  type SessionOwner,
} from './rules/session-claims.ts'
import { makeSessionToken, openSessionToken } from './session-token.ts'

const master = Buffer.alloc(32, 7)
const key = deriveKey(master, 'session')
const accessKeyId = 'ASIAABCDEFGHIJKLMNOP'
const secret = 'x'.repeat(40)
const claims: SessionClaims = {
  accessKeyId,
  owner: { kind: 'role', id: 'AROAX', sessionName: 'build-1' },
  issuedAt: new Date('2026-11-24T12:00:00Z'),
  expiresAt: new Date('2026-11-24T13:00:00Z'),
  policies: [{ text: '{}' }, { hash: 'h' }],
  policyArns: ['arn:aws:iam::123456789012:policy/p'],
  tags: { team: 'blue', constructor: 'x' },
  transitiveTagKeys: ['team'],
  sourceIdentity: 'Ada',
  federatedProvider: undefined,
  claims: { 'issuer.example:sub': 'repo:a/b' },
}
const token = makeSessionToken(key, systemIds.bytes(12), { secret: new Secret(secret), claims })
const nonce = (): Buffer => systemIds.bytes(12)

function flip(text: string, at: number): string {
  const letter = text.charAt(at) === 'A' ? 'B' : 'A'
  return text.slice(0, at) + letter + text.slice(at + 1)
}

test('a token with one letter changed, cut or made longer opens nothing', () => {
  // The last letter of base64url may hold bits that no byte has.
  for (let at = 0; at < token.length - 1; at += 1) {
    assert.equal(openSessionToken(key, accessKeyId, flip(token, at)), undefined, `letter ${at}`)
  }
  for (const changed of ['', token.slice(0, -4), `${token}AAAA`, token.slice(4), 'A'.repeat(9000)])
    assert.equal(openSessionToken(key, accessKeyId, changed), undefined)
})

test('a token of another key id, another purpose or another installation opens nothing', () => {
  assert.equal(openSessionToken(key, 'ASIAABCDEFGHIJKLMNOQ', token), undefined)
  assert.equal(
    openSessionToken(deriveKey(Buffer.alloc(32, 8), 'session'), accessKeyId, token),
    undefined,
  )
  const purposes = ['access-key', 'ecr-token', 'paging', 'download', 'bearer'] as const
  for (const purpose of purposes)
    assert.equal(openSessionToken(deriveKey(master, purpose), accessKeyId, token), undefined)
})

test('no token of one kind is one of another kind, even under one key', () => {
  const now = claims.issuedAt
  const { issuedAt, expiresAt } = claims
  const shared = {
    principalId: 'AROAX:build-1',
    accessKeyId,
    issuedAt,
    expiresAt,
    session: claims,
  }
  const made = {
    session: token,
    ecr: makeAuthorizationToken(key, nonce(), shared),
    access: makeBearerToken('access', key, nonce(), { ...shared, grants: [] }),
    refresh: makeBearerToken('refresh', key, nonce(), { ...shared, grants: [] }),
  }
  const opens = {
    session: (text: string) => openSessionToken(key, accessKeyId, text) !== undefined,
    ecr: (text: string) => readAuthorizationToken(key, text, now).kind === 'valid',
    access: (text: string) => readBearerToken('access', key, text, now).kind === 'valid',
    refresh: (text: string) => readBearerToken('refresh', key, text, now).kind === 'valid',
  }
  for (const [kind, text] of Object.entries(made))
    for (const [other, open] of Object.entries(opens))
      assert.equal(open(text), kind === other, `${kind} as ${other}`)
})

test('what is sealed for a session but is none opens nothing', () => {
  const context = `session/1/${accessKeyId}`
  const others = [
    'null',
    '[]',
    '{}',
    '["s"]',
    '["s",[]]',
    '[1,["x"]]',
    JSON.stringify(['s', ['x', 'q', '', '', 1, 2]]),
  ]
  for (const plain of others) {
    const sealed = seal(key, nonce(), Buffer.from(plain), context).toString('base64url')
    assert.equal(openSessionToken(key, accessKeyId, sealed), undefined, plain)
  }
})

test('an ECR or bearer token whose session cannot be read is not its owner’s own', () => {
  const inner = ['AROAX:s', accessKeyId, claims.expiresAt.getTime()]
  const ecr = seal(key, nonce(), Buffer.from(JSON.stringify([...inner, ['x']])), 'ecr-token/1')
  const bearer = seal(
    key,
    nonce(),
    Buffer.from(JSON.stringify([...inner, [], 1])),
    'bearer/access/1',
  )
  const now = claims.issuedAt
  assert.equal(readAuthorizationToken(key, ecr.toString('base64url'), now).kind, 'invalid')
  assert.equal(readBearerToken('access', key, bearer.toString('base64url'), now).kind, 'invalid')
})

test('a token opens to what it was made of, in fewer than two KiB', () => {
  const opened = openSessionToken(key, accessKeyId, token)
  assert.equal(opened?.secret.reveal(), secret)
  assert.deepEqual(values(opened.claims), values(claims))
  assert.ok(token.length < 2048, `${token.length}`)
})

/** Without the difference between objects with and without a prototype. */
function values(value: SessionClaims): unknown {
  return JSON.parse(JSON.stringify(value))
}

test('claims of every kind come back as they were written', () => {
  const text = fc.string({ unit: 'grapheme', maxLength: 20 })
  const some = fc.option(fc.string({ minLength: 1 }), { nil: undefined })
  const record = fc.dictionary(text, text, { maxKeys: 5 })
  const owner = fc.oneof<fc.Arbitrary<SessionOwner>[]>(
    fc.record({ kind: fc.constant('user' as const), id: text }),
    fc.record({ kind: fc.constant('role' as const), id: text, sessionName: text }),
    fc.record({ kind: fc.constant('federated-user' as const), id: text, sessionName: text }),
  )
  const when = fc.date({ noInvalidDate: true })
  const policy = fc.oneof(fc.record({ text }), fc.record({ hash: text }))
  const any = fc.record({
    accessKeyId: text,
    owner,
    issuedAt: when,
    expiresAt: when,
    policies: fc.array(policy, { maxLength: 3 }),
    policyArns: fc.array(text, { maxLength: 3 }),
    tags: record,
    transitiveTagKeys: fc.array(text, { maxLength: 3 }),
    sourceIdentity: some,
    federatedProvider: some,
    claims: record,
  })
  fc.assert(
    fc.property(any, (given) => {
      const written: unknown = JSON.parse(JSON.stringify(writeSessionClaims(given)))
      const read = readSessionClaims(written)
      assert.ok(read)
      assert.deepEqual(values(read), values(given))
    }),
  )
})

test('tags and claims have no members but their own', () => {
  const read = readSessionClaims(
    JSON.parse(JSON.stringify(writeSessionClaims({ ...claims, tags: {} }))),
  )
  assert.equal(read?.tags['constructor'], undefined)
  assert.equal(read?.claims['__proto__'], undefined)
})

test('no text makes the reader throw', () => {
  fc.assert(
    fc.property(fc.string({ maxLength: 9000 }), fc.string({ maxLength: 30 }), (text, id) => {
      assert.equal(openSessionToken(key, id, text), undefined)
    }),
  )
})
