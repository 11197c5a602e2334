import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isTrustedBy, signatureTerm } from './signature-term.ts'

const verified = { result: 'verified', endsAt: 10 } as const

test('a signature that was revoked counts only where none is verified', () => {
  const revoked = { result: 'revoked', endsAt: 50 } as const
  assert.deepEqual(signatureTerm([revoked]), { kind: 'told', value: { kind: 'revoked' } })
  assert.deepEqual(signatureTerm([revoked, verified]), {
    kind: 'told',
    value: { kind: 'ends', at: 10 },
  })
})

test('what is verified lasts as long as its last signature', () => {
  const later = { result: 'verified', endsAt: 20 } as const
  const lasting = { result: 'verified', endsAt: undefined } as const
  assert.deepEqual(signatureTerm([verified, later]), {
    kind: 'told',
    value: { kind: 'ends', at: 20 },
  })
  assert.deepEqual(signatureTerm([verified, lasting]), { kind: 'told', value: { kind: 'lasts' } })
})

test('what could not be verified is unknown, and what has ended has ended', () => {
  const open = { result: 'unknown', endsAt: undefined } as const
  const over = { result: 'expired', endsAt: 5 } as const
  assert.equal(signatureTerm([]).kind, 'unknown')
  assert.equal(signatureTerm([over, open]).kind, 'unknown')
  assert.deepEqual(signatureTerm([over]), { kind: 'told', value: { kind: 'ends', at: 5 } })
  assert.deepEqual(signatureTerm([{ result: 'untrusted', endsAt: 5 }]), {
    kind: 'told',
    value: { kind: 'none' },
  })
})

test('any trust policy that is about the repository makes trust', () => {
  assert.equal(isTrustedBy([]).kind, 'unknown')
  assert.deepEqual(isTrustedBy(['untrusted', 'verified']), { kind: 'told', value: true })
  assert.equal(isTrustedBy(['none', 'unknown']).kind, 'unknown')
  assert.deepEqual(isTrustedBy(['none', 'invalid']), { kind: 'told', value: false })
})
