import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  formats,
  mediaTypeOf,
  signedBy,
  statementOf,
  subject,
  type Format,
} from '../../../test/kit/notation-signatures.ts'
import { day, pki, pkiNow, type Pki } from '../../../test/kit/pki.ts'
import { makeCrl } from '../../../test/kit/revocation-answers.ts'
import { accuracy, makeTimestampToken, type TokenChoices } from '../../../test/kit/timestamps.ts'
import { crlUrlExtension } from '../x509/issue-certificate.ts'
import type { NotationInput } from './notation-input.ts'
import { verifyNotation } from './verify-notation.ts'
import { wantedRevocation } from './wanted-revocation.ts'

const url = 'http://crl.example/tsa.crl'
const authority = pki({ purpose: 'timeStamping', label: 'tsa' })
const listedAuthority = pki({
  purpose: 'timeStamping',
  label: 'listed tsa',
  leaf: { more: [crlUrlExtension(url)] },
})
const current = pki()
const ended = pki({ label: 'ended', leaf: { notAfter: pkiNow - 10 * day } })
const inTime = { genTime: pkiNow - 11 * day }

interface Circumstances {
  readonly by?: Pki
  readonly policy?: Readonly<Record<string, unknown>>
  readonly token?: TokenChoices | null
  readonly tsa?: Pki
  readonly trusted?: Pki
  readonly format?: Format
  readonly crl?: Uint8Array
}

async function inputOf(circumstances: Circumstances): Promise<NotationInput> {
  const {
    by = current,
    token = {},
    tsa = authority,
    trusted = tsa,
    format = 'jws',
    crl,
  } = circumstances
  const envelope = await signedBy(by, {
    format,
    signingTime: pkiNow - 20 * day,
    ...(token === null
      ? {}
      : { timestamp: async (signature) => makeTimestampToken(tsa, signature, token) }),
  })
  const trustStores = ['ca:acme', 'tsa:acme']
  return {
    envelope,
    mediaType: mediaTypeOf[format],
    subject,
    statement: statementOf({ trustStores, ...circumstances.policy }),
    stores: new Map([
      ['ca:acme', [by.root.certificate]],
      ['tsa:acme', [trusted.root.certificate]],
    ]),
    revocation: { answers: crl === undefined ? new Map() : new Map([[`crl ${url}`, crl]]) },
    now: pkiNow,
  }
}

async function judged(circumstances: Circumstances): Promise<string> {
  const { result, reason } = verifyNotation(await inputOf(circumstances))
  return reason === undefined ? result : `${result} ${reason}`
}

test('a certificate that ended is good with a timestamp from its time, and not without', async () => {
  for (const format of formats) {
    const input = await inputOf({ by: ended, token: inTime, format })
    const found = verifyNotation(input)
    assert.equal(found.result, 'verified')
    assert.equal(found.signedAt, inTime.genTime)
    assert.equal(found.signedAtSource, 'timestamp')
    assert.equal(found.validUntil, undefined)
    assert.equal(found.endsAt, undefined)
    const without = { trustStores: ['ca:acme'] }
    assert.equal(
      await judged({ by: ended, token: inTime, format, policy: without }),
      'expired certificate-expired',
    )
    assert.equal(await judged({ by: ended, token: null, format }), 'untrusted timestamp')
  }
})

test('the timestamp with its inaccuracy lies within the validity of every certificate', async () => {
  const end = pkiNow - 10 * day
  const at = async (genTime: number, seconds = 0): Promise<string> =>
    judged({ by: ended, token: { genTime, accuracy: accuracy(seconds) } })
  assert.equal(await at(end), 'verified')
  assert.equal(await at(end + 1000), 'expired certificate-expired')
  assert.equal(await at(end - 1000, 1), 'verified')
  assert.equal(await at(end - 1000, 2), 'expired certificate-expired')
  const start = ended.leaf.certificate.notBefore
  assert.equal(await at(start), 'verified')
  assert.equal(await at(start, 1), 'expired not-yet-valid')
})

test('a timestamp of another signature, of nobody we trust or from the future is none', async () => {
  const stranger = pki({ purpose: 'timeStamping', label: 'stranger' })
  assert.equal(await judged({}), 'verified')
  assert.equal(await judged({ token: { messageDigest: Buffer.alloc(32) } }), 'invalid timestamp')
  assert.equal(await judged({ tsa: stranger, trusted: authority }), 'untrusted timestamp')
  assert.equal(await judged({ token: { genTime: pkiNow + 4 * 60_000 } }), 'verified')
  assert.equal(await judged({ token: { genTime: pkiNow + 6 * 60_000 } }), 'invalid timestamp')
  const input = await inputOf({})
  const other = await inputOf({ by: pki({ label: 'other' }) })
  const [mine, theirs] = [input, other].map(({ envelope }) => {
    const text = Buffer.from(envelope).toString()
    return /"io\.cncf\.notary\.timestampSignature":"([^"]+)"/.exec(text)?.[1] ?? ''
  })
  assert.ok(mine !== undefined && theirs !== undefined && mine !== theirs)
  const swapped = Buffer.from(Buffer.from(input.envelope).toString().replace(mine, theirs))
  const found = verifyNotation({ ...input, envelope: swapped })
  assert.equal(`${found.result} ${found.reason ?? ''}`, 'invalid timestamp')
  const missing = verifyNotation({
    ...input,
    stores: new Map([['ca:acme', [current.root.certificate]]]),
  })
  assert.equal(`${missing.result} ${missing.reason ?? ''}`, 'unknown root-missing')
})

test('with afterCertExpiry a timestamp is looked at when a certificate has ended', async () => {
  const policy = { level: 'strict', verifyTimestamp: 'afterCertExpiry' }
  assert.equal(await judged({ policy, token: null }), 'verified')
  assert.equal(await judged({ policy, token: { messageDigest: Buffer.alloc(32) } }), 'verified')
  assert.equal(await judged({ policy, by: ended, token: null }), 'untrusted timestamp')
  assert.equal(await judged({ policy, by: ended, token: inTime }), 'verified')
  const soon = verifyNotation(await inputOf({ policy, token: null }))
  assert.equal(soon.validUntil, current.leaf.certificate.notAfter + 1)
})

test("the authority's revocation is enforced, also where the signer's is skipped", async () => {
  const skipped = { level: 'strict', override: { revocation: 'skip' } }
  const tsa = listedAuthority
  const [, issuer] = tsa.made
  assert.ok(issuer !== undefined)
  const good = makeCrl(issuer)
  const revoked = makeCrl(issuer, { revoked: [{ serial: tsa.leaf.certificate.serial }] })
  assert.equal(await judged({ tsa, policy: skipped }), 'unknown revocation-unavailable')
  assert.equal(await judged({ tsa, policy: skipped, crl: good }), 'verified')
  assert.equal(await judged({ tsa, policy: skipped, crl: revoked }), 'revoked revoked')
  const input = await inputOf({ tsa, policy: skipped })
  assert.deepEqual(
    wantedRevocation(input).answers.map((one) => one.url),
    [url],
  )
  const untrusted = await inputOf({ tsa, trusted: authority })
  assert.deepEqual(wantedRevocation(untrusted).answers, [])
  const found = verifyNotation(await inputOf({ tsa, crl: good }))
  assert.equal(found.validUntil, pkiNow + 7 * day + 1)
  assert.equal(found.endsAt, undefined, 'news of revocation is asked for again, and ends nothing')
})

test('a timestamp does not save a signer whose certificate is revoked later', async () => {
  const by = pki({ label: 'lost', leaf: { more: [crlUrlExtension(url)] } })
  const [, issuer] = by.made
  assert.ok(issuer !== undefined)
  const { serial } = by.leaf.certificate
  const crl = makeCrl(issuer, { revoked: [{ serial, invalidityDate: pkiNow - day }] })
  const found = verifyNotation(await inputOf({ by, token: { genTime: pkiNow - 5 * day }, crl }))
  assert.equal(found.result, 'revoked')
  const check = found.checks.find((one) => one.check === 'revocation')
  assert.match(check?.detail ?? '', /is revoked since .*; its timestamp does not change that$/)
})
