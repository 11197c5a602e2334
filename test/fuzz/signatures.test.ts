// Signature envelopes, certificates, revocation lists, answers and timestamps of strangers. Nothing throws, and nothing that was
// altered is believed.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { readCbor } from '../../src/signatures/notation/cbor.ts'
import { parseTrustPolicy } from '../../src/signatures/notation/trust-policy.ts'
import { readTrustStore } from '../../src/signatures/notation/trust-store.ts'
import { verifyIntegrity } from '../../src/signatures/notation/verify-integrity.ts'
import { verifyNotation } from '../../src/signatures/notation/verify-notation.ts'
import { parseCertificate } from '../../src/signatures/x509/certificate.ts'
import { mayReplaceCrl, readCrl } from '../../src/signatures/x509/crl.ts'
import { formatName, parseIdentityName } from '../../src/signatures/x509/distinguished-name.ts'
import { readOcspAnswer } from '../../src/signatures/x509/ocsp.ts'
import { verifyTimestampToken } from '../../src/signatures/x509/timestamp-token.ts'
import {
  formats,
  mediaTypeOf,
  rawEnvelope,
  signedBy,
  statementOf,
  subject,
} from '../kit/notation-signatures.ts'
import { pemOf, pki, pkiNow } from '../kit/pki.ts'
import { makeCrl, makeOcspAnswer } from '../kit/revocation-answers.ts'
import { makeTimestampToken } from '../kit/timestamps.ts'
import { alteredBytes, hostileText, runs } from './hostile-input.ts'

const made = pki({ chain: 2 })
const authority = pki({ chain: 2, purpose: 'timeStamping', label: 'tsa' })
const stores = new Map([
  ['ca:acme', [made.root.certificate]],
  ['tsa:acme', [authority.root.certificate]],
])

test('an altered envelope is refused, or says what it said', async () => {
  const statement = statementOf({ trustStores: ['ca:acme', 'tsa:acme'] })
  for (const format of formats) {
    const timestamp = async (signature: Uint8Array): Promise<Uint8Array> =>
      makeTimestampToken(authority, signature)
    const good = Buffer.from(await signedBy(made, { format, timestamp }))
    const header = { crit: ['io.cncf.notary.signingScheme', 'x.example'], more: { 'x.example': 1 } }
    const critical = Buffer.from(rawEnvelope(format, made, { header }))
    fc.assert(
      fc.property(alteredBytes(good, critical), (bytes) => {
        const whole = verifyIntegrity(bytes, mediaTypeOf[format], subject)
        if (whole.kind === 'whole') assert.equal(whole.signature.target.digest, subject.digest)
        const found = verifyNotation({
          envelope: bytes,
          mediaType: mediaTypeOf[format],
          subject,
          statement,
          stores,
          revocation: { answers: new Map() },
          now: pkiNow,
        })
        if (whole.kind === 'broken') assert.notEqual(found.result, 'verified')
        assert.ok(found.checks.length > 0)
      }),
      runs(300),
    )
  }
})

test('altered certificates are read or refused, and stores hold what is read', () => {
  const [leaf, root] = made.chain
  assert.ok(leaf && root)
  const pem = Buffer.from(pemOf(root, leaf))
  fc.assert(
    fc.property(alteredBytes(Buffer.from(leaf), Buffer.from(root), pem), (bytes) => {
      const read = parseCertificate(bytes)
      if (read.kind === 'certificate') {
        assert.ok(read.certificate.der.length === bytes.length)
        assert.doesNotMatch(formatName(read.certificate.subject), /[\n\r]/)
      }
      const store = readTrustStore('ca', new Map([['file', bytes]]))
      assert.ok(store.kind === 'refused' || store.certificates.length > 0)
    }),
    runs(1000),
  )
})

test('altered lists, answers and timestamps are not believed', () => {
  const [leaf, root] = made.made
  assert.ok(leaf && root)
  const about = { certificate: leaf.certificate, issuer: root.certificate, url: 'http://a/' }
  const revoked = { revoked: [{ serial: leaf.certificate.serial, reason: 1 }] }
  const list = Buffer.from(makeCrl(root, revoked))
  const answer = Buffer.from(makeOcspAnswer(leaf, root, { status: 'revoked' }))
  const token = Buffer.from(makeTimestampToken(authority, Buffer.from('signature')))
  const trust = { roots: [authority.root.certificate], strictExtensions: true }
  fc.assert(
    fc.property(alteredBytes(list, answer, token), (bytes) => {
      const crl = readCrl(bytes, about)
      // What is told was signed: that the certificate is revoked.
      if (crl.kind === 'list') assert.ok(crl.list.entry !== undefined)
      const ocsp = readOcspAnswer(bytes, about, pkiNow)
      if (ocsp.kind === 'answer') assert.ok(ocsp.answer.entry !== undefined)
      const stamp = verifyTimestampToken(bytes, Buffer.from('signature'), trust)
      if (stamp.kind === 'timestamp') assert.equal(stamp.timestamp.genTime, pkiNow - 60_000)
      mayReplaceCrl(bytes, list)
    }),
    runs(600),
  )
})

test('CBOR of any form is decoded or refused', () => {
  const seeds = formats.map((format) => Buffer.from(rawEnvelope(format, made)))
  const nested = Buffer.from('818181a1018182c1a10102', 'hex')
  fc.assert(
    fc.property(alteredBytes(nested, ...seeds.map((seed) => seed.subarray(1))), (bytes) => {
      const read = readCbor(bytes)
      assert.ok(read.kind === 'decoded' || !read.reason.includes('call stack'))
    }),
    runs(1000),
  )
})

test('trust policies and identities are read or refused with reasons', () => {
  const policy = {
    version: '1.0',
    trustPolicies: [
      {
        name: 'a',
        registryScopes: ['a.b/c'],
        signatureVerification: { level: 'strict', override: { expiry: 'log' } },
        trustStores: ['ca:acme', 'tsa:acme'],
        trustedIdentities: ['x509.subject: C=US, ST=WA, O=acme\\, inc'],
      },
    ],
  }
  fc.assert(
    fc.property(alteredBytes(Buffer.from(JSON.stringify(policy))), (bytes) => {
      const read = parseTrustPolicy(bytes)
      if (read.kind === 'refused') assert.ok(read.faults.length > 0)
      else assert.ok(read.statements.length > 0)
    }),
    runs(1000),
  )
  const text = hostileText('C=US', 'ST=WA', 'O=acme', ',', '+', '\\,', '\\2c', '\\', '#', '=', ' ')
  fc.assert(
    fc.property(text, (given) => {
      const read = parseIdentityName(given)
      if (read.kind === 'name') assert.ok(['C', 'ST', 'O'].every((type) => read.name.has(type)))
    }),
    runs(2000),
  )
})
