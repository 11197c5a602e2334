import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { systemIds } from '../lib/ids.ts'
import { makeBearerToken, readBearerToken, type TokenKind } from './bearer-token.ts'
import { deriveKey } from './rules/seal.ts'

const master = Buffer.alloc(32, 7)
const key = deriveKey(master, 'bearer')
const now = new Date('2026-11-24T12:00:00Z')
const claims = {
  principalId: 'AIDAX',
  accessKeyId: 'AKIAX',
  issuedAt: now,
  expiresAt: new Date(now.getTime() + 1000),
  grants: [
    { resource: 'arn:aws:ecr:us-east-1:123456789012:repository/team/app', actions: ['pull'] },
    { resource: 'arn:aws:ecr:us-east-1:123456789012:repository/*', actions: ['catalog'] },
    { resource: 'x', actions: [] },
  ],
  session: undefined,
} as const
const kinds: readonly TokenKind[] = ['access', 'refresh']

test('a token says who asked and for what until its time is over', () => {
  for (const kind of kinds) {
    const token = makeBearerToken(kind, key, systemIds.bytes(12), claims)
    assert.deepEqual(readBearerToken(kind, key, token, now), { kind: 'valid', claims })
    assert.equal(readBearerToken(kind, key, token, claims.expiresAt).kind, 'expired')
  }
})

test('a token of the other kind, another purpose, another installation or with one letter changed is none', () => {
  for (const kind of kinds) {
    const token = makeBearerToken(kind, key, systemIds.bytes(12), claims)
    const other = kind === 'access' ? 'refresh' : 'access'
    assert.equal(readBearerToken(other, key, token, now).kind, 'invalid')
    const elsewhere = [deriveKey(master, 'ecr-token'), deriveKey(Buffer.alloc(32, 8), 'bearer')]
    for (const wrong of elsewhere) {
      assert.equal(readBearerToken(kind, wrong, token, now).kind, 'invalid')
    }
    fc.assert(
      fc.property(fc.nat(token.length - 2), (at) => {
        const letter = token.charAt(at) === 'A' ? 'B' : 'A'
        const changed = token.slice(0, at) + letter + token.slice(at + 1)
        assert.equal(readBearerToken(kind, key, changed, now).kind, 'invalid')
      }),
    )
  }
})

test('no text makes the reader throw', () => {
  fc.assert(
    fc.property(fc.string({ maxLength: 12_000 }), (text) => {
      assert.equal(readBearerToken('access', key, text, now).kind, 'invalid')
    }),
  )
})
