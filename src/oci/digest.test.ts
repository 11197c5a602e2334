import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { test } from 'node:test'
import fc from 'fast-check'
import {
  algorithmOf,
  digestFromHash,
  digestOf,
  parseDigest,
  parseDigestAlgorithm,
} from './digest.ts'

const hex64 = 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855'
const hex128 = hex64 + hex64

test('refuses what is not a registered algorithm with lower-case hex of the right length', () => {
  const refused = [
    '',
    ':',
    'sha256',
    'sha256:',
    hex64,
    `sha256:${hex64.slice(1)}`,
    `sha256:${hex64}0`,
    `sha256:${hex64.toUpperCase()}`,
    `sha256:${hex128}`,
    `sha512:${hex64}`,
    `sha512:${hex128.slice(1)}`,
    `SHA256:${hex64}`,
    `sha256 :${hex64}`,
    `sha256:${hex64}\n`,
    ` sha256:${hex64}`,
    `sha256:${hex64.slice(1)}g`,
    `md5:d41d8cd98f00b204e9800998ecf8427e`,
    `blake3:${hex64}`,
    `sha256+b64:${hex64}`,
    `sha256:../../${hex64.slice(6)}`,
  ]
  for (const text of refused) assert.equal(parseDigest(text), undefined, JSON.stringify(text))
})

test('refuses digest algorithms that are not registered', () => {
  for (const text of ['', 'md5', 'sha1', 'SHA256', 'sha384', 'blake3', 'sha256 ']) {
    assert.equal(parseDigestAlgorithm(text), undefined, text)
  }
})

test('knows the digests of no bytes and of the empty JSON object', () => {
  // OCI image-spec, "Guidance for an Empty Descriptor", and FIPS 180-4's value for the empty message.
  assert.equal(digestOf(Buffer.alloc(0)), `sha256:${hex64}`)
  assert.equal(
    digestOf(Buffer.from('{}')),
    'sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a',
  )
})

test('the digest of any bytes parses, names its algorithm, and is that of the same bytes in pieces', () => {
  const algorithms = fc.constantFrom('sha256' as const, 'sha512' as const)
  fc.assert(
    fc.property(algorithms, fc.array(fc.uint8Array()), (algorithm, pieces) => {
      const digest = digestOf(Buffer.concat(pieces), algorithm)
      assert.equal(parseDigest(digest), digest)
      assert.equal(algorithmOf(digest), algorithm)
      assert.equal(parseDigestAlgorithm(algorithm), algorithm)
      const hash = createHash(algorithm)
      for (const piece of pieces) hash.update(piece)
      assert.equal(digestFromHash(algorithm, hash), digest)
    }),
  )
})

test('no text makes the parser throw', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      assert.equal(parseDigest(text), undefined)
    }),
  )
})
