// Timestamps of an authority of ours: what it refuses, and that what it gives is believed by those who verify.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { fuzzRuns, fuzzSeed } from '../../../test/kit/fuzz-runs.ts'
import { pki, pkiNow } from '../../../test/kit/pki.ts'
import { grantTimestamp, readTimestampRequest, refuseTimestamp } from './answer-timestamp.ts'
import { contextTag } from './der.ts'
import { boolean, element, integer, objectIdentifier, octetString, sequence } from './der-writer.ts'
import { oids } from './object-identifiers.ts'
import { readTimestampAnswer, writeTimestampRequest } from './timestamp-protocol.ts'
import { verifyTimestampToken } from './timestamp-token.ts'

const authority = pki({ purpose: 'timeStamping', label: 'answering' })
const signer = { key: authority.leaf.key, chain: authority.chain }
const stamped = Buffer.from('the signature')
const nonce = Buffer.from('00ff01', 'hex')
const times = { at: pkiNow, serial: Buffer.alloc(16, 7) }

function imprint(oid: string, bytes: number): Uint8Array {
  return sequence(sequence(objectIdentifier(oid)), octetString(Buffer.alloc(bytes, 1)))
}

test('what cannot be stamped as it is asked is refused, with the bit that says why', () => {
  const good = imprint(oids.sha256, 32)
  const rows: readonly (readonly [string, Uint8Array, string])[] = [
    ['nothing', Buffer.alloc(0), 'badDataFormat'],
    ['no DER', Buffer.from('timestamp me'), 'badDataFormat'],
    ['too much', Buffer.alloc(4097, 0x30), 'badDataFormat'],
    ['another version', sequence(integer(2), good), 'badRequest'],
    ['SHA-1', sequence(integer(1), imprint(oids.sha1, 20)), 'badAlg'],
    ['a hash of another length', sequence(integer(1), imprint(oids.sha384, 32)), 'badDataFormat'],
    ['a policy', sequence(integer(1), good, objectIdentifier('1.2.3.4')), 'unacceptedPolicy'],
    [
      'an extension',
      sequence(integer(1), good, element(contextTag(0, 'constructed'), sequence())),
      'unacceptedExtension',
    ],
    ['something behind', sequence(integer(1), good, boolean(true), integer(1)), 'badDataFormat'],
  ]
  for (const [name, bytes, failure] of rows) {
    const read = readTimestampRequest(bytes)
    assert.ok(read.kind === 'refused', name)
    assert.equal(read.failure, failure, name)
    const told = readTimestampAnswer(refuseTimestamp(read.failure, read.reason))
    assert.ok(told.kind === 'refused' && told.reason.includes(failure), name)
    assert.match(told.reason, /status 2/)
  }
})

test('a token is over what was asked, at that time, with the nonce, and leads to the root', () => {
  for (const hash of ['sha256', 'sha384', 'sha512'] as const) {
    const read = readTimestampRequest(writeTimestampRequest(stamped, { hash, nonce }))
    assert.ok(read.kind === 'request')
    const answer = readTimestampAnswer(grantTimestamp(read.request, signer, times))
    assert.ok(answer.kind === 'token')
    const roots = [authority.root.certificate]
    const verified = verifyTimestampToken(answer.token, stamped, { roots, strictExtensions: true })
    assert.ok(verified.kind === 'timestamp', JSON.stringify(verified))
    const { genTime, accuracy, nonce: again = Buffer.alloc(0) } = verified.timestamp
    assert.deepEqual([genTime, accuracy], [pkiNow, 1000])
    assert.equal(Buffer.from(again).toString('hex'), 'ff01'.padStart(6, '0'))
    const other = verifyTimestampToken(answer.token, Buffer.from('x'), {
      roots,
      strictExtensions: true,
    })
    assert.equal(other.kind, 'wrong')
  }
})

test('certificates are in it only where they are asked for', () => {
  const asked = sequence(integer(1), imprint(oids.sha256, 32))
  const read = readTimestampRequest(asked)
  assert.ok(read.kind === 'request' && !read.request.wantsCertificates)
  const without = grantTimestamp(read.request, signer, times)
  const having = grantTimestamp({ ...read.request, wantsCertificates: true }, signer, times)
  assert.ok(having.length > without.length + authority.leaf.der.length - 50)
})

test('whatever comes, it is read or refused', () => {
  const whole = writeTimestampRequest(stamped, { hash: 'sha384', nonce })
  const answer = grantTimestamp(
    { imprint: imprint(oids.sha256, 32), nonce: undefined, wantsCertificates: true },
    signer,
    times,
  )
  const mutated = (bytes: Uint8Array): fc.Arbitrary<Uint8Array> =>
    fc.tuple(fc.nat(bytes.length - 1), fc.nat(255)).map(([at, value]) => {
      const copy = Buffer.from(bytes)
      copy[at] = value
      return copy
    })
  const options = { numRuns: fuzzRuns(100), seed: fuzzSeed() }
  fc.assert(
    fc.property(fc.oneof(fc.uint8Array({ maxLength: 200 }), mutated(whole)), (bytes) => {
      assert.match(readTimestampRequest(bytes).kind, /^(?:request|refused)$/)
    }),
    options,
  )
  fc.assert(
    fc.property(fc.oneof(fc.uint8Array({ maxLength: 200 }), mutated(answer)), (bytes) => {
      assert.match(readTimestampAnswer(bytes).kind, /^(?:token|refused)$/)
    }),
    options,
  )
})
