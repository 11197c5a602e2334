import assert from 'node:assert/strict'
import { generateKeyPairSync } from 'node:crypto'
import { test } from 'node:test'
import fc from 'fast-check'
import { bundleOf, ecKey, envelopeOf, inTotoOf, openVexOf } from '../../test/kit/attestations.ts'
import { digestOf, type Digest } from '../oci/digest.ts'
import { judgeAttachment, type JudgedAttachment } from './attestation.ts'
import { parsePublicKeys, type TrustedKey } from '../lib/public-keys.ts'

const subject = digestOf(Buffer.from('image'))
const other = digestOf(Buffer.from('another image'))
const key = ecKey()
const vex = openVexOf([
  { vulnerability: { name: 'CVE-1' }, products: [{ '@id': 'pkg:npm/x' }], status: 'fixed' },
])

function keysOf(...pems: readonly string[]): readonly TrustedKey[] {
  const file = parsePublicKeys(pems.join('\n'))
  assert.ok(file.kind === 'keys', JSON.stringify(file))
  return file.keys
}
const keys = keysOf(key.pem)

function judged(value: unknown, trusted = keys, about: Digest = subject): string {
  const result: JudgedAttachment = judgeAttachment(Buffer.from(JSON.stringify(value)), {
    keys: trusted,
    subject: about,
  })
  return result.kind === 'untrusted' ? result.reason : result.kind
}

test('believes nothing that is unsigned, signed by another key, or about another image', () => {
  const statement = inTotoOf(vex, subject)
  const stranger = envelopeOf(statement, { key: ecKey() })
  const notOurs = 'none of its signatures was made with a key of PRATIQUE_VEX_KEYS'
  assert.equal(judged(vex), 'it is not signed')
  assert.equal(judged(statement), 'the statement is not signed')
  assert.equal(judged(stranger), notOurs)
  assert.equal(judged(bundleOf(stranger)), notOurs)
  assert.equal(judged({ ...stranger, signatures: [] }), 'it is not signed')
  assert.equal(
    judged({ ...stranger, signatures: [{ sig: '!' }, 7, { sig: 'A'.repeat(10_000) }] }),
    'it is not signed',
  )
  assert.equal(
    judged(envelopeOf(inTotoOf(vex, other), { key })),
    `it is about ${other}, another image`,
  )
  assert.equal(
    judged(envelopeOf({ ...statement, subject: [] }, { key })),
    'it is about no digest, another image',
  )
  assert.equal(
    judged(envelopeOf({ ...statement, subject: [{ digest: 'x' }, 3] }, { key })),
    'it is about no digest, another image',
  )
  assert.equal(
    judged(envelopeOf(statement, { key }), []),
    'no keys are trusted: PRATIQUE_VEX_KEYS is not set',
  )
})

test('an envelope of many signatures does not have each looked at for each key', () => {
  const good = envelopeOf(inTotoOf(vex, subject), { key })
  const [signature] = (good as { signatures: readonly object[] }).signatures
  const junk = { sig: Buffer.alloc(70, 0x30).toString('base64') }
  const after = (count: number): string =>
    judged({ ...good, signatures: [...Array.from({ length: count }, () => junk), signature] })
  assert.equal(after(3), 'trusted')
  assert.match(after(4), /none of its signatures/)
})

test('a payload that was changed after it was signed is not believed', () => {
  const envelope = envelopeOf(inTotoOf(vex, subject), { key }) as Record<string, unknown>
  const changed = inTotoOf({ ...vex, author: 'Somebody else' }, subject)
  const payload = Buffer.from(JSON.stringify(changed)).toString('base64')
  assert.match(judged({ ...envelope, payload }), /none of its signatures/)
})

test('believes what a trusted key signed about the image, in an envelope and in a bundle', () => {
  const envelope = envelopeOf(inTotoOf(vex, subject), { key })
  assert.equal(judged(envelope), 'trusted')
  assert.equal(judged(bundleOf(envelope)), 'trusted')
  const older = { ...inTotoOf(vex, subject), _type: 'https://in-toto.io/Statement/v0.1' }
  assert.equal(judged(envelopeOf(older, { key })), 'trusted')
})

test('verifies with each kind of key that is taken', () => {
  const p384 = ecKey('P-384')
  const ed25519 = generateKeyPairSync('ed25519')
  const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 })
  const statement = inTotoOf(vex, subject)
  for (const hash of ['sha256', 'sha384'])
    assert.equal(
      judged(envelopeOf(statement, { key: p384, hash }), keysOf(p384.pem)),
      'trusted',
      hash,
    )
  for (const [pair, hash] of [
    [ed25519, null],
    [rsa, 'sha256'],
  ] as const) {
    const pem = pair.publicKey.export({ type: 'spki', format: 'pem' }).toString()
    const signed = envelopeOf(statement, { key: { pem, privateKey: pair.privateKey }, hash })
    assert.equal(judged(signed, keysOf(key.pem, pem)), 'trusted')
    assert.match(judged(signed), /none of its signatures/)
  }
  // P-256 goes with SHA-256 alone.
  assert.match(judged(envelopeOf(statement, { key, hash: 'sha384' })), /none of its signatures/)
})

test('tells of a signed document that cannot be read, and passes over what is no VEX', () => {
  const broken = openVexOf([{ status: 'fixed' }])
  assert.match(
    judged(envelopeOf(inTotoOf(broken, subject), { key })),
    /statements\[0\] has no vulnerability/,
  )
  const provenance = { ...inTotoOf({}, subject), predicateType: 'https://slsa.dev/provenance/v1' }
  const none: readonly unknown[] = [
    provenance,
    envelopeOf(provenance, { key }),
    envelopeOf(inTotoOf(vex, subject), { key }, 'text/plain'),
    { payloadType: 'application/vnd.in-toto+json', payload: '!', signatures: [] },
    { payloadType: 'application/vnd.in-toto+json', payload: '', signatures: [] },
    { dsseEnvelope: 3 },
    [],
    'x',
  ]
  for (const value of none) assert.equal(judged(value), 'none')
  assert.equal(judgeAttachment(Buffer.from('\u0000'), { keys, subject }).kind, 'none')
})

test('an attestation without products speaks of its subject', () => {
  const about = openVexOf([{ vulnerability: { name: 'CVE-1' }, status: 'fixed' }])
  assert.equal(judged(about), 'statements[0] names no product')
  assert.equal(judged(envelopeOf(inTotoOf(about, subject), { key })), 'trusted')
})

test('whatever is pushed without the key, nothing becomes trusted', () => {
  const strange = ecKey()
  const statement = inTotoOf(vex, subject)
  const shapes = [
    vex,
    statement,
    envelopeOf(statement, { key: strange }),
    bundleOf(envelopeOf(statement, { key: strange })),
  ]
  fc.assert(
    fc.property(
      fc.constantFrom(...shapes),
      fc.dictionary(
        fc.constantFrom('payload', 'signatures', 'dsseEnvelope', '_type', 'subject'),
        fc.jsonValue(),
      ),
      (shape, change) => {
        assert.notEqual(judged({ ...shape, ...change }), 'trusted')
      },
    ),
  )
})

test('refuses a file of keys that holds anything else, and says which', () => {
  const rsa = generateKeyPairSync('rsa', { modulusLength: 1024 })
    .publicKey.export({ type: 'spki', format: 'pem' })
    .toString()
  const x25519 = generateKeyPairSync('x25519')
    .publicKey.export({ type: 'spki', format: 'pem' })
    .toString()
  const private256 = key.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()
  const cases: readonly (readonly [string, RegExp])[] = [
    ['', /holds no public key/],
    [`${key.pem}\n${rsa}`, /key 2 is an RSA key of 1024 bits/],
    [x25519, /key 1 is of the kind x25519/],
    [ecKey('secp256k1').pem, /key 1 is of the curve secp256k1/],
    [private256, /key 1 is a PRIVATE KEY; only a PUBLIC KEY/],
    ['-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----', /key 1 cannot be read/],
    [`${key.pem}\n-----BEGIN PUBLIC KEY-----\ncut`, /a block that cannot be read/],
    [key.pem.repeat(101), /more than 100/],
  ]
  for (const [pem, expected] of cases) {
    const file = parsePublicKeys(pem)
    assert.match(file.kind === 'refused' ? file.reason : 'read', expected)
  }
})
