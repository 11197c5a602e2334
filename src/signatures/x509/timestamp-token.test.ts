import assert from 'node:assert/strict'
import { test } from 'node:test'
import { day, keyOf, pki, pkiNow } from '../../../test/kit/pki.ts'
import { accuracy, makeTimestampToken, type TokenChoices } from '../../../test/kit/timestamps.ts'
import { nothing, sequence } from './der-writer.ts'
import { extendedKeyUsageExtension, extension, keyUsageExtension } from './issue-certificate.ts'
import { oids } from './object-identifiers.ts'
import { verifyTimestampToken } from './timestamp-token.ts'

const authority = pki({ purpose: 'timeStamping', label: 'tsa' })
const stamped = Buffer.from('the signature')

function judged(choices: TokenChoices = {}, by = authority, over: Uint8Array = stamped): string {
  const token = makeTimestampToken(by, over, choices)
  const roots = [authority.root.certificate]
  const found = verifyTimestampToken(token, stamped, { roots, strictExtensions: true })
  return found.kind === 'timestamp'
    ? `${new Date(found.timestamp.genTime).toISOString()} ± ${found.timestamp.accuracy}`
    : `${found.kind}: ${found.detail}`
}

test('a token that must not be believed', () => {
  const stranger = pki({ purpose: 'timeStamping', label: 'stranger' })
  const rows: readonly (readonly [string, string, RegExp])[] = [
    [
      'over another signature',
      judged({}, authority, Buffer.from('x')),
      /^wrong: .*another signature/,
    ],
    ['of another authority', judged({}, stranger), /^untrusted: .*leads to no root/],
    [
      'without certificates',
      judged({ certificates: [] }),
      /^wrong: .*certificate of its signer is not/,
    ],
    [
      'the chain is not whole',
      judged({ certificates: authority.chain.slice(0, 1) }),
      /^untrusted: /,
    ],
    [
      'of another content',
      judged({ contentType: '1.2.840.113549.1.7.1' }),
      /^wrong: .*of the type/,
    ],
    ['names no certificate', judged({ names: null }), /^wrong: .*lacks the attribute/],
    [
      'names another certificate',
      judged({ names: stranger.leaf }),
      /^wrong: .*another certificate/,
    ],
    [
      'with another digest',
      judged({ messageDigest: Buffer.alloc(32) }),
      /^wrong: .*another content/,
    ],
    [
      'with another signature',
      judged({ signature: Buffer.alloc(70, 1) }),
      /^wrong: .*not of its signer/,
    ],
    ['without attributes', judged({ isBare: true }), /^wrong: .*no signed attributes/],
    ['of two signers', judged({ signers: 2 }), /^wrong: .*it has 2 signers/],
    ['of nobody', judged({ signers: 0 }), /^wrong: .*it has 0 signers/],
    ['over SHA-1', judged({ imprintOid: oids.sha1 }), /^wrong: .*not SHA-2/],
    ['of version 2', judged({ version: 2 }), /^wrong: .*unknown version/],
    [
      'with a critical extension',
      judged({ tstExtensions: extension('1.2.3', nothing, true) }),
      /^wrong: .*critical extension 1\.2\.3/,
    ],
    [
      'before the authority was there',
      judged({ genTime: pkiNow - 40 * day }),
      /^untrusted: .*not valid/,
    ],
    [
      'after it ended',
      judged({ genTime: pkiNow + 301 * day }),
      /^untrusted: .*not valid at the time/,
    ],
  ]
  for (const [name, found, expected] of rows) assert.match(found, expected, name)
  for (const bytes of [Buffer.alloc(0), Buffer.from('junk'), Buffer.alloc(65_537)]) {
    const found = verifyTimestampToken(bytes, stamped, { roots: [], strictExtensions: true })
    assert.equal(found.kind, 'malformed')
  }
})

test('an authority that may not stamp time', () => {
  const usage = keyUsageExtension('digitalSignature')
  const withLeaf = (...extensions: readonly Uint8Array[]): string => {
    const by = pki({ purpose: 'timeStamping', label: 'tsa', leaf: { extensions } })
    return judged({}, by)
  }
  const time = extendedKeyUsageExtension([oids.timeStamping], true)
  assert.match(withLeaf(usage), /^untrusted: .*must have the extendedKeyUsage timeStamping/)
  assert.match(withLeaf(usage, extendedKeyUsageExtension([oids.timeStamping])), /not critical/)
  const two = extendedKeyUsageExtension([oids.timeStamping, oids.codeSigning], true)
  assert.match(withLeaf(usage, two), /^untrusted: .*and no other/)
  assert.match(withLeaf(usage, time, extension('1.2.3', nothing, true)), /^untrusted: .*1\.2\.3/)
  const wider = pki({ purpose: 'timeStamping', label: 'tsa', leaf: { key: keyOf('P-384', 'tsa') } })
  assert.match(judged({}, wider), /2026-06-01/)
})

test('when, and how exactly', () => {
  const genTime = Date.UTC(2026, 4, 30, 8, 15, 30)
  const of = (choices: TokenChoices): string => judged({ genTime, ...choices })
  assert.equal(of({}), '2026-05-30T08:15:30.000Z ± 0')
  assert.equal(of({ accuracy: accuracy(2, 250) }), '2026-05-30T08:15:30.000Z ± 2250')
  assert.equal(of({ policy: oids.baselineTimestampPolicy }), '2026-05-30T08:15:30.000Z ± 1000')
  const both = { policy: oids.baselineTimestampPolicy, accuracy: accuracy(3) }
  assert.equal(of(both), '2026-05-30T08:15:30.000Z ± 3000')
  assert.equal(of({ accuracy: sequence() }), '2026-05-30T08:15:30.000Z ± 0')
  assert.match(of({ certificates: authority.chain }), /± 0$/)
})

test('many certificates of one name do not make the search long', () => {
  const copies = Array.from({ length: 19 }, (_, index) =>
    pki({
      purpose: 'timeStamping',
      label: 'tsa',
      authorities: { 1: { serial: Buffer.from([index + 1, 9]) } },
    }).chain.at(1),
  ).flatMap((der) => (der === undefined ? [] : [der]))
  const [leaf] = authority.chain
  assert.ok(leaf)
  assert.match(judged({ certificates: [leaf, ...copies] }), /± 0$/)
  assert.match(
    judged({ certificates: [leaf, ...copies, ...copies] }),
    /^malformed: .*too many cert/,
  )
})
