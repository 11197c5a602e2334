// Whose certificate it is: forms that readers take for one name and others for another (T16).
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { element, octets, sequence, utf8 } from '../../../test/kit/der.ts'
import {
  extension,
  fulcioRaw,
  fulcioText,
  subjectNames,
  type SubjectName,
} from '../../../test/kit/test-certificates.ts'
import { githubIssuer, issueLeaf, newSigstore, workflow } from '../../../test/kit/sigstore.ts'
import { readCertificateIdentity, readSigningCertificate } from './certificate-identity.ts'

const sigstore = newSigstore(Date.parse('2026-06-01T12:00:00Z'))
type LeafOptions = Parameters<typeof issueLeaf>[1]

const read = (options: LeafOptions): ReturnType<typeof readCertificateIdentity> =>
  readCertificateIdentity(issueLeaf(sigstore, { withoutSct: true, ...options }).der)

function refused(options: LeafOptions, detail: RegExp): void {
  const reading = read(options)
  assert.equal(reading.kind, 'refused', JSON.stringify(reading))
  assert.match(reading.kind === 'refused' ? reading.detail : '', detail)
}

const second = (value: Uint8Array): Buffer => extension('1.3.6.1.4.1.57264.1.8', value)

test('the issuer is read in both its forms, and both must agree', () => {
  for (const issuer of [
    [fulcioRaw(1, githubIssuer)],
    [fulcioText(8, githubIssuer)],
    [fulcioRaw(1, githubIssuer), fulcioText(8, githubIssuer)],
  ]) {
    const reading = read({ issuer })
    assert.equal(reading.kind === 'identity' && reading.identity.issuer, githubIssuer)
  }
  refused({ issuer: [] }, /who vouched/)
  refused(
    { issuer: [fulcioRaw(1, githubIssuer), fulcioText(8, 'https://gitlab.com')] },
    /two issuers: "https:\/\/token.*"https:\/\/gitlab/,
  )
  refused({ issuer: [fulcioText(8, 'https://a.test'), fulcioText(8, githubIssuer)] }, /twice/)
})

test('an issuer of another form than its number has is refused', () => {
  const text = Buffer.from(githubIssuer)
  refused({ issuer: [second(text)] }, /form/)
  refused({ issuer: [second(octets(text))] }, /form/)
  refused({ issuer: [second(Buffer.concat([utf8(githubIssuer), utf8('x')]))] }, /form/)
  refused(
    { issuer: [second(Buffer.concat([Buffer.from([0x0c, 0x81, text.length]), text]))] },
    /form/,
  )
  refused({ issuer: [second(Buffer.concat([Buffer.from([0x0c, 0x80]), text]))] }, /form/)
  refused({ issuer: [second(Buffer.concat([Buffer.from([0x0c, 0x7f]), text]))] }, /form/)
  refused({ issuer: [second(utf8(''))] }, /form/)
  refused({ issuer: [second(element(0x0c, Buffer.from([0xff, 0xfe])))] }, /form/)
  refused({ issuer: [fulcioRaw(1, `${githubIssuer}\u0000`)] }, /form/)
  refused({ issuer: [fulcioRaw(1, `${githubIssuer} `)] }, /form/)
  refused({ issuer: [fulcioRaw(1, `${githubIssuer}\u202e`)] }, /form/)
  // Raw text in a number that is DER, and the other way round: two readers, two issuers.
  refused({ issuer: [fulcioText(1, githubIssuer)] }, /form/)
  refused({ others: [fulcioRaw(12, 'https://github.com/acme/app')] }, /sourceRepositoryUri/)
})

test('there is one subject, of a form that is known', () => {
  const subjectOf = (...names: readonly SubjectName[]): unknown => {
    const reading = read({ names })
    return reading.kind === 'identity' ? reading.identity.subject : reading.detail
  }
  assert.equal(subjectOf({ address: workflow }), workflow)
  assert.equal(subjectOf({ mail: 'dev@acme.com' }), 'dev@acme.com')
  assert.equal(subjectOf({ user: 'dev!acme.com' }), 'dev!acme.com')
  const both = [{ address: workflow }, { mail: 'dev@acme.com' }] as const
  assert.match(String(subjectOf(...both)), /exactly one/)
  assert.match(String(subjectOf({ mail: 'a@acme.com' }, { mail: 'b@acme.com' })), /exactly one/)
  assert.match(String(subjectOf()), /exactly one/)
  assert.match(String(subjectOf({ mail: 'dev@acme.com evil' })), /exactly one/)
  assert.match(String(subjectOf({ mail: 'dev@acme.com\u0000.evil.test' })), /exactly one/)
  refused({ others: [subjectNames({ mail: 'b@acme.com' })] }, /twice/)
})

test('claims are read by their names', () => {
  const reading = read({
    others: [fulcioText(15, '1234'), fulcioText(12, 'https://github.com/acme/app')],
  })
  assert.deepEqual(reading.kind === 'identity' && reading.identity.claims, {
    sourceRepositoryUri: 'https://github.com/acme/app',
    sourceRepositoryIdentifier: '1234',
  })
  const long = 'x'.repeat(300)
  const other = read({ others: [fulcioText(24, long)] })
  assert.equal(other.kind === 'identity' && other.identity.claims['tokenSubject'], long)
  refused({ others: [fulcioText(24, 'x'.repeat(3000))] }, /tokenSubject/)
})

test('bytes that are no certificate are refused', () => {
  const { der } = issueLeaf(sigstore)
  const nested = Array.from({ length: 4000 }).reduce<Buffer>((inner) => sequence(inner), octets())
  for (const bytes of [
    Buffer.alloc(0),
    der.subarray(0, 200),
    sequence(),
    nested.subarray(0, 16_384),
  ]) {
    assert.equal(readCertificateIdentity(bytes).kind, 'refused')
    const reading = readSigningCertificate(bytes)
    assert.match(reading.kind === 'refused' ? reading.detail : '', /cannot be read/)
  }
})
