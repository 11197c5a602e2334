// What is refused, and why: one test for each way in which somebody would have a signature count that should not.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { newKeyPair, issueCertificate, extensions } from '../../../test/kit/test-certificates.ts'
import {
  dsseBody,
  githubIssuer,
  imageStatement,
  issueLeaf,
  logEntry,
  makeBundle,
  newLog,
  newSigstore,
  publicPem,
  rekordTwoBody,
  signEnvelope,
  stamp,
  trustedRootOf,
  workflow,
  type BundleOptions,
} from '../../../test/kit/sigstore.ts'
import { digestOf } from '../../oci/digest.ts'
import { parsePublicKeys, type TrustedKey } from '../../lib/public-keys.ts'
import type { SignatureVerdict } from '../outcome.ts'
import type { KeyEntry, KeylessEntry, NamedKey } from './accept-entry.ts'
import { readTrustedRoot, type SigstoreRoot } from './trusted-root.ts'
import { verifySigstore, type SigstoreRequest } from './verify-sigstore.ts'

const now = Date.parse('2026-06-01T12:00:00Z')
const subject = digestOf(Buffer.from('an image'))
const other = digestOf(Buffer.from('another image'))
const sigstore = newSigstore(now)
const root = rootOf(sigstore.trustedRoot)

function rootOf(value: object): SigstoreRoot {
  const reading = readTrustedRoot('private', Buffer.from(JSON.stringify(value)))
  assert.equal(reading.kind, 'root', JSON.stringify(reading))
  return reading.kind === 'root' ? reading.root : assert.fail()
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
  bundle: object,
  entry: Partial<KeylessEntry> = {},
  request: Partial<SigstoreRequest> = {},
): SignatureVerdict {
  const content = Buffer.from(JSON.stringify(bundle))
  return verifySigstore(
    { format: 'cosign-bundle', content },
    { subject, entry: { ...keyless, ...entry }, now, ...request },
  )
}

const bundleOf = (options: BundleOptions = {}): ReturnType<typeof makeBundle> =>
  makeBundle(sigstore, subject, options)

function outcomeOf({ result, reason, checks }: SignatureVerdict): string {
  const last = checks.at(-1)
  return `${result} ${reason ?? ''} at ${last?.check ?? ''}: ${last?.detail ?? ''}`
}

function refused(verdict: SignatureVerdict, result: string, detail: RegExp): void {
  const outcome = outcomeOf(verdict)
  assert.ok(outcome.startsWith(`${result} at `), outcome)
  assert.match(outcome, detail)
}

test('a keyless signature of the identity that the policy names is verified', () => {
  const verdict = judge(bundleOf())
  assert.equal(outcomeOf(verdict).split(' ')[0], 'verified', outcomeOf(verdict))
  assert.equal(verdict.identity, `${workflow} (${githubIssuer})`)
  assert.deepEqual([verdict.signedAt, verdict.signedAtSource], [now, 'transparency-log'])
  assert.ok(verdict.checks.every(({ outcome }) => outcome === 'pass'))
})

test('a certificate of whose bytes nobody signed some is refused', () => {
  const bundle: Readonly<Record<string, unknown>> = bundleOf()
  const material = bundle['verificationMaterial'] as { certificate: { rawBytes: string } }
  const { rawBytes } = material.certificate
  // The algorithm is named once in what the authority signed, and once outside it.
  const der = Buffer.from(rawBytes, 'base64')
  const at = der.lastIndexOf(Buffer.from('06082a8648ce3d040302', 'hex'))
  for (const [place, value] of [
    [at + 9, 0x03],
    [at, 0x05],
  ] as const) {
    const altered = Buffer.from(der)
    altered[place] = value
    const certificate = { rawBytes: altered.toString('base64') }
    const verificationMaterial = { ...material, certificate }
    const verdict = judge({ ...bundle, verificationMaterial })
    refused(verdict, 'invalid certificate-rule', /cannot be read/)
  }
})

test('a signature of another image is invalid, however many subjects the statement names (T15)', () => {
  const about = (value: unknown): object => ({ ...imageStatement(subject), subject: value })
  const hex = subject.slice('sha256:'.length)
  const subjects: readonly (readonly [unknown, string, RegExp])[] = [
    [(imageStatement(other) as { subject: unknown }).subject, 'invalid subject-mismatch', /about/],
    [[], 'invalid malformed', /no subject/],
    [undefined, 'invalid malformed', /no subject/],
    [[{ name: subject }], 'invalid malformed', /no digest/],
    [[{ digest: { sha512: 'a'.repeat(128) } }], 'invalid subject-mismatch', /no subject by sha256/],
    [[{ digest: { sha256: hex.toUpperCase() } }], 'invalid malformed', /lower-case/],
    [
      Array.from({ length: 10_000 }, () => ({ digest: { sha256: hex } })),
      'invalid malformed',
      /more than 1024/,
    ],
  ]
  for (const [value, result, detail] of subjects)
    refused(judge(bundleOf({ statement: about(value) })), result, detail)
  const second = [{ digest: { sha256: other.slice(7) } }, { digest: { sha256: hex } }]
  assert.equal(judge(bundleOf({ statement: about(second) })).result, 'verified')
})

test('what is signed must be a statement, and one only (T6, T15)', () => {
  refused(judge(bundleOf({ payloadType: 'text/plain' })), 'invalid malformed', /text\/plain/)
  refused(
    judge(bundleOf({ statement: { ...imageStatement(subject), _type: 'x' } })),
    'invalid malformed',
    /of the type "x"/,
  )
  for (const name of ['Subject', '\u017Fubject', 'PREDICATETYPE']) {
    const statement = { ...imageStatement(subject), [name]: [] }
    refused(judge(bundleOf({ statement })), 'invalid malformed', /has the member/)
  }
  const twice = JSON.stringify(imageStatement(other)).replace('{', `{"subject":[],`)
  refused(judge(bundleOf({ statement: Buffer.from(twice) })), 'invalid malformed', /twice/)
  const bundle = bundleOf()
  const { signatures } = bundle.dsseEnvelope as { readonly signatures: readonly unknown[] }
  const doubled = {
    ...bundle,
    dsseEnvelope: { ...bundle.dsseEnvelope, signatures: [...signatures, ...signatures] },
  }
  refused(judge(doubled), 'invalid malformed', /signatures/)
})

test('a statement of more than is read here is not called wrong', () => {
  const predicate = Object.fromEntries(Array.from({ length: 131_073 }, (_, at) => [`${at}`, 0]))
  const bundle = bundleOf({ statement: { ...imageStatement(subject), predicate } })
  refused(judge(bundle), 'unknown limit', /131072 keys/)
})

test('altered bytes are a bad signature or a false log entry, never another statement (T7)', () => {
  const bundle = bundleOf()
  const altered = {
    ...bundle,
    dsseEnvelope: {
      ...bundle.dsseEnvelope,
      payload: Buffer.from(JSON.stringify(imageStatement(other))).toString('base64'),
    },
  }
  refused(judge(altered), 'invalid transparency', /hash mismatch/)
  const unlogged = { log: 0, time: 1, certificateLog: 1 }
  const stamped = bundleOf({
    entries: () => [],
    stamps: (made) => [stamp(sigstore, made.signature, now)],
  })
  assert.equal(judge(stamped, { thresholds: unlogged }).result, 'verified')
  const swapped = { ...stamped, dsseEnvelope: altered.dsseEnvelope }
  // The stamp is of the other envelope's signature, so it fails before the signature does.
  refused(judge(swapped, { thresholds: unlogged }), 'invalid timestamp', /./)
  const mine = bundleOf({
    entries: () => [],
    stamps: (made) => [stamp(sigstore, made.signature, now)],
  })
  const { payload } = altered.dsseEnvelope
  const kept = { ...mine, dsseEnvelope: { ...mine.dsseEnvelope, payload } }
  refused(judge(kept, { thresholds: unlogged }), 'invalid bad-signature', /./)
})

test('a log entry proves only the signature that it is of (T15, CVE-2026-22703)', () => {
  const elsewhere = signEnvelope(newKeyPair().privateKey, imageStatement(other))
  const verdict = judge(
    bundleOf({
      entries: (_, pem) => [logEntry(sigstore.log, dsseBody(elsewhere, pem), { at: now })],
    }),
  )
  refused(verdict, 'invalid transparency', /mismatch/)
})

test('a log counts once, and by its own word only (T15)', () => {
  const second = newLog('rekor2.sigstore.test')
  const both = rootOf(trustedRootOf(sigstore, [sigstore.log, second]))
  const two = { root: both, thresholds: { log: 2, time: 1, certificateLog: 1 } }
  const entry = (log = sigstore.log) => {
    return (made: Parameters<typeof dsseBody>[0], pem: string): object =>
      logEntry(log, dsseBody(made, pem), { at: now })
  }
  const once = bundleOf({ entries: (made, pem) => [entry()(made, pem)] })
  refused(judge(once, two), 'untrusted transparency', /1 transparency logs, of which 2/)
  const same = bundleOf({ entries: (made, pem) => [entry()(made, pem), entry()(made, pem)] })
  refused(judge(same, two), 'untrusted transparency', /1 transparency logs, of which 2/)
  const claimed = bundleOf({
    entries: (made, pem) => [
      entry()(made, pem),
      {
        ...logEntry(sigstore.log, dsseBody(made, pem), { at: now, withoutPromise: true }),
        logId: { keyId: second.id.toString('base64') },
      },
    ],
  })
  refused(judge(claimed, two), 'invalid transparency', /checkpoint/)
  const honest = bundleOf({
    entries: (made, pem) => [entry()(made, pem), entry(second)(made, pem)],
  })
  assert.equal(outcomeOf(judge(honest, two)).split(' ')[0], 'verified')
  refused(judge(honest), 'untrusted transparency', /none of the trusted root/)
})

test('a checkpoint of another tree, or with a name that is a program for matchers, is refused (T15, T17)', () => {
  const body = dsseBody(signEnvelope(newKeyPair().privateKey, imageStatement(other)), 'x')
  const foreign = logEntry(sigstore.log, body, { at: now }) as {
    readonly inclusionProof: { readonly checkpoint: { readonly envelope: string } }
  }
  const { envelope: checkpoint } = foreign.inclusionProof.checkpoint
  const of = (options: object): object =>
    bundleOf({
      entries: (made, pem) => [
        logEntry(sigstore.log, dsseBody(made, pem), { at: now, ...options }),
      ],
    })
  refused(judge(of({ checkpoint })), 'invalid transparency', /root hash/)
  refused(judge(of({ checkpoint: 'x' })), 'invalid transparency', /separator/)
  refused(judge(of({ name: '((.+)+)+x' })), 'invalid malformed', /no name of a log/)
})

test('without a log entry, a time or a certificate log there is no trust', () => {
  refused(judge(bundleOf({ entries: () => [] })), 'untrusted transparency', /0 transparency logs/)
  const timeless = bundleOf({
    entries: (made, pem) => [
      logEntry(sigstore.log, dsseBody(made, pem), { at: now, withoutPromise: true }),
    ],
  })
  refused(judge(timeless), 'untrusted timestamp', /0, of which 1/)
  // Whatever a policy says, a certificate of minutes needs a time.
  const none = { log: 0, time: 0, certificateLog: 0 }
  refused(judge(timeless, { thresholds: none }), 'untrusted timestamp', /0, of which 1/)
  const unseen = bundleOf({ leaf: issueLeaf(sigstore, { withoutSct: true }) })
  refused(judge(unseen), 'untrusted transparency', /SCT/)
  const strange = bundleOf({
    leaf: issueLeaf(sigstore, { certificateLog: newLog('ct.strange.test') }),
  })
  refused(judge(strange), 'untrusted transparency', /SCT/)
  refused(judge(bundleOf(), { root: undefined }), 'unknown root-missing', /./)
})

test('Rekor v2 knows no time, so a stamp gives it', () => {
  const leaf = issueLeaf(sigstore)
  const stamped = bundleOf({
    leaf,
    entries: (made) => [
      logEntry(sigstore.log, rekordTwoBody(made, leaf), { at: now, withoutPromise: true }),
    ],
    stamps: (made) => [stamp(sigstore, made.signature, now)],
  })
  const verdict = judge(stamped)
  assert.equal(verdict.result, 'verified', outcomeOf(verdict))
  assert.equal(verdict.signedAtSource, 'timestamp')
  const ofOther = { stamps: () => [stamp(sigstore, Buffer.from('other'), now)] }
  refused(judge(bundleOf(ofOther)), 'invalid timestamp', /could not be verified/)
  const stranger = newSigstore(now)
  const strange = bundleOf({ stamps: (made) => [stamp(stranger, made.signature, now)] })
  refused(judge(strange), 'invalid timestamp', /could not be verified/)
  const junk = bundleOf({ stamps: () => [Buffer.from('300130', 'hex')] })
  refused(judge(junk), 'invalid timestamp', /RFC 3161/)
})

test('a certificate counts at the proven time, from the trusted root, and for signing code only', () => {
  const late = bundleOf({ leaf: issueLeaf(sigstore), at: now + 20 * 60_000 })
  refused(judge(late, {}, { now: now + 3_600_000 }), 'expired certificate-expired', /valid from/)
  const early = bundleOf({ leaf: issueLeaf(sigstore), at: now - 20 * 60_000 })
  refused(judge(early), 'expired not-yet-valid', /valid from/)
  const ahead = { leaf: issueLeaf(sigstore, { at: now + 3_600_000 }), at: now + 3_600_000 }
  refused(judge(bundleOf(ahead)), 'invalid timestamp', /yet to come/)
  const stranger = newSigstore(now)
  const foreign = bundleOf({ leaf: issueLeaf(sigstore, { issuedBy: stranger.intermediate }) })
  refused(judge(foreign), 'untrusted chain-not-in-store', /./)
  const lookAlike = issueCertificate({
    commonName: 'fulcio',
    extensions: extensions.authority,
    notBefore: now - 1000,
    notAfter: now + 1_000_000,
  })
  const sameName = bundleOf({ leaf: issueLeaf(sigstore, { issuedBy: lookAlike }) })
  refused(judge(sameName), 'untrusted chain-not-in-store', /./)
  const server = bundleOf({ leaf: issueLeaf(sigstore, { usage: [extensions.serverAuth] }) })
  refused(judge(server), 'invalid certificate-rule', /codeSigning/)
  const authority = issueLeaf(sigstore, { others: [extensions.authority[0] ?? Buffer.alloc(0)] })
  refused(judge(bundleOf({ leaf: authority })), 'invalid certificate-rule', /authority/)
})

test('a certificate with times that are none is refused', () => {
  const leaf = issueLeaf(sigstore)
  const text = leaf.der.toString('latin1').replaceAll('260601', '269901')
  const der = Buffer.from(text, 'latin1')
  assert.ok(!der.equals(leaf.der))
  refused(
    judge(bundleOf({ leaf: { ...leaf, der } })),
    'invalid certificate-rule',
    /a time does not exist/,
  )
})

test('an attestation is no signature, unless the policy says so', () => {
  const provenance = imageStatement(subject, 'https://slsa.dev/provenance/v1')
  const bundle = bundleOf({ statement: provenance })
  refused(judge(bundle), 'none unsigned', /attestation of https:\/\/slsa/)
  assert.equal(judge(bundle, { acceptAttestationAsSignature: true }).result, 'verified')
})

test('a trusted signature of nobody we mean is untrusted, and says who made it', () => {
  const verdict = judge(bundleOf(), { issuer: 'https://gitlab.com' })
  refused(verdict, 'untrusted identity-mismatch', /githubusercontent.*gitlab/)
  assert.equal(verdict.identity, `${workflow} (${githubIssuer})`)
  refused(
    judge(bundleOf(), { claims: { sourceRepositoryIdentifier: '1' } }),
    'untrusted identity-mismatch',
    /sourceRepositoryIdentifier is missing/,
  )
})

const pair = newKeyPair()
const trustedKey = keyOf(publicPem(pair))

function keyOf(pem: string): TrustedKey {
  const file = parsePublicKeys(pem)
  return file.kind === 'keys' ? (file.keys[0] ?? assert.fail()) : assert.fail(file.reason)
}

function judgeKey(
  bundle: object,
  key: Partial<NamedKey> = {},
  { entry = {}, ...request }: { readonly entry?: Partial<KeyEntry>; readonly seenAt?: number } = {},
): SignatureVerdict {
  const given: KeyEntry = {
    kind: 'key',
    keys: [{ name: 'release', key: trustedKey, ...key }],
    root: undefined,
    thresholds: { log: 0, time: 0 },
    acceptAttestationAsSignature: false,
    ...entry,
  }
  const content = Buffer.from(JSON.stringify(bundle))
  return verifySigstore(
    { format: 'cosign-bundle', content },
    { subject, entry: given, now, ...request },
  )
}

test('a signature with a key needs that key, whatever its hint says', () => {
  const own = bundleOf({ key: pair, entries: () => [] })
  const verdict = judgeKey(own)
  assert.equal(verdict.result, 'verified', outcomeOf(verdict))
  assert.deepEqual([verdict.identity, verdict.keyId], ['release', trustedKey.fingerprint])
  const unknownHint = bundleOf({ key: { ...pair, hint: 'zzz' }, entries: () => [] })
  assert.equal(judgeKey(unknownHint).result, 'verified')
  const stranger = bundleOf({ key: newKeyPair(), entries: () => [] })
  refused(judgeKey(stranger), 'untrusted identity-mismatch', /none of the 1 keys/)
  const posing = Buffer.from(trustedKey.fingerprint, 'hex').toString('base64')
  const pretending = bundleOf({ key: { ...newKeyPair(), hint: posing }, entries: () => [] })
  refused(judgeKey(pretending), 'invalid bad-signature', /names the key "release"/)
  refused(judgeKey(bundleOf()), 'untrusted identity-mismatch', /certificate/)
  refused(judge(own), 'untrusted identity-mismatch', /wants a certificate/)
})

test('a key counts in its window, by the proven time, else by when it was seen, else now', () => {
  const own = bundleOf({ key: pair, entries: () => [] })
  const hour = 3_600_000
  refused(judgeKey(own, { validFrom: now + hour }), 'expired not-yet-valid', /counts from/)
  refused(judgeKey(own, { validUntil: now - hour }), 'expired signature-expired', /until/)
  const seen = { seenAt: now - 2 * hour }
  assert.equal(judgeKey(own, { validUntil: now - hour }, seen).result, 'verified')
  assert.equal(judgeKey(own, { validUntil: now + hour }).validUntil, now + hour)
  refused(judgeKey(own, { revokedFrom: now - hour }), 'revoked revoked', /revoked from/)
  refused(judgeKey(own, { revokedFrom: now + hour }), 'revoked revoked', /nothing shows/)
  assert.equal(judgeKey(own, { revokedFrom: now - hour }, seen).result, 'verified')
  const logged = bundleOf({ key: pair })
  const entry = { root, thresholds: { log: 1, time: 1 } }
  const proven = judgeKey(logged, { revokedFrom: now + hour, validUntil: now + hour }, { entry })
  assert.equal(proven.result, 'verified', outcomeOf(proven))
  assert.deepEqual([proven.signedAtSource, proven.validUntil], ['transparency-log', undefined])
  const early = { entry, seenAt: now - 2 * hour }
  refused(judgeKey(logged, { revokedFrom: now - hour }, early), 'revoked revoked', /./)
})

test('of a key too, what is not asked for and is false proves nothing and breaks nothing', () => {
  const hour = 3_600_000
  const wrongStamp = bundleOf({
    key: pair,
    stamps: () => [stamp(sigstore, Buffer.from('other'), now - hour)],
  })
  for (const [log, time, outcome] of [
    [0, 1, 'invalid timestamp'],
    [1, 1, 'invalid timestamp'],
    [0, 0, 'verified'],
    [1, 0, 'verified'],
  ] as const) {
    const verdict = judgeKey(wrongStamp, {}, { entry: { root, thresholds: { log, time } } })
    assert.ok(outcomeOf(verdict).startsWith(outcome), `${log} ${time}: ${outcomeOf(verdict)}`)
    if (outcome !== 'verified') continue
    assert.deepEqual([verdict.signedAt, verdict.signedAtSource], [now, 'transparency-log'])
    assert.match(JSON.stringify(verdict.checks), /not asked for, and not proven/)
  }
  const stranger = newLog('other.test')
  const wrongLog = bundleOf({
    key: pair,
    entries: (made, pem) => [logEntry(stranger, dsseBody(made, pem), { at: now })],
    stamps: (made) => [stamp(sigstore, made.signature, now)],
  })
  for (const [log, time, outcome] of [
    [1, 0, 'untrusted transparency'],
    [1, 1, 'untrusted transparency'],
    [0, 0, 'verified'],
    [0, 1, 'verified'],
  ] as const) {
    const verdict = judgeKey(wrongLog, {}, { entry: { root, thresholds: { log, time } } })
    assert.ok(outcomeOf(verdict).startsWith(outcome), `${log} ${time}: ${outcomeOf(verdict)}`)
    if (outcome === 'verified') assert.equal(verdict.signedAtSource, 'timestamp')
  }
})

test('thresholds of a key are kept: no log entry, no root, a false stamp', () => {
  const own = bundleOf({ key: pair, entries: () => [] })
  const wanted = { thresholds: { log: 1, time: 0 } }
  refused(judgeKey(own, {}, { entry: wanted }), 'unknown root-missing', /./)
  refused(judgeKey(own, {}, { entry: { ...wanted, root } }), 'untrusted transparency', /0 trans/)
  const timed = { root, thresholds: { log: 0, time: 1 } }
  const stamped = (bytes?: Buffer): object =>
    bundleOf({
      key: pair,
      entries: () => [],
      stamps: (made) => [stamp(sigstore, bytes ?? made.signature, now)],
    })
  const verdict = judgeKey(stamped(), {}, { entry: timed })
  assert.equal(verdict.result, 'verified', outcomeOf(verdict))
  assert.equal(verdict.signedAtSource, 'timestamp')
  const wrong = stamped(Buffer.from('other'))
  refused(judgeKey(wrong, {}, { entry: timed }), 'invalid timestamp', /./)
  const unasked = judgeKey(wrong, {}, { entry: { root } })
  assert.equal(unasked.result, 'verified')
  assert.equal(unasked.signedAt, undefined)
  assert.match(JSON.stringify(unasked.checks), /not asked for, and not proven/)
})
