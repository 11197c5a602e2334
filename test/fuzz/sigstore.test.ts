// What lies beside images may be anything: it is read or refused, in bounded time, and only what was signed is ever believed.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { parsePublicKeys } from '../../src/lib/public-keys.ts'
import { digestOf } from '../../src/oci/digest.ts'
import type { AcceptEntry, KeylessEntry } from '../../src/signatures/sigstore/accept-entry.ts'
import type { SigstoreCandidate } from '../../src/signatures/sigstore/candidate.ts'
import { readCertificateIdentity } from '../../src/signatures/sigstore/certificate-identity.ts'
import { readCandidate } from '../../src/signatures/sigstore/read-candidate.ts'
import { readSimplePayload } from '../../src/signatures/sigstore/simple-signing.ts'
import { readStatement } from '../../src/signatures/sigstore/statement.ts'
import { readTrustedRoot } from '../../src/signatures/sigstore/trusted-root.ts'
import { verifyAttestation } from '../../src/signatures/sigstore/verify-attestation.ts'
import { verifySigstore } from '../../src/signatures/sigstore/verify-sigstore.ts'
import { element, sequence } from '../kit/der.ts'
import {
  githubIssuer,
  imageStatement,
  inToto,
  issueLeaf,
  makeAttestation,
  makeBundle,
  makeSimple,
  newSigstore,
  publicPem,
  simplePayload,
  stamp,
  workflow,
} from '../kit/sigstore.ts'
import { newKeyPair } from '../kit/test-certificates.ts'
import { alteredBytes, hostileText, runs } from './hostile-input.ts'

const now = Date.parse('2026-06-01T12:00:00Z')
const subject = digestOf(Buffer.from('an image'))
const sigstore = newSigstore(now)
const rootBytes = Buffer.from(JSON.stringify(sigstore.trustedRoot))
const reading = readTrustedRoot('private', rootBytes)
const root = reading.kind === 'root' ? reading.root : assert.fail(reading.reason)
const keyless: KeylessEntry = {
  kind: 'keyless',
  root,
  issuer: githubIssuer,
  subject: workflow,
  thresholds: { log: 1, time: 1, certificateLog: 1 },
  acceptAttestationAsSignature: true,
}
const key = newKeyPair()
const file = parsePublicKeys(publicPem(key))
const byKey: AcceptEntry = {
  kind: 'key',
  keys: file.kind === 'keys' ? file.keys.map((each) => ({ name: 'k', key: each })) : [],
  root,
  thresholds: { log: 0, time: 0 },
  acceptAttestationAsSignature: true,
}
const statement = imageStatement(subject, 'https://slsa.dev/provenance/v1')
const bytesOf = (value: object): Buffer => Buffer.from(JSON.stringify(value))
const stamps = (made: { readonly signature: Buffer }): readonly Buffer[] => [
  stamp(sigstore, made.signature, now),
]
const results = ['verified', 'untrusted', 'invalid', 'expired', 'revoked', 'none', 'unknown']

/** What was believed must be what was signed. */
function judged(candidate: SigstoreCandidate, entry: AcceptEntry): boolean {
  const verdict = verifySigstore(candidate, { subject, entry, now })
  assert.ok(results.includes(verdict.result))
  assert.equal(verdict.result === 'verified', verdict.reason === undefined)
  for (const { detail } of verdict.checks) assert.equal(typeof detail, 'string')
  return verdict.result === 'verified'
}

test('bundles are judged without a fault, and only with what was signed are they believed', () => {
  const seeds = [
    makeBundle(sigstore, subject, { statement, stamps }),
    makeBundle(sigstore, subject, { statement, key, entries: () => [] }),
  ].map(bytesOf)
  let believed = 0
  const given = fc.oneof(
    alteredBytes(...seeds),
    fc.jsonValue().map((value) => bytesOf([value])),
  )
  fc.assert(
    fc.property(given, (content) => {
      for (const entry of [keyless, byKey]) {
        if (!judged({ format: 'cosign-bundle', content }, entry)) continue
        believed += 1
        const demand = { type: 'slsa' }
        const request = { subject, entry, now }
        const told = verifyAttestation({ format: 'cosign-bundle', content }, request, demand)
        assert.deepEqual(told.attestation?.predicate, {})
      }
    }),
    runs(150),
  )
  assert.ok(believed > 0)
})

test('altered certificates and stamps in a sound bundle are never believed', () => {
  const leaf = issueLeaf(sigstore)
  const token = stamp(sigstore, Buffer.from('x'), now)
  fc.assert(
    fc.property(alteredBytes(leaf.der), alteredBytes(token), (der, altered) => {
      const options = der.equals(leaf.der)
        ? { stamps: () => [altered] }
        : { leaf: { ...leaf, der } }
      const bundle = makeBundle(sigstore, subject, options)
      assert.equal(judged({ format: 'cosign-bundle', content: bytesOf(bundle) }, keyless), false)
    }),
    runs(80),
  )
})

test('layers of cosign 2 are judged without a fault, whatever their annotations hold', () => {
  const layers = [
    ['cosign-simple', makeSimple(sigstore, subject, { withStamp: true })],
    ['cosign-dsse', makeAttestation(sigstore, statement, { withStamp: true })],
    ['cosign-simple', makeSimple(sigstore, subject, { key })],
  ] as const
  const names = Object.keys(layers[0][1].annotations)
  fc.assert(
    fc.property(
      fc.constantFrom(...layers),
      fc.constantFrom('content', ...names),
      alteredBytes(...layers.map(([, { content }]) => content)),
      hostileText(...Object.values(layers[0][1].annotations)),
      ([format, layer], where, bytes, text) => {
        const isContent = where === 'content'
        const candidate: SigstoreCandidate = {
          format,
          content: isContent ? bytes : layer.content,
          annotations: isContent ? layer.annotations : { ...layer.annotations, [where]: text },
        }
        for (const entry of [keyless, byKey])
          if (judged(candidate, entry)) assert.ok(layer.content.equals(candidate.content))
      },
    ),
    runs(60),
  )
})

test('statements, payloads, roots and certificates are read or refused with a sentence', () => {
  const leaf = issueLeaf(sigstore)
  const said = (value: {
    readonly kind: string
    readonly detail?: string
    readonly reason?: string
  }) => value.kind !== 'refused' || (value.detail ?? value.reason ?? '').length > 5
  const seeds = [bytesOf(statement), simplePayload(subject), rootBytes, leaf.der]
  fc.assert(
    fc.property(alteredBytes(...seeds), (bytes) => {
      assert.ok(said(readStatement(bytes, inToto)))
      assert.ok(said(readSimplePayload(bytes)))
      assert.ok(said(readTrustedRoot('fuzzed', bytes)))
      assert.ok(said(readCertificateIdentity(bytes)))
    }),
    runs(300),
  )
})

test('what is huge or deep costs no more than looking at it (T17)', () => {
  const huge = Buffer.alloc(32 * 1024 * 1024, 0x20)
  for (const format of ['cosign-bundle', 'cosign-simple', 'cosign-dsse'] as const) {
    const read = readCandidate({ format, content: huge })
    assert.equal(read.kind === 'refused' && read.reason, 'limit')
  }
  const nested = (bytes: number): Buffer => {
    let inner: Buffer = Buffer.alloc(0)
    while (inner.length < bytes - 8) inner = element(0x04, inner)
    return inner
  }
  const deep = makeBundle(sigstore, subject, { stamps: () => [nested(20_000)] })
  assert.equal(judged({ format: 'cosign-bundle', content: bytesOf(deep) }, keyless), false)
  const leaf = { ...issueLeaf(sigstore), der: sequence(nested(16_000)) }
  const strange = makeBundle(sigstore, subject, { leaf })
  assert.equal(judged({ format: 'cosign-bundle', content: bytesOf(strange) }, keyless), false)
  const good = bytesOf(makeBundle(sigstore, subject)).toString()
  const broken = good.replace(/"payload":"(.{40})/, '"payload":"$1\\n')
  const candidate: SigstoreCandidate = { format: 'cosign-bundle', content: Buffer.from(broken) }
  const read = readCandidate(candidate)
  assert.match(read.kind === 'refused' ? read.detail : '', /payload that is not base64/)
  const crowd = good.replace(/"tlogEntries":\[(.*?)\],"timestamp/, (_, one: string) => {
    return `"tlogEntries":[${Array.from({ length: 9 }, () => one).join(',')}],"timestamp`
  })
  const crowded = readCandidate({ format: 'cosign-bundle', content: Buffer.from(crowd) })
  assert.equal(crowded.kind === 'refused' && crowded.reason, 'limit')
})
