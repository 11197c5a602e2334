import assert from 'node:assert/strict'
import { test } from 'node:test'
import { judgeIssuerWord } from './issuer-word.ts'
import type { TimeResult } from './verify-time.ts'

const revokedFrom = Date.UTC(2026, 5, 1, 12)
const minute = 60_000
const valid = { kind: 'valid', detail: '' } as const
const failed = {
  kind: 'failed',
  result: 'expired',
  reason: 'certificate-expired',
  detail: '',
} as const

function stamped(genTime: number, accuracy = 0): TimeResult {
  return { ...valid, timestamp: { genTime, accuracy, chain: [] } }
}

type Case = readonly [
  says: string,
  scheme: 'notary.x509' | 'notary.x509.signingAuthority',
  signingTime: number,
  time: TimeResult,
]

function judge([, scheme, signingTime, time]: Case): string {
  return judgeIssuerWord({ revokedFrom }, { scheme, signingTime, time }).kind
}

test('only a proven time of before the revocation keeps a signature good', () => {
  const before = revokedFrom - minute
  const revoked: readonly Case[] = [
    ['a claim', 'notary.x509', before, valid],
    ['a timestamp of that moment', 'notary.x509', before, stamped(revokedFrom)],
    ['one that may be of later', 'notary.x509', before, stamped(before, minute)],
    ['a timestamp of later', 'notary.x509', before, stamped(revokedFrom + minute)],
    ['an authority, later', 'notary.x509.signingAuthority', revokedFrom, valid],
    ['an authority that is not believed', 'notary.x509.signingAuthority', before, failed],
    ['a timestamp that is not believed', 'notary.x509', before, failed],
  ]
  for (const one of revoked) assert.equal(judge(one), 'revoked', one[0])
  const good: readonly Case[] = [
    ['a timestamp', 'notary.x509', revokedFrom + minute, stamped(before, minute - 1)],
    ['an authority', 'notary.x509.signingAuthority', before, valid],
  ]
  for (const one of good) assert.equal(judge(one), 'good', one[0])
})

test('a signature that is revoked itself is, whatever its time and its certificate', () => {
  const signature = { scheme: 'notary.x509', signingTime: 0, time: stamped(0) } as const
  for (const from of [undefined, revokedFrom]) {
    const word = { revokedFrom: from, signatureRevokedAt: revokedFrom }
    assert.equal(judgeIssuerWord(word, signature).kind, 'revoked')
  }
})

test('a certificate that is not revoked is good, whatever the time', () => {
  const word = { revokedFrom: undefined }
  const signature = { scheme: 'notary.x509', signingTime: 0, time: failed } as const
  assert.equal(judgeIssuerWord(word, signature).kind, 'good')
})
