import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Tagged } from 'cborg'
import fc from 'fast-check'
import {
  formats,
  mediaTypeOf,
  rawEnvelope,
  signedBy,
  statementOf,
  subject,
  timeIn,
  type Format,
} from '../../../test/kit/notation-signatures.ts'
import { day, pki, pkiNow, type Pki } from '../../../test/kit/pki.ts'
import { extension } from '../x509/issue-certificate.ts'
import { nothing } from '../x509/der-writer.ts'
import type { AwsSignerAnswer } from './aws-signer.ts'
import { makePayload } from './payload.ts'
import type { NotationVerdict } from './verdict.ts'
import { verifyNotation } from './verify-notation.ts'
import { wantedRevocation } from './wanted-revocation.ts'

const made = pki()
const profile = 'arn:aws:signer:eu-west-1:123456789012:/signing-profiles/release'
const version = `${profile}/AbCdEf0123`
const job =
  'arn:aws:signer:eu-west-1:123456789012:/signing-jobs/0b9cbd5c-5a0f-4e2b-8b70-3d3f2b9f3d7d'
const aws = {
  'io.cncf.notary.verificationPlugin': 'com.amazonaws.signer.notation.plugin',
  'com.amazonaws.signer.signingJob': job,
  'com.amazonaws.signer.signingProfileVersion': version,
}

interface Circumstances {
  readonly by?: Pki
  readonly policy?: Readonly<Record<string, unknown>>
  readonly now?: number
  readonly strictExtensions?: boolean
  readonly awsSigner?: AwsSignerAnswer
  /** Which certificate of the chain is in the store; the root by default. */
  readonly anchor?: number
  readonly store?: string
}

function inputOf(
  format: Format,
  envelope: Uint8Array,
  circumstances: Circumstances = {},
): Parameters<typeof verifyNotation>[0] {
  const { by = made, policy, now = pkiNow, strictExtensions, awsSigner } = circumstances
  const anchor = by.made.at(circumstances.anchor ?? -1)
  assert.ok(anchor !== undefined)
  return {
    envelope,
    mediaType: mediaTypeOf[format],
    subject,
    statement: statementOf(policy),
    stores: new Map([[circumstances.store ?? 'ca:acme', [anchor.certificate]]]),
    revocation: { answers: new Map(), ...(awsSigner === undefined ? {} : { awsSigner }) },
    now,
    ...(strictExtensions === undefined ? {} : { strictExtensions }),
  }
}

function verdict(
  format: Format,
  envelope: Uint8Array,
  circumstances?: Circumstances,
): NotationVerdict {
  return verifyNotation(inputOf(format, envelope, circumstances))
}

function shown({ result, reason }: Pick<NotationVerdict, 'result' | 'reason'>): string {
  return reason === undefined ? result : `${result} ${reason}`
}

function detailOf({ checks }: NotationVerdict, check: string): string {
  return checks.find((one) => one.check === check)?.detail ?? ''
}

test('a signature of a trusted signer over this manifest is verified, and says by whom', async () => {
  for (const format of formats) {
    const found = verdict(format, await signedBy(made, { format }))
    assert.equal(shown(found), 'verified')
    assert.equal(found.identity, 'x509.subject:CN=release,O=acme,ST=BE,C=DE')
    assert.match(found.keyId ?? '', /^sha256:[0-9a-f]{64}$/)
    assert.equal(found.signedAt, pkiNow - 60_000)
    assert.equal(found.signedAtSource, 'claim')
    assert.equal(found.validUntil, pkiNow + 300 * day + 1)
    assert.equal(found.endsAt, pkiNow + 300 * day + 1)
    assert.deepEqual(
      found.checks.map(({ check, outcome }) => `${check} ${outcome}`),
      [
        'integrity pass',
        'criticalAttributes pass',
        'authenticity pass',
        'expiry pass',
        'authenticTimestamp pass',
        'revocation pass',
      ],
    )
  }
})

test('a signature over another manifest, or altered, is invalid under every level but skip', async () => {
  const other = { ...subject, size: subject.size + 1 }
  for (const format of formats) {
    const envelope = await signedBy(made, { format })
    for (const level of ['strict', 'permissive', 'audit']) {
      const input = inputOf(format, envelope, { policy: { level } })
      assert.equal(shown(verifyNotation({ ...input, subject: other })), 'invalid subject-mismatch')
      const forged = rawEnvelope(format, made, { sign: () => Buffer.alloc(64, 1) })
      const found = verdict(format, forged, { policy: { level } })
      assert.equal(shown(found), 'invalid bad-signature')
      assert.equal(found.identity, undefined)
    }
  }
})

test('nobody is trusted without a store that holds a certificate of the chain', async () => {
  const stranger = pki({ label: 'stranger' })
  for (const format of formats) {
    const envelope = await signedBy(stranger, { format })
    const found = verdict(format, envelope)
    assert.equal(shown(found), 'untrusted chain-not-in-store')
    assert.equal(found.identity, 'x509.subject:CN=release,O=stranger,ST=BE,C=DE')
    const missing = verdict(format, envelope, { by: stranger, store: 'ca:another' })
    assert.equal(shown(missing), 'unknown root-missing')
    const ofAuthority = { trustStores: ['signingAuthority:acme'] }
    assert.equal(
      shown(verdict(format, envelope, { policy: ofAuthority })),
      'untrusted chain-not-in-store',
    )
    for (const anchor of [0, 1, 2])
      assert.equal(shown(verdict(format, envelope, { by: stranger, anchor })), 'verified')
  }
})

test('the signer must be one of those named', async () => {
  const envelope = await signedBy(made, { format: 'jws' })
  const under = (...trustedIdentities: readonly string[]): string =>
    shown(verdict('jws', envelope, { policy: { trustedIdentities } }))
  assert.equal(under('x509.subject: C=DE, ST=BE, O=acme'), 'verified')
  assert.equal(under('x509.subject: CN=release, O=acme, S=BE, C=DE'), 'verified')
  assert.equal(
    under('x509.subject: C=US, ST=BE, O=acme', 'x509.subject: C=DE, ST=BE, O=acme'),
    'verified',
  )
  assert.equal(under('x509.subject: C=DE, ST=BE, O=Acme'), 'untrusted identity-mismatch')
  assert.equal(under('x509.subject: C=DE, ST=BE, O=acme, OU=ci'), 'untrusted identity-mismatch')
  assert.equal(under(profile), 'untrusted identity-mismatch')
})

test('expiry is the moment at which a signature stops being good', async () => {
  const expiry = pkiNow + day
  for (const format of formats) {
    const envelope = await signedBy(made, { format, expiry })
    assert.equal(verdict(format, envelope).validUntil, expiry)
    assert.equal(shown(verdict(format, envelope, { now: expiry - 1 })), 'verified')
    const late = verdict(format, envelope, { now: expiry })
    assert.equal(late.endsAt, expiry, 'what has ended says when')
    assert.equal(shown(late), 'expired signature-expired')
    const permissive = verdict(format, envelope, { now: expiry, policy: { level: 'permissive' } })
    assert.equal(shown(permissive), 'verified')
    assert.equal(shown(permissive.strict), 'expired signature-expired')
    const check = permissive.checks.find((one) => one.check === 'expiry')
    assert.deepEqual([check?.outcome, check?.action], ['fail', 'log'])
  }
})

test('without a timestamp every certificate must be valid now', async () => {
  const envelope = await signedBy(made, { format: 'jws' })
  const { notBefore, notAfter } = made.leaf.certificate
  const at = (now: number): NotationVerdict => verdict('jws', envelope, { now })
  assert.equal(shown(at(notBefore)), 'verified')
  assert.equal(shown(at(notAfter)), 'verified')
  assert.equal(shown(at(notBefore - 1)), 'expired not-yet-valid')
  assert.equal(at(notBefore - 1).validUntil, notBefore)
  assert.equal(shown(at(notAfter + 1)), 'expired certificate-expired')
  const rootEnded = pki({ authorities: { 2: { notAfter: pkiNow - day } } })
  const late = verdict('jws', await signedBy(rootEnded, { format: 'jws' }), { by: rootEnded })
  assert.equal(shown(late), 'expired certificate-expired')
  assert.match(detailOf(late, 'authenticTimestamp'), /^CN=root,/)
})

test("a signing authority's time decides, up to five minutes ahead of ours", async () => {
  const scheme = 'notary.x509.signingAuthority'
  const policy = { trustStores: ['signingAuthority:acme'] }
  const circumstances = { policy, store: 'signingAuthority:acme' }
  for (const format of formats) {
    const signedAt = async (signingTime: number): Promise<NotationVerdict> =>
      verdict(format, await signedBy(made, { format, scheme, signingTime }), circumstances)
    const found = await signedAt(pkiNow - day)
    assert.equal(shown(found), 'verified')
    assert.equal(found.signedAtSource, 'authority')
    assert.equal(found.validUntil, undefined)
    assert.equal(found.endsAt, undefined)
    assert.equal(shown(await signedAt(pkiNow + 5 * 60_000)), 'verified')
    assert.equal(shown(await signedAt(pkiNow + 5 * 60_000 + 1000)), 'invalid timestamp')
    const early = await signedAt(made.leaf.certificate.notBefore - 1000)
    assert.equal(shown(early), 'expired not-yet-valid')
    // Long after the certificate ended, what it signed in its time stays good.
    const envelope = await signedBy(made, { format, scheme })
    const later = { ...circumstances, now: made.leaf.certificate.notAfter + 1000 * day }
    assert.equal(shown(verdict(format, envelope, later)), 'verified')
    assert.equal(shown(verdict(format, envelope)), 'untrusted chain-not-in-store')
  }
})

test('audit and skip never look verified', async () => {
  const envelope = await signedBy(made, { format: 'jws' })
  const good = verdict('jws', envelope, { policy: { level: 'audit' } })
  assert.equal(shown(good), 'untrusted level-audit')
  assert.equal(shown(good.strict), 'verified')
  const stranger = await signedBy(pki({ label: 'stranger' }), { format: 'jws' })
  const bad = verdict('jws', stranger, { policy: { level: 'audit' } })
  assert.equal(shown(bad), 'untrusted level-audit')
  assert.equal(shown(bad.strict), 'untrusted chain-not-in-store')
  const logged = { level: 'strict', override: { authenticity: 'log' } }
  assert.equal(shown(verdict('jws', envelope, { policy: logged })), 'untrusted level-audit')
  const skip = { level: 'skip', registryScopes: ['a.b/c'], trustStores: [], trustedIdentities: [] }
  const skipped = verdict('jws', Buffer.from('junk'), { policy: skip })
  assert.equal(shown(skipped), 'untrusted level-audit')
  assert.equal(shown(skipped.strict), 'untrusted level-audit')
})

test('an unknown critical attribute fails, with a plugin and without, under every level', () => {
  const scheme = 'io.cncf.notary.signingScheme'
  const plugin = 'io.cncf.notary.verificationPlugin'
  for (const format of formats) {
    const under = (header: Readonly<Record<string, unknown>>, level = 'strict'): string => {
      const crit = [scheme, ...Object.keys(header)]
      return shown(
        verdict(format, rawEnvelope(format, made, { header: { crit, more: header } }), {
          policy: { level },
        }),
      )
    }
    for (const level of ['strict', 'permissive', 'audit']) {
      assert.equal(under({ 'x.example': 'y' }, level), 'invalid unknown-critical')
      assert.equal(under({ [plugin]: 'example.plugin' }, level), 'unknown plugin-required')
      assert.equal(under({ 'x.example': 'y', [plugin]: 'p' }, level), 'unknown plugin-required')
    }
    assert.equal(under({ [job]: 'y' }), 'invalid unknown-critical')
    const ignored = rawEnvelope(format, made, { header: { more: { 'x.example': 'y' } } })
    assert.equal(shown(verdict(format, ignored)), 'verified')
  }
  const numbered = { crit: [scheme, 99], more: {} }
  const header = { ...numbered, more: { 99: 'x' } }
  // As a label of text, and so absent as the number that is listed.
  assert.equal(shown(verdict('cose', rawEnvelope('cose', made, { header }))), 'invalid malformed')
})

test('what a stranger writes makes no sentence longer than a paragraph', () => {
  const long = 'x'.repeat(100_000)
  for (const format of formats)
    for (const header of [
      { crit: [long] },
      { cty: long },
      { more: { [long]: 1, [`${long}y`]: 2 } },
    ]) {
      const { checks } = verdict(format, rawEnvelope(format, made, { header }))
      for (const { detail } of checks) assert.ok(detail.length <= 1001, detail.slice(0, 80))
    }
})

test("AWS Signer's signatures are verified by its plugin's rules", async () => {
  const authority = {
    scheme: 'notary.x509.signingAuthority' as const,
    expiry: pkiNow + 30 * day,
    criticalAttributes: aws,
  }
  const envelope = await signedBy(made, { format: 'jws', ...authority })
  const good: AwsSignerAnswer = { revokedEntities: [] }
  const under = (
    identities: readonly string[],
    awsSigner: AwsSignerAnswer | undefined = good,
    more: Readonly<Record<string, unknown>> = {},
  ): NotationVerdict =>
    verdict('jws', envelope, {
      policy: { trustStores: ['signingAuthority:acme'], trustedIdentities: identities, ...more },
      store: 'signingAuthority:acme',
      awsSigner,
    })
  const found = under([profile])
  assert.equal(shown(found), 'verified')
  assert.equal(found.identity, version)
  assert.equal(found.validUntil, pkiNow + 30 * day)
  assert.equal(shown(under([version])), 'verified')
  for (const other of [
    `${profile}2`,
    `${profile}/AbCdEf0124`,
    profile.replace('release', 'Release'),
    profile.slice(0, -1),
    'x509.subject: C=DE, ST=BE, O=acme',
    '*',
  ])
    assert.equal(shown(under([other])), 'untrusted identity-mismatch', other)
  for (const entity of [job, version])
    assert.equal(shown(under([profile], { revokedEntities: [entity] })), 'revoked revoked')
  assert.equal(shown(under([profile], { revokedEntities: [`${version}x`] })), 'verified')
  assert.equal(shown(under([profile], 'unavailable')), 'unknown revocation-unavailable')
  const override = { level: 'strict', override: { revocation: 'skip' } }
  assert.equal(shown(under([profile], 'unavailable', override)), 'verified')
})

test("what claims to be AWS Signer's and is not quite fails", async () => {
  const scheme = 'notary.x509.signingAuthority' as const
  const policy = { trustStores: ['signingAuthority:acme'], trustedIdentities: [profile] }
  const under = async (
    criticalAttributes: Readonly<Record<string, string>>,
    request: { readonly scheme?: 'notary.x509' } = {},
  ): Promise<string> => {
    const envelope = await signedBy(made, { format: 'jws', scheme, criticalAttributes, ...request })
    const awsSigner = { revokedEntities: [] }
    return shown(verdict('jws', envelope, { policy, store: 'signingAuthority:acme', awsSigner }))
  }
  const minVersion = 'io.cncf.notary.verificationPluginMinVersion'
  assert.equal(await under(aws), 'verified')
  assert.equal(await under({ ...aws, [minVersion]: '1.0.350' }), 'verified')
  assert.equal(await under({ ...aws, [minVersion]: '1.0.292-rc.1' }), 'verified')
  assert.equal(await under({ ...aws, [minVersion]: '1.0.351' }), 'unknown plugin-required')
  assert.equal(await under({ ...aws, [minVersion]: '2.0.0' }), 'unknown plugin-required')
  assert.equal(await under({ ...aws, 'x.example': 'y' }), 'invalid unknown-critical')
  assert.equal(await under(aws, { scheme: 'notary.x509' }), 'invalid unknown-critical')
  const { 'com.amazonaws.signer.signingJob': _, ...withoutJob } = aws
  assert.equal(await under(withoutJob), 'invalid unknown-critical')
  const profileOnly = { ...aws, 'com.amazonaws.signer.signingProfileVersion': profile }
  assert.equal(await under(profileOnly), 'invalid unknown-critical')
})

test('a chain with a further critical extension is not trusted, unless that is switched off', async () => {
  const by = pki({ label: 'odd', leaf: { more: [extension('1.2.3.4.5', nothing, true)] } })
  const envelope = await signedBy(by, { format: 'cose' })
  const found = verdict('cose', envelope, { by })
  assert.equal(shown(found), 'untrusted unknown-critical')
  assert.match(detailOf(found, 'authenticity'), /the critical extension 1\.2\.3\.4\.5/)
  assert.equal(shown(verdict('cose', envelope, { by, strictExtensions: false })), 'verified')
})

test('nothing is fetched for a chain that nobody trusts', async () => {
  const url = 'http://169.254.169.254/latest'
  const { crlUrlExtension } = await import('../x509/issue-certificate.ts')
  const by = pki({ label: 'ssrf', leaf: { more: [crlUrlExtension(url)] } })
  for (const format of formats) {
    const envelope = await signedBy(by, { format })
    const trusted = inputOf(format, envelope, { by })
    assert.deepEqual(
      wantedRevocation(trusted).answers.map((one) => one.url),
      [url],
    )
    const untrusted = inputOf(format, envelope)
    assert.deepEqual(wantedRevocation(untrusted), { answers: [] })
    const named = { trustedIdentities: ['x509.subject: C=DE, ST=BE, O=another'] }
    assert.deepEqual(wantedRevocation(inputOf(format, envelope, { by, policy: named })), {
      answers: [],
    })
    const skipped = { level: 'strict', override: { revocation: 'skip' } }
    assert.deepEqual(wantedRevocation(inputOf(format, envelope, { by, policy: skipped })), {
      answers: [],
    })
    const found = verifyNotation(untrusted)
    assert.equal(found.checks.find(({ check }) => check === 'revocation')?.outcome, 'skip')
  }
})

test('what is signed is what is read: an unsigned copy of it changes nothing', () => {
  const other = { targetArtifact: { ...subject, size: 1 } }
  for (const format of formats) {
    const unsigned = { payload: other, 'io.cncf.notary.expiry': timeIn(format, 0), alg: 'none' }
    const kept = format === 'jws' ? unsigned : { ...unsigned, 'io.cncf.notary.expiry': 0 }
    assert.equal(shown(verdict(format, rawEnvelope(format, made, { unsigned: kept }))), 'verified')
  }
  const tagged = { unsigned: { x: new Tagged(24, 'x') } }
  assert.equal(shown(verdict('cose', rawEnvelope('cose', made, tagged))), 'invalid malformed')
})

test('what is told of the payload is what its signed bytes say, whatever they say', async () => {
  const text = fc.string({ unit: 'grapheme', maxLength: 12 })
  const names = fc.oneof(text, fc.constantFrom('digest', 'targetArtifact', '__proto__', 'Size'))
  const annotations = fc.dictionary(names, text, { maxKeys: 4 })
  await fc.assert(
    fc.asyncProperty(annotations, fc.constantFrom(...formats), async (given, format) => {
      fc.pre(!Object.keys(given).some((name) => name.startsWith('io.cncf.notary')))
      const payload = makePayload(subject, given)
      const found = verdict(format, await signedBy(made, { format, payload }))
      assert.equal(shown(found), 'verified')
      assert.deepEqual(
        Object.entries(found.annotations ?? {}),
        Object.entries(JSON.parse(JSON.stringify(given)) as object),
      )
    }),
    { numRuns: 40 },
  )
})

test('until the moment that a verdict names it stays as it is, and then it changes', async () => {
  const early = pki({ label: 'early', leaf: { notBefore: pkiNow + day } })
  const rows = [
    { by: made, request: {}, now: pkiNow },
    { by: made, request: { expiry: pkiNow + day }, now: pkiNow },
    { by: made, request: {}, now: made.leaf.certificate.notAfter },
    { by: early, request: {}, now: pkiNow },
  ]
  for (const { by, request, now } of rows) {
    const envelope = await signedBy(by, { format: 'jws', ...request })
    const at = (moment: number): string => shown(verdict('jws', envelope, { by, now: moment }))
    const { validUntil } = verdict('jws', envelope, { by, now })
    assert.ok(validUntil !== undefined && validUntil > now)
    assert.equal(at(validUntil - 1), at(now))
    assert.notEqual(at(validUntil), at(now))
  }
})
