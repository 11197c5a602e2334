import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readProviderOptions } from './oidc-provider-options.ts'

const key = { kty: 'EC', crv: 'P-256', x: 'x', y: 'y', kid: '1' }
const certificate = '-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n'

test('refuses an option that is not known, or not of its kind, and says which', () => {
  const refused: readonly (readonly [unknown, RegExp])[] = [
    [null, /must be a JSON object/],
    [[], /must be a JSON object/],
    ['text', /must be a JSON object/],
    [{ singleuse: true }, /"singleuse" is no option; there are allowPrivateNetwork,/],
    [{ singleUse: 'true' }, /^singleUse must be true or false/],
    [{ allowPrivateNetwork: 1 }, /^allowPrivateNetwork must be/],
    [{ caBundle: 'certificate' }, /^caBundle must be certificates/],
    [{ caBundle: `${certificate}x` }, /^caBundle/],
    [{ caBundle: '-----BEGIN PRIVATE KEY-----\nMIIB\n-----END PRIVATE KEY-----' }, /^caBundle/],
    [{ jwks: {} }, /^jwks must be a JSON Web Key Set/],
    [{ jwks: [] }, /^jwks must be a JSON Web Key Set/],
    [{ jwks: { keys: [] } }, /^jwks/],
    [{ jwks: { keys: Array.from({ length: 51 }, () => key) } }, /^jwks/],
    [{ jwks: { keys: [{}] } }, /^jwks must hold public keys only/],
    [{ jwks: { keys: ['key'] } }, /^jwks must hold public keys only/],
    [{ jwks: { keys: [{ kty: 'oct', k: 'secret' }] } }, /^jwks must hold public keys only/],
    [{ jwks: { keys: [{ ...key, d: 'private' }] } }, /^jwks must hold public keys only/],
    [{ jwks: { keys: [{ kty: 'RSA', k: 'x' }] } }, /^jwks must hold public keys only/],
    [{ claims: 'sub' }, /^claims must be at most 20/],
    [{ claims: [''] }, /^claims/],
    [{ claims: [1] }, /^claims/],
    [{ claims: Array.from({ length: 21 }, (_, n) => `c${n}`) }, /^claims/],
    [{ algorithms: [] }, /^algorithms must be one or more of RS256/],
    [{ algorithms: ['none'] }, /^algorithms/],
    [{ algorithms: ['HS256'] }, /^algorithms/],
  ]
  for (const [value, reason] of refused) {
    const reading = readProviderOptions(value)
    assert.equal(reading.kind, 'refused', JSON.stringify(value))
    assert.match(reading.reason, reason)
  }
})

test('takes all of them together, or none', () => {
  const options = {
    allowPrivateNetwork: true,
    caBundle: certificate + certificate,
    jwks: { keys: [key] },
    claims: ['repository', 'job_workflow_ref'],
    singleUse: false,
    algorithms: ['ES256', 'EdDSA'],
  }
  assert.deepEqual(readProviderOptions(options), { kind: 'options', options })
  assert.deepEqual(readProviderOptions({}), { kind: 'options', options: {} })
})
