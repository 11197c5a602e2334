// Envelopes that the notation project tests itself with, read out of a checkout of notation-go where there is one.
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { readPayload } from '../../src/signatures/notation/payload.ts'
import { readEnvelope } from '../../src/signatures/notation/read-envelope.ts'
import { verifyNotation } from '../../src/signatures/notation/verify-notation.ts'
import { mediaTypeOf, statementOf } from '../kit/notation-signatures.ts'
import { certificateOf } from '../kit/pki.ts'

const checkout = process.env['PRATIQUE_NOTATION_GO']
const skip = checkout === undefined && 'set PRATIQUE_NOTATION_GO to a checkout of notation-go'

/** With the chain's own root as store, a second after it was signed. */
const expected: Readonly<Record<string, string>> = {
  'internal/testdata/jws_signature.sig': 'verified',
  'internal/testdata/cose_signature.sig': 'verified',
  'internal/mock/testdata/sig_env_with_metadata.json': 'verified',
  'internal/mock/testdata/ca_valid_sig_env.json': 'verified',
  'internal/mock/testdata/sa_valid_sig_env.json': 'verified',
  'internal/mock/testdata/ca_invalid_sig_env.json': 'refused malformed',
  'internal/mock/testdata/sa_invalid_sig_env.json': 'refused malformed',
  'internal/mock/testdata/ca_plugin_sig_env.json': 'unknown plugin-required',
  'internal/mock/testdata/sa_plugin_sig_env.json': 'unknown plugin-required',
  'verifier/testdata/timestamp/sigEnv/withoutTimestamp.sig': 'verified',
  'verifier/testdata/timestamp/sigEnv/jwsWithTimestamp.sig': 'verified',
  'verifier/testdata/timestamp/sigEnv/coseWithTimestamp.sig': 'verified',
}

test('envelopes of notation-go', { skip }, () => {
  for (const [file, verdict] of Object.entries(expected)) {
    const bytes = readFileSync(join(checkout ?? '', file))
    assert.equal(judged(bytes), verdict, file)
  }
})

function judged(bytes: Uint8Array): string {
  const mediaType = mediaTypeOf[bytes[0] === 0xd2 ? 'cose' : 'jws']
  const read = readEnvelope(bytes, mediaType)
  if (read.kind === 'refused') return `refused ${read.reason}`
  const { envelope } = read
  const payload = readPayload(envelope.payload)
  assert.ok(payload.kind === 'payload')
  const root = certificateOf(envelope.chain.at(-1) ?? Buffer.alloc(0))
  const { result, reason } = verifyNotation({
    envelope: bytes,
    mediaType,
    subject: payload.target,
    statement: statementOf({ trustStores: ['ca:root', 'signingAuthority:root'] }),
    stores: new Map([
      ['ca:root', [root]],
      ['signingAuthority:root', [root]],
    ]),
    revocation: { answers: new Map() },
    now: envelope.attributes.signingTime + 1000,
  })
  return reason === undefined ? result : `${result} ${reason}`
}
