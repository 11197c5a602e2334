import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { systemIds } from '../lib/ids.ts'
import {
  makeAuthorizationToken,
  readAuthorizationToken,
  tokenLifetimeMs,
} from './authorization-token.ts'
import { deriveKey } from './rules/seal.ts'

const master = Buffer.alloc(32, 7)
const key = deriveKey(master, 'ecr-token')
const now = new Date('2026-11-24T12:00:00Z')
const claims = {
  principalId: 'AIDAX',
  accessKeyId: 'AKIAX',
  issuedAt: now,
  expiresAt: new Date(now.getTime() + tokenLifetimeMs),
  session: undefined,
}
const token = makeAuthorizationToken(key, systemIds.bytes(12), claims)

test('a token says who asked for it until its time is over', () => {
  assert.deepEqual(readAuthorizationToken(key, token, now), { kind: 'valid', claims })
  assert.equal(readAuthorizationToken(key, token, claims.expiresAt).kind, 'expired')
})

test('a token of another purpose, another installation, or with one letter changed is none', () => {
  assert.equal(readAuthorizationToken(deriveKey(master, 'paging'), token, now).kind, 'invalid')
  assert.equal(
    readAuthorizationToken(deriveKey(Buffer.alloc(32, 8), 'ecr-token'), token, now).kind,
    'invalid',
  )
  fc.assert(
    fc.property(fc.nat(token.length - 2), (at) => {
      const changed =
        token.slice(0, at) + (token.charAt(at) === 'A' ? 'B' : 'A') + token.slice(at + 1)
      assert.equal(readAuthorizationToken(key, changed, now).kind, 'invalid')
    }),
  )
})

test('no text makes the reader throw', () => {
  fc.assert(
    fc.property(fc.string({ maxLength: 6000 }), (text) => {
      assert.equal(readAuthorizationToken(key, text, now).kind, 'invalid')
    }),
  )
})
