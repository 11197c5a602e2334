import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  day,
  keyOf,
  makeCertificate,
  pki,
  pkiNow,
  type MadeCertificate,
} from '../../../test/kit/pki.ts'
import {
  issuingPoint,
  makeCrl,
  makeOcspAnswer,
  noCheckExtension,
  ocspUrlExtension,
  type CrlChoices,
  type OcspChoices,
} from '../../../test/kit/revocation-answers.ts'
import { maxCrlBytes, mayReplaceCrl } from './crl.ts'
import { nothing } from './der-writer.ts'
import {
  crlUrlExtension,
  extendedKeyUsageExtension,
  extension,
  keyUsageExtension,
} from './issue-certificate.ts'
import { oids } from './object-identifiers.ts'
import { judgeRevocation, wantedAnswers, type RevocationAnswers } from './revocation.ts'

const crlUrl = 'http://crl.example/ca.crl'
const deltaUrl = 'http://crl.example/ca-delta.crl'
const ocspUrl = 'http://ocsp.example/'

const listed = pki({ chain: 2, label: 'listed', leaf: { more: [crlUrlExtension(crlUrl)] } })
const asked = pki({ chain: 2, label: 'asked', leaf: { more: [ocspUrlExtension(ocspUrl)] } })
const both = pki({
  chain: 2,
  label: 'both',
  leaf: { more: [crlUrlExtension(crlUrl), ocspUrlExtension(ocspUrl)] },
})
const serialOf = ({ leaf }: typeof listed): string => leaf.certificate.serial
const chainOf = ({ made }: typeof listed): readonly MadeCertificate['certificate'][] =>
  made.map(({ certificate }) => certificate)

interface Asked {
  readonly crl?: Uint8Array | 'unavailable'
  readonly delta?: Uint8Array | 'unavailable'
  readonly ocsp?: Uint8Array | 'unavailable'
}

function answersFor(of: typeof listed, { crl, delta, ocsp }: Asked): RevocationAnswers {
  const answers = new Map<string, Uint8Array | 'unavailable'>()
  const take = (): void => {
    for (const { key, url } of wantedAnswers(chainOf(of), answers)) {
      const bytes = url === crlUrl ? crl : url === deltaUrl ? delta : ocsp
      if (bytes !== undefined) answers.set(key, bytes)
    }
  }
  take()
  take()
  return answers
}

function judged(
  of: typeof listed,
  given: Asked,
  more: { readonly now?: number; readonly signedAt?: number } = {},
): string {
  const context = { answers: answersFor(of, given), now: pkiNow, ...more }
  const found = judgeRevocation(chainOf(of), context)
  return `${found.kind}: ${found.detail}`
}

const byList = (
  choices: CrlChoices,
  more?: { readonly now?: number; readonly signedAt?: number },
): string => judged(listed, { crl: makeCrl(listed.root, choices) }, more)
const byOcsp = (
  choices: OcspChoices,
  more?: { readonly now?: number; readonly signedAt?: number },
): string => judged(asked, { ocsp: makeOcspAnswer(asked.leaf, asked.root, choices) }, more)

test('what was not asked, could not be reached or is junk is unknown, and never good', () => {
  assert.match(judged(listed, {}), /^unknown: .*was not asked \(crl\)/)
  assert.match(judged(listed, { crl: 'unavailable' }), /^unknown: .*could not be reached \(crl\)/)
  assert.match(judged(listed, { crl: Buffer.from('junk') }), /^unknown: .*no revocation list/)
  assert.match(judged(asked, {}), /^unknown: .*was not asked \(ocsp\)/)
  assert.match(judged(asked, { ocsp: 'unavailable' }), /^unknown: .*could not be reached \(ocsp\)/)
  assert.match(judged(asked, { ocsp: Buffer.from('junk') }), /^unknown: .*no OCSP response/)
  assert.match(judged(listed, { crl: Buffer.alloc(maxCrlBytes + 1) }), /more than 33554432 bytes/)
  assert.match(judged(asked, { ocsp: Buffer.alloc(65_537) }), /more than 65536 bytes/)
  assert.match(judged(pki(), {}), /^good: no certificate says where/)
})

test('a list says who is revoked', () => {
  const serial = serialOf(listed)
  assert.match(byList({}), /^good: no certificate of the chain is revoked/)
  assert.match(
    byList({ revoked: [{ serial }] }),
    /^revoked: CN=release.* since 2026-05-31T12:00:00/,
  )
  assert.match(byList({ revoked: [{ serial: `${serial}00` }, { serial: '01' }] }), /^good/)
  assert.match(byList({ revoked: [{ serial, reason: 6 }] }), /^revoked/)
  assert.match(
    byList({
      revoked: [
        { serial, reason: 1 },
        { serial, reason: 8 },
      ],
    }),
    /^revoked/,
  )
  assert.match(
    byList({
      revoked: [
        { serial, reason: 6 },
        { serial, reason: 8 },
      ],
    }),
    /^good/,
  )
  const found = judgeRevocation(chainOf(listed), {
    answers: answersFor(listed, { crl: makeCrl(listed.root) }),
    now: pkiNow,
  })
  assert.ok(found.kind === 'good' && found.validUntil === pkiNow + 7 * day + 1)
})

test('a list that must not be believed', () => {
  const other = pki({ chain: 2, label: 'other' })
  const unknown = extension('1.2.3.4', nothing, true)
  const serial = serialOf(listed)
  const rows: readonly (readonly [string, CrlChoices, RegExp])[] = [
    ['of another issuer', { nameDer: other.root.nameDer }, /is of another issuer/],
    ['signed by another key', { key: other.root.key }, /a signature that is not of the issuer/],
    ['ended', { nextUpdate: pkiNow - 1000 }, /ended at 2026-06-01T11:59:59/],
    ['without an end', { nextUpdate: null }, /does not say when the next one comes/],
    ['from the future', { thisUpdate: pkiNow + day }, /is from the future/],
    ['a delta as a whole', { deltaOf: 1 }, /is a delta without its base/],
    ['a critical extension', { more: [unknown] }, /critical extension 1\.2\.3\.4/],
    ['about authorities', { more: [issuingPoint({ flags: [2] })] }, /another kind of certificates/],
    ['about attributes', { more: [issuingPoint({ flags: [5] })] }, /another kind of certificates/],
    ['indirect', { more: [issuingPoint({ flags: [4] })] }, /is an indirect one/],
    ['some reasons', { more: [issuingPoint({ flags: [3] })] }, /some reasons/],
    ['elsewhere', { more: [issuingPoint({ url: 'http://x/' })] }, /of another address/],
    [
      'an entry',
      { revoked: [{ serial, more: [unknown] }] },
      /the entry has the critical extension/,
    ],
  ]
  for (const [name, choices, expected] of rows) {
    const found = byList(choices)
    assert.match(found, /^unknown: /, name)
    assert.match(found, expected, name)
  }
  assert.match(byList({ more: [issuingPoint({ url: crlUrl, flags: [1] })] }), /^good/)
  const noListSigner = pki({
    chain: 2,
    label: 'no lists',
    leaf: { more: [crlUrlExtension(crlUrl)] },
    authorities: { 1: { extensions: [keyUsageExtension('keyCertSign')] } },
  })
  assert.match(judged(noListSigner, { crl: makeCrl(noListSigner.root) }), /may not sign lists/)
  const httpsOnly = pki({
    chain: 2,
    label: 'tls',
    leaf: { more: [crlUrlExtension('https://x/ca.crl')] },
  })
  assert.deepEqual(wantedAnswers(chainOf(httpsOnly), new Map()), [])
  assert.match(judged(httpsOnly, {}), /^unknown: .*is no http address/)
})

test('who was revoked for good stays so after the list ended; a hold does not', () => {
  const serial = serialOf(listed)
  const nextUpdate = pkiNow - 1000
  assert.match(byList({ nextUpdate, revoked: [{ serial }] }), /^revoked/)
  assert.match(byList({ nextUpdate, revoked: [{ serial, reason: 6 }] }), /^unknown/)
})

test("an authority's word that the signature came before the key was lost keeps it good", () => {
  const serial = serialOf(listed)
  const revoked = [{ serial, invalidityDate: pkiNow - 10 * day }]
  const [before, after] = [{ signedAt: pkiNow - 11 * day }, { signedAt: pkiNow - 9 * day }]
  assert.match(byList({ revoked }, before), /^good/)
  assert.match(byList({ revoked }, after), /^revoked/)
  assert.match(byList({ revoked }), /^revoked/)
  assert.match(byList({ revoked: [{ serial }] }, before), /^revoked/)
  const ocsp = { status: 'revoked', invalidityDate: pkiNow - 10 * day } as const
  assert.match(byOcsp(ocsp, before), /^good/)
  assert.match(byOcsp(ocsp, after), /^revoked/)
  assert.match(byOcsp(ocsp), /^revoked/)
})

test('a list with a delta says nothing without it', () => {
  const serial = serialOf(listed)
  const withDelta = (base: CrlChoices, delta: CrlChoices | undefined): string =>
    judged(listed, {
      crl: makeCrl(listed.root, { number: 5, deltaUrl, ...base }),
      ...(delta === undefined ? {} : { delta: makeCrl(listed.root, { number: 6, ...delta }) }),
    })
  assert.match(withDelta({}, undefined), /^unknown: .*ca-delta\.crl was not asked/)
  assert.match(withDelta({}, { deltaOf: 5 }), /^good/)
  assert.match(withDelta({}, { deltaOf: 3 }), /^good/)
  assert.match(withDelta({}, { deltaOf: 5, revoked: [{ serial }] }), /^revoked/)
  assert.match(withDelta({}, { deltaOf: 6 }), /^unknown: .*continues list 6, and 5 is here/)
  assert.match(withDelta({}, { deltaOf: 5, number: 5 }), /^unknown: .*is not newer than its base/)
  assert.match(withDelta({}, {}), /^unknown: .*is no delta/)
  assert.match(withDelta({}, { deltaOf: 5, nextUpdate: pkiNow - 1000 }), /^unknown: .*ended at/)
  const hold = { revoked: [{ serial, reason: 6, revokedAt: pkiNow - 3 * day }] }
  const removed = { deltaOf: 5, revoked: [{ serial, reason: 8, revokedAt: pkiNow - day }] }
  assert.match(withDelta(hold, removed), /^good/)
  assert.match(withDelta(hold, { deltaOf: 5 }), /^revoked/)
  assert.match(withDelta({ revoked: [{ serial }] }, removed), /^revoked/)
})

test('an older list does not take the place of a newer one', () => {
  const at = (number: number, thisUpdate: number): Uint8Array =>
    makeCrl(listed.root, { number, thisUpdate })
  const current = at(5, pkiNow - day)
  assert.ok(mayReplaceCrl(at(6, pkiNow), current))
  assert.ok(mayReplaceCrl(current, current))
  assert.ok(mayReplaceCrl(current, Buffer.from('junk')))
  assert.ok(!mayReplaceCrl(at(4, pkiNow), current))
  assert.ok(!mayReplaceCrl(at(6, pkiNow - 2 * day), current))
  assert.ok(!mayReplaceCrl(Buffer.from('junk'), current))
})

test('OCSP says who is revoked', () => {
  assert.match(byOcsp({}), /^good/)
  assert.match(byOcsp({ status: 'revoked' }), /^revoked: CN=release/)
  assert.match(byOcsp({ status: 'revoked', reason: 1 }), /^revoked: .*\(reason 1\)/)
  assert.match(byOcsp({ status: 'unknown' }), /^unknown: .*the certificate is unknown/)
})

test('an OCSP answer that must not be believed', () => {
  const sibling = pki({ chain: 2, label: 'asked', leaf: { key: keyOf('P-256', 'sibling') } }).leaf
  const responder = (
    purposes: readonly string[],
    more: readonly Uint8Array[],
    above = asked.root,
  ): MadeCertificate =>
    makeCertificate(
      {
        key: keyOf('P-256', 'responder'),
        extensions: [
          keyUsageExtension('digitalSignature'),
          extendedKeyUsageExtension(purposes),
          ...more,
        ],
      },
      { place: 0, purpose: 'codeSigning', label: 'responder', above },
    )
  const stranger = pki({ chain: 2, label: 'stranger' }).root
  const rows: readonly (readonly [string, OcspChoices, RegExp])[] = [
    ['signed by a sibling', { responder: sibling }, /signed neither by the issuer nor/],
    [
      'for another purpose',
      { responder: responder([oids.codeSigning], [noCheckExtension]) },
      /neither/,
    ],
    ['revocable responder', { responder: responder([oids.ocspSigning], []) }, /neither/],
    [
      "a stranger's responder",
      { responder: responder([oids.ocspSigning], [noCheckExtension], stranger) },
      /neither/,
    ],
    ['ended', { nextUpdate: pkiNow - 1000 }, /ended at/],
    ['without an end', { nextUpdate: null }, /does not say when the next one comes/],
    ['from the future', { thisUpdate: pkiNow + day }, /is from the future/],
    ['about another', { about: asked.root }, /is about other certificates/],
    ['a refusal', { responseStatus: 6 }, /is a refusal with the status 6/],
  ]
  for (const [name, choices, expected] of rows) {
    const found = byOcsp(choices)
    assert.match(found, /^unknown: /, name)
    assert.match(found, expected, name)
  }
  const good = responder([oids.ocspSigning], [noCheckExtension])
  assert.match(byOcsp({ responder: good }), /^good/)
  assert.match(byOcsp({ responder: good, status: 'revoked' }), /^revoked/)
})

test('OCSP comes first, and the list when it does not say', () => {
  const serial = serialOf(both)
  const list = (choices: CrlChoices): Uint8Array => makeCrl(both.root, choices)
  const ocsp = (choices: OcspChoices): Uint8Array => makeOcspAnswer(both.leaf, both.root, choices)
  const revoked = list({ revoked: [{ serial }] })
  assert.match(judged(both, { ocsp: ocsp({}), crl: revoked }), /^good/)
  assert.match(judged(both, { ocsp: ocsp({ status: 'revoked' }), crl: list({}) }), /^revoked/)
  assert.match(judged(both, { ocsp: ocsp({ status: 'unknown' }), crl: revoked }), /^revoked/)
  assert.match(judged(both, { ocsp: 'unavailable', crl: list({}) }), /^good/)
  assert.match(judged(both, { ocsp: 'unavailable', crl: 'unavailable' }), /^unknown: .*ocsp.*crl/)
})

test('one revoked certificate of the chain is enough, wherever it is', () => {
  const url = crlUrlExtension(crlUrl)
  const deep = pki({ label: 'deep', leaf: { more: [url] }, authorities: { 1: { more: [url] } } })
  const [leaf, middle, root] = deep.made
  assert.ok(leaf && middle && root)
  const ofRoot = makeCrl(root, { revoked: [{ serial: middle.certificate.serial }] })
  // The same address for two issuers: the list is of one of them, and says nothing of the other's.
  assert.match(judged(deep, { crl: ofRoot }), /^revoked: CN=authority 1/)
  assert.match(judged(deep, { crl: makeCrl(root) }), /^unknown: .*is of another issuer/)
})
