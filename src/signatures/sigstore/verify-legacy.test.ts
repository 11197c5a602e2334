// Signatures and attestations as cosign 1 and 2 stored them: layers whose annotations hold the proofs.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  githubIssuer,
  imageStatement,
  makeAttestation,
  makeSimple,
  newSigstore,
  publicPem,
  simplePayload,
  workflow,
  type LegacyOptions,
} from '../../../test/kit/sigstore.ts'
import { newKeyPair } from '../../../test/kit/test-certificates.ts'
import { parsePublicKeys } from '../../lib/public-keys.ts'
import { digestOf } from '../../oci/digest.ts'
import type { SignatureVerdict } from '../outcome.ts'
import type { AcceptEntry, KeyEntry, KeylessEntry } from './accept-entry.ts'
import type { SigstoreCandidate } from './candidate.ts'
import { readTrustedRoot } from './trusted-root.ts'
import { verifySigstore } from './verify-sigstore.ts'

const now = Date.parse('2026-06-01T12:00:00Z')
const subject = digestOf(Buffer.from('an image'))
const other = digestOf(Buffer.from('another image'))
const sigstore = newSigstore(now)
const reading = readTrustedRoot('private', Buffer.from(JSON.stringify(sigstore.trustedRoot)))
const root = reading.kind === 'root' ? reading.root : assert.fail(reading.reason)
const key = newKeyPair()
const file = parsePublicKeys(publicPem(key))
const keyEntry: KeyEntry = {
  kind: 'key',
  keys: file.kind === 'keys' ? file.keys.map((each) => ({ name: 'release', key: each })) : [],
  root,
  thresholds: { log: 0, time: 0 },
  acceptAttestationAsSignature: false,
}
const keyless: KeylessEntry = {
  kind: 'keyless',
  root,
  issuer: githubIssuer,
  subject: workflow,
  thresholds: { log: 1, time: 1, certificateLog: 1 },
  acceptAttestationAsSignature: false,
}

function judge(
  format: SigstoreCandidate['format'],
  layer: Omit<SigstoreCandidate, 'format'>,
  entry: AcceptEntry,
  repository?: string,
): SignatureVerdict {
  const request = { subject, entry, now, ...(repository === undefined ? {} : { repository }) }
  return verifySigstore({ format, ...layer }, request)
}

const simple = (
  options: LegacyOptions,
  entry: AcceptEntry,
  repository?: string,
): SignatureVerdict =>
  judge('cosign-simple', makeSimple(sigstore, subject, options), entry, repository)

function refused(verdict: SignatureVerdict, result: string, detail: RegExp): void {
  const last = verdict.checks.at(-1)
  assert.equal(`${verdict.result} ${verdict.reason ?? ''}`, result, JSON.stringify(last))
  assert.match(last?.detail ?? '', detail)
}

test('simple signing is verified by key and by certificate', () => {
  const byKey = simple({ key, withoutLog: true }, keyEntry)
  assert.equal(byKey.result, 'verified', JSON.stringify(byKey))
  assert.equal(byKey.signedAt, undefined)
  assert.equal(simple({ key }, { ...keyEntry, thresholds: { log: 1, time: 1 } }).signedAt, now)
  const byCertificate = simple({}, keyless)
  assert.equal(byCertificate.result, 'verified', JSON.stringify(byCertificate))
  const stamped = { ...keyless, thresholds: { log: 1, time: 2, certificateLog: 1 } }
  assert.equal(simple({ withStamp: true }, stamped).result, 'verified')
  refused(simple({}, stamped), 'unknown timestamp', /1, of which 2/)
})

test('a signature whose log entry may lie elsewhere is unknown, not refused for good', () => {
  refused(simple({ withoutLog: true, withStamp: true }, keyless), 'unknown transparency', /0 trans/)
})

test('the payload must name this image, and the repository where that is wanted (T2, T15)', () => {
  const payload = (value: Buffer): SignatureVerdict => simple({ key, payload: value }, keyEntry)
  refused(payload(simplePayload(other)), 'invalid subject-mismatch', /it signs/)
  refused(payload(simplePayload(subject.toUpperCase())), 'invalid malformed', /digest/)
  refused(payload(Buffer.from('{}')), 'invalid malformed', /critical/)
  const text = simplePayload(subject).toString()
  refused(
    payload(Buffer.from(text.replace('cosign container', 'some'))),
    'invalid malformed',
    /critical\.type/,
  )
  refused(
    payload(Buffer.from(text.replace('"image":', '"Image":{},"image":'))),
    'invalid malformed',
    /some clients read/,
  )
  const named = { key, reference: '127.0.0.1:5000/team/app' }
  assert.equal(simple(named, keyEntry, 'team/app').result, 'verified')
  assert.equal(
    simple({ key, reference: 'r.test/team/app:1.0' }, keyEntry, 'team/app').result,
    'verified',
  )
  refused(simple(named, keyEntry, 'other/app'), 'invalid subject-mismatch', /not in other\/app/)
  refused(simple({ key, reference: '' }, keyEntry, 'team/app'), 'invalid subject-mismatch', /""/)
})

test('what the signer must have said of the image, it must have said (T2)', () => {
  const payload = Buffer.from(
    simplePayload(subject).toString().replace('"optional":null', '"optional":{"env":"prod"}'),
  )
  const layer = makeSimple(sigstore, subject, { key, payload })
  const said = (annotations: Readonly<Record<string, string>>): SignatureVerdict =>
    verifySigstore(
      { format: 'cosign-simple', ...layer },
      { subject, entry: keyEntry, now, annotations },
    )
  assert.equal(said({ env: 'prod' }).result, 'verified')
  refused(said({ env: 'test' }), 'untrusted identity-mismatch', /did not say env=test/)
  refused(said({ env: 'prod', team: 'a' }), 'untrusted identity-mismatch', /team=a/)
  assert.equal(said({ env: 'test' }).identity, 'release')
})

test('an attestation in an envelope is verified with the stamp of the whole envelope', () => {
  const timed = { ...keyEntry, thresholds: { log: 0, time: 1 }, acceptAttestationAsSignature: true }
  const statement = imageStatement(subject, 'https://slsa.dev/provenance/v0.2')
  const options = { key, withoutLog: true, withStamp: true }
  const layer = makeAttestation(sigstore, statement, options)
  const verdict = judge('cosign-dsse', layer, timed)
  assert.equal(verdict.result, 'verified', JSON.stringify(verdict))
  assert.equal(verdict.signedAtSource, 'timestamp')
  const logged = judge('cosign-dsse', makeAttestation(sigstore, statement, {}), {
    ...keyless,
    acceptAttestationAsSignature: true,
  })
  assert.equal(logged.result, 'verified', JSON.stringify(logged))
  const strict = judge('cosign-dsse', layer, keyEntry)
  refused(strict, 'none unsigned', /attestation of https:\/\/slsa/)
})

test('annotations that cannot be read are refused, not left out (T17)', () => {
  const good = makeSimple(sigstore, subject, {})
  const annotated = (name: string, value: string): SignatureVerdict =>
    judge(
      'cosign-simple',
      { ...good, annotations: { ...good.annotations, [name]: value } },
      keyless,
    )
  const signature = good.annotations['dev.cosignproject.cosign/signature'] ?? ''
  const wrapped = `${signature.slice(0, 20)}\n${signature.slice(20)}`
  refused(annotated('dev.cosignproject.cosign/signature', wrapped), 'invalid malformed', /base64/)
  refused(annotated('dev.cosignproject.cosign/signature', ''), 'invalid malformed', /base64/)
  refused(
    annotated('dev.cosignproject.cosign/signature', 'A'.repeat(4000)),
    'unknown limit',
    /2048 bytes/,
  )
  refused(annotated('dev.sigstore.cosign/certificate', 'x'), 'invalid malformed', /certificate/)
  refused(annotated('dev.sigstore.cosign/bundle', '{}'), 'invalid malformed', /log/)
  refused(annotated('dev.sigstore.cosign/rfc3161timestamp', '[]'), 'invalid malformed', /stamp/)
  refused(annotated('dev.sigstore.cosign/bundle', ' '.repeat(300_000)), 'unknown limit', /262144/)
  const heavy = { content: Buffer.alloc(300_000), annotations: good.annotations }
  refused(judge('cosign-simple', heavy, keyless), 'unknown limit', /payload/)
})
